"""``vaner push``: a trained model for others, on the Hugging Face Hub."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli.messages import print_message
from vaner.display.text import aligned

if TYPE_CHECKING:
    from vaner.hub.repository import RepositoryFiles


def push(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Folder of a model, or embedded name.")
    ],
    repo: Annotated[
        str, typer.Argument(metavar="REPO", help="Repository on the Hub: owner/name, or name.")
    ],
    private: Annotated[
        bool, typer.Option("--private", help="Only you see it, where the repository is new.")
    ] = False,
    results: Annotated[
        list[Path] | None,
        typer.Option(
            help="Figures for the card, as vaner evaluate --json kept them; may be repeated: "
            "--results test.json",
            show_default=False,
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="The backbone's name on the Hub, where the model was trained on a folder: "
            "--backbone meta-llama/Llama-2-7b-hf",
            show_default=False,
        ),
    ] = None,
    license: Annotated[
        str | None,
        typer.Option(
            help="Licence of the model, as the Hub spells it: --license cc-by-4.0; one that "
            "stands in the card on the Hub stays",
            show_default=False,
        ),
    ] = None,
    message: Annotated[
        str | None, typer.Option("--message", "-m", help="What the commit says.")
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="List the files and their sizes, print the card, and stop."),
    ] = False,
) -> None:
    """Put a model on the Hugging Face Hub, with a model card written from its own files.

    The token comes from `hf auth login` or HF_TOKEN. A repository that exists is updated in one
    commit: what a person wrote into its card stays, and so does every file that is none of ours.

    Examples:

    `vaner evaluate --model runs/ncbi/seed-1/model --corpus NCBI-disease --json test.json`

    `vaner push runs/ncbi/seed-1/model me/ncbi --results test.json --dry-run`

    `vaner push runs/ncbi/seed-1/model me/ncbi --results test.json --private`
    """
    from vaner.hub.repository import TOKENIZER_FILE, collect_files
    from vaner.hub.repository import push as run

    folder = _folder(model)
    tokenizer = None if (folder / TOKENIZER_FILE).is_file() else _tokenizer(folder)
    kept = tuple(results or ())
    if dry_run:
        _show(
            collect_files(
                folder, repo, tokenizer=tokenizer, backbone=backbone, results=kept, license=license
            )
        )
        return
    _prepare()
    address = run(
        folder, repo, private=private, message=message, tokenizer=tokenizer, backbone=backbone,
        results=kept, license=license,
    )  # fmt: skip
    typer.echo(address)
    print_message(f"used with: vaner annotate --model {repo}")


def _folder(model: str) -> Path:
    if Path(model).is_dir():
        return Path(model)  # at once; the other places need what takes seconds to import
    from vaner.models.locate import locate_model

    return locate_model(model)


def _tokenizer(folder: Path) -> Path:
    from vaner.hub.push import find_tokenizer_file

    return find_tokenizer_file(folder)


def _show(files: RepositoryFiles) -> None:
    """What would be pushed: sizes in bytes, and the card."""
    from vaner.hub.repository import CARD_FILE, file_sizes

    told = file_sizes(files)
    rows = [*told.items(), ("together", sum(told.values()))]
    typer.echo(aligned(((name, f"{size:,}") for name, size in rows), right=(1,)))
    card = files[CARD_FILE]
    typer.echo("\n" + (card.decode() if isinstance(card, bytes) else card.read_text("utf-8")))


def _prepare() -> None:
    """Progress only on a terminal, and no log lines of the Hub's client: we say what is wrong."""
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # read when it is imported
    from huggingface_hub.utils.tqdm import disable_progress_bars

    if not sys.stderr.isatty():
        disable_progress_bars()
