"""Renders an evaluation as an HTML page: figures, mistakes with examples, confusion, reliability.

The page has no scripts and loads nothing from other sites. It works in light and dark mode and in
print. Colors are never the only information.
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
from vaner.display.table import shortened
from vaner.display.text import format_count, printable
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

_MAX_EXAMPLES = 6  # for each kind of mistake
_CONTEXT = 90  # characters on either side
_SEED = 0  # for the random choice of examples

MEANINGS: Mapping[MistakeKind, str] = {
    MistakeKind.TYPE: "right boundaries, another type",
    MistakeKind.LONGER: "right type; all of the gold mention and more",
    MistakeKind.SHORTER: "right type; a part of the gold mention",
    MistakeKind.SHIFTED: "right type; a part of the gold mention, and text outside it",
    MistakeKind.BOTH: "overlaps a gold mention of another type",
    MistakeKind.FALSE_ALARM: "no gold mention there, or one that is already matched",
    MistakeKind.MISSED: "nothing was predicted there",
}


def render(evaluations: Sequence[Evaluation], facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts of the page.

    Args:
        evaluations: the evaluations of a model, one for each corpus.
        facts: facts for the head of the page: model, date, version.
    """
    names = "; ".join(evaluation.name for evaluation in evaluations)
    title = f"vaner: {names}"
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escaped(title)}</title>\n<style>{REPORT_STYLE}</style>\n</head>\n<body>\n"
        f"<main>\n<h1>Evaluation: {_escaped(names)}</h1>\n{_facts(facts)}"
    )
    for number, evaluation in enumerate(evaluations, 1):
        yield from _section(evaluation, f"e{number}", has_heading=len(evaluations) > 1)
    yield "</main>\n</body>\n</html>\n"


def _facts(facts: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<dt>{_escaped(name.replace('_', ' '))}</dt><dd>{_escaped(_as_text(value))}</dd>"
        for name, value in facts.items()
        if value is not None
    )
    return f"<dl>{rows}</dl>\n"


