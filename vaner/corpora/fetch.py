"""Download registered corpora into the corpora folder."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from vaner.corpora import aioner, chemdner
from vaner.corpora.download import ProgressCallback, compute_sha256, download
from vaner.corpora.expected_counts import find_differences
from vaner.corpora.loader import split_file, with_registered_types
from vaner.corpora.registry import REGISTRY, CorpusInfo, lookup, suggest_corpus
from vaner.corpora.verification import (
    FetchedSplit,
    has_counts,
    is_unverified_download,
    mark,
    verify_existing,
)
from vaner.errors import CorpusError, FormatError, VanerError
from vaner.formats import FormatWarning, read, write
from vaner.text.documents import Corpus, Document
from vaner.utils.atomic_write import atomic_write

ProgressFactory = Callable[[str], ProgressCallback]
"""Called with a label before each download; returns the callback for that download."""


def fetch_corpus(
    name: str, root: Path, *, force: bool = False, progress: ProgressFactory | None = None
) -> Iterator[FetchedSplit]:
    """Download the splits of a corpus; the file of a split is complete when it is yielded.

    A file that exists is compared with the registry, and not changed. A download that could not be
    verified is downloaded again.

    Args:
        name: registered name. For a view, its corpus is downloaded.
        root: the corpora folder; created if it does not exist.
        force: download files that exist already.
        progress: returns a progress callback for each download.

    Raises:
        CorpusError: if the corpus is unknown or cannot be downloaded, with what to do next.
    """
    info = _get_downloadable(name)
    missing = []
    for split in info.splits:
        path = split_file(info, split, root)
        if path is not None and not force and not is_unverified_download(path):
            yield verify_existing(info, split, path, root)
        else:
            missing.append(split)
    if not missing:
        return
    folder = root / info.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CorpusError(f"{folder}: cannot be created: {error.strerror}") from None
    fetch_splits = {
        "": _fetch_separate_files,
        "chemdner": _fetch_chemdner_archive,
        "aioner": _fetch_aioner_file,
    }[info.archive]
    for fetched in fetch_splits(info, missing, folder, progress):
        mark(fetched.path, is_verified=fetched.is_verified)
        yield fetched


def _get_downloadable(name: str) -> CorpusInfo:
    info = lookup(name)
    if info is None:
        raise CorpusError(f"corpus {name!r} is not registered; {suggest_corpus(name)}")
    info = REGISTRY[info.base_corpus]
    if info.unavailable or not info.url:
        raise CorpusError(
            f"corpus {info.name} cannot be downloaded: {info.unavailable or 'it has no URL'} "
            f"(folder {info.folder}; home page {info.homepage})"
        )
    return info


def _fetch_separate_files(
    info: CorpusInfo, splits: Iterable[str], folder: Path, progress: ProgressFactory | None
) -> Iterator[FetchedSplit]:
    """Fetch splits that are separate files under the corpus's URL."""
    for split in splits:
        split_info = info.splits[split]
        url = info.url + (split_info.remote_file or split_info.file)
        part = _part_file(folder, split_info.file)
        _download(url, part, progress, f"{info.name} {split}")
        if split_info.sha256:
            _verify_checksum(part, split_info.sha256, url, info)
        documents = _read_download(part, info, url)
        path = folder / split_info.file
        if info.default_type:
            _write_split(_with_default_type(documents, info.default_type), path)
            part.unlink()
        else:
            os.replace(part, path)
        yield _compare(info, split, path, documents, has_checksum=bool(split_info.sha256))


def _fetch_chemdner_archive(
    info: CorpusInfo, splits: Iterable[str], folder: Path, progress: ProgressFactory | None
) -> Iterator[FetchedSplit]:
    """Fetch splits that are members of one archive."""
    part = _part_file(folder, info.url.rpartition("/")[2])
    _download(info.url, part, progress, info.name)
    for split in splits:
        split_info = info.splits[split]
        try:
            documents = list(chemdner.read(part, split_info.remote_file))
        except FormatError as error:
            part.unlink(missing_ok=True)
            raise _unexpected_content(info.url, info, error) from None
        _write_split(documents, folder / split_info.file)
        yield _compare(info, split, folder / split_info.file, documents)
    part.unlink()


