"""``vaner kb``: list, build and count knowledge bases."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli import kb_diagnostics
from vaner.cli.command import Command, Group
from vaner.cli.messages import print_message
from vaner.cli.options import (
    BaseOption,
    DeviceOption,
    EncodingOption,
    FilesArgument,
    FormatOption,
    InputFormatOption,
    JsonOption,
    OutputOption,
    OverlapsOption,
    QuietOption,
    RuleOption,
    SelectorOption,
    SkipBadOption,
    TextOption,
    TypesOption,
    split_types,
)
from vaner.display.text import aligned, counted, listed
from vaner.errors import VanerError

if TYPE_CHECKING:
    from vaner.knowledge.report import Report

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="List, build, count and match knowledge bases."
)

BaseArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of a base, or path of its file.")
]


@app.command("list", cls=Command)
def list_() -> None:
    """Knowledge bases that can be built, and those that are.

    Example: `vaner kb list`
    """
    from vaner.knowledge.base import built
    from vaner.knowledge.manifest import iterate

    there = built()
    known = {manifest.name: manifest.description for manifest in iterate()}
    known |= {name: "a manifest of your own" for name in there if name not in known}
    rows = [("base", "built", "from")]
    for name in sorted(known):
        rows.append((name, _size(name) if name in there else "not yet", known[name]))
    typer.echo(aligned(rows))


def _size(name: str) -> str:
    """How much a base holds; one that is damaged or old is to be built again."""
    from vaner.knowledge.base import KnowledgeBase, default_path

    try:
        base = KnowledgeBase(default_path(name))
    except VanerError:
        return "cannot be read"
    return counted(len(base), "concept") + (", to be built again" if base.outdated else "")


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
    from vaner.cli.inputs import SkippedRecords
    from vaner.knowledge.build import build as run

    skipped = SkippedRecords() if skip_bad else None
    start = time.perf_counter()
    base = run(name, output, source_folder, on_error=skipped)
    if skipped is not None:
        skipped.print_count()
    if not quiet:
        print_message(
            f"{base.path}: {counted(len(base), 'concept')}, "
            f"{counted(base.name_counts.total(), 'name')} ({listed(base.name_counts)}), "
            f"in {time.perf_counter() - start:.1f} s"
        )


@app.command(cls=Command)
def stats(
    name: BaseArgument,
    as_json: JsonOption = False,
) -> None:
    """Count what is in a base: concepts, names, licences, and names that make trouble.

    Names are told apart as the matcher does: whatever their case, accents and hyphens.

    Example: `vaner kb stats open`
    """
    from vaner.knowledge.base import open_base
    from vaner.knowledge.report import report

    found = report(open_base(name))
    if as_json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        return
    for block in (_types(found), _sources(found), _troubles(found)):
        typer.echo(block)
        typer.echo()
    if found.english is None:
        print_message("for names that are common English words: pip install wordfreq")


def _types(found: Report) -> str:
    rows: list[tuple[str, ...]] = [("type", "concepts", "names")]
    for type in sorted(found.concepts):
        rows.append((type, f"{found.concepts[type]:,}", f"{found.names[type]:,}"))
    total = (sum(found.concepts.values()), sum(found.names.values()))
    rows.append(("all", *(f"{number:,}" for number in total)))
    return aligned(rows, right=(1, 2))


def _sources(found: Report) -> str:
    rows: list[tuple[str, ...]] = [("source", "concepts", "names", "version", "licence")]
    for name, about in found.sources.items():
        numbers = (sum(about["concepts"].values()), sum(about["names"].values()))
        counts = (f"{number:,}" for number in numbers)
        rows.append((name, *counts, about["version"] or "-", about["licence"]))
    return aligned(rows, right=(1, 2))


def _troubles(found: Report) -> str:
    rows = [("names", "number", "types", "such as")]
    kinds = {
        "different": None,
        "of several concepts": found.several_concepts,
        "… of one vocabulary": found.one_vocabulary,
        "of several types": found.several_types,
        "very short": found.short,
        "common English words": found.english,
    }
    for kind, finding in kinds.items():
        if finding is not None:
            examples = "; ".join(finding.examples[:4])
            rows.append((kind, f"{finding.names:,}", listed(finding.by_type), examples))
        elif kind == "different":
            rows.append((kind, f"{found.distinct:,}", "", ""))
    return aligned(rows, right=(1,))


@app.command(cls=Command)
def match(
    files: FilesArgument = None,
    text: TextOption = None,
    kb: BaseOption = "open",
    types: TypesOption = None,
    rule: RuleOption = None,
    selector: SelectorOption = None,
    input_format: InputFormatOption = None,
    format: FormatOption = None,
    output: OutputOption = "-",
    encoding: EncodingOption = "utf-8",
    overlaps: OverlapsOption = "keep",
    skip_bad: SkipBadOption = False,
    device: DeviceOption = "auto",
    quiet: QuietOption = False,
) -> None:
    """Find the names of a knowledge base in text, with their identifiers.

    Of names of one type that overlap, the leftmost and longest is taken. No model is needed; a
    selector may sort out what stands there but is meant otherwise.

    Examples:

    `vaner kb match --text "Metformin treats diabetes."`

    `vaner kb match abstracts.pubtator --types Disease --format jsonl -o found.jsonl`

    `vaner kb match notes.txt --kb open --rule Gene.case=fold`

    `vaner kb match notes.txt --selector runs/selector/seed-1/model`
    """
    from vaner.cli.stream import AnnotationStream
    from vaner.knowledge.matcher import Matcher

    wanted = split_types(types)
    stream = AnnotationStream(
        files, text, input_format=input_format, encoding=encoding, output=output, format=format,
        skip_bad=skip_bad, quiet=quiet,
    )  # fmt: skip
    matcher = Matcher.named(kb, rule or ())
    matcher.check_types(wanted)
    if selector is None:
        stream.run(lambda documents: matcher.annotate(documents, wanted, overlaps=overlaps))
        return
    from vaner.annotator import Annotator
    from vaner.selector.selector import Selector

    both = Annotator(matcher, Selector.from_pretrained(selector, device=device))
    stream.run(lambda documents: both.annotate(documents, wanted, overlaps=overlaps))


app.command(cls=Command)(kb_diagnostics.related)
app.command(cls=Command)(kb_diagnostics.check)
