"""What a document format is: its names, its reader and writers, and what it can hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vaner.formats.source import InMemoryFile
from vaner.text.documents import Document


class Reader(Protocol):
    """A function that reads the documents of a file."""

    __call__: Callable[..., Iterator[Document]]


MemberReader = Callable[[str | Path], Iterator[InMemoryFile]]
Writer = Callable[[Iterable[Document], Counter[str]], Iterator[str]]
PathWriter = Callable[[Iterable[Document], Path, Counter[str]], Iterator[Document]]

Support = bool | str
"""Whether a format holds something; a string says what it holds instead."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a format with mentions can hold.

    Args:
        nested: nested and crossing mentions.
        discontinuous: mentions with several fragments.
        scores: scores of mentions.
        identifiers: concept identifiers of mentions.
        relations: relations, attributes and notes.
        document_ids: ids of documents.
        white_space: the white space of the text, unchanged.
        candidates: concepts that mentions may refer to.
        context: what sentences say about mentions, such as a negation.
    """

    nested: Support = True
    discontinuous: Support = True
    scores: Support = True
    identifiers: Support = True
    relations: Support = True
    document_ids: Support = True
    white_space: Support = True
    candidates: Support = False
    context: Support = False


@dataclass(frozen=True, slots=True)
class Format:
    """A document format.

    Args:
        name: name on the command line, in Python and in the server.
        description: a line for help texts and documentation.
        suffixes: usual suffixes of its files; the first is used for new files.
        reader: reads the documents of a file; None for archives, whose files are read one by one.
        aliases: other accepted names. Upper case, ``-`` and ``_`` are ignored in all names.
        holds: what it can hold; None for formats without mentions.
        writer: yields the text of each document; None if the format cannot be written as a stream.
        folder_writer: writes a folder of files.
        file_writer: writes a binary file.
        is_binary: whether its files are not text.
        options: names of further parameters of the reader, such as the column of the text.
        is_identified_by_content: whether a file is read in this format only if its content
            identifies it or the user names the format. Otherwise the suffix is sufficient.
        needs_folder: whether the reader needs other files of the same folder.
        member_reader: yields the files of an archive; the format of each is detected.
        unread: what its files may contain that is not read. Most of it is counted.
        metadata_keys: metadata from which the writer restores relations, attributes and notes.
    """

    name: str
    description: str
    suffixes: tuple[str, ...]
    reader: Reader | None = None
    aliases: tuple[str, ...] = ()
    holds: Capabilities | None = None
    writer: Writer | None = None
    folder_writer: PathWriter | None = None
    file_writer: PathWriter | None = None
    is_binary: bool = False
    options: tuple[str, ...] = ()
    is_identified_by_content: bool = False
    needs_folder: bool = False
    member_reader: MemberReader | None = None
    metadata_keys: tuple[str, ...] = ()
    unread: str = ""

    @property
    def path_writer(self) -> PathWriter | None:
        """The writer of a format that cannot be written to a stream."""
        return self.folder_writer or self.file_writer

    @property
    def is_writable(self) -> bool:
        """Whether documents can be written in this format."""
        return bool(self.writer or self.path_writer)