def _fetch_aioner_file(
    info: CorpusInfo, splits: Iterable[str], folder: Path, progress: ProgressFactory | None
) -> Iterator[FetchedSplit]:
    """Fetch splits of one PubTator file, without the documents of official test files."""
    urls = (*info.excluded_urls, info.url)
    parts = {url: _part_file(folder, url.rpartition("/")[2]) for url in urls}
    for url, part in parts.items():
        _download(url, part, progress, info.name)
    try:
        excluded = set[str]().union(
            *(aioner.read_document_ids(parts[url]) for url in info.excluded_urls)
        )
        texts = {split: aioner.extract_split(parts[info.url], split, excluded) for split in splits}
    except FormatError as error:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise _unexpected_content(info.url, info, error) from None
    for split, text in texts.items():
        path = folder / info.splits[split].file
        with atomic_write(path) as temporary:
            temporary.write_text(text, "utf-8", newline="\n")
        errors: list[FormatError] = []
        documents = list(read(path, info.format, on_error=errors.append))
        yield _compare(info, split, path, documents)
    for part in parts.values():
        part.unlink()


def _part_file(folder: Path, name: str) -> Path:
    """Return the path of an unfinished download, hidden so that it is not read as a split."""
    return folder / f".{name}.part"


def _download(url: str, part: Path, progress: ProgressFactory | None, label: str) -> None:
    download(url, part, progress(label) if progress else None)


def _verify_checksum(part: Path, expected: str, url: str, info: CorpusInfo) -> None:
    actual = compute_sha256(part)
    if actual != expected:
        part.unlink()  # the next attempt must not resume from a wrong file
        raise CorpusError(
            f"{url}: SHA-256 is {actual[:12]}…, the registry has {expected[:12]}…; the download "
            f"was deleted: try again, and if the error remains, see {info.homepage}"
        )


def _read_download(part: Path, info: CorpusInfo, url: str) -> list[Document]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatWarning)  # `vaner corpus check` reports them
            return list(read(part, info.format))
    except FormatError as error:
        part.unlink(missing_ok=True)
        raise _unexpected_content(url, info, error) from None


def _unexpected_content(url: str, info: CorpusInfo, error: FormatError) -> CorpusError:
    line = f"line {error.line}: " if error.line is not None else ""
    return CorpusError(
        f"{url}: unexpected content ({line}{error.message}); the download was deleted, "
        f"see {info.homepage}"
    )


def _with_default_type(documents: Iterable[Document], type: str) -> list[Document]:
    """Return the documents with a type for the mentions that have none."""
    return [
        document.with_spans(replace(span, type=span.type or type) for span in document.spans)
        for document in documents
    ]


def _write_split(documents: Iterable[Document], target: Path) -> None:
    """Write a file atomically."""
    try:
        with atomic_write(target) as temporary:
            write(documents, temporary, "jsonl" if target.suffix == ".jsonl" else "conll")
    except OSError as error:
        raise CorpusError(f"{target}: cannot be written: {error.strerror}") from None


def _compare(
    info: CorpusInfo,
    split: str,
    path: Path,
    documents: list[Document],
    *,
    has_checksum: bool = False,
) -> FetchedSplit:
    """Compare a downloaded split with the counts in the registry."""
    expected = info.splits[split]
    try:
        typed = _with_default_type(documents, info.default_type)
        registered = tuple(with_registered_types(document, info) for document in typed)
        corpus = Corpus(info.name, split, registered, info.entity_types)
        differences = tuple(find_differences(info, corpus))
    except VanerError as error:
        differences = (str(error),)
    is_verified = has_checksum or (has_counts(expected) and not differences)
    return FetchedSplit(info.name, split, path, True, is_verified, differences)
