"""Load corpora by registered name, folder or file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vaner.corpora.folders import (
    SPLIT_NAMES,
    document_files,
    files_named_after,
    find_split,
    has_split,
    is_one_corpus,
    resolve_split,
)
from vaner.corpora.registry import (
    REGISTRY,
    CorpusInfo,
    evaluation_split,
    lookup,
    suggest_corpus,
)
from vaner.errors import CorpusError, FormatError
from vaner.formats import OnError, read
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Corpus, Document

SUFFIXES = (".tsv", ".jsonl", ".conll", ".txt", ".xml", ".json", ".PubTator")


def corpora_root(root: str | Path | None = None) -> Path:
    """Return the folder of the registered corpora.

    Args:
        root: the folder; ``VANER_CORPORA`` if None.

    Raises:
        CorpusError: if neither is set, or the folder does not exist.
    """
    folder = root or os.environ.get("VANER_CORPORA")
    if not folder:
        raise CorpusError(
            "no corpora folder: set VANER_CORPORA, or give the folder", argument="corpora"
        )
    if not Path(folder).is_dir():
        raise CorpusError(f"corpora folder {folder} does not exist")
    return Path(folder)


def load(
    name: str | Path,
    split: str,
    *,
    root: str | Path | None = None,
    format: str | None = None,
    encoding: str = "utf-8",
    columns: str | None = None,
    text_column: str | None = None,
    on_error: OnError | None = None,
) -> Corpus:
    r"""Load one split of a corpus.

    Args:
        name: registered name of a corpus or a view, else a folder with one file per split, else
            a file.
        split: ``train``, ``devel``, ``test`` or another name for one of them, such as ``dev`` or
            ``validation``, or another split of the corpus.
        root: folder of the registered corpora; ``VANER_CORPORA`` if None.
        format: format of the files; detected from name and content if None.
        encoding: encoding of the files.
        columns: columns of token and tag in CoNLL files, see `vaner.formats.conll.read`.
        text_column: column or field with the text, in tables and tasks of Label Studio.
        on_error: called with the error of each invalid record, which is then skipped; if None,
            the error is raised.

    Raises:
        CorpusError: if the corpus or the split does not exist.
        FormatError: if a file cannot be read.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "test.tsv").write_text("Severe\tO\nasthma\tB-Disease\n")
    ...     corpus = load(folder, "test")
    >>> corpus.count_mentions()
    Counter({'Disease': 1})
    """
    name = os.fspath(name)
    info, split = lookup(name), resolve_split(split)
    options = {"columns": columns, "text_column": text_column}
    if info is None and Path(name).exists():
        documents = read_split(Path(name), split, format, on_error, encoding=encoding, **options)
        return Corpus(corpus_name(name), split, tuple(documents))
    if info is None:
        raise CorpusError(
            f"corpus {name!r} is neither registered nor a folder or file; {suggest_corpus(name)}"
        )
    path = _registered_file(info, split, corpora_root(root))
    with _skip_known_errors(info, split, on_error) as expected:
        documents = read(path, format, encoding=encoding, on_error=expected, **options)
        registered = tuple(with_registered_types(document, info) for document in documents)
    return Corpus(info.name, split, registered, info.entity_types)


@contextmanager
def _skip_known_errors(
    info: CorpusInfo, split: str, on_error: OnError | None
) -> Iterator[OnError | None]:
    """Let a reader skip as many mentions as the registry lists with wrong offsets.

    Yields:
        The `on_error` argument for the reader. If there are more errors than the registry lists,
        they are raised, or passed to `on_error`.
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
            f"{info.name} {split}: mentions skipped, because their offsets do not match their text "
            f"(a known error of this corpus): {len(errors):,}",
            SkippedRecordsWarning,
            stacklevel=4,
        )


def corpus_name(name: str) -> str:
    """Return the name of a corpus given by its name or path, as `load` sets it.

    >>> corpus_name("bc5cdr"), corpus_name("data/letters.jsonl")
    ('BC5CDR', 'letters')
    """
    info = lookup(name)
    return info.name if info else Path(name).stem


def same_file(
    first: tuple[str, str], second: tuple[str, str], root: str | Path | None = None
) -> bool:
    """Whether two splits are read from the same file or folder.

    Args:
        first: name or path of a corpus, and one of its splits.
        second: the same for the other split.
        root: folder of the registered corpora; ``VANER_CORPORA`` if None.
    """
    path = _find_path(*first, root)
    return path is not None and path == _find_path(*second, root)


def _find_path(name: str, split: str, root: str | Path | None) -> Path | None:
    """Return the file or folder that a split is read from; None if it does not exist."""
    info, path, split = lookup(name), Path(name), resolve_split(split)
    file: Path | None
    try:
        if info is not None:
            file = split_file(info, split, corpora_root(root)) if split in info.splits else None
        elif path.is_dir() and not is_one_split(name):
            file = find_split(path, split)
        else:
            file = path if path.exists() else None
    except CorpusError:
        return None
    return None if file is None else file.resolve()


