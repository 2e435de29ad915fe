"""``vaner doctor``: what there is on this machine, and what is broken."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import CorporaOption
from vaner.display.text import aligned, counted

BROKEN = 1


def doctor(
    json_: Annotated[
        bool, typer.Option("--json", help="Print it as JSON, for programs and reports of faults.")
    ] = False,
    torch: Annotated[
        bool,
        typer.Option("--torch", help="Ask PyTorch for its devices too, which takes some seconds."),
    ] = False,
    corpora: CorporaOption = None,
) -> None:
    """Tell what there is on this machine, and what is broken.

    Versions, devices, backbones, models, corpora and knowledge bases that are found, and what each
    extra would add. Nothing is loaded and nothing changed. The exit code is 0, and 1 where
    something is broken.

    Examples:

    `vaner doctor`

    `vaner doctor --torch --json > doctor.json`
    """
    from vaner.cli.diagnostics import examine

    sections = examine(corpora, ask_torch=torch)
    problems = [
        f"{one.name}: {one.problem}" for found in sections.values() for one in found if one.problem
    ]
    if json_:
        told = {name: {one.name: one.told for one in found} for name, found in sections.items()}
        typer.echo(json.dumps({**told, "problems": problems}, indent=1, ensure_ascii=False))
    else:
        rows = [
            (name if not number else "", one.name, one.told)
            for name, found in sections.items()
            for number, one in enumerate(found)
        ]
        typer.echo(aligned(rows))
    if problems:
        for problem in problems:
            print_message(f"broken: {problem}")
        print_message(f"{counted(len(problems), 'thing')} to mend")
        raise typer.Exit(BROKEN)
