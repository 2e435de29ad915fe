"""Sentences that stand in several splits or corpora, told by their words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import regex

from vaner.text.documents import Document
from vaner.text.words import UNSPACED, get_sentences, split_words

_UNSPACED = regex.compile(UNSPACED)


def sentence_key(text: str) -> str:
    """What two sentences have in common that are the same but for tokens, case and signs.

    The words of the text in Unicode's compatibility form, case folded, with one space between
    them: a corpus that cuts ``anti-TNF`` in three gives the same key as one that leaves it whole.

    >>> sentence_key("Anti-TNF helped .") == sentence_key("anti - TNF helped.")
    True
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(plain[word.start : word.end] for word in split_words(plain))


def sentence_keys(document: Document) -> Iterator[str]:
    """The key of each sentence of a document, in order."""
    text = document.text
    words = split_words(text)
    # Most texts are ASCII, which is its own compatibility form: the words are the same once folded.
    ascii = text.isascii()
    for first, last in get_sentences(document, words):
        if ascii:
            yield " ".join(text[word.start : word.end] for word in words[first:last]).casefold()
        else:
            yield sentence_key(text[words[first].start : words[last - 1].end])


def key_length(key: str) -> int:
    """Length of a key in words; two characters of a script written without spaces are one.

    Each of them is a word to `split_words`, but eight are a clause that recurs freely.

    >>> key_length("gout hurts ."), key_length(sentence_key("痛风会痛"))
    (3, 2)
    """
    return key.count(" ") + 1 - len(_UNSPACED.findall(key)) // 2
