"""Verification of the files of registered corpora, by checksum or by counts.

A download that could not be verified is marked with a hidden file next to it. It contains the
checksum of the download, so that a file that you replace or correct later is not marked.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from vaner.corpora.download import compute_sha256
from vaner.corpora.expected_counts import find_differences
from vaner.corpora.loader import load
from vaner.corpora.registry import CorpusInfo, SplitInfo
from vaner.errors import FormatError, VanerError
from vaner.formats import FormatWarning


@dataclass(frozen=True, slots=True)
class FetchedSplit:
    """Result of fetching one split of a corpus.

    Args:
        corpus: name of the corpus.
        split: name of the split.
        path: its file.
        is_new: whether it was downloaded now; False if the file existed already.
        is_verified: whether its checksum or its counts match the registry.
        differences: counts that differ from the registry, one line each.
    """

    corpus: str
    split: str
    path: Path
    is_new: bool
    is_verified: bool = False
    differences: tuple[str, ...] = ()


def has_counts(split: SplitInfo) -> bool:
    """Return whether the registry has counts of a split."""
    counts = (split.documents, split.sentences, split.mentions)
    return any(count is not None for count in counts)


def verify_existing(info: CorpusInfo, split: str, path: Path, root: Path) -> FetchedSplit:
    """Compare a file that exists already with the checksum, or else with the counts.

    Args:
        info: a registered corpus.
        split: name of the split.
        path: its file.
        root: the corpora folder.
    """
    expected = info.splits[split]
    if expected.sha256 and compute_sha256(path) == expected.sha256:
        return FetchedSplit(info.name, split, path, is_new=False, is_verified=True)
    errors: list[FormatError] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatWarning)  # `vaner corpus check` reports them
            corpus = load(info.name, split, root=root, on_error=errors.append)
        differences = tuple(find_differences(info, corpus))
    except (VanerError, UnicodeDecodeError) as error:
        differences = (" ".join(str(error).split()),)
    if expected.sha256 and not has_counts(expected):
        differences = (*differences, "the checksum differs from the registry")
    is_verified = has_counts(expected) and not differences
    return FetchedSplit(info.name, split, path, False, is_verified, differences)


def mark(path: Path, *, is_verified: bool) -> None:
    """Mark a downloaded file that was not verified, or remove the mark of an earlier one."""
    if is_verified:
        _marker(path).unlink(missing_ok=True)
    else:
        _marker(path).write_text(compute_sha256(path), "utf-8")


def is_unverified_download(path: Path) -> bool:
    """Return whether a file is a download that was not verified, and unchanged since then."""
    marker = _marker(path)
    return marker.is_file() and marker.read_text("utf-8", "replace") == compute_sha256(path)


def _marker(path: Path) -> Path:
    return path.with_name(f".{path.name}.unverified")
