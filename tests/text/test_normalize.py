"""A text is read without what a reader does not see, and keeps its offsets."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.invisible import INVISIBLE, SENTENCES, insert
from vaner.text.normalize import normalize, normalize_with_offsets
from vaner.text.words import read_words, split_sentences, split_words

UNUSUAL = st.text(
    st.sampled_from(
        INVISIBLE + "aB1 .-ﬁＡ１－é\u0301\u0323\u3099か\u1112\u1161\u11ab👩🏴\U000e0067क\u094dم"
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("as\u00adthma", "asthma"),
        ("\ufeffgout\u200b", "gout"),
        ("ﬁbrosis, eﬄux, ĳ", "fibrosis, efflux, ij"),
        ("ＩＬ－２（Ａ）", "IL-2(A）"),  # a sign is folded inside a word
        ("ＩＬ\u200b－\u200d２", "IL-2"),
        ("，（。", "，（。"),
        ("COVID\u201119, IL\u2010\u200b2 – −1", "COVID-19, IL-2 – −1"),
        ("Sjo\u0308gren, Me\u0301nie\u00ad\u0300re", "Sjögren, Ménière"),
        (unicodedata.normalize("NFD", "한국어 がん"), "한국어 がん"),
        ("\u1112\u034f\u1161\u200b\u11ab\u200b", "한"),
        ("𝐓𝐍𝐅 𝛼", "TNF α"),
        ("x² 5 µg ½ ™ ª", "x² 5 µg ½ ™ ª"),  # these have a meaning
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("a\u200db👩\u200dc", "ab👩c"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("e" + "\u0301" * 9, "é" + "\u0301" * 8),
    ],
)
def test_text_as_it_is_read(text: str, expected: str) -> None:
    assert normalize(text) == expected


@given(UNUSUAL)
@settings(deadline=None)
def test_offsets_are_of_the_original(text: str) -> None:
    normalized, starts, ends = normalize_with_offsets(text)
    assert len(normalized) == len(starts) == len(ends)
    assert list(starts) == sorted(starts) and list(ends) == sorted(ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))
    assert normalize(normalized) == normalized or "\u0301" in normalized


@pytest.mark.parametrize("text", SENTENCES)
@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_invisible_characters_change_no_word_and_no_sentence(text: str, seed: int) -> None:
    dirty, offsets = insert(text, Random(seed))
    words, dirty_words = split_words(text), split_words(dirty)
    assert [(offsets[w.start], offsets[w.end - 1] + 1) for w in words] == dirty_words
    assert read_words(dirty, dirty_words) == read_words(text, words)
    assert split_sentences(dirty, dirty_words) == split_sentences(text, words)


@pytest.mark.parametrize("hyphen", ["\u2010", "\u2011"])
@pytest.mark.parametrize("text", SENTENCES)
def test_typographic_hyphens_are_read_as_hyphens(text: str, hyphen: str) -> None:
    typeset = text.replace("-", hyphen)
    words = split_words(text)
    assert split_words(typeset) == words
    assert read_words(typeset, words) == read_words(text, words)
    assert split_sentences(typeset, words) == split_sentences(text, words)


@pytest.mark.parametrize("text", SENTENCES)
def test_letters_with_combining_accents_are_one_word(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    words, other = split_words(text), split_words(decomposed)
    assert read_words(decomposed, other) == read_words(text, words)
    pieces = [unicodedata.normalize("NFC", decomposed[w.start : w.end]) for w in other]
    assert pieces == [unicodedata.normalize("NFC", text[w.start : w.end]) for w in words]
