"""Nested corpora, English and Chinese, survive encoding and decoding of brackets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from vaner.formats import read
from vaner.generator import answers
from vaner.generator.markup import InexpressibleReason
from vaner.text.documents import Document

# Number of mentions, and of those that brackets cannot represent. No two of one type cross.
EXPECTED = {
    "genia_nested/train_partial.jsonl": (5962, {}),
    "genia_nested/devel.jsonl": (4714, {}),
    "genia_nested/test.jsonl": (5119, {}),
    "chinese/cmeee/train.jsonl": (61794, {}),
    "chinese/cmeee/devel.jsonl": (20300, {}),
    "chinese/cmeee_v2/devel.jsonl": (26081, {}),
    "chinese/ccks2019/test.jsonl": (6002, {InexpressibleReason.UNTRIMMED: 21}),
    "chinese/cEHRNER/devel.jsonl": (749, {}),
    "chinese/cMedQANER/devel.jsonl": (1024, {}),
}


@pytest.mark.heavy
@pytest.mark.corpora
@pytest.mark.parametrize("name", EXPECTED)
def test_corpus_survives_encoding_and_decoding(name: str, corpora_root: Path) -> None:
    path = corpora_root / name
    if not path.is_file():
        pytest.skip(f"{name} is not in VANER_CORPORA")
    documents = list(read(path))
    types = sorted({span.type for document in documents for span in document.spans})
    lost = Counter[InexpressibleReason]()
    for document in documents:
        lost += _roundtrip(document, types)
    assert (sum(len(document.spans) for document in documents), dict(lost)) == EXPECTED[name]


def _roundtrip(document: Document, types: list[str]) -> Counter[InexpressibleReason]:
    """Return the reasons of inexpressible mentions; check that all others are restored exactly."""
    answer = answers.encode(document.text, document.spans, types)
    spans, repairs = answers.decode(answer.answer, document.text, types)
    assert repairs == ()
    reasons = dict(answer.inexpressible)
    assert {span for span in document.spans if span not in reasons} <= set(spans)
    assert len(spans) == len(document.spans)  # untrimmed mentions are restored trimmed
    return Counter(reason for _, reason in answer.inexpressible)
