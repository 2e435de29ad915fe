"""The input of a command: files, folders or standard input, and their invalid records."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from vaner.cli.messages import print_message
from vaner.cli.subfolders import list_subfolders, select_brat_files, with_folder
from vaner.display.text import format_count, format_counts
from vaner.errors import FormatError, VanerError
from vaner.formats import FORMATS, detect_format, has_known_suffix, read
from vaner.formats.brat import ANNOTATION_SUFFIXES
from vaner.formats.companions import (
    SUBFOLDER,
    describe_saved_dataset,
    is_companion,
    is_subfolder,
)
from vaner.formats.label_studio.tasks import is_target_storage
from vaner.formats.source import STDIN, InMemoryFile
from vaner.text.documents import Document

_MAX_SHOWN = 5
_MAX_CHECKED = 1 << 22  # characters of standard input
_PART = re.compile(r"(?P<name>.+)-\d{5,}-of-(?P<total>\d{5,})\.")  # as those of `--engine`
_MAX_COMPARED_IDS = 1_000_000  # more would take too much memory


class SkippedRecords:
    """Counts invalid records that are skipped, and prints the errors of the first few."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, error: FormatError) -> None:
        self.count += 1
        if self.count <= _MAX_SHOWN:
            print_message(f"warning: skipped: {error}")

    def print_count(self) -> None:
        """Print how many records were skipped, if there are any."""
        if self.count:
            print_message(f"warning: skipped {format_count(self.count, 'invalid record')}")


def expand_paths(paths: Sequence[str], format: str | None, *, recursive: bool = False) -> list[str]:
    """Return the files to read. Folders are replaced by their files, except folders of brat.

    Args:
        paths: files, folders, or ``-`` for standard input.
        format: their format; detected if None.
        recursive: whether to read the subfolders of folders as well.

    Raises:
        VanerError: if a path does not exist, a folder contains nothing to read, or standard input
            is given twice.
    """
    files: list[str] = []
    for name in paths:
        path = Path(name)
        if name == STDIN or path.is_file() or path.is_fifo() or path.is_char_device():
            files.append(name)
        elif path.is_dir():
            files += _files_of(path, format, recursive)
        else:
            raise VanerError(f"{name}: no such file or folder")
    if files.count(STDIN) > 1:
        raise VanerError("- is given several times, but standard input can be read only once")
    return files


def _files_of(folder: Path, format: str | None, recursive: bool) -> list[str]:
    """Return the files to read of a folder, or the folder if its files are read together."""
    try:
        folders = [folder, *list_subfolders(folder)] if recursive else [folder]
        readable = [file for each in folders for file in _select_files(each, format, recursive)]
        subfolders = sorted(f for f in folder.iterdir() if f.is_dir())
        has_files = any(f.is_file() and not is_companion(f) for f in folder.iterdir())
    except OSError as error:
        raise VanerError(f"{error.filename}: cannot be read: {error.strerror}") from None
    if readable:
        return readable
    if subfolders and not has_files and not recursive:
        raise VanerError(
            f"{folder}: contains only folders; give one of them, such as {subfolders[0]}"
        )
    suffixes = sorted({suffix for f in FORMATS.values() for suffix in f.suffixes})
    raise VanerError(f"{folder}: contains no file with one of the suffixes {', '.join(suffixes)}")


def _select_files(folder: Path, format: str | None, recursive: bool) -> list[str]:
    """Return the files of a folder without its subfolders, or the folder; warn about the others."""
    files = sorted(f for f in folder.iterdir() if f.is_file() and not is_companion(f))
    broken = sorted(f.name for f in folder.iterdir() if f.is_symlink() and not f.exists())
    if broken:
        links = format_count(len(broken), "broken symbolic link")
        print_message(f"warning: {folder}: left out: {links}, such as {broken[0]}")
    if kind := describe_saved_dataset(folder):
        raise VanerError(f"{folder}: {kind}")
    has_annotations = any(file.suffix.lower() in ANNOTATION_SUFFIXES for file in files)
    if format == "brat" or (format is None and has_annotations):
        return select_brat_files(files) if recursive else [str(folder)]
    if format in (None, "label_studio") and is_target_storage(folder):
        return [str(folder)]
    if readable := [file for file in files if has_known_suffix(file)]:
        _print_unread_kinds(folder, files, readable)
        _print_missing_parts(folder, readable)
        number = 0 if recursive else sum(map(is_subfolder, folder.iterdir()))
        if number:
            print_message(f"warning: {folder}: left out: {SUBFOLDER} ({number:,})")
    return list(map(str, readable))


def _print_unread_kinds(folder: Path, files: Sequence[Path], readable: Sequence[Path]) -> None:
    """Print how many files of a folder are of no kind that is read, if there are any."""
    shown = [file for file in files if not file.name.startswith(".")]
    kinds = Counter(file.suffix or file.name for file in shown if file not in set(readable))
    if kinds:
        count = f"{kinds.total():,} of {format_count(len(shown), 'file')}"
        print_message(f"warning: {folder}: {count} of an unknown kind: {format_counts(kinds)}")


