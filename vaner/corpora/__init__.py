"""Corpora by name: the registry, where the files are located, and how to load them."""

from vaner.corpora.common_texts import base_corpus, same_texts, shared_texts
from vaner.corpora.folders import resolve_split
from vaner.corpora.loader import (
    available_corpora,
    corpora_root,
    corpus_name,
    find_evaluation_split,
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
    evaluation_split,
    lookup,
    training_split,
)
from vaner.corpora.repeated_sentences import sentence_key, sentence_keys

__all__ = [
    "REGISTRY",
    "VIEWS",
    "CorpusInfo",
    "SplitInfo",
    "available_corpora",
    "base_corpus",
    "corpora_root",
    "corpus_name",
    "evaluation_split",
    "find_evaluation_split",
    "is_one_split",
    "is_test",
    "load",
    "lookup",
    "read_split",
    "resolve_split",
    "same_file",
    "same_texts",
    "sentence_key",
    "sentence_keys",
    "shared_texts",
    "split_file",
    "training_split",
]