def _as_text(value: object) -> str:
    """Return a fact as text.

    >>> _as_text({"Anatomy": 0.5, "Variant": 0.45})
    'Anatomy 0.5, Variant 0.45'
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return str(value)


def _section(evaluation: Evaluation, name: str, *, has_heading: bool) -> Iterator[str]:
    mistakes = list(find_mistakes(evaluation.gold, evaluation.predicted, evaluation.types))
    yield f'<section id="{name}">\n'
    level = 2
    if has_heading:
        yield f'<h2 class="corpus">{_escaped(evaluation.name)}</h2>\n'
        level = 3
    yield f"<h{level}>Figures</h{level}>\n{_figures(evaluation)}"
    yield f"<h{level}>Kinds of mistakes</h{level}>\n{_kinds(mistakes, evaluation.types, name)}"
    yield f"<h{level}>Confusion of types</h{level}>\n{_confusion(evaluation)}"
    if evaluation.reliability is not None:
        yield f"<h{level}>Reliability of the scores</h{level}>\n{_reliability(evaluation)}"
    yield f"<h{level}>Examples</h{level}>\n"
    yield (
        '<p class="note">Random examples. The line below is <span class="g">gold</span>, the line '
        'above is <span class="f">predicted</span>.</p>\n'
    )
    for kind in MistakeKind:
        yield _examples([m for m in mistakes if m.kind is kind], kind, name, level + 1)
    yield "</section>\n"


def _figures(evaluation: Evaluation) -> str:
    report = evaluation.report
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
    head = _head("", "P %", "R %", "F1 %", "", "F1 95%", "gold", "predicted", "correct")
    body = "".join(_figure(*row) for row in rows)
    notes = [f"{format_count(report.documents, 'document')}; strict scores unless stated."]
    if evaluation.unreachable:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in evaluation.unreachable.items())
        notes.append(f"Gold out of reach, counted as missed: {reasons}.")
    if evaluation.unsupported_types:
        types = ", ".join(evaluation.unsupported_types)
        notes.append(f"Types that the model does not find and that are not scored: {types}.")
    return f'{_table("Figures", head, body)}<p class="note">{_escaped(" ".join(notes))}</p>\n'


def _figure(name: str, row: Score, look: str) -> str:
    cells = [f"{100 * value:.2f}" for value in (row.precision, row.recall, row.f1)]
    interval = row.intervals.f1 if row.intervals else None
    ends = f"{100 * interval.low:.2f} to {100 * interval.high:.2f}" if interval else ""
    counts = row.counts
    numbers = [counts.gold, counts.predicted, counts.tp] if counts else []
    cells += [bar(row.f1, interval), ends, *(f"{n:,}" for n in numbers)]
    cells += [""] * (3 - len(numbers))
    return _row(_escaped(name), cells, look)


def _kinds(mistakes: Sequence[Mistake], types: Sequence[str], name: str) -> str:
    counts = Counter((mistake.kind, mistake.type) for mistake in mistakes)
    head = _head("", *types, "all", "")
    rows = []
    for kind in MistakeKind:
        numbers = [counts[kind, type] for type in types]
        link = f'<a href="#{name}-{_id(kind)}">{kind}</a>' if sum(numbers) else str(kind)
        rows.append(_row(link, [f"{n:,}" for n in (*numbers, sum(numbers))], words=MEANINGS[kind]))
    boundary_count = sum(counts[kind, type] for kind in BOUNDARY_MISTAKES for type in types)
    note = (
        f"{len(mistakes):,} mistakes, {boundary_count:,} of them only boundaries. A mistake is "
        "counted for its gold type, a false alarm for its predicted type. Matches are one to one."
    )
    return f'{_table("Kinds of mistakes", head, "".join(rows))}<p class="note">{note}</p>\n'


def _confusion(evaluation: Evaluation) -> str:
    types = evaluation.types
    cells = count_confusions(evaluation.gold, evaluation.predicted, types)
    columns: list[str | None] = [*types, None]
    head = _head("gold", *types, "nothing")
    rows = []
    for gold in columns:
        total = sum(cells[gold, predicted] for predicted in columns)
        shown = []
        for predicted in columns:
            number = cells[gold, predicted]
            share = round(100 * number / total) if total and gold is not None else 0
            look = f' style="--share: {share * 0.6:.0f}%"' if share else ""
            right = " right" if gold == predicted else ""
            shown.append(
                f'<td class="cell{right}"{look}>{"" if gold is predicted is None else number}'
            )
        label = _escaped(gold) if gold is not None else "<i>nothing</i>"
        rows.append(f'<tr><th scope="row">{label}{"".join(shown)}')
    note = (
        "Rows are gold types, columns predicted types with the same boundaries. The shade is the "
        "share of the row. A mention with other boundaries counts as nothing in both directions."
    )
    return f'{_table("Confusion of types", head, "".join(rows))}<p class="note">{note}</p>\n'


def _reliability(evaluation: Evaluation) -> str:
    now, before = evaluation.reliability, evaluation.uncalibrated
    assert now is not None
    mentions = format_count(now.mentions, "mention")
    text = (
        f"Expected calibration error {100 * now.error:.2f} % over {mentions} "
        f"in {format_count(len(now.bins), 'bin')} of equal size"
    )
    legend = ""
    if before is not None:
        text += f"; {100 * before.error:.2f} % before calibration"
        legend = (
            ' <span class="key now">●</span> calibrated, <span class="key before">■</span> '
            "before calibration."
        )
    rows = "".join(
        _row(f"{b.low:.3f} to {b.high:.3f}",
             [f"{b.probability:.3f}", f"{b.precision:.3f}", f"{b.mentions:,}"])
        for b in now.bins
    )  # fmt: skip
    head = _head("scores", "mean", "correct", "mentions")
    return (
        f"<p>{text}. Below the dashed line, the scores are too high.{legend}</p>\n"
        f'<div class="columns">{reliability_plot(now, before)}'
        f"<details><summary>bins</summary>{_table('Bins', head, rows)}</details></div>\n"
    )


def _examples(mistakes: Sequence[Mistake], kind: MistakeKind, name: str, level: int) -> str:
    if not mistakes:
        return ""
    number = len(mistakes)
    selected = sorted(Random(_SEED).sample(range(number), min(_MAX_EXAMPLES, number)))
    items = "".join(_example(mistakes[i]) for i in selected)
    return (
        f'<h{level} class="kind" id="{name}-{_id(kind)}">{kind} '
        f"<small>{number:,}: {MEANINGS[kind]}</small></h{level}>\n"
        f"<ul>{items}</ul>\n"
    )


def _example(mistake: Mistake) -> str:
    document, gold, predicted = mistake.document, mistake.gold, mistake.predicted
    spans = [span for span in (gold, predicted) if span is not None]
    text = document.text
    start, end = _find_context(text, min(s.start for s in spans), max(s.end for s in spans))
    before, after = "…" * (start > 0), "…" * (end < len(text))
    descriptions = []
    if gold is not None:
        descriptions.append(f'<span class="g">gold</span> {_describe(document, gold)}')
    if predicted is not None:
        descriptions.append(f'<span class="f">predicted</span> {_describe(document, predicted)}')
    name = _escaped(shortened(document.id))
    context = f"{before}{_mark(text, mistake, start, end)}{after}"
    return (
        f'<li><p class="text" dir="auto" lang="">{context}</p>'
        f'<p class="details">{"; ".join(descriptions)} '
        f"<small>in {name}, at {spans[0].start}</small></p>"
    )


def _find_context(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of a mention with its context, extended to complete words.

    >>> text = "acute " * 20 + "gout" + " today" * 20
    >>> start, end = _find_context(text, 120, 124)
    >>> text[start : start + 5], text[end - 5 : end]
    ('acute', 'today')
    """
    first, last = max(0, start - _CONTEXT), min(len(text), end + _CONTEXT)
    # If a boundary is inside a word, leave the word out.
    if first and (gap := re.search(r"\s+", text[first - 1 : start])):
        first += gap.end() - 1
    if last < len(text) and (gap := re.search(r"\s+\S*$", text[end : last + 1])):
        last = end + gap.start()
    return first, last


