"""Spans as brackets and back: exact for every copy, total for every string."""

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
    """A text with mentions, crossing and doubled ones among them."""
    text = draw(texts)
    found = draw(st.lists(extents(text), max_size=10)) if text else []
    return text, [Span(s, e, "X") for s, e in found if text[s:e].strip()]


@st.composite
def nested(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> tuple[str, tuple[Span, ...]]:
    """A text with mentions that lie in one another or apart."""
    text, spans = draw(marked(texts))
    return text, split_expressible(text, spans).expressible


def spans_of(*pairs: tuple[int, int]) -> tuple[Span, ...]:
    return tuple(Span(start, end, "X") for start, end in pairs)


# There and back.


@given(nested())
@example(("[3H]thymidine", (Span(0, 4, "X"), Span(0, 13, "X"), Span(4, 13, "X"))))
@example(("\\n[\n]\\", (Span(0, 2, "X"), Span(2, 5, "X"))))
@example(("a", (Span(0, 1, "X"),)))
@example(("", ()))
def test_decode_undoes_encode(case: tuple[str, tuple[Span, ...]]) -> None:
    text, spans = case
    encoded = encode(text, spans)
    assert encoded.inexpressible == ()
    assert decode(encoded.markup, text, "X") == (spans, ())
    assert "\n" not in encoded.markup and "\r" not in encoded.markup


@given(TEXTS)
def test_what_the_source_has_never_becomes_a_span(text: str) -> None:
    assert encode(text, []).markup == escape(text)
    assert decode(escape(text), text) == ((), ())


@given(nested(), st.data())
def test_no_two_markings_look_alike(
    case: tuple[str, tuple[Span, ...]], data: st.DataObject
) -> None:
    text, spans = case
    other, others = data.draw(nested(st.just(text)) | nested())
    assume((text, spans) != (other, others))
    assert encode(text, spans).markup != encode(other, others).markup


@given(MARKUPS | TEXTS, st.none() | TEXTS)
def test_no_repair_means_to_the_letter(markup: str, text: str | None) -> None:
    if text is None:  # as good a copy as it can be
        text = markup.replace("[", "").replace("]", "")
    spans, repairs = decode(markup, text, "X")
    again = encode(text, spans)
    assert (repairs == ()) == (again.markup == markup)


# What cannot be expressed.


def test_the_inexpressible_is_told_with_its_reason() -> None:
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


def test_of_two_as_long_the_first_is_kept() -> None:
    assert encode("a b c", spans_of((2, 5), (0, 3))).markup == "[a b] c"


@given(marked())
def test_every_mention_is_expressed_or_told(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    apart = split_expressible(text, spans)
    told = Counter(span for span, _ in apart.inexpressible)
    exact = Counter(span for span in apart.expressible if span in spans)
    assert told + exact == Counter(spans)
    added = [span for span in apart.expressible if span not in spans]
    untrimmed = [s for s, reason in apart.inexpressible if reason is InexpressibleReason.UNTRIMMED]
    assert len(added) <= len(untrimmed)
    assert split_expressible(text, reversed(spans)) == apart
    assert split_expressible(text, apart.expressible) == SplitSpans(apart.expressible)


@given(marked())
def test_the_longest_is_kept(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    apart = split_expressible(text, spans)
    for span, reason in apart.inexpressible:
        if reason is InexpressibleReason.CROSSING:
            assert any(
                other.length >= len(text[span.start : span.end].strip())
                and (other.start < span.start < other.end or other.start < span.end < other.end)
                for other in apart.expressible
            )


def test_what_no_document_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="one type at a time"):
        encode("ab", [Span(0, 1, "X"), Span(1, 2, "Y")])
    with pytest.raises(SpanError, match="beyond the text"):
        encode("ab", [Span(0, 3, "X")])
    with pytest.raises(SpanError, match="blank"):
        encode("a ", [Span(1, 2, "X")])


# Answers that are not as they should be.


@pytest.mark.parametrize(
    ("markup", "text", "found", "told"),
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
def test_what_is_put_right(
    markup: str, text: str, found: list[tuple[int, int]], told: list[RepairKind]
) -> None:
    spans, repairs = decode(markup, text, "X")
    assert spans == spans_of(*found)
    assert [repair.kind for repair in repairs] == told


@pytest.mark.parametrize(
    ("markup", "text", "found"),
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
def test_what_stands_unescaped_is_understood(markup: str, text: str, found: list[str]) -> None:
    spans, repairs = decode(markup, text)
    assert [text[span.start : span.end] for span in spans] == found
    assert repairs and {RepairKind.UNESCAPED, RepairKind.CHANGED} >= {
        repair.kind for repair in repairs
    }


def test_a_repair_tells_its_place_in_the_answer() -> None:
    markup = r"a \[1\] [bad] ] c"
    (first, second) = decode(markup, "a [1] bed  c").repairs
    assert (markup[first.at], first.what) == ("a", "a") and first.at == markup.index("ad]")
    assert (second.at, second.kind) == (markup.index("] c"), RepairKind.UNOPENED)


@given(MARKUPS | TEXTS, TEXTS)
@example("[a][b", "\u0301\u0301")
@example("[b]c[d]", "b\u0301 d")
def test_any_string_gives_spans_of_the_text(markup: str, text: str) -> None:
    spans, repairs = decode(markup, text, "X")
    Document("d", text, spans)
    assert all(text[s.start : s.end].strip() == text[s.start : s.end] for s in spans)
    assert (
        split_expressible(text, spans).expressible == spans
        and not split_expressible(text, spans).inexpressible
    )
    assert all(0 <= repair.at <= len(markup) for repair in repairs)


@st.composite
def mutations(draw: st.DrawFn, markup: str) -> str:
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(markup)))
        gone = draw(st.integers(0, 3))
        markup = markup[:place] + draw(st.text(max_size=3) | MARKUPS) + markup[place + gone :]
    return markup


@given(nested(), st.data())
def test_a_changed_answer_is_repaired(
    case: tuple[str, tuple[Span, ...]], data: st.DataObject
) -> None:
    text, spans = case
    markup = encode(text, spans).markup
    changed = data.draw(mutations(markup))
    found, repairs = decode(changed, text, "X")
    Document("d", text, found)
    if changed != markup:
        assert repairs or encode(text, found).markup == changed


WORDS = st.lists(st.text(st.sampled_from("abcdeé中-"), min_size=1, max_size=7), min_size=8)


@given(WORDS, st.data())
def test_spans_far_from_a_change_survive(words: list[str], data: st.DataObject) -> None:
    """Two words away, in a text of which no word stands twice."""
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
    found, _ = decode(" ".join(copy), text, "X")
    assert set(far) <= set(found)


@pytest.mark.parametrize("written", ["  ", "\t", "", " \u3000"])
def test_white_space_is_neither_here_nor_there(written: str) -> None:
    text = " ".join(f"word{i % 7}" for i in range(300))
    spans = [Span(i * 6, i * 6 + 5, "X") for i in range(0, 300, 3)]
    found, repairs = decode(encode(text, spans).markup.replace(" ", written), text, "X")
    assert found == tuple(spans) and len(repairs) == 299


def test_a_normal_form_of_another_kind_costs_nothing() -> None:
    text = "Sjögren-Syndrom, Ménière-Krankheit, Guillain-Barré-Syndrom"
    spans = spans_of((0, 15), (17, 34), (36, 58))
    markup = unicodedata.normalize("NFD", encode(text, spans).markup)
    assert decode(markup, text, "X").spans == spans


N = 50_000
HARD = {
    "deep": ("[" * N + "a" + "]" * N, "a"),
    "deep round white space": (f"{'[' * N}{' ' * N}a{']' * N}", f"{' ' * N}a"),
    "deep round nothing": (f"{'[' * N}{' ' * N}x{']' * N}", f"{' ' * N}a"),
    "never closed": ("[a" * N, "a" * N),
    "never opened": ("a]" * N, "a" * N),
    "brackets of the source": ("[" * N, "[]" * (N // 2)),
    "backslashes": ("\\" * N, "\\" * (N + 1)),
    "accents": ("a" + "[b]" * 9000 + "c", "a" + "b" * 8999 + "\u0301" * N + "c"),
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", HARD)
def test_the_hardest_answers_take_no_longer(name: str) -> None:
    """Tenths of a second; a quadratic step takes minutes here."""
    start = time.perf_counter()
    decode(*HARD[name])
    assert time.perf_counter() - start < 10
