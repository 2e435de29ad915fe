"""Keys by which sentences that occur in several splits or corpora are recognized."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import regex

from vaner.text.documents import Document
from vaner.text.normalize import UNSPACED, normalize
from vaner.text.words import get_sentences, split_words

LONG_SENTENCE_WORDS = 8
"""Length in words from which a repeated sentence counts as a leak. Short headings often recur."""

_UNSPACED = regex.compile(UNSPACED)


def sentence_key(text: str) -> str:
    """Return a key that ignores tokenization, case, Unicode variants and invisible characters.

    The key is the words of the text in Unicode compatibility form (NFKC), case-folded and joined
    by single spaces. A corpus that splits ``anti-TNF`` into three tokens gives the same key as one
    that does not.

    >>> sentence_key("Anti-TNF helped .") == sentence_key("anti - TNF helped.")
    True
    """
    folded = unicodedata.normalize("NFKC", normalize(text)).casefold()
    return " ".join(folded[word.start : word.end] for word in split_words(folded))


def sentence_keys(document: Document) -> Iterator[str]:
    """Yield the key of each sentence of a document, in order."""
    text = document.text
    words = split_words(text)
    # ASCII text is already in compatibility form, so the document's words can be reused.
    is_ascii = text.isascii()
    for first, last in get_sentences(document, words):
        if is_ascii:
            yield " ".join(text[word.start : word.end] for word in words[first:last]).casefold()
        else:
            yield sentence_key(text[words[first].start : words[last - 1].end])


def key_length(key: str) -> int:
    """Return the length of a key in words.

    Two characters of a script without spaces count as one word. `split_words` returns a word for
    each character, but eight characters are only a short clause.

    >>> key_length("gout hurts ."), key_length(sentence_key("痛风会痛"))
    (3, 2)
    """
    return key.count(" ") + 1 - len(_UNSPACED.findall(key)) // 2


def is_long(key: str) -> bool:
    """Whether a sentence is long enough to count as a leak if it is repeated."""
    return key_length(key) >= LONG_SENTENCE_WORDS
