"""The output folder of a job.

The results are ``part-00000-of-00042.jsonl`` and so on, in the order of the input. The subfolder
``_vaner`` contains the manifest, a report of each finished part, and the files that are being
written. A part is written to a temporary file; after its report is on disk, the file is renamed.
So whatever is killed at whatever time, a part is either complete or missing.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vaner.cluster.plan import Part, Source, split_into_parts
from vaner.errors import VanerError, library_errors, summarize_error
from vaner.formats import FORMATS
from vaner.formats.companions import JOB_FOLDER

_VERSION = 1
_RENAMED_SETTINGS = {"dataset": "corpus"}
"""Name of a setting in the manifests of earlier versions -> its name now."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The definition of a job. The same manifest always gives the same parts.

    Args:
        settings: the settings on which the results depend.
        sources: the files of the input.
        part_size: maximum number of documents per part.
    """

    settings: Mapping[str, Any]
    sources: tuple[Source, ...]
    part_size: int

    @property
    def parts(self) -> list[Part]:
        """The parts of the input."""
        return split_into_parts(self.sources, self.part_size)


@dataclass(frozen=True, slots=True)
class PartReport:
    """The result of annotating a part.

    Args:
        number: number of the part.
        documents: number of documents written.
        mentions: number of mentions by type.
        lost: what the format could not represent, by reason.
        seconds: time for reading, annotating and writing.
        processor: processor time for the same, in seconds.
        problem: why the part failed; None if it did not.
        size: number of bytes of its results; None in reports of earlier versions.
    """

    number: int
    documents: int = 0
    mentions: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    processor: float = 0.0
    problem: str | None = None
    size: int | None = None


class Store:
    """Reads and writes the output folder of a job.

    Args:
        folder: the folder, which all machines must be able to access.
        format: format of the parts, which must be a single file.
    """

    def __init__(self, folder: str | Path, format: str) -> None:
        self.folder = Path(folder).absolute()
        self.format = format
        subfolder = self.folder / JOB_FOLDER
        self._manifest = subfolder / "manifest.json"
        self._reports = subfolder / "reports"
        self._unfinished = subfolder / "unfinished"

    def write_manifest(self, manifest: Manifest) -> None:
        """Create the folders of a new job, and write its manifest."""
        for folder in (self._reports, self._unfinished):
            folder.mkdir(parents=True, exist_ok=True)
        _write_atomically(
            self._manifest, json.dumps({"version": _VERSION, **asdict(manifest)}, indent=1)
        )

    def read_manifest(self) -> Manifest | None:
        """Return the manifest of the job in the folder; None if there is no job.

        Raises:
            VanerError: if the manifest cannot be read, or another version of vaner wrote it.
        """
        try:
            record = json.loads(self._manifest.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            reason = summarize_error(error)
            raise VanerError(f"{self._manifest}: cannot be read: {reason}") from None
        with library_errors(self._manifest, "not the manifest of a job"):
            if record.pop("version") != _VERSION:
                raise VanerError(f"{self._manifest}: was written by another version of vaner")
            sources = tuple(Source(**source) for source in record.pop("sources"))
            settings = record.pop("settings")
            renamed = {_RENAMED_SETTINGS.get(name, name): settings[name] for name in settings}
            return Manifest(settings=renamed, sources=sources, **record)

    def part_path(self, part: Part, total: int) -> Path:
        """Return the path of the results of a part.

        Args:
            part: the part.
            total: number of parts of the job.
        """
        name = f"part-{part.number:05d}-of-{total:05d}{FORMATS[self.format].suffixes[0]}"
        return self.folder / name

    def temporary_path(self, part: Part) -> Path:
        """Return a path that only this process uses, to write the results of a part to."""
        suffix = FORMATS[self.format].suffixes[0]
        return self._unfinished / f"{part.number:05d}.{_process_name()}{suffix}"

    def count_attempts(self, part: Part) -> int:
        """Return how many workers were killed while they annotated a part."""
        return sum(1 for _ in self._unfinished.glob(f"{part.number:05d}.*"))

    def finish_part(self, part: Part, total: int, written: Path, report: PartReport) -> None:
        """Store the report of a part and rename its results; both are on disk afterwards.

        Args:
            part: the part.
            total: number of parts of the job.
            written: temporary path of the results.
            report: the report.

        Raises:
            VanerError: if they cannot be written.
        """
        path = self.part_path(part, total)
        try:
            with written.open("rb") as file:
                os.fsync(file.fileno())
            report = replace(report, size=written.stat().st_size)
            content = json.dumps(asdict(report), ensure_ascii=False)
            _write_atomically(self._report_path(part), content)
            os.replace(written, path)
        except OSError as error:
            raise VanerError(f"{path}: cannot be written: {summarize_error(error)}") from error

    def read_report(self, part: Part, total: int) -> PartReport | None:
        """Return the report of a part; None if it is not finished, or its results have changed."""
        try:
            size = self.part_path(part, total).stat().st_size
            report = PartReport(**json.loads(self._report_path(part).read_text("utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return None  # the part is annotated again
        return report if report.size in (None, size) else None

    def remove_temporary_files(self) -> None:
        """Remove the files that were being written when a job was interrupted."""
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir(parents=True, exist_ok=True)

    def _report_path(self, part: Part) -> Path:
        return self._reports / f"{part.number:05d}.json"


def sum_reports(
    reports: Iterable[PartReport],
) -> tuple[int, Counter[str], Counter[str]]:
    """Return the number of documents, of mentions by type, and of losses by reason."""
    documents, mentions, lost = 0, Counter[str](), Counter[str]()
    for report in reports:
        documents += report.documents
        mentions.update(report.mentions)
        lost.update(report.lost)
    return documents, mentions, lost


def changed_settings(before: Mapping[str, Any], now: Mapping[str, Any]) -> Sequence[str]:
    """Return the names of the settings that differ."""
    return [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]


def _process_name() -> str:
    """Return a name that no other process on any machine has."""
    return f"{platform.node()}.{os.getpid()}"


def _write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is either complete or unchanged, also after a crash."""
    new = path.with_name(f"{path.name}.{_process_name()}")
    with new.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
