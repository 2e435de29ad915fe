"""Invariants of spans, documents and corpora."""

import pytest

from vaner.errors import VanerError
from vaner.text.documents import Corpus, Document, Span, SpanError
from vaner.text.mention_details import Candidate, Cue


def test_span_outside_the_text_is_rejected() -> None:
    with pytest.raises(SpanError, match="ends beyond the text"):
        Document("d", "abc", (Span(1, 4, "Gene"),))


def test_blank_span_is_rejected() -> None:
    with pytest.raises(SpanError, match="blank"):
        Document("d", "a \t b", (Span(1, 4, "Gene"),))


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (2, 2), (3, 1)])
def test_empty_or_reversed_span_is_rejected(start: int, end: int) -> None:
    with pytest.raises(SpanError):
        Span(start, end, "Gene")


@pytest.mark.parametrize(
    "fragments", [((0, 3),), ((0, 3), (2, 5)), ((0, 2), (3, 4)), ((3, 5), (0, 2))]
)
def test_fragments_must_be_ordered_parts_of_the_span(
    fragments: tuple[tuple[int, int], ...],
) -> None:
    with pytest.raises(SpanError):
        Span(0, 5, "Gene", fragments=fragments)


def test_discontinuous_mention_shifts_with_its_fragments() -> None:
    span = Span(0, 16, "Disease", fragments=((0, 5), (10, 16)))
    document = Document("d", "renal and liver disease", (span,))
    assert document.mention(span) == "renal liver "
    assert span.shift(3).fragments == ((3, 8), (13, 19))


def test_score_and_identifiers_are_ignored_in_comparisons() -> None:
    assert Span(0, 1, "Gene", 0.5, ("HGNC:1",)) == Span(0, 1, "Gene")


def test_offsets_count_code_points() -> None:
    document = Document("d", "😀 é asthma", (Span(4, 10, "Disease"),))
    assert document.mention(document.spans[0]) == "asthma"


def test_corpus_must_list_its_types() -> None:
    document = Document("d", "TNF", (Span(0, 3, "Gene"),))
    with pytest.raises(VanerError, match="does not list: Gene"):
        Corpus("c", "train", (document,), ("Disease",))
    assert Corpus("c", "train", (document,)).types == ("Gene",)


def test_renaming_merges_only_mentions_of_different_types() -> None:
    spans = (
        Span(0, 4, "D", None, ("MESH:D006073",)), Span(0, 4, "D", None, ("OMIM:138900",)),
        Span(0, 4, "P"), Span(8, 11, "D"),
    )  # fmt: skip
    document = Document("d", "Gout is bad", spans)
    for names, expected in (({"X": "Y"}, 4), ({"D": "Disease"}, 4), ({"P": "D"}, 3)):
        renamed = document.rename_types(names).spans
        assert [s.identifiers for s in renamed[:2]] == [("MESH:D006073",), ("OMIM:138900",)]
        assert len(renamed) == expected


def test_rename_types_of_a_corpus() -> None:
    spans = (Span(0, 3, "protein", 0.5), Span(0, 3, "DNA"), Span(4, 7, "DNA"), Span(8, 11, "cell"))
    document = Document("d", "TNF RAS Tce", spans)
    corpus = Corpus("c", "train", (document,), ("protein", "DNA", "cell"))
    genes = corpus.rename_types({"protein": "Gene", "DNA": "Gene"})
    assert genes.types == ("Gene", "cell") and (genes.name, genes.split) == ("c", "train")
    assert [(s.start, s.type, s.score) for s in genes.documents[0].spans] == [
        (0, "Gene", 0.5), (4, "Gene", None), (8, "cell", None),
    ]  # fmt: skip
    swapped = corpus.rename_types({"protein": "DNA", "DNA": "protein"})
    types = [span.type for span in swapped.documents[0].spans]
    assert types == ["DNA", "protein", "protein", "cell"]
    assert corpus.rename_types({}) == corpus
    with pytest.raises(VanerError, match="corpus c does not annotate RNA, which is to be renamed"):
        corpus.rename_types({"RNA": "Gene"})


def test_the_representation_of_a_span_has_what_is_not_empty() -> None:
    expected = "Span(start=0, end=4, type='D', score=None, identifiers=(), fragments=())"
    assert repr(Span(0, 4, "D")) == expected
    details = {"candidates": (Candidate("1", "gout", 0.5),), "context": (Cue("negated", 0, 2),)}
    span = Span(3, 7, "D", **details)
    assert repr(span).endswith(f"candidates={span.candidates!r}, context={span.context!r})")