def _describe(document: Document, span: Span) -> str:
    score = "" if span.score is None else f" {span.score:.3f}"
    mention = _escaped(shortened(document.mention(span)))
    return f"“<bdi>{mention}</bdi>” {_escaped(span.type)}{score}"


def _mark(text: str, mistake: Mistake, start: int, end: int) -> str:
    """Return a part of the text as HTML, with the gold and the predicted mention underlined."""
    lines = {
        "g": mistake.gold.pieces if mistake.gold else (),
        "f": mistake.predicted.pieces if mistake.predicted else (),
    }
    edges = {start, end, *(edge for pieces in lines.values() for piece in pieces for edge in piece)}
    parts = []
    ordered = sorted(edges)
    for first, last in zip(ordered, ordered[1:], strict=False):
        look = " ".join(
            name
            for name, pieces in lines.items()
            if any(s <= first and last <= e for s, e in pieces)
        )
        part = _escaped(text[first:last])
        parts.append(f'<span class="{look}">{part}</span>' if look else part)
    return "".join(parts)


def _head(*names: str) -> str:
    return "".join(f'<th scope="col">{_escaped(name)}' if name else "<td>" for name in names)


def _row(name: str, cells: Sequence[str], look: str = "", words: str = "") -> str:
    row = "".join(f"<td>{cell}" for cell in cells)
    description = f'<td class="words">{words}' if words else ""
    return f'<tr class="{look}"><th scope="row">{name}{row}{description}'


def _table(label: str, head: str, body: str) -> str:
    """Return a table that scrolls, also with the keyboard, where the page is narrow."""
    return (
        f'<div class="wide" role="group" aria-label="{label}" tabindex="0"><table>'
        f"<thead><tr>{head}</thead><tbody>{body}</tbody></table></div>\n"
    )


def _id(kind: MistakeKind) -> str:
    return kind.replace(" ", "-")


def _escaped(text: str) -> str:
    """Return text as HTML on one line, with symbols in place of control characters."""
    return printable(escape(text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")))
