"""Equal names in a document get equal answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.growth import assert_linear
from vaner.annotator import Annotator
from vaner.linking.consistency import (
    drop_improbable_names,
    make_consistent,
    tag_abbreviations,
    tag_repeated_names,
)
from vaner.text.documents import Document, Span


def spans_of(text: str, *mentions: tuple[str, str]) -> Document:
    spans, start = [], 0
    for mention, type in mentions:
        start = text.index(mention, start)
        spans.append(Span(start, start + len(mention), type, 0.8))
        start += len(mention)
    return Document("1", text, tuple(spans))


def test_an_abbreviation_has_the_type_of_its_long_form_everywhere() -> None:
    text = "Gout flares of feet (GFF) hurt. A GFF, GFF-like GFFs: GFF pain was GFF."
    document = spans_of(
        text, ("Gout flares of feet", "Disease"), ("GFF", "Disease"), ("GFF", "Chemical"),
        ("GFF pain", "Symptom"),
    )  # fmt: skip
    tagged = tag_abbreviations(document)
    mentions = [(text[s.start : s.end], s.type) for s in tagged.spans]
    assert mentions == [
        ("Gout flares of feet", "Disease"), ("GFF", "Disease"), ("GFF", "Disease"),
        ("GFF", "Disease"), ("GFF pain", "Symptom"), ("GFF", "Disease"),
    ]  # fmt: skip
    assert tag_abbreviations(tagged) == tagged


def test_a_short_abbreviation_is_not_found_in_a_longer_one() -> None:
    text = "Parkinson disease (PD) and programmed death ligand 1 (PD-L1). PD-L1 rose, PD rose."
    known = (("Parkinson disease", "Disease"), ("programmed death ligand 1", "Gene"))
    tagged = tag_abbreviations(spans_of(text, *known))
    names = [(name, type) for name, _, type in mentions(tagged)]
    assert names[1:2] + names[3:] == [
        ("PD", "Disease"), ("PD-L1", "Gene"), ("PD-L1", "Gene"), ("PD", "Disease"),
    ]  # fmt: skip


def test_a_name_is_dropped_everywhere_or_nowhere() -> None:
    text = "Asthma hurts; asthma recurs. INS acts. Insulin acts, insulin does."
    scores = {"Asthma": 0.9, "asthma": 0.2, "INS": 0.3, "Insulin": 0.2, "insulin": 0.4}
    spans = [Span(text.index(n), text.index(n) + len(n), "Gene", s) for n, s in scores.items()]
    document = Document("1", text, tuple(sorted(spans)))
    assert drop_improbable_names(document, {"Disease": 0.5}) == document
    dropped = drop_improbable_names(document, {"Gene": 0.5})
    assert [name for name, _, _ in mentions(dropped)] == ["Asthma", "asthma"]
    assert len(drop_improbable_names(document, {"Gene": 0.3}).spans) == len(spans)
    hidden = Document(
        "1", "As\u00adthma, asthma", (Span(0, 7, "Gene", 0.9), Span(9, 15, "Gene", 0.2))
    )
    assert make_consistent(hidden, {"Gene": 0.5}).spans == hidden.spans
    assert make_consistent(hidden, {"Gene": 0.6}).spans == ()


def test_a_long_form_that_is_not_a_mention_changes_nothing() -> None:
    document = spans_of("Body mass index (BMI) rose. BMI fell.", ("BMI", "Disease"))
    assert tag_abbreviations(document) is document


def test_a_part_of_the_long_form_is_not_a_definition() -> None:
    text = "Receptor of mouse (ROM) acts. ROM binds."
    assert tag_abbreviations(spans_of(text, ("Receptor", "Gene"))).spans[1:] == ()


def mentions(document: Document) -> list[tuple[str, int, str]]:
    return [(document.text[s.start : s.end], s.start, s.type) for s in document.spans]


def test_a_name_has_the_type_with_the_greatest_sum_of_scores() -> None:
    spans = (Span(0, 3, "Gene", 0.6), Span(4, 7, "Gene", 0.5), Span(8, 11, "Disease", 0.9))
    tagged = tag_repeated_names(Document("1", "DCC DCC DCC", spans))
    assert [(span.type, span.score) for span in tagged.spans] == [
        ("Gene", 0.6), ("Gene", 0.5), ("Gene", 0.9),
    ]  # fmt: skip


def test_occurrences_that_are_not_mentions_are_added_or_decide_against_it() -> None:
    text = "Gout, gout; Gout (Gouts) non-Gout"
    rare = tag_repeated_names(Document("1", text, (Span(0, 4, "Disease", 0.9),)))
    assert rare.spans == ()  # 0.9 / 3: "Gouts" and "gout" are other names
    two = Document("1", text, (Span(0, 4, "Disease", 0.9), Span(12, 16, "Disease", 0.8)))
    tagged = tag_repeated_names(two)
    assert mentions(tagged) == [
        ("Gout", 0, "Disease"),
        ("Gout", 12, "Disease"),
        ("Gout", 29, "Disease"),
    ]
    assert tagged.spans[-1].score is not None
    assert abs(tagged.spans[-1].score - 1.7 / 3) < 1e-9


def test_capitals_at_the_start_of_a_word_do_not_make_another_name() -> None:
    text = "Breast cancer hurts. Breast Cancer, breast cancer; BREAST CANCER. Shh, shh."
    spans = (Span(0, 13, "Disease", 0.9), Span(36, 49, "Disease", 0.8), Span(66, 69, "Gene", 0.9))
    assert mentions(tag_repeated_names(Document("1", text, spans))) == [
        ("Breast cancer", 0, "Disease"), ("Breast Cancer", 21, "Disease"),
        ("breast cancer", 36, "Disease"), ("Shh", 66, "Gene"),
    ]  # fmt: skip


def test_longer_names_come_first_and_parts_of_mentions_are_not_occurrences() -> None:
    text = "lung gout, gout. Bone gout? lung gout and gout"
    spans = (
        Span(0, 9, "Disease", 0.9), Span(11, 15, "Disease", 0.9), Span(42, 46, "Disease", 0.9)
    )  # fmt: skip
    assert mentions(tag_repeated_names(Document("1", text, spans))) == [
        ("lung gout", 0, "Disease"), ("gout", 11, "Disease"), ("gout", 22, "Disease"),
        ("lung gout", 28, "Disease"), ("gout", 42, "Disease"),
    ]  # fmt: skip


def test_mentions_of_two_types_and_mentions_in_pieces_remain() -> None:
    pieces = Span(0, 11, "Disease", 0.9, fragments=((0, 3), (8, 11)))
    spans = (pieces, Span(4, 7, "Cell", 0.9), Span(4, 7, "Gene", 0.5))
    document = Document("1", "DCC DCC DCC", spans)
    assert set(tag_repeated_names(document).spans) == set(spans)


def test_the_mentions_of_a_dictionary_remain() -> None:
    document = Document("1", "Gout, Gout", (Span(0, 4, "Disease"),))
    assert make_consistent(document) is document


words = st.sampled_from(["gout", "GF", "(GF)", "gout flare", "DCC", ",", "\n", "ß", "😀"])


@given(st.lists(words, max_size=12), st.data())
def test_changes_keep_to_the_text_and_to_the_names(pieces: list[str], data: st.DataObject) -> None:
    text = " ".join(pieces)
    starts = [0]
    for piece in pieces:
        starts.append(starts[-1] + len(piece) + 1)
    spans = [
        Span(
            start, start + len(piece), data.draw(st.sampled_from("AB")), data.draw(st.floats(0, 1))
        )
        for start, piece in zip(starts, pieces, strict=False)
        if piece.strip() and data.draw(st.booleans())
    ]
    before = Document("1", text, tuple(sorted(spans)))
    after = make_consistent(before)
    names = {text[s.start : s.end] for s in before.spans} | {"GF"}
    assert {text[s.start : s.end] for s in after.spans} <= names
    assert len({(s.start, s.end) for s in after.spans}) == len(after.spans)
    assert all(0 <= (s.score or 0) <= 1 for s in after.spans)


def test_time_is_in_proportion_to_the_length() -> None:
    def repeat(times: int) -> Document:
        text = "Gout flare (GF) of the toe. GF is not GF1 or gout. " * times
        spans = [Span(51 * n, 51 * n + 10, "Disease", 0.9) for n in range(0, times, 2)]
        return Document("1", text, tuple(spans))

    assert_linear(make_consistent, repeat(200), repeat(2000), 10)


class _Recognizer:
    """Finds "Gout" at the beginning of a text."""

    kind, types, form, zero_shot = "model", ("Disease",), None, False
    corpora: Mapping[str, Sequence[str]] = {}

    def annotate(self, texts, types, **options):  # type: ignore[no-untyped-def]
        for document in texts:
            yield document.with_spans([Span(0, 4, "Disease", 0.9)])


def test_option_consistency() -> None:
    annotator = Annotator(_Recognizer())  # type: ignore[arg-type]
    document = Document("1", "Gout hurts. Gout stays.")
    assert len(next(annotator.annotate([document])).spans) == 2
    assert len(next(annotator.annotate([document], consistency=False)).spans) == 1


def test_an_abbreviation_has_the_most_probable_type_of_its_long_form() -> None:
    text = "Gout flare (GF) hurts. GF recurs."
    spans = (Span(0, 10, "Chemical", 0.95), Span(0, 10, "Disease", 0.3))
    result = tag_abbreviations(Document("1", text, spans))
    types = {(span.start, span.type) for span in result.spans}
    assert types == {(0, "Chemical"), (0, "Disease"), (12, "Chemical"), (23, "Chemical")}
