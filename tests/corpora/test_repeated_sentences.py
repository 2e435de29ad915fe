"""Keys of sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.corpora import sentence_key, sentence_keys
from vaner.corpora.repeated_sentences import key_length
from vaner.text.documents import Document


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Anti-TNF helped .", "anti - tnf helped."),
        ("5 µg of ﬁbrin", "5 μg of fibrin"),
        ("Straße", "STRASSE"),
    ],
)
def test_tokenization_and_case_do_not_change_the_key(first: str, second: str) -> None:
    assert sentence_key(first) == sentence_key(second)


@given(st.text(st.one_of(st.characters(max_codepoint=127), st.characters(codec="utf-8"))))
def test_the_keys_of_a_sentence_are_the_same_alone_and_in_a_document(text: str) -> None:
    document = Document("d", text, metadata={"pretokenized": True})
    keys = list(sentence_keys(document))
    assert keys == ([sentence_key(text)] if keys else [])


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_text_needs_no_normalization(text: str) -> None:
    plain = list(sentence_keys(Document("d", text, metadata={"pretokenized": True})))
    odd = list(sentence_keys(Document("d", f"{text} é", metadata={"pretokenized": True})))
    assert odd == [" ".join([*plain, "é"])]


def test_two_characters_of_a_script_without_spaces_are_a_word() -> None:
    assert key_length(sentence_key("Gout hurts, he said.")) == 6
    assert key_length(sentence_key("痛风会痛")) == 2
    assert key_length(sentence_key("IL-2受体")) == 4


def test_a_document_has_a_key_for_each_sentence() -> None:
    document = Document("d", "Gout hurts. Rest helps.")
    assert list(sentence_keys(document)) == ["gout hurts .", "rest helps ."]
