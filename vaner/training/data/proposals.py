"""What a recognizer found in the documents of a corpus, as kept in a file."""

from __future__ import annotations

from vaner.errors import RecipeError
from vaner.formats import read
from vaner.text.documents import Corpus


def proposed(path: str, corpus: Corpus) -> Corpus:
    """The documents of a corpus with a recognizer's mentions in place of their own.

    Args:
        path: JSONL in vaner's own format, as ``vaner crossfit`` and ``vaner annotate`` write it.
            It may hold more documents, and mentions of more types, than the corpus.
        corpus: the corpus.

    Raises:
        FormatError: where the file cannot be read.
        RecipeError: where a document of the corpus is not in it, or has another text.
    """
    found = {(document.id, document.text): document.spans for document in read(path, "jsonl")}
    documents = []
    for document in corpus:
        spans = found.get((document.id, document.text))
        if spans is None:
            known = any(name == document.id for name, _ in found)
            raise RecipeError(
                f"proposals {path} do not fit {corpus.name} {corpus.split}: document "
                f"{document.id!r} {'has another text there' if known else 'is not among them'}"
            )
        kept = (span for span in spans if span.type in corpus.types)
        documents.append(document.with_spans(kept))
    return Corpus(corpus.name, corpus.split, tuple(documents), corpus.types)
