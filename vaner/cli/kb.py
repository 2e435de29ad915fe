"""``vaner kb``: list, build, count and match knowledge bases, and link mentions to them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vaner.cli import kb_diagnostics
from vaner.cli.command import Command, Group
from vaner.cli.messages import print_message, print_result
from vaner.cli.options import (
    AbbreviationsOption,
    BaseOption,
    CandidatesOption,
    ContextOption,
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
from vaner.display.text import align_columns, format_count, format_counts
from vaner.errors import VanerError
from vaner.linking.options import MIN_SCORE
from vaner.utils.atomic_write import check_creatable

if TYPE_CHECKING:
    from vaner.knowledge.report import Report
    from vaner.text.documents import Document

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="List, build, count, match and link knowledge bases."
)

BaseArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of a knowledge base, or path of its file.")
]


@app.command("list", cls=Command)
def list_() -> None:
    """List the knowledge bases that can be built, and those that are built.

    Example: `vaner kb list`
    """
    from vaner.knowledge.base import list_built
    from vaner.knowledge.manifest import load_shipped

    available = list_built()
    known = {manifest.name: manifest.description for manifest in load_shipped()}
    known |= {name: "your own manifest" for name in available if name not in known}
    rows = [("name", "built", "sources")]
    for name in sorted(known):
        rows.append((name, _size(name) if name in available else "no", known[name]))
    print_result(align_columns(rows))


def _size(name: str) -> str:
    """Return the number of concepts of a base, and whether it must be built again."""
    from vaner.knowledge.base import KnowledgeBase, default_path

    try:
        base = KnowledgeBase(default_path(name))
    except VanerError:
        return "cannot be read"
    hint = ", outdated: build it again" if base.is_outdated else ""
    return format_count(len(base), "concept") + hint


@app.command(cls=Command)
def build(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of a knowledge base, or path of a manifest.")
    ],
    source_folder: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Folder with the downloaded files. Example: --from ~/downloads"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="File to write. Default: a file in the cache. Example: --output open.parquet"
        ),
    ] = None,
    skip_bad: SkipBadOption = False,
    quiet: QuietOption = False,
) -> None:
    """Build a knowledge base from its manifest.

    Example: `vaner kb build open`
    """
    from vaner.cli.inputs import SkippedRecords
    from vaner.knowledge.build import build as build_base

    if output is not None:
        check_creatable(output)
    skipped = SkippedRecords() if skip_bad else None
    start = time.perf_counter()
    base = build_base(name, output, source_folder, on_error=skipped)
    if skipped is not None:
        skipped.print_count()
    if not quiet:
        concepts = format_count(len(base), "concept")
        names = format_count(base.name_counts.total(), "name")
        print_message(
            f"{base.path}: {concepts}, {names} ({format_counts(base.name_counts)}), "
            f"in {time.perf_counter() - start:.1f} s"
        )


@app.command(cls=Command)
def index(
    name: BaseArgument,
    embed: Annotated[
        bool | None,
        typer.Option(
            "--embed/--no-embed",
            help="Embed the names, or remove their embeddings. Default: neither.",
            show_default=False,
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Build the index of a knowledge base before it is linked to, and embed its names if requested.

    A small encoder embeds the names once, 250 names a second. Then more diseases are linked to the
    right concept, in every command and interface; a mention takes 4 ms longer, and PyTorch is
    needed.

    Examples:

    `vaner kb index ctd`

    `vaner kb index ctd --embed`
    """
    from vaner.knowledge.base import open_base
    from vaner.linking.name_embeddings import remove_embeddings, write_embeddings
    from vaner.linking.name_index import open_index

    base, start = open_base(name), time.perf_counter()
    names = open_index(base)
    if embed:
        write_embeddings(base, names)
    elif embed is not None:
        remove_embeddings(base)
    if not quiet:
        done = "embedded" if embed else "indexed"
        seconds = time.perf_counter() - start
        print_message(f"{base.name}: {format_count(len(names), 'name')} {done} in {seconds:.1f} s")


@app.command(cls=Command)
def stats(
    name: BaseArgument,
    as_json: JsonOption = False,
) -> None:
    """Count the concepts and names of a knowledge base, and list its ambiguous names.

    Names are compared as in matching: case, accents and hyphens are ignored.

    Example: `vaner kb stats open`
    """
    from vaner.knowledge.base import open_base
    from vaner.knowledge.report import build_report

    statistics = build_report(open_base(name))
    if as_json:
        print_result(json.dumps(statistics.to_dict(), ensure_ascii=False, indent=2))
        return
    for block in (_types_table(statistics), _sources_table(statistics), _names_table(statistics)):
        print_result(block)
        print_result("")
    if statistics.english is None:
        print_message("to count names that are common English words: pip install wordfreq")


def _types_table(statistics: Report) -> str:
    rows: list[tuple[str, ...]] = [("type", "concepts", "names")]
    for type in sorted(statistics.concepts):
        rows.append((type, f"{statistics.concepts[type]:,}", f"{statistics.names[type]:,}"))
    total = (sum(statistics.concepts.values()), sum(statistics.names.values()))
    rows.append(("all", *(f"{number:,}" for number in total)))
    return align_columns(rows, right=(1, 2))


