"""Answers with a line for each type, and answers about one type: there, back, and in bad shape."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vaner.generator.answers import EMPTY_ANSWER, decode, decode_each, encode, encode_each
from vaner.generator.markup import InexpressibleReason, split_expressible
from vaner.generator.repairs import RepairKind
from vaner.text.documents import Document, Span

TEXT = "CD28 antibody bound to T cells [1]"
SPANS = (Span(0, 4, "protein"), Span(0, 13, "protein"), Span(23, 30, "cell_type"))
TYPES = ("protein", "DNA", "cell_type")

PIECES = st.text(
    st.sampled_from("ab :：\\[]\n\r-_é中1.") | st.characters(exclude_categories=["Cs"])
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, tuple[Span, ...], list[str]]:
    """A text, mentions of several types that brackets can express, and the types."""
    text = draw(PIECES)
    types = draw(st.lists(PIECES.map(lambda t: t[:8]), unique=True, max_size=4))
    spans: list[Span] = []
    for type in types if text.strip() else ():
        places = draw(st.lists(st.tuples(*[st.integers(0, len(text))] * 2), max_size=4))
        found = [Span(s, e, type) for s, e in places if s < e and text[s:e].strip()]
        spans += split_expressible(text, found).expressible
    return text, tuple(sorted(spans)), types


def test_the_published_form() -> None:
    answer = encode(TEXT, SPANS, TYPES)
    assert answer.answer == (
        "protein:  [[CD28] antibody] bound to T cells \\[1\\]\n"
        "cell_type:  CD28 antibody bound to [T cells] \\[1\\]"
    )
    assert answer.inexpressible == ()
    assert decode(answer.answer, TEXT, TYPES) == (tuple(sorted(SPANS)), ())


def test_one_type_an_answer() -> None:
    answers = encode_each(TEXT, SPANS, TYPES).answers
    assert answers == {
        "protein": "[[CD28] antibody] bound to T cells \\[1\\]",
        "DNA": "CD28 antibody bound to T cells \\[1\\]",
        "cell_type": "CD28 antibody bound to [T cells] \\[1\\]",
    }
    found = decode_each(answers, TEXT)
    assert [found[type].spans for type in TYPES] == [SPANS[:2], (), SPANS[2:]]


@given(cases())
@example(("a\nb", (Span(0, 3, "x:\ny"), Span(2, 3, "x")), ["x", "x:\ny"]))
@example((" a", (Span(1, 2, ""),), [""]))
@example(("b: c", (Span(0, 1, "a:  b"), Span(0, 4, "a")), ["a", "a:  b"]))
def test_decode_undoes_encode(case: tuple[str, tuple[Span, ...], list[str]]) -> None:
    text, spans, types = case
    answer = encode(text, spans, types)
    assert answer.inexpressible == ()
    assert decode(answer.answer, text, types) == (spans, ())
    answers = encode_each(text, spans, types)
    found = decode_each(answers.answers, text)
    assert tuple(sorted(s for d in found.values() for s in d.spans)) == spans
    assert not any(d.repairs for d in found.values())


@given(cases(), PIECES | st.text("[]ab: \n"), st.data())
def test_any_string_is_an_answer(
    case: tuple[str, tuple[Span, ...], list[str]], answer: str, data: st.DataObject
) -> None:
    text, spans, types = case
    given_answer = encode(text, spans, types).answer
    place = data.draw(st.integers(0, len(given_answer)))
    for string in (answer, given_answer[:place] + answer, answer + given_answer[place:]):
        found, repairs = decode(string, text, types)
        Document("d", text, found)
        assert {span.type for span in found} <= set(types)
        assert all(0 <= repair.at <= len(string) for repair in repairs)


def test_no_entity_has_an_answer_of_its_own() -> None:
    assert encode(TEXT, [], TYPES).answer == EMPTY_ANSWER == "[]"
    assert encode("", [], TYPES).answer == EMPTY_ANSWER
    assert encode("[]", [], []).answer == EMPTY_ANSWER
    for answer in ("[]", " []\n"):
        assert decode(answer, TEXT, TYPES) == ((), ())
    for answer in ("", " \n"):
        ((at, kind, _),) = decode(answer, TEXT, TYPES).repairs
        assert (at, kind) == (0, RepairKind.SILENT)


def test_mentions_that_are_not_in_the_answer_are_told() -> None:
    spans = [*SPANS, Span(5, 16, "protein"), Span(23, 24, "virus")]
    lost = encode(TEXT, spans, TYPES).inexpressible
    assert lost == (
        (spans[3], InexpressibleReason.CROSSING),
        (spans[4], InexpressibleReason.UNASKED),
    )
    assert encode_each(TEXT, spans, TYPES).inexpressible == lost


def test_crossing_mentions_of_two_types_stand_on_two_lines() -> None:
    spans = (Span(0, 13, "protein"), Span(5, 19, "DNA"))
    assert decode(encode(TEXT, spans, TYPES).answer, TEXT, TYPES) == (spans, ())


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("protein:  [CD28] a", None),
        ("protein: [CD28] a", RepairKind.HEADING),
        ("Protein:[CD28] a", RepairKind.HEADING),
        ("- **protein**:  [CD28] a", RepairKind.HEADING),
        ("2. protein：[CD28] a", RepairKind.HEADING),
        ("CELL TYPE:  [CD28] a", RepairKind.HEADING),
        ("virus:  [CD28] a", RepairKind.UNKNOWN_TYPE),
        ("Here is the answer: [CD28] a", RepairKind.UNKNOWN_TYPE),
        ("[CD28] a", RepairKind.UNTYPED),
    ],
)
def test_how_a_line_may_begin(line: str, kind: RepairKind | None) -> None:
    spans, repairs = decode(line, "CD28 a", ["protein", "cell_type"])
    assert [repair.kind for repair in repairs] == ([kind] if kind else [])
    assert len(spans) == (kind in {None, RepairKind.HEADING})


def test_a_type_that_could_be_two_is_read_to_the_letter_only() -> None:
    assert [s.type for s in decode("dna:  [a]", "a", ["DNA", "dna"]).spans] == ["dna"]
    assert decode("Dna:  [a]", "a", ["DNA", "dna"]).repairs[0].kind is RepairKind.UNKNOWN_TYPE


def test_a_type_written_with_its_own_colon_is_known() -> None:
    spans, repairs = decode("CL:0000084:  [a]", "a", ["CL:0000084", "CL"])
    assert spans == (Span(0, 1, "CL:0000084"),) and repairs[0].kind is RepairKind.HEADING


def test_the_second_line_of_a_type_adds_to_the_first() -> None:
    answer = "protein:  [CD28 antibody] x\nprotein:  CD28 [antibody x]\n\nprotein:  CD28 antibody x"
    spans, repairs = decode(answer, "CD28 antibody x", ["protein"])
    assert spans == (Span(0, 13, "protein"), Span(5, 15, "protein"))
    assert [repair.kind for repair in repairs] == [RepairKind.REPEATED_TYPE] * 2


def test_repairs_of_a_line_tell_their_place_in_the_answer() -> None:
    answer = "virus:  x\nprotein:  a [b"
    unknown, unclosed = decode(answer, "a b", ["protein"]).repairs
    assert (unknown.at, unknown.what) == (0, "virus")
    assert answer[unclosed.at :] == "[b"


@pytest.mark.parametrize("answer", [":" * 50_000, "a:\n" * 20_000, "[]\n" * 20_000, "a" * 50_000])
def test_a_long_answer_takes_no_longer(answer: str) -> None:
    start = time.perf_counter()
    decode(answer, "a b", ["a", "b"])
    assert time.perf_counter() - start < 10
