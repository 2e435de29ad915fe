"""From what a command is given to read to where its results go, document by document."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from vaner.cli.inputs import Skipped, documents, expand
from vaner.cli.messages import print_message
from vaner.cli.outputs import Guarded, check_target, deliver
from vaner.cli.shard import Shard
from vaner.display.output_formats import output_format
from vaner.display.text import counted, listed, losses
from vaner.errors import VanerError
from vaner.formats.names import resolve_format_name
from vaner.text.documents import Document

if TYPE_CHECKING:
    from vaner.cluster.annotation_settings import AnnotateStream
    from vaner.formats import WriteReport


class Job:
    """Text to be annotated, and where it goes. All is checked before anything is loaded.

    Args:
        files: files, folders, or ``-``; standard input where there are none.
        text: the text itself, in place of files.
        input_format, encoding: of the files.
        output: file, folder, or ``-``.
        format: to write.
        skip_bad: whether bad records are left out.
        quiet: no progress and no summary.
        shard: i/n for the i-th of n parts of the input; all of it if None.

    Attributes:
        writing: name of the format that is written.

    Raises:
        VanerError: for what cannot be read or written, or both files and a text.
    """

    def __init__(
        self,
        files: Sequence[str] | None,
        text: str | None,
        *,
        input_format: str | None,
        encoding: str,
        output: str,
        format: str | None,
        skip_bad: bool,
        quiet: bool,
        shard: str | None = None,
    ) -> None:
        if text is not None and files:
            raise VanerError("give either --text or files, not both")
        of_files = {
            "--shard": shard, "--input-format": input_format, "--skip-bad": skip_bad,
            "--encoding": encoding != "utf-8",
        }  # fmt: skip
        given = [name for name, value in of_files.items() if value]
        if text is not None and given:
            raise VanerError(f"{given[0]} is for files and standard input, not for --text")
        self._text, self._encoding, self._output, self._quiet = text, encoding, output, quiet
        self._reading = resolve_format_name(input_format)
        self.writing = output_format(format, output)
        self._sources = expand(files or ["-"], self._reading) if text is None else []
        check_target(output, self.writing, self._sources)
        self._shard = None if shard is None else Shard.named(shard)
        self._skipped = Skipped() if skip_bad else None

    def run(self, annotate: AnnotateStream) -> None:
        """Annotate and write; errors are raised once all that came before them is on disk."""
        from vaner.display.progress import watched

        started, counts = time.monotonic(), Counter[str]()
        source = Guarded(self._documents())
        watching = watched(annotate(source), "annotating", quiet=self._quiet)
        finished = Guarded(_counting(watching, counts), source)
        report = deliver(finished, self._output, self.writing)
        if finished.problem is not None:
            if finished.number:
                written = counted(report.documents, "document")
                print_message(f"stopped early: {written} written to {self._output}")
                _tell_losses(report, self.writing, self._quiet)
            raise finished.problem
        if not self._quiet:
            _summarise(report, counts, time.monotonic() - started)
        _tell_losses(report, self.writing, self._quiet)
        if self._skipped is not None:
            self._skipped.conclude()

    def _documents(self) -> Iterable[Document]:
        if self._text is not None:
            return [Document("text", self._text)]
        how = (self._reading, self._encoding, self._skipped)
        if self._shard is None:
            return documents(self._sources, *how)
        if self._shard.by_files(self._sources):
            return documents([*self._shard.part(self._sources)], *how)
        return self._shard.part(documents(self._sources, *how))


def _counting(documents: Iterable[Document], counts: Counter[str]) -> Iterator[Document]:
    for document in documents:
        counts.update(span.type for span in document.spans)
        yield document


def _summarise(report: WriteReport, counts: Counter[str], seconds: float) -> None:
    types = f" ({listed(counts)})" if counts else ""
    found = counted(counts.total(), "mention")
    print_message(f"{counted(report.documents, 'document')}, {found}{types} in {seconds:.1f} s")


def _tell_losses(report: WriteReport, format: str, quiet: bool) -> None:
    if report.lost and not quiet:
        print_message(losses(format, report.lost))
