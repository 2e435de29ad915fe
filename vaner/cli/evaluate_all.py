"""``vaner evaluate --all``: a table with a row for each available corpus and entity type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.cli.messages import print_result
from vaner.display.text import align_columns, format_count
from vaner.errors import CorpusError
from vaner.hub.reported_results import ReportedResults, group_by_type

if TYPE_CHECKING:
    from vaner.evaluation.evaluate import Evaluation
    from vaner.recognition.recognizer import Recognizer
    from vaner.text.documents import Corpus


def evaluate_all(
    recognizer: Recognizer,
    types: Sequence[str] | None,
    split: str,
    root: Path | None,
    *,
    reported: ReportedResults,
    run: Callable[[Corpus, Sequence[str]], Evaluation],
) -> list[Evaluation]:
    """Score on every corpus that has one of the types, and print a table.

    Args:
        recognizer: the recognizer.
        types: types to score; all types of the recognizer if None.
        split: split to score on.
        root: folder with the registered corpora; ``VANER_CORPORA`` if None.
        reported: results that the model card reports, to compare with.
        run: scores the recognizer on a corpus, for some types.
    """
    from vaner.recognition.recognizer import resolve_types

    type_names = resolve_types(recognizer, types)
    evaluations = [
        run(gold, [type for type in gold.types if type in type_names])
        for gold in load_corpora(type_names, split, root, reported)
    ]
    sizes = [e.report.documents for e in evaluations if e.total_documents is not None]
    limit = f", only the first {format_count(sizes[0], 'document')} of each corpus" if sizes else ""
    print_result(f"{split}, strict{limit}")
    # The reported results are for all documents: they cannot be compared with those of a part.
    print_result(results_table(evaluations, {} if sizes else reported, split))
    return evaluations


def load_corpora(
    types: Iterable[str], split: str, root: Path | None, reported: ReportedResults
) -> Iterator[Corpus]:
    """Load the available registered corpora that annotate one of the types, one after another.

    If results are reported for views of a corpus, the views are loaded instead of the corpus. If
    `split` is test, devel is loaded for corpora without a test split.

    Raises:
        CorpusError: if there is no such corpus.
    """
    from vaner.corpora import VIEWS, available_corpora, corpora_root, load

    type_names, has_corpus = set(types), False
    without_test = (i for i in available_corpora("devel", root) if not i.evaluation_split)
    infos = [(info, split) for info in available_corpora(split, root)]
    infos += [(info, "devel") for info in without_test if split == "test"]
    for info, corpus_split in infos:
        views = [view for view in VIEWS.values() if view.view_of == info.name]
        reported_views = [view for view in views if f"{view.name} {corpus_split}" in reported]
        for corpus in reported_views or [info]:
            if type_names.intersection(corpus.entity_types):
                has_corpus = True
                yield load(corpus.name, corpus_split, root=root)
    if not has_corpus:
        names = ", ".join(sorted(type_names))
        raise CorpusError(
            f"{corpora_root(root)}: contains no {split} split with {names}; vaner corpus list "
            "shows the available corpora"
        )


def results_table(evaluations: Iterable[Evaluation], reported: ReportedResults, split: str) -> str:
    """Return a table of precision, recall and F1 in percent.

    Args:
        evaluations: the evaluations.
        reported: results to compare with; if there are any, the table has two more columns.
        split: the requested split; rows of other splits name their split.
    """
    header = ("corpus", "type", "P %", "R %", "F1 %", "F1 95%", "gold")
    rows: list[tuple[str, ...]] = [(*header, "reported F1 %", "") if reported else header]
    for evaluation in evaluations:
        expected = reported.get(evaluation.split_name, {})
        for type, scores in group_by_type(evaluation.report.to_dict()).items():
            is_other = evaluation.split != split
            name = evaluation.split_name if is_other else evaluation.corpus
            row = (name, type, *_score_cells(scores))
            rows.append((*row, *_compare(scores, expected.get(type))) if reported else row)
    return align_columns(rows, right=(2, 3, 4, 6, 7))


def _score_cells(scores: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{100 * scores[name]:.2f}" for name in ("precision", "recall", "f1"))
    yield _interval(scores)
    yield f"{scores['gold']:,}"


def _interval(scores: Mapping[str, Any]) -> str:
    if "intervals" not in scores:
        return ""
    low, high = scores["intervals"]["f1"]
    return f"{100 * low:.2f} to {100 * high:.2f}"


def _compare(scores: Mapping[str, Any], reported: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return the reported F1, and a remark if the measured F1 is outside its interval."""
    if reported is None:
        return "", ""
    low, high = reported["intervals"]["f1"]
    is_outside = not low <= scores["f1"] <= high
    return f"{100 * reported['f1']:.2f}", "outside its interval" if is_outside else ""
