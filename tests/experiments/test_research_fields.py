"""Sentences that are made from templates, and the passages that models are scored on."""

from __future__ import annotations

from random import Random

from experiments.research_fields.make_sentences import (
    TYPES,
    make_sentences,
    read_entries,
    read_templates,
)
from experiments.research_fields.run import read_passages


def test_sentences_have_mentions_of_the_vocabulary_at_their_offsets() -> None:
    entries = set(read_entries())
    sentences = list(make_sentences(500, Random(1)))
    mentions = {
        (document.mention(span), span.type)
        for document in sentences
        for span in document.spans
        if span.start
    }
    assert mentions <= entries
    assert {type for _, type in mentions} == set(TYPES)
    assert not any("{" in document.text for document in sentences)
    assert sentences == list(make_sentences(500, Random(1)))


def test_scored_passages_are_none_of_the_made_sentences() -> None:
    parts = {part for template, _ in read_templates() for part in template.split("{")}
    fixed = {part.split("}")[-1] for part in parts}
    fixed = {text for text in fixed if len(text) > 35}
    for corpus in read_passages().values():
        assert len(corpus.documents) == 30 and set(corpus.types) == set(TYPES)
        for document in corpus.documents:
            assert not {"[", "]("} & set(document.text)
            assert not any(text in document.text for text in fixed)
