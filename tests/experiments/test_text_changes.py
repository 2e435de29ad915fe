"""Changes of texts whose mentions move along."""

from __future__ import annotations

import pytest

from experiments.text_changes.run import CHANGES, change_document
from vaner.text.documents import Document, Span
from vaner.text.normalize import normalize

TEXT = "Severe hypertension - asthma & naïve TNF<alpha - " * 4


@pytest.mark.parametrize("name", CHANGES)
def test_mentions_move_along(name: str) -> None:
    names = ("hypertension", "asthma", "naïve", "TNF<alpha")
    spans = tuple(Span(TEXT.index(n, 60), TEXT.index(n, 60) + len(n), "D") for n in names)
    changed = change_document(Document("1", TEXT, spans), CHANGES[name])
    written = [changed.mention(span) for span in changed.spans]
    read = [
        normalize(mention).replace("&lt;", "<").replace("-\n", "").replace("\n", " ").lower()
        for mention in written
    ]
    assert read == [n.lower() for n in names]
    assert (changed.text == TEXT) == (name == "unchanged")
