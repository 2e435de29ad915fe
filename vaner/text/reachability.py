"""Reachability: which gold mentions a tagger can reproduce exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from vaner.text.documents import Document
from vaner.text.tags import TagScheme, encode_tags
from vaner.text.words import get_extents, get_sentences, split_words

CROSSES_SENTENCE = "crosses a sentence boundary"


def count_unreachable(
    document: Document,
    types: Collection[str],
    scheme: TagScheme = TagScheme.BIO,
    *,
    joint: bool = False,
) -> Counter[str]:
    """Count the gold mentions that a tagger cannot reproduce exactly, by reason.

    A mention that crosses a sentence boundary is unreachable as well: a tagger reads one sentence
    at a time.

    Args:
        document: document with its gold mentions.
        types: entity types to find.
        scheme: tag scheme.
        joint: whether one pass finds all types, so that a word has a single tag. Otherwise there
            is a pass per type, and mentions of different types may overlap.

    >>> from vaner.text.documents import Span
    >>> document = Document("d", "p53-null", (Span(0, 2, "Gene"), Span(0, 3, "Gene")))
    >>> count_unreachable(document, ["Gene"])
    Counter({'overlaps another mention': 1})
    """
    words = split_words(document.text)
    sentences = get_sentences(document, words)
    extents = list(get_extents(words, sentences))
    reasons = Counter[str]()
    for pass_types in [set(types)] if joint else [{type} for type in types]:
        remaining = [span for span in document.spans if span.type in pass_types]
        for (first, last), (start, end) in zip(sentences, extents, strict=True):
            inside = [span for span in remaining if start <= span.start and span.end <= end]
            remaining = [span for span in remaining if span.start < start or span.end > end]
            encoded = encode_tags(words[first:last], inside, scheme, with_types=False)
            reasons.update(str(reason) for _, reason in encoded.unreachable)
        reasons[CROSSES_SENTENCE] += len(remaining)
    return +reasons
