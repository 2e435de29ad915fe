"""How much of the gold mentions of a text words and tags can spell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from vaner.text.documents import Document, Span
from vaner.text.tags import TagScheme, encode_tags
from vaner.text.words import Word, get_sentences, split_words

CROSSING = "crosses a sentence boundary"


def count_unreachable(
    document: Document,
    types: Collection[str],
    scheme: TagScheme = TagScheme.BIO,
    *,
    joint: bool = False,
) -> Counter[str]:
    """Gold mentions that a tagger cannot give back exactly, by reason.

    A mention that reaches over the end of a sentence is out of reach too: at use nobody joins the
    two sentences, as training does.

    Args:
        document: with its gold mentions.
        types: types to be found.
        scheme: of the tags.
        joint: whether one pass finds all types, so that a word has one; else each type is tagged
            in a pass of its own, and mentions of different types may overlap.

    >>> document = Document("d", "p53-null", (Span(0, 2, "Gene"), Span(0, 3, "Gene")))
    >>> unreachable(document, ["Gene"])
    Counter({'overlaps another mention': 1})
    """
    words = split_words(document.text)
    ranges = get_sentences(document, words)
    found = Counter[str]()
    for together in [set(types)] if joint else [{type} for type in types]:
        waiting = [span for span in document.spans if span.type in together]
        for first, last in ranges:
            own = words[first:last]
            inside = [s for s in waiting if _lies_in(s, own)]
            waiting = [s for s in waiting if not _lies_in(s, own)]
            lost = encode_tags(own, inside, scheme, typed=False).unreachable
            found.update(str(reason) for _, reason in lost)
        found[CROSSING] += len(waiting)
    return +found


def _lies_in(span: Span, words: Sequence[Word]) -> bool:
    return words[0].start <= span.start and span.end <= words[-1].end
