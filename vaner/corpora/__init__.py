"""Corpora by name: what is known of them, and where their files are found."""

from vaner.corpora.loading import corpora_root, load, read_split
from vaner.corpora.registry import REGISTRY, CorpusInfo, lookup

__all__ = ["REGISTRY", "CorpusInfo", "corpora_root", "load", "lookup", "read_split"]
