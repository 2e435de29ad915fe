"""An evaluation as one page: figures, kinds of mistakes with examples, types mixed up, reliability.

It needs no script and nothing from elsewhere, is read by day, by night and on paper, and what
colours say is said in words too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from random import Random
from typing import TYPE_CHECKING, Any

from vaner.display.html.report_style import REPORT_STYLE
from vaner.display.html.svg_plots import bar, reliability_plot
from vaner.display.table import printable, shortened
from vaner.display.text import counted
from vaner.evaluation.error_analysis import (
    BOUNDARY_MISTAKES,
    Mistake,
    MistakeKind,
    count_confusions,
    find_mistakes,
)
from vaner.text.documents import Document, Span

if TYPE_CHECKING:
    from vaner.evaluation.evaluate import Evaluation
    from vaner.evaluation.report import Score

_SHOWN = 6  # examples of a kind
_AROUND = 90  # characters of context on either side
_SEED = 0  # draws the examples

MEANINGS: Mapping[MistakeKind, str] = {
    MistakeKind.TYPE: "right place, another type",
    MistakeKind.LONGER: "right type; all of the gold mention and more",
    MistakeKind.SHORTER: "right type; a part of the gold mention",
    MistakeKind.SHIFTED: "right type; a part of the gold mention, and something beside it",
    MistakeKind.BOTH: "shares characters with a gold mention, of another type",
    MistakeKind.FALSE_ALARM: "no gold mention there, or one that was found already",
    MistakeKind.MISSED: "nothing was found there",
}


def render(evaluations: Sequence[Evaluation], facts: Mapping[str, Any]) -> Iterator[str]:
    """The page in pieces.

    Args:
        evaluations: of one model, one or more corpora.
        facts: what was scored, when, and by which version; for the head of the page.
    """
    names = "; ".join(one.name for one in evaluations)
    title = f"vaner: {names}"
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escaped(title)}</title>\n<style>{REPORT_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Evaluation: {_escaped(names)}</h1>\n{_facts(facts)}"
    )
    for number, one in enumerate(evaluations, 1):
        yield from _section(one, f"e{number}", alone=len(evaluations) == 1)
    yield "</body>\n</html>\n"


def _facts(facts: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<dt>{_escaped(name)}</dt><dd>{_escaped(str(value))}</dd>"
        for name, value in facts.items()
        if value is not None
    )
    return f"<dl>{rows}</dl>\n"


def _section(one: Evaluation, name: str, *, alone: bool) -> Iterator[str]:
    found = list(find_mistakes(one.gold, one.predicted, one.types))
    yield f'<section id="{name}">\n'
    if not alone:
        yield f"<h2>{_escaped(one.name)}</h2>\n"
    yield f"<h3>Figures</h3>\n{_figures(one)}"
    yield f"<h3>Kinds of mistakes</h3>\n{_kinds(found, one.types, name)}"
    yield f"<h3>Types mixed up</h3>\n{_confusion(one)}"
    if one.reliability is not None:
        yield f"<h3>Can the scores be trusted?</h3>\n{_reliability(one)}"
    yield "<h3>Examples</h3>\n"
    yield (
        '<p class="note">Drawn at random. The line below is <span class="g">gold</span>, the line '
        'above is <span class="f">what was found</span>.</p>\n'
    )
    for kind in MistakeKind:
        yield _examples([m for m in found if m.kind is kind], kind, name)
    yield "</section>\n"


def _figures(one: Evaluation) -> str:
    report = one.report
    rows: list[tuple[str, Score, str]] = [(type, row, "") for type, row in report.types.items()]
    rows += [("micro", report.micro, "sum"), ("macro", report.macro, "")]
    if report.seen is not None and report.unseen is not None:
        rows += [("seen in training", report.seen, "sum"), ("unseen", report.unseen, "")]
    for group, row in (report.nesting or {}).items():
        if row.counts is not None and row.counts.gold + row.counts.predicted:
            rows.append((f"nesting: {group.replace('_', ' ')}", row, ""))
    rows += [
        (f"relaxed: {name}", row, "sum" if not i else "")
        for i, (name, row) in enumerate(report.relaxed.items())
    ]
    head = _head("", "P %", "R %", "F1 %", "", "F1 95%", "gold", "found", "right")
    body = "".join(_figure(*row) for row in rows)
    notes = [f"{counted(report.documents, 'document')}; strict unless said otherwise."]
    if one.unreachable:
        told = ", ".join(f"{reason} {n:,}" for reason, n in one.unreachable.items())
        notes.append(f"Gold out of reach, counted as missed: {told}.")
    if one.unsupported_types:
        notes.append(
            f"Not scored, as the model does not find them: {', '.join(one.unsupported_types)}."
        )
    return f'{_table(head, body)}<p class="note">{_escaped(" ".join(notes))}</p>\n'


def _figure(name: str, row: Score, look: str) -> str:
    cells = [f"{100 * value:.2f}" for value in (row.precision, row.recall, row.f1)]
    interval = row.intervals.f1 if row.intervals else None
    ends = f"{100 * interval.low:.2f} to {100 * interval.high:.2f}" if interval else ""
    counts = row.counts
    numbers = [counts.gold, counts.predicted, counts.tp] if counts else []
    cells += [bar(row.f1, interval), ends, *(f"{n:,}" for n in numbers)]
    return _row(_escaped(name), cells, look)


def _kinds(found: Sequence[Mistake], types: Sequence[str], name: str) -> str:
    counts = Counter((mistake.kind, mistake.type) for mistake in found)
    head = _head("", *types, "all", "")
    rows = []
    for kind in MistakeKind:
        own = [counts[kind, type] for type in types]
        link = f'<a href="#{name}-{_id(kind)}">{kind}</a>' if sum(own) else str(kind)
        rows.append(_row(link, [f"{n:,}" for n in (*own, sum(own))], words=MEANINGS[kind]))
    borders = sum(counts[kind, type] for kind in BOUNDARY_MISTAKES for type in types)
    note = (
        f"{len(found):,} mistakes, {borders:,} of them borders alone. A mistake is counted under "
        "the gold type, a false alarm under the type found. Pairs are one to one."
    )
    return f'{_table(head, "".join(rows))}<p class="note">{note}</p>\n'


def _confusion(one: Evaluation) -> str:
    cells = count_confusions(one.gold, one.predicted, one.types)
    columns: list[str | None] = [*one.types, None]
    head = _head("gold", *one.types, "nothing at that place")
    rows = []
    for gold in columns:
        total = sum(cells[gold, found] for found in columns)
        shown = []
        for found in columns:
            number = cells[gold, found]
            share = round(100 * number / total) if total and gold is not None else 0
            look = f' style="--share: {share * 0.6:.0f}%"' if share else ""
            right = " right" if gold == found else ""
            shown.append(f'<td class="cell{right}"{look}>{"" if gold is found is None else number}')
        label = _escaped(gold) if gold is not None else "<i>nothing at that place</i>"
        rows.append(f'<tr><th scope="row">{label}{"".join(shown)}')
    note = (
        "Rows are gold, columns what was found at just the same place; the shade is the share of "
        "the row. A border that is off counts as nothing at that place, on both sides."
    )
    return f'{_table(head, "".join(rows))}<p class="note">{note}</p>\n'


def _reliability(one: Evaluation) -> str:
    now, before = one.reliability, one.uncalibrated
    assert now is not None
    told = (
        f"Expected calibration error {100 * now.error:.2f} % over "
        f"{counted(now.mentions, 'mention')} in {counted(len(now.bins), 'bin')} of equal mass"
    )
    legend = ""
    if before is not None:
        told += f"; {100 * before.error:.2f} % before calibration"
        legend = (
            ' <span class="key now">●</span> as they are, <span class="key before">■</span> '
            "before calibration."
        )
    rows = "".join(
        _row(f"{b.low:.3f} to {b.high:.3f}",
             [f"{b.probability:.3f}", f"{b.precision:.3f}", f"{b.mentions:,}"])
        for b in now.bins
    )  # fmt: skip
    head = _head("scores", "mean", "right", "mentions")
    return (
        f"<p>{told}. Below the dashed line they promise too much.{legend}</p>\n"
        f'<div class="beside">{reliability_plot(now, before)}'
        f"<details><summary>the bins</summary>{_table(head, rows)}</details></div>\n"
    )


def _examples(found: Sequence[Mistake], kind: MistakeKind, name: str) -> str:
    if not found:
        return ""
    draw = Random(_SEED)
    shown = sorted(draw.sample(range(len(found)), min(_SHOWN, len(found))))
    items = "".join(_example(found[i]) for i in shown)
    return (
        f'<h4 id="{name}-{_id(kind)}">{kind} <small>{len(found):,}: {MEANINGS[kind]}</small></h4>\n'
        f"<ul>{items}</ul>\n"
    )


def _example(one: Mistake) -> str:
    spans = [span for span in (one.gold, one.predicted) if span is not None]
    text = one.document.text
    start, end = _around(text, min(s.start for s in spans), max(s.end for s in spans))
    before, after = "…" * (start > 0), "…" * (end < len(text))
    told = []
    if one.gold is not None:
        told.append(f'<span class="g">gold</span> {_told(one.document, one.gold)}')
    if one.predicted is not None:
        told.append(f'<span class="f">found</span> {_told(one.document, one.predicted)}')
    place = _escaped(shortened(one.document.id))
    shown = f"{before}{_marked(text, one, start, end)}{after}"
    return (
        f'<li><p class="text" dir="auto" lang="">{shown}</p>'
        f'<p class="told">{"; ".join(told)} <small>in {place}, at {spans[0].start}</small></p>'
    )


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """The place of a mention with what stands around it, of whole words where there are spaces.

    >>> text = "acute " * 20 + "gout" + " today" * 20
    >>> start, end = _around(text, 120, 124)
    >>> text[start : start + 5], text[end - 5 : end]
    ('acute', 'today')
    """
    first, last = max(0, start - _AROUND), min(len(text), end + _AROUND)
    # A cut through a word goes on to its end, or back before it; one beside a space stays.
    if first and (gap := re.search(r"\s+", text[first - 1 : start])):
        first += gap.end() - 1
    if last < len(text) and (gap := re.search(r"\s+\S*$", text[end : last + 1])):
        last = end + gap.start()
    return first, last


def _told(document: Document, span: Span) -> str:
    score = "" if span.score is None else f" {span.score:.3f}"
    mention = _escaped(shortened(document.mention(span)))
    return f"“<bdi>{mention}</bdi>” {_escaped(span.type)}{score}"


def _marked(text: str, one: Mistake, start: int, end: int) -> str:
    """A part of the text, cut where a mention begins or ends."""
    lines = {
        "g": one.gold.pieces if one.gold else (),
        "f": one.predicted.pieces if one.predicted else (),
    }
    edges = {start, end, *(place for own in lines.values() for piece in own for place in piece)}
    parts = []
    ordered = sorted(edges)
    for first, last in zip(ordered, ordered[1:], strict=False):
        look = " ".join(
            name for name, own in lines.items() if any(s <= first and last <= e for s, e in own)
        )
        part = _escaped(text[first:last])
        parts.append(f'<span class="{look}">{part}</span>' if look else part)
    return "".join(parts)


def _head(*names: str) -> str:
    return "".join(f'<th scope="col">{_escaped(name)}' for name in names)


def _row(name: str, cells: Sequence[str], look: str = "", words: str = "") -> str:
    whole = "".join(f"<td>{cell}" for cell in cells)
    told = f'<td class="words">{words}' if words else ""
    return f'<tr class="{look}"><th scope="row">{name}{whole}{told}'


def _table(head: str, body: str) -> str:
    return (
        f'<div class="wide"><table><thead><tr>{head}</thead><tbody>{body}</tbody></table></div>\n'
    )


def _id(kind: MistakeKind) -> str:
    return kind.replace(" ", "-")


def _escaped(text: str) -> str:
    """Text as HTML on one line; what a page cannot hold is shown as a picture of it."""
    return printable(escape(text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")))
