"""Tests of bracket markup: exact for every copy, defined for every string."""

from __future__ import annotations

import time
import unicodedata
from collections import Counter

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from vaner.generator.markup import (
    InexpressibleReason,
    SplitSpans,
    decode,
    encode,
    escape,
    split_expressible,
)
from vaner.generator.repairs import RepairKind
from vaner.text.documents import Document, Span, SpanError

ODD = "[]\\nr ab\n\r\tÅéz\u0301\u0308。，中\U0001f9ec\u2028\x1c\ufeff"
TEXTS = st.text(alphabet=st.sampled_from(ODD) | st.characters(exclude_categories=["Cs"]))
MARKUPS = st.text(alphabet=st.sampled_from("[[[]]]\\nr ab\n") | st.sampled_from(ODD))


@st.composite
def extents(draw: st.DrawFn, text: str) -> tuple[int, int]:
    start = draw(st.integers(0, len(text) - 1))
    return start, draw(st.integers(start + 1, len(text)))


@st.composite
def marked(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> tuple[str, list[Span]]:
    """Return a text with mentions, which may cross and repeat."""
    text = draw(texts)
    pairs = draw(st.lists(extents(text), max_size=10)) if text else []
    return text, [Span(s, e, "X") for s, e in pairs if text[s:e].strip()]


@st.composite
def nested(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> tuple[str, tuple[Span, ...]]:
    """Return a text with mentions that nest or are disjoint."""
    text, spans = draw(marked(texts))
    return text, split_expressible(text, spans).expressible


def spans_of(*pairs: tuple[int, int]) -> tuple[Span, ...]:
    return tuple(Span(start, end, "X") for start, end in pairs)


# Encoding and decoding.


@given(nested())
@example(("[3H]thymidine", (Span(0, 4, "X"), Span(0, 13, "X"), Span(4, 13, "X"))))
@example(("\\n[\n]\\", (Span(0, 2, "X"), Span(2, 5, "X"))))
@example(("a", (Span(0, 1, "X"),)))
@example(("", ()))
def test_decode_inverts_encode(case: tuple[str, tuple[Span, ...]]) -> None:
    text, spans = case
    encoded = encode(text, spans)
    assert encoded.inexpressible == ()
    assert decode(encoded.markup, text, "X") == (spans, ())
    assert "\n" not in encoded.markup and "\r" not in encoded.markup


@given(TEXTS)
def test_brackets_of_the_source_are_not_spans(text: str) -> None:
    assert encode(text, []).markup == escape(text)
    assert decode(escape(text), text) == ((), ())


@given(nested(), st.data())
def test_encode_is_injective(case: tuple[str, tuple[Span, ...]], data: st.DataObject) -> None:
    text, spans = case
    other, others = data.draw(nested(st.just(text)) | nested())
    assume((text, spans) != (other, others))
    assert encode(text, spans).markup != encode(other, others).markup


@given(MARKUPS | TEXTS, st.none() | TEXTS)
def test_no_repairs_means_exact_markup(markup: str, text: str | None) -> None:
    if text is None:  # the best possible copy
        text = markup.replace("[", "").replace("]", "")
    spans, repairs = decode(markup, text, "X")
    again = encode(text, spans)
    assert (repairs == ()) == (again.markup == markup)


# Mentions that brackets cannot represent.


def test_inexpressible_mentions_have_a_reason() -> None:
    text = "renal and hepatic failure "
    spans = [
        Span(0, 25, "X", fragments=((0, 5), (18, 25))),
        Span(0, 9, "X"),
        Span(6, 17, "X"),
        Span(10, 26, "X"),
        Span(10, 17, "X"),
        Span(10, 17, "X", identifiers=("MESH:D008107",)),
    ]
    encoded = encode(text, spans)
    assert encoded.inexpressible == (
        (spans[0], InexpressibleReason.DISCONTINUOUS),
        (spans[2], InexpressibleReason.CROSSING),
        (spans[5], InexpressibleReason.DUPLICATE),
        (spans[3], InexpressibleReason.UNTRIMMED),
    )
    assert encoded.markup == "[renal and] [[hepatic] failure] "


def test_first_of_equally_long_crossing_mentions_is_expressible() -> None:
    assert encode("a b c", spans_of((2, 5), (0, 3))).markup == "[a b] c"


@given(marked())
def test_every_mention_is_expressible_or_has_a_reason(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    split = split_expressible(text, spans)
    inexpressible = Counter(span for span, _ in split.inexpressible)
    exact = Counter(span for span in split.expressible if span in spans)
    assert inexpressible + exact == Counter(spans)
    added = [span for span in split.expressible if span not in spans]
    untrimmed = [s for s, reason in split.inexpressible if reason is InexpressibleReason.UNTRIMMED]
    assert len(added) <= len(untrimmed)
    assert split_expressible(text, reversed(spans)) == split
    assert split_expressible(text, split.expressible) == SplitSpans(split.expressible)


@given(marked())
def test_longest_crossing_mention_is_expressible(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    split = split_expressible(text, spans)
    for span, reason in split.inexpressible:
        if reason is InexpressibleReason.CROSSING:
            assert any(
                other.length >= len(text[span.start : span.end].strip())
                and (other.start < span.start < other.end or other.start < span.end < other.end)
                for other in split.expressible
            )


def test_invalid_spans_raise() -> None:
    with pytest.raises(ValueError, match="one entity type at a time"):
        encode("ab", [Span(0, 1, "X"), Span(1, 2, "Y")])
    with pytest.raises(SpanError, match="beyond the text"):
        encode("ab", [Span(0, 3, "X")])
    with pytest.raises(SpanError, match="blank"):
        encode("a ", [Span(1, 2, "X")])


# Defective answers.


@pytest.mark.parametrize(
    ("markup", "text", "expected", "kinds"),
    [
        ("[a] b]", "a b", [(0, 1)], [RepairKind.UNOPENED]),
        ("[a [b]", "a b", [(2, 3)], [RepairKind.UNCLOSED]),
        ("a[] b[ ]", "a b ", [], [RepairKind.EMPTY, RepairKind.EMPTY]),
        ("[[a]] b", "a b", [(0, 1)], [RepairKind.DUPLICATE]),
        ("a[ b ]c", "a b c", [(2, 3)], [RepairKind.TRIMMED]),
        ("a [ b ] c", "a b c", [(2, 3)], [RepairKind.TRIMMED, RepairKind.ADDED, RepairKind.ADDED]),
        ("[[a] ]b", "a b", [(0, 1)], [RepairKind.DUPLICATE]),
        ("a [xyz] b", "a b", [], [RepairKind.LOST, RepairKind.ADDED]),
        ("[IL-2] gene", "il–2 gene", [(0, 4)], [RepairKind.CHANGED]),
        ("5‘-[CAP]", "5'-CAP", [(3, 6)], [RepairKind.CHANGED]),
        (
            "the[CD28]receptor",
            "the CD28 receptor",
            [(4, 8)],
            [RepairKind.MISSING, RepairKind.MISSING],
        ),
        ("[caf\u00e9] au", "cafe\u0301 au", [(0, 5)], [RepairKind.CHANGED, RepairKind.MISSING]),
        ("[cafe\u0301] au", "caf\u00e9 au", [(0, 4)], [RepairKind.CHANGED, RepairKind.ADDED]),
        (
            "of the [CD28] on T",
            "of the human CD28 on T cells",
            [(13, 17)],
            [RepairKind.MISSING] * 2,
        ),
        ("in [xyz CD28] of", "in human CD28 of", [(3, 13)], [RepairKind.CHANGED]),
        ("患者【[腹痛]】，", "患者[腹痛],", [(3, 5)], [RepairKind.CHANGED] * 2),
        ("", "a b", [], [RepairKind.MISSING]),
        ("[a] b", "", [], [RepairKind.LOST, RepairKind.ADDED]),
    ],
)
def test_repairs(
    markup: str, text: str, expected: list[tuple[int, int]], kinds: list[RepairKind]
) -> None:
    spans, repairs = decode(markup, text, "X")
    assert spans == spans_of(*expected)
    assert [repair.kind for repair in repairs] == kinds


@pytest.mark.parametrize(
    ("markup", "text", "expected"),
    [
        ("[3H]thymidine in [cells]", "[3H]thymidine in cells", ["cells"]),
        ("[[3H]thymidine] in cells", "[3H]thymidine in cells", ["[3H]thymidine"]),
        ("a [thymidine [3H]] in", "a thymidine [3H] in", ["thymidine [3H]"]),
        (r"[3H\]thymidine in [cells]", "[3H]thymidine in cells", ["cells"]),
        (r"[a\b] c", r"a\b c", [r"a\b"]),
        ("[a\nb] c", "a\nb c", ["a\nb"]),
        (r"[\alpha] \new", r"\alpha \new", [r"\alpha"]),
    ],
)
def test_unescaped_characters_are_read(markup: str, text: str, expected: list[str]) -> None:
    spans, repairs = decode(markup, text)
    assert [text[span.start : span.end] for span in spans] == expected
    assert repairs and {RepairKind.UNESCAPED, RepairKind.CHANGED} >= {
        repair.kind for repair in repairs
    }


def test_repair_has_an_offset_in_the_answer() -> None:
    markup = r"a \[1\] [bad] ] c"
    (first, second) = decode(markup, "a [1] bed  c").repairs
    assert (markup[first.offset], first.text) == ("a", "a") and first.offset == markup.index("ad]")
    assert (second.offset, second.kind) == (markup.index("] c"), RepairKind.UNOPENED)


@given(MARKUPS | TEXTS, TEXTS)
@example("[a][b", "\u0301\u0301")
@example("[b]c[d]", "b\u0301 d")
def test_any_string_decodes_to_valid_spans(markup: str, text: str) -> None:
    spans, repairs = decode(markup, text, "X")
    Document("d", text, spans)
    assert all(text[s.start : s.end].strip() == text[s.start : s.end] for s in spans)
    assert (
        split_expressible(text, spans).expressible == spans
        and not split_expressible(text, spans).inexpressible
    )
    assert all(0 <= repair.offset <= len(markup) for repair in repairs)


@st.composite
def mutations(draw: st.DrawFn, markup: str) -> str:
    for _ in range(draw(st.integers(1, 4))):
        offset = draw(st.integers(0, len(markup)))
        removed = draw(st.integers(0, 3))
        markup = markup[:offset] + draw(st.text(max_size=3) | MARKUPS) + markup[offset + removed :]
    return markup


@given(nested(), st.data())
def test_changed_answer_has_repairs(
    case: tuple[str, tuple[Span, ...]], data: st.DataObject
) -> None:
    text, spans = case
    markup = encode(text, spans).markup
    changed = data.draw(mutations(markup))
    decoded, repairs = decode(changed, text, "X")
    Document("d", text, decoded)
    if changed != markup:
        assert repairs or encode(text, decoded).markup == changed


WORDS = st.lists(st.text(st.sampled_from("abcdeé中-"), min_size=1, max_size=7), min_size=8)


@given(WORDS, st.data())
def test_spans_far_from_a_change_are_exact(words: list[str], data: st.DataObject) -> None:
    """At least two words away, in a text of unique words."""
    words = [f"{word}{number}" for number, word in enumerate(words)]
    marks = data.draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    hit = data.draw(st.sets(st.integers(0, len(words) - 1), min_size=1, max_size=3))
    text, spans, copy, far = "", [], [], []
    for i, (word, mark) in enumerate(zip(words, marks, strict=True)):
        span = Span(len(text), len(text) + len(word), "X")
        text += f"{word} "
        spans += [span] if mark else []
        far += [span] if mark and all(abs(i - j) > 2 for j in hit) else []
        new = data.draw(st.text(st.sampled_from("abxyZ 9"), max_size=9)) if i in hit else word
        copy.append(f"[{new}]" if mark else new)
    assert decode(encode(text, spans).markup, text, "X") == (tuple(spans), ())
    decoded, _ = decode(" ".join(copy), text, "X")
    assert set(far) <= set(decoded)


@pytest.mark.parametrize("spaces", ["  ", "\t", "", " \u3000"])
def test_white_space_does_not_move_spans(spaces: str) -> None:
    text = " ".join(f"word{i % 7}" for i in range(300))
    spans = [Span(i * 6, i * 6 + 5, "X") for i in range(0, 300, 3)]
    decoded, repairs = decode(encode(text, spans).markup.replace(" ", spaces), text, "X")
    assert decoded == tuple(spans) and len(repairs) == 299


def test_unicode_normal_form_does_not_move_spans() -> None:
    text = "Sjögren-Syndrom, Ménière-Krankheit, Guillain-Barré-Syndrom"
    spans = spans_of((0, 15), (17, 34), (36, 58))
    markup = unicodedata.normalize("NFD", encode(text, spans).markup)
    assert decode(markup, text, "X").spans == spans


N = 50_000
HARD = {
    "deep": ("[" * N + "a" + "]" * N, "a"),
    "deep around white space": (f"{'[' * N}{' ' * N}a{']' * N}", f"{' ' * N}a"),
    "deep around nothing": (f"{'[' * N}{' ' * N}x{']' * N}", f"{' ' * N}a"),
    "never closed": ("[a" * N, "a" * N),
    "never opened": ("a]" * N, "a" * N),
    "brackets of the source": ("[" * N, "[]" * (N // 2)),
    "backslashes": ("\\" * N, "\\" * (N + 1)),
    "accents": ("a" + "[b]" * 9000 + "c", "a" + "b" * 8999 + "\u0301" * N + "c"),
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", HARD)
def test_worst_cases_are_not_quadratic(name: str) -> None:
    """Takes tenths of a second; a quadratic algorithm would take minutes."""
    start = time.process_time()
    decode(*HARD[name])
    assert time.process_time() - start < 10
