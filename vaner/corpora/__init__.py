"""Corpora by name: what is known of them, and where their files are found."""

from vaner.corpora.common_texts import same_texts, shared_texts, whole
from vaner.corpora.loader import (
    at_hand,
    corpora_root,
    corpus_name,
    is_one_split,
    is_test,
    load,
    read_split,
    same_file,
    split_file,
)
from vaner.corpora.registry import (
    REGISTRY,
    VIEWS,
    CorpusInfo,
    SplitInfo,
    lookup,
    scored_split,
    taught_split,
)
from vaner.corpora.repeated_sentences import sentence_key, sentence_keys

__all__ = [
    "REGISTRY",
    "VIEWS",
    "CorpusInfo",
    "SplitInfo",
    "at_hand",
    "corpora_root",
    "corpus_name",
    "is_one_split",
    "is_test",
    "load",
    "lookup",
    "read_split",
    "same_file",
    "same_texts",
    "scored_split",
    "sentence_key",
    "sentence_keys",
    "shared_texts",
    "split_file",
    "taught_split",
    "whole",
]
