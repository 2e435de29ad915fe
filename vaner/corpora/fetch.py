"""A registered corpus from its original address into the folder that corpora lie in."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from vaner.corpora import aioner, chemdner
from vaner.corpora.download import Watch, checksum, download
from vaner.corpora.expected_counts import differences
from vaner.corpora.loader import as_registered, split_file
from vaner.corpora.registry import REGISTRY, CorpusInfo, lookup
from vaner.errors import CorpusError, FormatError, VanerError
from vaner.formats import FormatWarning, read, write
from vaner.text.documents import Corpus, Document
from vaner.utils.atomic_write import atomic_write

Watching = Callable[[str], Watch]
"""Called with the name of a file that is about to be downloaded."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One split of a corpus after fetching it.

    Args:
        corpus, split: which.
        path: its file.
        new: whether it was fetched just now; it was there already otherwise.
        verified: whether a checksum or counts told that it is the right one.
        differences: what it has more or fewer of than the registry says.
    """

    corpus: str
    split: str
    path: Path
    new: bool
    verified: bool = False
    differences: tuple[str, ...] = ()


def fetch(
    name: str, root: Path, *, force: bool = False, watching: Watching | None = None
) -> Iterator[Fetched]:
    """Fetch every split of a corpus, one after the other; each is in place when it is yielded.

    Args:
        name: registered name; of a view, its corpus is fetched.
        root: folder that corpora lie in; made if it is not there.
        force: fetch again what is there already.
        watching: gives what is told of each download as it goes on.

    Raises:
        CorpusError: for a corpus that is not known or cannot be downloaded, and for everything
            that goes wrong on the way, in one line that says what to do.
    """
    info = _fetchable(name)
    missing = []
    for split in info.splits:
        path = split_file(info, split, root)
        if path is not None and not force:
            yield Fetched(info.name, split, path, new=False)
        else:
            missing.append(split)
    if not missing:
        return
    folder = root / info.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise CorpusError(f"{folder}: cannot be made: {problem.strerror}") from None
    several = {"": _from_folder, "chemdner": _from_archive, "aioner": _from_one_file}[info.archive]
    yield from several(info, missing, folder, watching)


def _fetchable(name: str) -> CorpusInfo:
    info = lookup(name)
    if info is None:
        raise CorpusError(f"corpus {name!r} is not registered; registered: {', '.join(REGISTRY)}")
    info = REGISTRY[info.base_corpus]
    if info.unavailable or not info.url:
        raise CorpusError(
            f"corpus {info.name} cannot be downloaded: {info.unavailable or 'no address is known'} "
            f"(folder {info.folder}; home page {info.homepage})"
        )
    return info


def _from_folder(
    info: CorpusInfo, splits: Iterable[str], folder: Path, watching: Watching | None
) -> Iterator[Fetched]:
    """Splits that are a file each at the address."""
    for split in splits:
        known = info.splits[split]
        address = info.url + (known.remote_file or known.file)
        part = _part(folder, known.file)
        _download(address, part, watching, f"{info.name} {split}")
        if known.sha256:
            _check(part, known.sha256, address, info)
        documents = _readable(part, info, address)
        if info.default_type:
            _put(_typed(documents, info.default_type), folder / known.file)
            part.unlink()
        else:
            os.replace(part, folder / known.file)
        yield _counted(info, split, folder / known.file, documents, bool(known.sha256))


def _from_archive(
    info: CorpusInfo, splits: Iterable[str], folder: Path, watching: Watching | None
) -> Iterator[Fetched]:
    """Splits that are parts of one archive."""
    part = _part(folder, info.url.rpartition("/")[2])
    _download(info.url, part, watching, info.name)
    for split in splits:
        known = info.splits[split]
        try:
            documents = list(chemdner.read(part, known.remote_file))
        except FormatError as problem:
            part.unlink(missing_ok=True)
            raise _unexpected(info.url, info, problem) from None
        _put(documents, folder / known.file)
        yield _counted(info, split, folder / known.file, documents, verified=False)
    part.unlink()


def _from_one_file(
    info: CorpusInfo, splits: Iterable[str], folder: Path, watching: Watching | None
) -> Iterator[Fetched]:
    """Splits that are cut from one PubTator file, without the documents of official test files."""
    parts = {address: _part(folder, address.rpartition("/")[2]) for address in info.excluded_urls}
    parts[info.url] = _part(folder, info.url.rpartition("/")[2])
    for address, part in parts.items():
        _download(address, part, watching, info.name)
    try:
        excluded = set[str]().union(
            *(aioner.document_ids(parts[each]) for each in info.excluded_urls)
        )
        texts = {split: aioner.split_text(parts[info.url], split, excluded) for split in splits}
    except FormatError as problem:
        for part in parts.values():
            part.unlink(missing_ok=True)
        raise _unexpected(info.url, info, problem) from None
    except UnicodeDecodeError:
        raise CorpusError(f"{info.url}: not UTF-8 text; see {info.homepage}") from None
    for split, text in texts.items():
        path = folder / info.splits[split].file
        with atomic_write(path) as new:
            new.write_text(text, "utf-8", newline="\n")
        errors: list[FormatError] = []
        documents = list(read(path, info.format, on_error=errors.append))
        yield _counted(info, split, path, documents, verified=False)
    for part in parts.values():
        part.unlink()


def _part(folder: Path, name: str) -> Path:
    """Where a download grows: hidden, so that nobody takes it for the file of a split."""
    return folder / f".{name}.part"


def _download(address: str, part: Path, watching: Watching | None, label: str) -> None:
    download(address, part, watching(label) if watching else None)


def _check(part: Path, expected: str, address: str, info: CorpusInfo) -> None:
    found = checksum(part)
    if found != expected:
        part.unlink()  # nothing to go on with: the next try begins anew
        raise CorpusError(
            f"{address}: SHA-256 is {found[:12]}…, the registry has {expected[:12]}…; nothing of "
            f"it was kept: try again, and if it stays so, see {info.homepage}"
        )


def _readable(part: Path, info: CorpusInfo, address: str) -> list[Document]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatWarning)  # `vaner corpus check` tells them
            return list(read(part, info.format))
    except FormatError as problem:
        part.unlink(missing_ok=True)
        raise _unexpected(address, info, problem) from None


def _unexpected(address: str, info: CorpusInfo, problem: FormatError) -> CorpusError:
    line = f"line {problem.line}: " if problem.line is not None else ""
    return CorpusError(
        f"{address}: not the file that is expected ({line}{problem.message}); nothing of it was "
        f"kept, see {info.homepage}"
    )


def _typed(documents: Iterable[Document], type: str) -> list[Document]:
    """Documents whose mentions without a type get one."""
    return [
        document.with_spans(replace(span, type=span.type or type) for span in document.spans)
        for document in documents
    ]


def _put(documents: Iterable[Document], target: Path) -> None:
    """Write a file so that it is there whole or not at all."""
    try:
        with atomic_write(target) as new:
            write(documents, new, "jsonl" if target.suffix == ".jsonl" else "conll")
    except OSError as problem:
        raise CorpusError(f"{target}: cannot be written: {problem.strerror}") from None


def _counted(
    info: CorpusInfo, split: str, path: Path, documents: list[Document], verified: bool
) -> Fetched:
    """What was fetched beside what the registry knows of it."""
    known = info.splits[split]
    countable = any(n is not None for n in (known.documents, known.sentences, known.mentions))
    try:
        own = (as_registered(document, info) for document in _typed(documents, info.default_type))
        corpus = Corpus(info.name, split, tuple(own), info.entity_types)
        unlike = tuple(differences(info, corpus))
    except VanerError as problem:
        unlike = (str(problem),)
    return Fetched(info.name, split, path, True, verified or (countable and not unlike), unlike)
