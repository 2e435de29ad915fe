"""Sentences that stand in several splits or corpora, told by their words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from vaner.documents import Document
from vaner.words import sentences_of, split_words


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
    for first, last in sentences_of(document, words):
        if ascii:
            yield " ".join(text[word.start : word.end] for word in words[first:last]).casefold()
        else:
            yield sentence_key(text[words[first].start : words[last - 1].end])


def key_length(key: str) -> int:
    """Number of words of a key."""
    return key.count(" ") + 1


def overlap(
    train: Iterable[Document], held_out: Iterable[Iterable[Document]], *, least: int = 1
) -> frozenset[str]:
    """Sentences of training that recur in any of the held-out splits.

    A training set that leaves them out, as `sentence_key` finds them, has seen nothing it will be
    scored on.

    Args:
        train: what is trained on; several splits can be chained.
        held_out: the test splits of all corpora to score on, whichever corpus `train` is from.
        least: shortest sentence to count, in words. Headings such as ``Methods .`` recur
            everywhere, and 1 counts them too.

    Returns:
        The keys of the sentences.

    >>> train = [Document("1", "Gout hurts ."), Document("2", "Methods .")]
    >>> test = [Document("3", "gout hurts.")]
    >>> sorted(overlap(train, [test]))
    ['gout hurts .']
    """
    scored = {key for split in held_out for document in split for key in sentence_keys(document)}
    own = {key for document in train for key in sentence_keys(document)}
    return frozenset(key for key in own & scored if key_length(key) >= least)