def _print_missing_parts(folder: Path, files: Iterable[Path]) -> None:
    """Print how many parts are missing of a folder with the parts of a job, if any are."""
    matches = [match for file in files if (match := _PART.match(file.name))]
    for (total, _), count in Counter(match.group("total", "name") for match in matches).items():
        if count < int(total):
            print_message(
                f"warning: {folder}: missing parts: {int(total) - count:,} of {int(total):,}; "
                "continue the job that writes them with --resume"
            )


def read_documents(
    paths: Sequence[str],
    format: str | None,
    encoding: str,
    skipped: SkippedRecords | None,
    options: Mapping[str, str | None] | None = None,
    roots: Sequence[str] = (),
    *,
    is_corpus: bool = False,
) -> Iterator[Document]:
    """Yield the documents of all files in order; warn about repeated ids, or if there is no text.

    An empty file is not an error, so that a script over many files does not stop at it. The warning
    helps if the input is empty by mistake. Most formats cannot distinguish documents of the same
    id, such as those of files of the same name in several folders, of a file that is given twice,
    and of several notes of a patient in a table whose id is the patient.

    Args:
        paths: files, folders of brat, or ``-`` for standard input.
        format: their format; detected if None.
        encoding: their encoding.
        skipped: counts invalid records. A file that cannot be read to its end counts as one, and
            the next file is read.
        options: options of the format, such as ``text_column`` of CSV; None if not given.
        roots: folders that are read with their subfolders, which ids then name.
        is_corpus: whether the documents should have mentions, so that standard input must not be
            read as plain text if it seems to be in another format.

    Raises:
        FormatError: for an invalid record, if `skipped` is None.
    """
    is_empty = True
    ids = _RepeatedIds()
    for number, path in enumerate(paths):
        documents = _read_file(path, format, encoding, skipped, options or {})
        for document in (with_folder(document, path, roots) for document in documents):
            if path == STDIN and format is None:
                _check_plain_text(document.text, is_corpus)
            is_empty = is_empty and not document.text.strip()
            ids.add(document.id, number)
            yield document
    ids.print_warnings()
    if is_empty and not (skipped and skipped.count):
        names = ["standard input" if path == STDIN else path for path in paths]
        source = names[0] if len(names) == 1 else f"any of the {len(names):,} files"
        print_message(f"warning: there is no text in {source}")


def _check_plain_text(text: str, is_corpus: bool) -> None:
    """Warn if a text from standard input seems to be in another format; refuse it in a corpus."""
    content = text[:_MAX_CHECKED].encode(errors="replace")
    try:
        format = detect_format(InMemoryFile("stdin", content)) if content.strip() else "text"
    except FormatError:  # usual for plain text without the suffix of a file
        return
    if format == "text":
        return
    problem = f"standard input is read as plain text, but looks like {format}; name its format"
    if is_corpus:
        raise VanerError(problem, argument="format")
    print_message(f"warning: {problem} with --input-format")


class _RepeatedIds:
    """Counts documents with the id of an earlier document, of the same file or of another."""

    def __init__(self) -> None:
        self._file_of_id: dict[str, int] = {}
        self._in_files: list[str] = []
        self._in_file: list[str] = []

    def add(self, id: str, file: int) -> None:
        """Compare the id of a document of a file with those before it."""
        if len(self._file_of_id) >= _MAX_COMPARED_IDS:
            return
        if id not in self._file_of_id:
            self._file_of_id[id] = file
        elif self._file_of_id[id] == file:
            self._in_file.append(id)
        else:
            self._in_files.append(id)

    def print_warnings(self) -> None:
        """Print how many ids were repeated, if any were."""
        if self._in_files:
            print_message(
                f"warning: documents of several files have the same id, such as "
                f"{self._in_files[0]}: {len(self._in_files):,}; to distinguish them, give the "
                "files different names"
            )
        if self._in_file:
            print_message(
                f"warning: documents of a file have the id of an earlier one, such as "
                f"{self._in_file[0]}: {len(self._in_file):,}; to distinguish them, give them "
                "different ids (in a table, choose the column with --id-column)"
            )


def _read_file(
    path: str,
    format: str | None,
    encoding: str,
    skipped: SkippedRecords | None,
    options: Mapping[str, str | None],
) -> Iterator[Document]:
    known_format = format or ("text" if path == STDIN else None)
    if path == STDIN and sys.stdin.isatty():
        print_message("reading from the terminal; press Ctrl-D at the end of the text")
    try:
        yield from read(path, known_format, encoding=encoding, on_error=skipped, **options)
    except FormatError as error:
        if skipped is None:
            raise
        skipped(error)
