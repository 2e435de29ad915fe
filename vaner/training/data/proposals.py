"""Read a recognizer's mentions in the documents of a corpus from a file."""

from __future__ import annotations

from vaner.errors import RecipeError
from vaner.formats import read
from vaner.text.documents import Corpus


def read_proposals(path: str, corpus: Corpus) -> Corpus:
    """Return the documents of a corpus with a recognizer's mentions in place of the gold ones.

    Args:
        path: JSONL in vaner's format, as ``vaner crossfit`` and ``vaner annotate`` write it. It may
            have more documents than the corpus, and mentions of more types.
        corpus: the corpus.

    Raises:
        FormatError: if the file cannot be read.
        RecipeError: if it lacks a document of the corpus or has another text for it.
    """
    proposals = {(document.id, document.text): document.spans for document in read(path, "jsonl")}
    documents = []
    for document in corpus:
        spans = proposals.get((document.id, document.text))
        if spans is None:
            has_id = any(id == document.id for id, _ in proposals)
            raise RecipeError(
                f"proposals {path} do not fit {corpus.name} {corpus.split}: document "
                f"{document.id!r} {'has another text there' if has_id else 'is missing'}"
            )
        documents.append(document.with_spans(span for span in spans if span.type in corpus.types))
    return Corpus(corpus.name, corpus.split, tuple(documents), corpus.types)
