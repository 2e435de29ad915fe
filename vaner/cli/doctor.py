"""``vaner doctor``: show what is installed and available, and what is broken."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from vaner.cli.messages import print_message, print_result
from vaner.cli.options import CorporaOption
from vaner.display.text import align_columns, format_count
from vaner.errors import VanerError

BROKEN = 1


def doctor(
    json_: Annotated[
        bool, typer.Option("--json", help="Print JSON, for programs and bug reports.")
    ] = False,
    torch: Annotated[
        bool,
        typer.Option(
            "--torch", help="Show what PyTorch knows about the devices; takes some seconds."
        ),
    ] = False,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="Try this backbone instead: what its layers see, the layout of its batches, and "
            "whether it can be trained. Example: --backbone Qwen/Qwen3-0.6B",
            show_default=False,
        ),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            help="Branch, tag or commit of the backbone on the Hub. Example: --revision v1",
            show_default=False,
        ),
    ] = None,
    memory: Annotated[
        bool,
        typer.Option(
            "--memory",
            help="Only compute the memory that fine-tuning the backbone with QLoRA takes, from its "
            "config.json. Its weights are not loaded.",
        ),
    ] = False,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Number of rows in a batch, for --memory.")
    ] = 4,
    rank: Annotated[int, typer.Option(min=1, help="Rank of the adapter, for --memory.")] = 16,
    max_subwords: Annotated[
        int,
        typer.Option(min=64, help="Length of the longest row of the trial or of --memory."),
    ] = 256,
    corpora: CorporaOption = None,
) -> None:
    """Show what is installed and available on this machine, and what is broken.

    The command lists versions, devices, backbones, models, corpora, knowledge bases and extras. It
    loads and changes nothing. The exit code is 1 if something is broken, else 0.

    With `--backbone`, a pretrained model is loaded and tried instead.

    Examples:

    `vaner doctor`

    `vaner doctor --torch --json > doctor.json`

    `vaner doctor --backbone smollm2-135m`

    `vaner doctor --backbone Qwen/Qwen3-8B --memory --batch-size 8`
    """
    from vaner.cli.diagnostics import run_diagnostics

    if (revision is not None or memory) and backbone is None:
        raise VanerError(f"{'--memory' if memory else '--revision'} needs --backbone")
    if backbone is None:
        sections = run_diagnostics(corpora, use_torch=torch)
    elif memory:
        from vaner.cli.backbone_memory import describe_memory

        described = describe_memory(backbone, revision, batch_size, max_subwords, rank)
        sections = {"memory": list(described)}
    else:
        from vaner.cli.backbone_trial import try_backbone

        sections = {"backbone": list(try_backbone(backbone, revision, max_subwords))}
    problems = [
        f"{item.name}: {item.problem}"
        for items in sections.values()
        for item in items
        if item.problem
    ]
    if json_:
        status = {
            name: {item.name: item.status for item in items} for name, items in sections.items()
        }
        print_result(json.dumps({**status, "problems": problems}, indent=1, ensure_ascii=False))
    else:
        rows = [
            (name if not number else "", item.name, item.status)
            for name, items in sections.items()
            for number, item in enumerate(items)
        ]
        print_result(align_columns(rows))
    if problems:
        for problem in problems:
            print_message(f"broken: {problem}")
        print_message(f"found {format_count(len(problems), 'problem')}")
        raise typer.Exit(BROKEN)
