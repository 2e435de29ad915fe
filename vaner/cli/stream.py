"""A stream of documents from the input of a command, through a function, to its output."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from vaner.cli.inputs import SkippedRecords, expand_paths, read_documents
from vaner.cli.messages import print_message
from vaner.cli.outputs import GuardedStream, check_target, write_documents
from vaner.cli.shard import Shard
from vaner.display.output_formats import FILE_VIEWS, VIEWS, output_format
from vaner.display.text import describe_losses, format_count, format_counts
from vaner.errors import VanerError
from vaner.formats.names import resolve_format_name
from vaner.formats.source import STDIN
from vaner.text.documents import Document, tally_mentions

if TYPE_CHECKING:
    from vaner.cluster.annotation_settings import AnnotateStream
    from vaner.formats import WriteReport


class AnnotationStream:
    """Text to annotate and the place to write it to, checked before anything is loaded.

    Args:
        files: files, folders, or ``-`` for standard input, which is the default.
        text: a text, instead of files.
        input_format: format of the files; detected if None.
        encoding: encoding of the files.
        recursive: whether to read the subfolders of folders as well.
        columns: options of CSV and CoNLL: ``text_column``, ``id_column`` and ``columns``, or None.
        output: file, folder, or ``-`` for standard output.
        format: output format; by the name of the output if None.
        skip_bad: whether to skip invalid records.
        quiet: whether to print no progress and no summary.
        shard: ``i/n`` for the i-th of n parts of the input; all of it if None.

    Attributes:
        output_format: name of the output format.

    Raises:
        VanerError: if the input cannot be read or the output cannot be written, or if both files
            and a text are given.
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
        recursive: bool = False,
        columns: Mapping[str, str | None] | None = None,
    ) -> None:
        if text is not None and files:
            raise VanerError("give either --text or files, not both")
        file_options = {
            "--shard": shard, "--input-format": input_format, "--skip-bad": skip_bad,
            "--encoding": encoding != "utf-8", "--recursive": recursive,
            **{f"--{name.replace('_', '-')}": value for name, value in (columns or {}).items()},
        }  # fmt: skip
        given = [name for name, value in file_options.items() if value]
        if text is not None and given:
            raise VanerError(f"{given[0]} applies to files and cannot be used with --text")
        self._columns = dict(columns or {})
        self._text, self._encoding, self._output, self._quiet = text, encoding, output, quiet
        self._input_format = resolve_format_name(input_format)
        self.output_format = output_format(format, output)
        names = list(files or ["-"]) if text is None else []
        self._paths = expand_paths(names, self._input_format, recursive=recursive)
        self._roots = names if recursive else []
        check_target(output, self.output_format, self._paths)
        self._shard = None if shard is None else Shard.parse(shard)
        self._skipped = SkippedRecords() if skip_bad else None

    def run(self, annotate: AnnotateStream, system: str = "") -> Counter[str]:
        """Annotate and write the documents, and return the number of mentions of each type.

        Args:
            annotate: annotates a stream of documents.
            system: the model and its form, for the summary.

        Raises:
            VanerError: if a document cannot be read; those before it are written.
        """
        from vaner.display.progress import show_progress

        start, mentions = time.monotonic(), Counter[str]()
        source = GuardedStream(self._documents())
        annotated = show_progress(
            annotate(source), "annotating", quiet=self._quiet,
            prints_results=self._output == STDIN,
        )  # fmt: skip
        guarded = GuardedStream(tally_mentions(annotated, mentions), source)
        report = write_documents(guarded, self._output, self.output_format)
        if guarded.error is not None:
            if guarded.count:
                written = format_count(report.documents, "document")
                print_message(f"stopped early: {written} written to {guarded.written_to}")
                self._print_losses(report)
            raise guarded.error
        if not self._quiet:
            _print_summary(report, mentions, time.monotonic() - start, system)
        self._print_losses(report)
        if self._skipped is not None:
            self._skipped.print_count()
        return mentions

    def check_metadata(self, **options: bool) -> None:
        """Print a warning for each option that adds metadata, if the output is a view without it.

        Other formats count the metadata that they cannot hold.

        Args:
            options: name of an option -> whether it is given.
        """
        format = self.output_format
        for name, is_given in options.items():
            if is_given and format in (*VIEWS, *FILE_VIEWS):
                print_message(
                    f"warning: --{name} has no effect on {format}; use it with jsonl or parquet"
                )

    def _documents(self) -> Iterable[Document]:
        if self._text is not None:
            return [Document("text", self._text)]
        options = (
            self._input_format, self._encoding, self._skipped, self._columns, self._roots
        )  # fmt: skip
        if self._shard is None:
            return read_documents(self._paths, *options)
        if self._shard.selects_files(self._paths):
            paths = [*self._shard.select(self._paths)]
            return read_documents(paths, *options)
        return self._shard.select(read_documents(self._paths, *options))

    def _print_losses(self, report: WriteReport) -> None:
        if report.lost and not self._quiet:
            print_message(describe_losses(self.output_format, report.lost))


def _print_summary(
    report: WriteReport, mentions: Counter[str], seconds: float, system: str
) -> None:
    types = f" ({format_counts(mentions)})" if mentions else ""
    total = format_count(mentions.total(), "mention")
    documents = format_count(report.documents, "document")
    print_message(f"{documents}, {total}{types} in {seconds:.1f} s{system and f', by {system}'}")
