"""Tests of answers with a line per type: encoding, decoding, and defective answers."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vaner.generator import markup
from vaner.generator.answers import EMPTY_ANSWER, decode, encode, encode_each
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
    """Return a text, mentions of several types that brackets can represent, and the types."""
    text = draw(PIECES)
    types = draw(st.lists(PIECES.map(lambda t: t[:8]), unique=True, max_size=4))
    spans: list[Span] = []
    for type in types if text.strip() else ():
        places = draw(st.lists(st.tuples(*[st.integers(0, len(text))] * 2), max_size=4))
        decoded = [Span(s, e, type) for s, e in places if s < e and text[s:e].strip()]
        spans += split_expressible(text, decoded).expressible
    return text, tuple(sorted(spans)), types


def test_encode_writes_the_published_form() -> None:
    answer = encode(TEXT, SPANS, TYPES)
    assert answer.answer == (
        "protein:  [[CD28] antibody] bound to T cells \\[1\\]\n"
        "cell_type:  CD28 antibody bound to [T cells] \\[1\\]"
    )
    assert answer.inexpressible == ()
    assert decode(answer.answer, TEXT, TYPES) == (tuple(sorted(SPANS)), ())


def test_encode_each_writes_one_answer_per_type() -> None:
    answers = encode_each(TEXT, SPANS, TYPES).answers
    assert answers == {
        "protein": "[[CD28] antibody] bound to T cells \\[1\\]",
        "DNA": "CD28 antibody bound to T cells \\[1\\]",
        "cell_type": "CD28 antibody bound to [T cells] \\[1\\]",
    }
    spans = [markup.decode(answers[type], TEXT, type).spans for type in TYPES]
    assert spans == [SPANS[:2], (), SPANS[2:]]


@given(cases())
@example(("a\nb", (Span(0, 3, "x:\ny"), Span(2, 3, "x")), ["x", "x:\ny"]))
@example((" a", (Span(1, 2, ""),), [""]))
@example(("b: c", (Span(0, 1, "a:  b"), Span(0, 4, "a")), ["a", "a:  b"]))
def test_decode_inverts_encode(case: tuple[str, tuple[Span, ...], list[str]]) -> None:
    text, spans, types = case
    answer = encode(text, spans, types)
    assert answer.inexpressible == ()
    assert decode(answer.answer, text, types) == (spans, ())
    answers = encode_each(text, spans, types).answers
    decoded = [markup.decode(answer, text, type) for type, answer in answers.items()]
    assert tuple(sorted(span for item in decoded for span in item.spans)) == spans
    assert not any(item.repairs for item in decoded)


@given(cases(), PIECES | st.text("[]ab: \n"), st.data())
def test_any_string_can_be_decoded(
    case: tuple[str, tuple[Span, ...], list[str]], answer: str, data: st.DataObject
) -> None:
    text, spans, types = case
    given_answer = encode(text, spans, types).answer
    offset = data.draw(st.integers(0, len(given_answer)))
    for string in (answer, given_answer[:offset] + answer, answer + given_answer[offset:]):
        decoded, repairs = decode(string, text, types)
        Document("d", text, decoded)
        assert {span.type for span in decoded} <= set(types)
        assert all(0 <= repair.offset <= len(string) for repair in repairs)


def test_answer_without_entities() -> None:
    assert encode(TEXT, [], TYPES).answer == EMPTY_ANSWER == "[]"
    assert encode("", [], TYPES).answer == EMPTY_ANSWER
    assert encode("[]", [], []).answer == EMPTY_ANSWER
    for answer in ("[]", " []\n"):
        assert decode(answer, TEXT, TYPES) == ((), ())
    for answer in ("", " \n"):
        ((offset, kind, _),) = decode(answer, TEXT, TYPES).repairs
        assert (offset, kind) == (0, RepairKind.SILENT)


def test_inexpressible_mentions_have_a_reason() -> None:
    spans = [*SPANS, Span(5, 16, "protein"), Span(23, 24, "virus")]
    lost = encode(TEXT, spans, TYPES).inexpressible
    assert lost == (
        (spans[3], InexpressibleReason.CROSSING),
        (spans[4], InexpressibleReason.NOT_REQUESTED),
    )
    assert encode_each(TEXT, spans, TYPES).inexpressible == lost


def test_mentions_of_two_types_may_cross() -> None:
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
def test_spellings_of_a_heading(line: str, kind: RepairKind | None) -> None:
    spans, repairs = decode(line, "CD28 a", ["protein", "cell_type"])
    assert [repair.kind for repair in repairs] == ([kind] if kind else [])
    assert len(spans) == (kind in {None, RepairKind.HEADING})


def test_ambiguous_type_must_match_exactly() -> None:
    assert [s.type for s in decode("dna:  [a]", "a", ["DNA", "dna"]).spans] == ["dna"]
    assert decode("Dna:  [a]", "a", ["DNA", "dna"]).repairs[0].kind is RepairKind.UNKNOWN_TYPE


def test_type_with_an_unescaped_colon_is_read() -> None:
    spans, repairs = decode("CL:0000084:  [a]", "a", ["CL:0000084", "CL"])
    assert spans == (Span(0, 1, "CL:0000084"),) and repairs[0].kind is RepairKind.HEADING


def test_lines_of_one_type_are_merged() -> None:
    answer = "protein:  [CD28 antibody] x\nprotein:  CD28 [antibody x]\n\nprotein:  CD28 antibody x"
    spans, repairs = decode(answer, "CD28 antibody x", ["protein"])
    assert spans == (Span(0, 13, "protein"), Span(5, 15, "protein"))
    assert [repair.kind for repair in repairs] == [RepairKind.REPEATED_TYPE] * 2


def test_repair_has_an_offset_in_the_answer() -> None:
    answer = "virus:  x\nprotein:  a [b"
    unknown, unclosed = decode(answer, "a b", ["protein"]).repairs
    assert (unknown.offset, unknown.text) == (0, "virus")
    assert answer[unclosed.offset :] == "[b"


@pytest.mark.parametrize("answer", [":" * 50_000, "a:\n" * 20_000, "[]\n" * 20_000, "a" * 50_000])
def test_worst_cases_are_not_quadratic(answer: str) -> None:
    start = time.process_time()
    decode(answer, "a b", ["a", "b"])
    assert time.process_time() - start < 10
