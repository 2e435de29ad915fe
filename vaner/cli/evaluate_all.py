"""``vaner evaluate --all``: a row for every corpus at hand and type, and what the model states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from vaner.display.text import aligned, counted
from vaner.errors import CorpusError
from vaner.hub.reported_results import ReportedResults, group_by_type

if TYPE_CHECKING:
    from vaner.evaluation.evaluate import Evaluation
    from vaner.recognition.recognizer import Recognizer
    from vaner.text.documents import Corpus


def score_all(
    recognizer: Recognizer,
    types: Sequence[str] | None,
    split: str,
    root: Path | None,
    *,
    stated: ReportedResults,
    run: Callable[[Corpus, Sequence[str]], Evaluation],
) -> list[Evaluation]:
    """Score on every corpus that has one of the types, and print the table.

    Args:
        recognizer: what is scored.
        types: types to score; all that it finds if None.
        split: split to score on.
        root: where registered corpora lie; ``VANER_CORPORA`` if None.
        stated: figures that the model states, to stand beside those found.
        run: scores it on a corpus, for some types.
    """
    from vaner.recognition.recognizer import resolve_types

    asked = resolve_types(recognizer, types)
    found = [
        run(gold, [type for type in gold.types if type in asked])
        for gold in corpora_of(asked, split, root, stated)
    ]
    parts = [one.report.documents for one in found if one.total_documents is not None]
    told = f", of each corpus only the first {counted(parts[0], 'document')}" if parts else ""
    typer.echo(f"{split}, strict{told}")
    typer.echo(table(found, {} if parts else stated))  # which are of all documents
    return found


def corpora_of(
    types: Iterable[str], split: str, root: Path | None, stated: ReportedResults
) -> Iterator[Corpus]:
    """The registered corpora at hand that annotate one of the types, one after another.

    Where figures are stated for views of a corpus, these are what is scored.

    Raises:
        CorpusError: where there is none.
    """
    from vaner.corpora import VIEWS, available_corpora, corpora_root, load

    wanted, found = set(types), False
    for info in available_corpora(split, root):
        views = [view for view in VIEWS.values() if view.view_of == info.name]
        for one in [view for view in views if f"{view.name} {split}" in stated] or [info]:
            if wanted.intersection(one.entity_types):
                found = True
                yield load(one.name, split, root=root)
    if not found:
        asked = ", ".join(sorted(wanted))
        raise CorpusError(
            f"{corpora_root(root)} holds no {split} split that annotates {asked}; "
            "vaner corpus list tells what it holds"
        )


def table(evaluations: Iterable[Evaluation], stated: ReportedResults) -> str:
    """The figures in percent; with stated ones, those and whether they lie in the interval."""
    head = ("corpus", "type", "P %", "R %", "F1 %", "F1 95%", "gold")
    rows: list[tuple[str, ...]] = [(*head, "stated F1 %", "") if stated else head]
    for one in evaluations:
        own = stated.get(f"{one.corpus} {one.split}", {})
        for type, figures in group_by_type(one.report.to_dict()).items():
            cells = (one.corpus, type, *_figures(figures))
            rows.append((*cells, *_beside(figures, own.get(type))) if stated else cells)
    return aligned(rows, right=(2, 3, 4, 6, 7))


def _figures(figures: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{100 * figures[name]:.2f}" for name in ("precision", "recall", "f1"))
    yield _interval(figures)
    yield f"{figures['gold']:,}"


def _interval(figures: Mapping[str, Any]) -> str:
    if "intervals" not in figures:
        return ""
    low, high = figures["intervals"]["f1"]
    return f"{100 * low:.2f} to {100 * high:.2f}"


def _beside(figures: Mapping[str, Any], stated: Mapping[str, Any] | None) -> tuple[str, str]:
    """The stated F1, and a word where the one found lies outside its interval."""
    if stated is None:
        return "", ""
    low, high = stated["intervals"]["f1"]
    outside = not low <= figures["f1"] <= high
    return f"{100 * stated['f1']:.2f}", "outside its interval" if outside else ""
