"""The folder that a job writes: a file for each part, and beside them what the job is.

``part-00000-of-00042.jsonl`` … hold the results, in the order of the input; ``_vaner`` holds the
manifest, a report for each part that is done, and what is being written. A part gets its name when
it is whole, by renaming, and its report is there before it: whatever is killed, a part is either
done or not there.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from vaner.cluster.plan import Part, Source, cut
from vaner.errors import VanerError
from vaner.formats import FORMATS

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a job is: the same manifest gives the same parts.

    Args:
        settings: what the results depend on.
        sources: the input.
        part_size: most documents of a part.
    """

    settings: Mapping[str, Any]
    sources: tuple[Source, ...]
    part_size: int

    @property
    def parts(self) -> list[Part]:
        """The parts of the input."""
        return cut(self.sources, self.part_size)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a part.

    Args:
        number: of the part.
        documents: how many were written.
        mentions: type -> how many.
        lost: reason -> how often the format could not hold something.
        seconds: that it took, reading and writing with it.
        processor: seconds of processor time in that.
        problem: why the part could not be done; None where it is.
    """

    number: int
    documents: int = 0
    mentions: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    processor: float = 0.0
    problem: str | None = None


class Store:
    """The folder of a job.

    Args:
        folder: where it is; all machines must see it.
        format: of the parts, one that is a file.
    """

    def __init__(self, folder: str | Path, format: str) -> None:
        self.folder = Path(folder).absolute()
        self.format = format
        self._own = self.folder / "_vaner"
        self._manifest = self._own / "manifest.json"
        self._reports = self._own / "reports"
        self._unfinished = self._own / "unfinished"

    def begin(self, manifest: Manifest) -> None:
        """Write the manifest, once."""
        for folder in (self._reports, self._unfinished):
            folder.mkdir(parents=True, exist_ok=True)
        _replace(self._manifest, json.dumps({"version": _VERSION, **asdict(manifest)}, indent=1))

    def manifest(self) -> Manifest | None:
        """What was begun here; None where nothing was.

        Raises:
            VanerError: for a manifest that is not ours, or of a later version.
        """
        try:
            record = json.loads(self._manifest.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as problem:
            raise VanerError(f"{self._manifest}: cannot be read: {problem}") from None
        try:
            if record.pop("version") != _VERSION:
                raise VanerError(f"{self._manifest}: is of another version of vaner")
            sources = tuple(Source(**source) for source in record.pop("sources"))
            if "dataset" in (settings := record["settings"]):  # its name in earlier versions
                settings["corpus"] = settings.pop("dataset")
            return Manifest(sources=sources, **record)
        except (AttributeError, KeyError, TypeError):
            raise VanerError(f"{self._manifest}: is no manifest of a job") from None

    def path(self, part: Part, of: int) -> Path:
        """The file of a part."""
        name = f"part-{part.number:05d}-of-{of:05d}{FORMATS[self.format].suffixes[0]}"
        return self.folder / name

    def unfinished(self, part: Part) -> Path:
        """Where this process writes a part; no other process has the same name."""
        suffix = FORMATS[self.format].suffixes[0]
        return self._unfinished / f"{part.number:05d}.{_process()}{suffix}"

    def begun(self, part: Part) -> int:
        """How often a part was begun and neither finished nor given up: its workers were killed."""
        return sum(1 for _ in self._unfinished.glob(f"{part.number:05d}.*"))

    def finish(self, part: Part, of: int, written: Path, report: Report) -> None:
        """Give a part its name; it and its report are on disk then."""
        with written.open("rb") as file:
            os.fsync(file.fileno())
        _replace(self._report(part), json.dumps(asdict(report), ensure_ascii=False))
        os.replace(written, self.path(part, of))

    def report(self, part: Part, of: int) -> Report | None:
        """The report of a part that is done; None of one that is not."""
        if not self.path(part, of).exists():
            return None
        try:
            return Report(**json.loads(self._report(part).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None  # it is done again

    def clear(self) -> None:
        """Remove what was being written when a job was stopped."""
        shutil.rmtree(self._unfinished, ignore_errors=True)
        self._unfinished.mkdir(parents=True, exist_ok=True)

    def _report(self, part: Part) -> Path:
        return self._reports / f"{part.number:05d}.json"


def together(reports: Iterable[Report]) -> tuple[int, Counter[str], Counter[str]]:
    """Documents, mentions by type and losses by reason of all reports."""
    documents, mentions, lost = 0, Counter[str](), Counter[str]()
    for report in reports:
        documents += report.documents
        mentions.update(report.mentions)
        lost.update(report.lost)
    return documents, mentions, lost


def differing(begun: Mapping[str, Any], now: Mapping[str, Any]) -> Sequence[str]:
    """The settings that are not those that a job was begun with."""
    return [name for name in sorted({*begun, *now}) if begun.get(name) != now.get(name)]


def _process() -> str:
    """A name that no other process on any machine has."""
    return f"{platform.node()}.{os.getpid()}"


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    new = path.with_name(f"{path.name}.{_process()}")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
