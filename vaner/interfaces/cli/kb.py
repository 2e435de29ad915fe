"""``vaner kb``: list, build and count knowledge bases."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from vaner.interfaces.cli.common import Command, QuietOption, SkipBadOption, tell
from vaner.interfaces.text import aligned, counted, listed

app = typer.Typer(no_args_is_help=True, help="List, build and count knowledge bases.")

BaseArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of a base, or path of its file.")
]


@app.command("list", cls=Command)
def list_() -> None:
    """Knowledge bases that can be built, and those that are.

    Example: `vaner kb list`
    """
    from vaner.knowledge.base import KnowledgeBase, default_path
    from vaner.knowledge.manifest import iterate

    rows = [("base", "built", "from")]
    for manifest in iterate():
        path = default_path(manifest.name)
        built = counted(len(KnowledgeBase(path)), "concept") if path.is_file() else "not yet"
        rows.append((manifest.name, built, manifest.description))
    typer.echo(aligned(rows))


@app.command(cls=Command)
def build(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of a base, or path of a manifest.")
    ],
    source_folder: Annotated[
        Path | None,
        typer.Option("--from", help="Folder that the downloaded files lie in: --from ~/downloads"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="File to make: --output open.parquet. Default: in the cache."),
    ] = None,
    skip_bad: SkipBadOption = False,
    quiet: QuietOption = False,
) -> None:
    """Build a knowledge base from its manifest.

    Example: `vaner kb build open`
    """
    from vaner.interfaces.cli.inputs import Skipped
    from vaner.knowledge.building import build as run

    skipped = Skipped() if skip_bad else None
    start = time.perf_counter()
    base = run(name, output, source_folder, on_error=skipped)
    if skipped is not None:
        skipped.conclude()
    if not quiet:
        tell(
            f"{base.path}: {counted(len(base), 'concept')}, "
            f"{counted(base.name_counts.total(), 'name')} ({listed(base.name_counts)}), "
            f"in {time.perf_counter() - start:.1f} s"
        )