def _sources_table(statistics: Report) -> str:
    rows: list[tuple[str, ...]] = [("source", "concepts", "names", "version", "license")]
    for name, source in statistics.sources.items():
        numbers = (sum(source["concepts"].values()), sum(source["names"].values()))
        counts = (f"{number:,}" for number in numbers)
        rows.append((name, *counts, source["version"] or "-", source["license"]))
    return align_columns(rows, right=(1, 2))


def _names_table(statistics: Report) -> str:
    rows = [("names", "number", "types", "examples")]
    kinds = {
        "distinct": None,
        "of several concepts": statistics.several_concepts,
        "… in one vocabulary": statistics.one_vocabulary,
        "of several types": statistics.several_types,
        "very short": statistics.short,
        "common English words": statistics.english,
    }
    for kind, finding in kinds.items():
        if finding is not None:
            examples = "; ".join(finding.examples[:4])
            rows.append((kind, f"{finding.names:,}", format_counts(finding.by_type), examples))
        elif kind == "distinct":
            rows.append((kind, f"{statistics.distinct:,}", "", ""))
    return align_columns(rows, right=(1,))


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

    If names of the same type overlap, the leftmost and longest one is used. No model is needed. A
    selector can drop names that have another meaning in their context.

    Examples:

    `vaner kb match --text "Metformin treats diabetes."`

    `vaner kb match abstracts.pubtator --types Disease --format jsonl -o annotated.jsonl`

    `vaner kb match notes.txt --kb open --rule Gene.case=fold`

    `vaner kb match notes.txt --selector runs/selector/seed-1/model`
    """
    from vaner.cli.stream import AnnotationStream
    from vaner.knowledge.matcher import Matcher

    type_names = split_types(types)
    stream = AnnotationStream(
        files, text, input_format=input_format, encoding=encoding, output=output, format=format,
        skip_bad=skip_bad, quiet=quiet,
    )  # fmt: skip
    matcher = Matcher.from_name(kb, rule or ())
    type_names = matcher.resolve_types(type_names)
    if selector is None:
        stream.run(lambda documents: matcher.annotate(documents, type_names, overlaps=overlaps))
        return
    from vaner.annotator import Annotator
    from vaner.selector.selector import Selector

    annotator = Annotator(matcher, Selector.from_pretrained(selector, device=device))
    stream.run(lambda documents: annotator.annotate(documents, type_names, overlaps=overlaps))


@app.command(cls=Command)
def link(
    files: FilesArgument = None,
    kb: BaseOption = "open",
    min_score: Annotated[
        float,
        typer.Option(
            help="Minimum probability of a concept, from 0 to 1. Mentions whose concepts are "
            "less probable get no identifier. Example: --min-score 0.8",
            min=0,
            max=1,
        ),
    ] = MIN_SCORE,
    candidates: CandidatesOption = 0,
    context: ContextOption = False,
    abbreviations: AbbreviationsOption = False,
    input_format: InputFormatOption = None,
    format: FormatOption = None,
    output: OutputOption = "-",
    encoding: EncodingOption = "utf-8",
    skip_bad: SkipBadOption = False,
    quiet: QuietOption = False,
) -> None:
    """Add the identifiers of a knowledge base to the mentions in files.

    Each mention gets the concept of its type with the most similar name. Abbreviations that a
    document defines are replaced by their long forms. Identifiers in the files remain. No model is
    needed; to find the mentions as well, use vaner annotate --link.

    Examples:

    `vaner kb link annotated.pubtator --kb ctd --format concepts -o concepts.tsv`

    `vaner kb link annotated.jsonl --kb ctd --min-score 0.8 --candidates 5 -o linked.jsonl`
    """
    from vaner.cli.stream import AnnotationStream
    from vaner.context import add_context
    from vaner.linking.abbreviations import add_abbreviations
    from vaner.linking.linker import Linker
    from vaner.linking.protocol import check_linker_types

    stream = AnnotationStream(
        files, None, input_format=input_format, encoding=encoding, output=output, format=format,
        skip_bad=skip_bad, quiet=quiet,
    )  # fmt: skip
    stream.check_metadata(abbreviations=abbreviations)
    linker = Linker.from_name(kb, min_score=min_score, max_candidates=candidates)

    def link_mentions(documents: Iterable[Document]) -> Iterator[Document]:
        linked = linker.identify(documents)
        linked = map(add_context, linked) if context else linked
        return map(add_abbreviations, linked) if abbreviations else linked

    if mentions := stream.run(link_mentions):
        try:
            check_linker_types(linker, mentions)
        except VanerError as error:
            print_message(f"warning: {error}")
    else:
        is_text = input_format is None and (files or ["-"]) == ["-"]
        advice = "name the format of standard input with --input-format" if is_text else ""
        advice = advice or "find mentions with vaner annotate --link"
        print_message(f"warning: the input has no mentions; {advice}")


app.command(cls=Command)(kb_diagnostics.related)
app.command(cls=Command)(kb_diagnostics.check)
