"""The output of a command: checked before the work, and written document by document.

Each document is flushed before the next one is annotated. An error does not lose what was written:
`GuardedStream` ends the stream at the error, so that the writer completes a well-formed file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TextIO, cast

from vaner.corpora.folders import is_corpus_file
from vaner.display import table
from vaner.display.output_formats import FILE_VIEWS, VIEWS
from vaner.errors import VanerError, escape_control_characters
from vaner.formats import FORMATS, WriteReport, write, write_to
from vaner.formats.brat import ANNOTATION_SUFFIXES
from vaner.formats.compression import check_not_compressed, remove_suffix
from vaner.formats.file_names import find_file
from vaner.formats.read_write import open_output
from vaner.formats.source import STDIN
from vaner.text.documents import Document
from vaner.utils.atomic_write import check_creatable, find_replaceable_file, replace_file


class GuardedStream:
    """A stream of documents that ends at an error and stores it instead of raising it.

    The documents before the error can so be annotated and written before it is reported.

    Args:
        documents: the stream.
        source: a guarded stream that `documents` is computed from; its error counts too.

    Attributes:
        count: number of documents so far.
        written_to: the file that `write_documents` wrote them to. After an error, this is not the
            requested file if that existed before.
    """

    def __init__(self, documents: Iterable[Document], source: GuardedStream | None = None) -> None:
        self._documents, self._source = documents, source
        self.count = 0
        self.written_to = ""
        self._error: Exception | KeyboardInterrupt | None = None

    @property
    def error(self) -> Exception | KeyboardInterrupt | None:
        """The error that ended the stream; None if there was none so far."""
        return self._error or (self._source.error if self._source else None)

    def __iter__(self) -> Iterator[Document]:
        try:
            for document in self._documents:
                self.count += 1
                yield document
        except (Exception, KeyboardInterrupt) as error:
            self._error = error


def check_target(target: str, format: str, sources: Sequence[str]) -> None:
    """Check that the output can be written, before the work starts.

    Raises:
        VanerError: if writing is not permitted, if a file is given instead of a folder or a folder
            instead of a file, if the output is also an input, or if a folder contains files that
            might be overwritten.
    """
    path = Path(target)
    is_folder_format = format in FORMATS and FORMATS[format].folder_writer is not None
    if is_folder_format and target == STDIN:
        raise VanerError(f"{format} is a folder of files; give a folder with -o FOLDER")
    if target == STDIN and format in FORMATS and FORMATS[format].file_writer:
        raise VanerError(f"{format} cannot be written to standard output; give a file with -o FILE")
    if target == STDIN:
        return
    if is_folder_format and path.exists() and not path.is_dir():
        raise VanerError(
            f"{target}: is a file, but {format} needs a folder; give a new folder, or another "
            "format with --format"
        )
    if is_folder_format and path.is_dir() and any(path.iterdir()):
        raise VanerError(f"{target}: is not empty; give a new folder for {format}")
    if not is_folder_format and path.is_dir():
        raise VanerError(f"{target}: is a folder, but {format} needs a file")
    if format in FILE_VIEWS or (format in FORMATS and FORMATS[format].path_writer):
        check_not_compressed(path, format)
    check_creatable(path)
    check_not_input(path, sources)


def check_not_input(path: Path, sources: Iterable[str]) -> None:
    """Check that an output does not replace an input.

    Args:
        path: the output.
        sources: files and folders that are read. They may be missing, such as names of corpora.

    Raises:
        VanerError: if it does.
    """
    if path.exists() and any(_is_read_with(path, Path(s)) for s in sources if s != STDIN):
        raise VanerError(f"{path}: is also an input; give another output file")


def _is_read_with(path: Path, source: Path) -> bool:
    """Return whether a path is read with a source: as the file itself, or in its folder."""
    if source.is_dir():
        is_brat = path.suffix.lower() in {".txt", *ANNOTATION_SUFFIXES}
        is_in_folder = path.absolute().parent.samefile(source)
        return is_in_folder and (is_brat or is_corpus_file(path.name, source))
    is_annotation = source.suffix.lower() in ANNOTATION_SUFFIXES
    texts = [find_file(source.with_suffix(".txt"))] if is_annotation else []
    return any(file.exists() and path.samefile(file) for file in (source, *texts))


def write_documents(documents: Iterable[Document], target: str, format: str) -> WriteReport:
    """Write documents one by one.

    The file is opened when the first document arrives: a command that fails at once leaves an
    existing file as it was. An existing file is replaced when all documents are written; until
    then they are in a file next to it, which stays if there is an error.

    Args:
        documents: the documents.
        target: file, folder for brat, or ``-`` for standard output.
        format: name of the format.

    Raises:
        VanerError: if the output cannot be written.
    """
    stream = iter(documents)
    first = next(stream, None)
    guarded = documents if isinstance(documents, GuardedStream) else None
    # A guarded stream without documents ended at an error: there is nothing to write.
    if first is None and guarded is not None and guarded.error:
        return WriteReport()
    all_documents = chain([first] if first is not None else [], stream)
    existing = find_replaceable_file(Path(target)) if target != STDIN else None
    existing = existing if existing is not None and existing.exists() else None
    file = target if existing is None else _partial_file(existing)
    if guarded is not None:
        guarded.written_to = "standard output" if file == STDIN else file
    try:
        report = _write_to_target(all_documents, file, format)
        if existing is not None and not (guarded is not None and guarded.error):
            replace_file(Path(file), existing)
        return report
    except BrokenPipeError:
        raise
    except OSError as error:
        raise VanerError(f"{target}: cannot be written: {error.strerror or error}") from None


def _write_to_target(documents: Iterable[Document], target: str, format: str) -> WriteReport:
    if format in FILE_VIEWS:
        lost = Counter[str]()
        count = sum(1 for _ in FILE_VIEWS[format](documents, Path(target), lost))
        return WriteReport(count, dict(+lost))
    if target != STDIN and format not in VIEWS:
        return write(documents, target, format)
    with open_output(target) as file:
        return write_to_stream(documents, file, format)


def _partial_file(path: Path) -> str:
    """Return the name of the file that is written before it replaces an existing one.

    >>> _partial_file(Path("runs/annotated.jsonl.gz"))
    'runs/annotated.partial.jsonl.gz'
    """
    name = remove_suffix(path.name)
    stem, suffixes = Path(name).stem, Path(name).suffix + path.name[len(name) :]
    return str(path.with_name(f"{stem}.partial{suffixes}"))


def write_to_stream(documents: Iterable[Document], stream: TextIO, format: str) -> WriteReport:
    """Write documents in a format or a view to a text stream."""
    if format not in VIEWS:
        return write_to(documents, _protect_terminal(stream), format)
    lost = Counter[str]()
    count = 0

    def count_documents() -> Iterator[Document]:
        nonlocal count
        for document in documents:
            count += 1
            yield document

    view = table.draw if format == "table" and stream.isatty() else VIEWS[format]
    output = stream if view is table.draw else _protect_terminal(stream)
    for piece in view(count_documents(), lost):
        output.write(piece)
        output.flush()
    return WriteReport(count, dict(+lost))


def _protect_terminal(stream: TextIO) -> TextIO:
    """Return a stream that escapes control characters if it is a terminal, which obeys them."""
    return cast(TextIO, _EscapingStream(stream)) if stream.isatty() else stream


class _EscapingStream:
    """A terminal that shows control characters as escapes, except for line breaks and tabs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(escape_control_characters(text, keep="\n\r\t"))

    def flush(self) -> None:
        self._stream.flush()