def read_split(
    path: Path,
    split: str,
    format: str | None = None,
    on_error: OnError | None = None,
    *,
    encoding: str = "utf-8",
    **options: str | None,
) -> Iterator[Document]:
    """Read the documents of a file, or of one split in a folder.

    In a folder, the file named after the split is read (``devel.tsv``, ``dev.jsonl``, …). A folder
    that is one corpus without splits is read completely.

    Args:
        path: file or folder.
        split: name of the split.
        format: format of the files; detected from name and content if None.
        on_error: called with the error of each invalid record; if None, the error is raised.
        encoding: encoding of the files.
        options: options of the format, such as the columns of CoNLL files.
    """
    split = resolve_split(split)
    if path.is_dir() and not (is_one_corpus(path) and not files_named_after(path, split)):
        path = find_split(path, split)
    for file in document_files(path) or [path]:
        yield from read(file, format, encoding=encoding, on_error=on_error, **options)


def is_one_split(name: str) -> bool:
    """Whether a corpus is a path to a single split, so that it has no separate test split."""
    path = Path(name)
    if lookup(name) is not None or not path.exists():
        return False
    return path.is_file() or is_one_corpus(path)


def find_evaluation_split(name: str) -> str | None:
    """Return the split that a corpus is evaluated on; None if it has none."""
    split, path = evaluation_split(name), Path(name)
    if lookup(name) is None and (
        not path.is_dir() or is_one_corpus(path) or not has_split(path, split)
    ):
        return None
    return split or None


def is_test(name: str, split: str) -> bool:
    """Whether a split is a test split, by its name or, if the corpus is a file, by the file name.

    >>> is_test("NCBI-disease", "test"), is_test("NCBI-disease", "devel")
    (True, False)
    """
    is_test_file = Path(name).name.split(".")[0].casefold() in SPLIT_NAMES["test"]
    return "test" in split.casefold() or (is_test_file and is_one_split(name))


def split_file(info: CorpusInfo, split: str, root: Path) -> Path | None:
    """Return the file of a registered split; None if it does not exist.

    The file may be in another format than the registered file, with the same stem: ``train.tsv``
    instead of ``train.jsonl``. It may be gzipped.
    """
    path = root / info.folder / info.file_names[split]
    plain = [path, *(path.with_suffix(suffix) for suffix in SUFFIXES)]
    gzipped = (candidate.with_name(f"{candidate.name}.gz") for candidate in plain)
    return next((candidate for candidate in (*plain, *gzipped) if candidate.is_file()), None)


def _registered_file(info: CorpusInfo, split: str, root: Path) -> Path:
    if split not in info.splits:
        is_replaced = split == "test" and info.substitute_test
        hint = f"; use {info.substitute_test} instead" if is_replaced else ""
        raise CorpusError(
            f"corpus {info.name} has no split {split!r}; it has {', '.join(info.splits)}{hint}"
        )
    path = split_file(info, split, root)
    if path is None:
        raise CorpusError(
            f"corpus {info.name} {split}: {root / info.folder / info.file_names[split]} does not "
            f"exist; {_download_hint(info)}"
        )
    return path


def available_corpora(split: str, root: str | Path | None = None) -> Iterator[CorpusInfo]:
    """Yield the registered corpora, without views, for which the file of a split exists.

    Args:
        split: name of the split, such as ``test`` or ``dev``.
        root: folder of the registered corpora; ``VANER_CORPORA`` if None.

    Raises:
        CorpusError: if `root` does not exist.
    """
    folder, split = corpora_root(root), resolve_split(split)
    for info in REGISTRY.values():
        if split in info.splits and split_file(info, split, folder):
            yield info


def _download_hint(info: CorpusInfo) -> str:
    """Return how to get the files of a corpus, in a few words."""
    if info.url:
        return f"download it with vaner corpus fetch {info.base_corpus}"
    return f"it must be downloaded manually, see {info.homepage}"


def with_registered_types(document: Document, info: CorpusInfo) -> Document:
    """Return a document with labels replaced by types, without labels that the view excludes.

    Raises:
        CorpusError: for a label that is not in the registry.
    """
    unknown = {span.type for span in document.spans} - info.types.keys() - info.excluded_labels
    if unknown:
        raise CorpusError(
            f"corpus {info.name}: document {document.id} has the type {sorted(unknown)[0]!r}, "
            f"which the registry does not list ({', '.join(info.types)})"
        )
    included = document.with_spans(span for span in document.spans if span.type in info.types)
    return included.rename_types(info.types)
