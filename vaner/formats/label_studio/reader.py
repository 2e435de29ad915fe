"""Reader of Label Studio's tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vaner.formats.json_values import check_type, freeze
from vaner.formats.label_studio.regions import Region, SpanMaker, get_regions
from vaner.formats.label_studio.tasks import (
    check_object,
    list_files,
    read_tasks,
    select_answer,
)
from vaner.formats.label_studio.texts import TEXT, assign_regions
from vaner.formats.label_studio.writer import DEFAULT_NAMES
from vaner.formats.quotes import report_conversion
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, OnError
from vaner.text.documents import Document, Span


def read(
    path: str | Path,
    *,
    encoding: str = "utf-8",
    on_error: OnError | None = None,
    text_column: str | None = None,
) -> Iterator[Document]:
    """Read the documents of tasks, one task in memory at a time; a folder is a target storage.

    A document is named by ``id`` in the ``data`` of its task, which vaner writes, else by Label
    Studio's ``id``, else after the file and the task's position.

    Args:
        path: the file, or a folder with a file per annotation.
        encoding: encoding of the file.
        on_error: see `vaner.formats.read`.
        text_column: name of the data field with the text, or several names separated by commas.

    Warns:
        SkippedRecordsWarning: about tasks and answers that are left out, with their numbers.
    """
    file, skipped = InputFile(path, on_error), SkipCounts()
    fields = text_column.split(",") if text_column else []
    tasks = read_tasks(list_files(file), encoding)
    for number, (source, record) in enumerate(tasks, 1):
        with source.guard(record.line):
            answer = select_answer(record.value, skipped)
            if answer is not None:
                reader = _TaskReader(source, record.line, fields, skipped)
                yield reader.read(record.value, answer, f"{file.stem}-{number}")
    warn_skipped_records(file, skipped)


class _TaskReader:
    """Reads the document of a task.

    Args:
        file: the file, which reports errors.
        line: line of the task.
        fields: names of the fields with the text from the user; may be empty.
        skipped: counts what is left out.
    """

    def __init__(
        self, file: InputFile, line: int, fields: Sequence[str], skipped: SkipCounts
    ) -> None:
        self.file, self.line, self.fields, self.skipped = file, line, fields, skipped

    def read(self, task: Mapping[str, Any], answer: Mapping[str, Any], default_id: str) -> Document:
        """Return the document of a task.

        Args:
            task: the task.
            answer: the annotation or prediction that counts.
            default_id: id of the document if the task has none.

        Raises:
            MalformedError: if the text is not clear, or data or results have another type.
        """
        data = check_object(task.get("data"), "data")
        given = data.get("id", task.get("id"))
        regions = list[Region]()
        for result in check_type(answer.get("result") or [], list, "result"):
            with self.file.guard(self.line, given):
                regions += get_regions(check_object(result, "a result"), self.skipped)
        assigned = assign_regions(data, regions, self.fields)
        id = default_id if given is None else str(given)
        spans, shift = list[Span](), 0
        for name, field_regions in assigned.items():
            maker = SpanMaker(data[name], field_regions, shift)
            if maker.is_converted_by_words:
                report_conversion("count UTF-16 units", id)
            for region in field_regions:
                with self.file.guard(self.line, given):
                    spans.append(maker.make(region))
            shift += len(data[name]) + 1
        stored = _get_stored(data, assigned)
        return Document(
            id,
            "\n".join(data[name] for name in assigned),
            tuple(spans),
            {"label_studio": stored} if stored else {},
        )


def _get_stored(
    data: Mapping[str, Any], assigned: Mapping[str, Sequence[Region]]
) -> dict[str, Any]:
    """Return what is needed to write a task for the same project again."""
    other_data = {k: freeze(v) for k, v in data.items() if k not in assigned and k != "id"}
    stored: dict[str, Any] = {"data": other_data} if other_data else {}
    if len(assigned) > 1:
        fields = {
            name: {"length": len(data[name]), **_get_names(regions)}
            for name, regions in assigned.items()
        }
        return stored | {"fields": fields}
    ((field, regions),) = assigned.items()
    stored |= {"field": field} if field != TEXT else {}
    names = _get_names(regions)
    return stored | ({"names": names} if names and names != DEFAULT_NAMES else {})


def _get_names(regions: Sequence[Region]) -> dict[str, str]:
    if not regions:
        return {}
    names = {"from_name": regions[0].control, "to_name": regions[0].target}
    return {key: name for key, name in names.items() if name is not None}
