"""From a corpus's name, folder or file to a `Corpus`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from vaner.corpora.folders import SPLIT_NAMES, is_one_corpus, named_after, single_files, split_in
from vaner.corpora.registry import REGISTRY, VIEWS, CorpusInfo, lookup
from vaner.errors import CorpusError, FormatError
from vaner.formats import OnError, read
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Corpus, Document

SUFFIXES = (".tsv", ".jsonl", ".conll", ".txt", ".xml", ".json", ".PubTator")


def corpora_root(root: str | Path | None = None) -> Path:
    """The folder that corpora lie in: the one given, or ``VANER_CORPORA``.

    Raises:
        CorpusError: where neither is set, or it is no folder.
    """
    chosen = root or os.environ.get("VANER_CORPORA")
    if not chosen:
        raise CorpusError(
            "where are the corpora? Set VANER_CORPORA or name their folder", argument="corpora"
        )
    if not Path(chosen).is_dir():
        raise CorpusError(f"corpora folder {chosen} does not exist")
    return Path(chosen)


def load(
    name: str,
    split: str,
    *,
    root: str | Path | None = None,
    format: str | None = None,
    on_error: OnError | None = None,
) -> Corpus:
    """Load one split of a corpus.

    Args:
        name: registered name of a corpus or a view, else a folder with one file a split, else
            a file.
        split: ``train``, ``devel``, ``test``, or another that the corpus has.
        root: where registered corpora lie; ``VANER_CORPORA`` if None.
        format: format of the files; told by name and content if None.
        on_error: what to do with a bad record; the error is raised if None.

    Raises:
        CorpusError: where it is not found; FormatError: where a file is broken.
    """
    info = lookup(name)
    if info is None and Path(name).exists():
        documents = read_split(Path(name), split, format, on_error)
        return Corpus(corpus_name(name), split, tuple(documents))
    if info is None:
        raise CorpusError(
            f"corpus {name!r} is neither registered nor a folder or file; {_meant(name)}"
        )
    path = _registered_file(info, split, corpora_root(root))
    with _expected_errors(info, split, on_error) as expected:
        known = tuple(as_registered(doc, info) for doc in read(path, format, on_error=expected))
    return Corpus(info.name, split, known, info.entity_types)


@contextmanager
def _expected_errors(
    info: CorpusInfo, split: str, on_error: OnError | None
) -> Iterator[OnError | None]:
    """Let a reader leave out as many mentions as the registry knows to have wrong offsets.

    Yields:
        What to give the reader as `on_error`. Errors beyond the known number are raised, or handed
        to `on_error`.
    """
    known = info.splits[split].wrong_offsets
    if not known:
        yield on_error
        return
    errors: list[FormatError] = []
    yield errors.append
    if len(errors) > known:
        if on_error is None:
            raise errors[known]
        for error in errors:
            on_error(error)
    elif errors:
        warnings.warn(
            f"{info.name} {split}: {len(errors)} mentions left out, their offsets do not give "
            "their text (known of this corpus)",
            SkippedRecordsWarning,
            stacklevel=4,
        )


def corpus_name(name: str) -> str:
    """What `load` calls a corpus that is given by a name or a path.

    >>> corpus_name("bc5cdr"), corpus_name("data/letters.jsonl")
    ('BC5CDR', 'letters')
    """
    info = lookup(name)
    return info.name if info else Path(name).stem


def same_file(one: tuple[str, str], other: tuple[str, str], root: str | Path | None = None) -> bool:
    """Whether two splits, each a corpus and its split, are read from one file or folder.

    Args:
        one, other: names or paths of corpora, and their splits.
        root: where registered corpora lie; ``VANER_CORPORA`` if None.
    """
    files = [_file(*each, root) for each in (one, other)]
    return files[0] is not None and files[0] == files[1]


def _file(name: str, split: str, root: str | Path | None) -> Path | None:
    """The file or folder that a split is read from; None where it is not found."""
    info, path = lookup(name), Path(name)
    try:
        if info is not None:
            found = split_file(info, split, corpora_root(root)) if split in info.splits else None
        elif path.is_dir() and not is_one_split(name):
            found = split_in(path, split)
        else:
            found = path if path.exists() else None
    except CorpusError:
        return None
    return None if found is None else found.resolve()


def _meant(name: str) -> str:
    """The registered names that are most like a wrong one, or where they all are told."""
    known = {one.casefold(): one for one in (*REGISTRY, *VIEWS)}
    close = [known[one] for one in get_close_matches(name.casefold(), known, cutoff=0.7)]
    return f"did you mean {' or '.join(close)}?" if close else "see vaner corpus list"


def read_split(
    path: Path, split: str, format: str | None = None, on_error: OnError | None = None
) -> Iterator[Document]:
    """Read a file, or the file of a split out of a folder.

    A folder is searched for a file named after the split (``devel.tsv``, ``dev.jsonl``, …); one
    that is a corpus by itself is read whole, a file for each document where it is so.
    """
    if path.is_dir() and not (is_one_corpus(path) and not named_after(path, split)):
        path = split_in(path, split)
    for file in single_files(path) or [path]:
        yield from read(file, format, on_error=on_error)


def is_one_split(name: str) -> bool:
    """Whether a corpus is given by a path to one split alone: it has no test that is another."""
    path = Path(name)
    if lookup(name) is not None or not path.exists():
        return False
    return path.is_file() or is_one_corpus(path)


def is_test(name: str, split: str) -> bool:
    """Whether a split is a test split, by its name or, where a corpus is a file, by the file's.

    >>> is_test("NCBI-disease", "test"), is_test("NCBI-disease", "devel")
    (True, False)
    """
    named = Path(name).name.split(".")[0].casefold() in SPLIT_NAMES["test"]
    return "test" in split.casefold() or (named and is_one_split(name))


def split_file(info: CorpusInfo, split: str, root: Path) -> Path | None:
    """The file of a registered split, or None where it is not there.

    It may be in another format than the registered one, under the same name: ``train.tsv`` where
    the registry has ``train.jsonl``.
    """
    path = root / info.folder / info.file_names[split]
    alike = [path, *(path.with_suffix(suffix) for suffix in SUFFIXES)]
    packed = (other.with_name(f"{other.name}.gz") for other in alike)
    return next((other for other in (*alike, *packed) if other.is_file()), None)


def _registered_file(info: CorpusInfo, split: str, root: Path) -> Path:
    if split not in info.splits:
        stand_in = (
            f"; {info.substitute_test} stands for it"
            if split == "test" and info.substitute_test
            else ""
        )
        raise CorpusError(
            f"corpus {info.name} has no split {split!r}; it has {', '.join(info.splits)}{stand_in}"
        )
    path = split_file(info, split, root)
    if path is None:
        raise CorpusError(
            f"corpus {info.name} {split}: {root / info.folder / info.file_names[split]} does not "
            f"exist; {how_to_get(info)}"
        )
    return path


def available_corpora(split: str, root: str | Path | None = None) -> Iterator[CorpusInfo]:
    """The registered corpora, views aside, whose file of a split is there.

    Args:
        split: e.g. ``test``.
        root: where registered corpora lie; ``VANER_CORPORA`` if None.

    Raises:
        CorpusError: where `root` is no folder.
    """
    place = corpora_root(root)
    for info in REGISTRY.values():
        if split in info.splits and split_file(info, split, place):
            yield info


def how_to_get(info: CorpusInfo) -> str:
    """How a user comes by the files of a corpus, in a few words."""
    if info.url:
        return f"get it with vaner corpus fetch {info.base_corpus}"
    return f"it must be got by hand, see {info.homepage}"


def as_registered(document: Document, info: CorpusInfo) -> Document:
    """The corpus's labels in vaner's names, without those that a view leaves out.

    Raises:
        CorpusError: for a label that the registry does not list.
    """
    unknown = {span.type for span in document.spans} - info.types.keys() - info.excluded_labels
    if unknown:
        raise CorpusError(
            f"corpus {info.name}: document {document.id} has the type {sorted(unknown)[0]!r}, "
            f"which the registry does not list ({', '.join(info.types)})"
        )
    kept = document.with_spans(span for span in document.spans if span.type in info.types)
    return kept.rename_types(info.types)
