"""Jobs in parts: whatever is killed, every document is written exactly once."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaner.cluster.annotation_settings import AnnotateStream, AnnotationSettings
from vaner.cluster.engine import LocalEngine
from vaner.cluster.job import JobState, open_job, run_job
from vaner.cluster.plan import Part, Source, split_into_parts
from vaner.cluster.store import Manifest, PartReport, Store, sum_reports
from vaner.cluster.worker import CountedFile, Task, Worker, count_documents
from vaner.errors import VanerError
from vaner.formats import read
from vaner.recognition.options import AnnotateOptions, LoadOptions
from vaner.text.documents import Document, Span


class Killed(BaseException):
    """Simulates the kill of a process: no except clause of the program catches it."""


def annotate_first_word(documents: Iterable[Document]) -> Iterator[Document]:
    """Annotate the first word of every text."""
    for document in documents:
        yield document.with_spans([Span(0, len(document.text.split()[0]), "Word", 0.5)])


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Annotate the first word instead of loading a model."""
    monkeypatch.setattr(AnnotationSettings, "load", lambda self, output_format: annotate_first_word)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Return three files with seven, zero and four documents."""
    (tmp_path / "in").mkdir()
    for name, number in (("a", 7), ("b", 0), ("c", 4)):
        lines = (json.dumps({"id": f"{name}{i}", "text": f"Flu {i}"}) for i in range(number))
        (tmp_path / "in" / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return [str(path) for path in sorted((tmp_path / "in").iterdir())]


def make_task(tmp_path: Path, **more: Any) -> Task:
    folder = str(tmp_path / "out")
    return replace(Task(settings=AnnotationSettings(), folder=folder, format="jsonl"), **more)


def settings(**load_options: Any) -> AnnotationSettings:
    return AnnotationSettings(load_options=LoadOptions(**load_options))


def annotate(
    files: Sequence[str], task: Task, *, resume: bool = False, size: int = 3, engine: Any = None
) -> JobState:
    messages: list[CountedFile] = []
    engine = engine or LocalEngine()
    job = open_job(files, task, engine, size, resume=resume, on_messages=messages.append)
    *_, state = run_job(job, task, engine)
    return state


def results(task: Task) -> list[str]:
    """Return the ids of the written documents, in the order of the parts."""
    parts = sorted(Path(task.folder).glob("part-*"))
    return [document.id for part in parts for document in read(part)]


ALL_IDS = [f"a{i}" for i in range(7)] + [f"c{i}" for i in range(4)]


# The plan -----------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 40), max_size=6), st.integers(1, 15))
def test_every_document_is_in_one_part(numbers: list[int], size: int) -> None:
    sources = [Source(str(i), 1, number) for i, number in enumerate(numbers)]
    parts = split_into_parts(sources, size)
    covered = [(part.path, i) for part in parts for i in range(part.first, part.end)]
    assert covered == [(s.path, i) for s in sources for i in range(s.documents)]
    assert [part.number for part in parts] == list(range(len(parts)))
    for source in sources:
        lengths = [part.documents for part in parts if part.path == source.path]
        assert all(0 < n <= size for n in lengths)
        assert not lengths or max(lengths) - min(lengths) <= 1


# A job --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize("format", ["jsonl", "parquet", "conll", "label_studio", "bioc_xml"])
def test_a_job_in_every_format(tmp_path: Path, files: list[str], format: str) -> None:
    task = make_task(tmp_path, format=format)
    state = annotate(files, task)
    assert (state.parts, state.documents, state.failed) == (5, 11, ())
    documents, mentions, _ = sum_reports(state.done)
    assert (documents, mentions) == (11, {"Word": 11})
    names = sorted(path.name.partition(".")[0] for path in Path(task.folder).glob("part-*"))
    assert names == [f"part-{i:05d}-of-00005" for i in range(5)]
    if format != "conll":  # which has no place for ids
        assert results(task) == ALL_IDS


@pytest.mark.usefixtures("no_model")
def test_the_parts_equal_a_single_stream(tmp_path: Path, files: list[str]) -> None:
    task = make_task(tmp_path)
    annotate(files, task)
    parts = (d for part in sorted(Path(task.folder).glob("part-*")) for d in read(part))
    assert list(parts) == list(annotate_first_word(d for file in files for d in read(file)))


class MortalWorker(Worker):
    """A worker that is killed after `documents_left` documents."""

    documents_left = 0

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._annotate = self._dying(self._annotate)

    def _dying(self, annotate: AnnotateStream) -> AnnotateStream:
        def dying(documents: Iterable[Document]) -> Iterator[Document]:
            for document in annotate(documents):
                MortalWorker.documents_left -= 1
                if MortalWorker.documents_left < 0:
                    raise Killed
                yield document

        return dying


class DyingEngine(LocalEngine):
    def annotate_parts(self, parts: Sequence[Part], task: Task) -> Iterator[PartReport]:
        return map(MortalWorker(task), parts)


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize("life", range(0, 12))
def test_a_killed_job_can_be_resumed(
    tmp_path: Path, files: list[str], life: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = make_task(tmp_path)
    monkeypatch.setattr(MortalWorker, "documents_left", life)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # killed processes leave their files
    if life < len(ALL_IDS):
        with pytest.raises(Killed):
            annotate(files, task, engine=DyingEngine())
        assert len(results(task)) <= life
    else:
        annotate(files, task, engine=DyingEngine())
    monkeypatch.undo()
    monkeypatch.setattr(AnnotationSettings, "load", lambda self, output_format: annotate_first_word)
    before = {path: path.stat().st_mtime_ns for path in Path(task.folder).glob("part-*")}
    assert not annotate(files, task, resume=True).failed
    assert results(task) == ALL_IDS
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    assert not list((Path(task.folder) / "_vaner" / "unfinished").iterdir())


@pytest.mark.usefixtures("no_model")
def test_a_part_that_kills_its_workers_fails(tmp_path: Path, files: list[str]) -> None:
    task = make_task(tmp_path, total_parts=1)
    part, store = Part(0, files[0], 0, 7), task.store
    store.write_manifest(Manifest({}, (Source(files[0], 1, 7),), 7))
    for number in range(3):
        assert Worker(task)(part).problem is None or number
        store.part_path(part, 1).unlink(missing_ok=True)
        (store.temporary_path(part).parent / f"00000.elsewhere.{number}.jsonl").touch()
    assert "3 workers died while annotating documents 0 to 7" in str(Worker(task)(part).problem)
    store.remove_temporary_files()
    assert Worker(task)(part).documents == 7


@pytest.mark.usefixtures("no_model")
def test_a_part_that_lost_its_content_is_annotated_again(tmp_path: Path, files: list[str]) -> None:
    """A disk that is full or damaged may leave less of a file than was written."""
    task = make_task(tmp_path)
    annotate(files, task)
    part = next((tmp_path / "out").glob("part-00001-*"))
    before = part.read_bytes()
    part.write_bytes(before[:10])
    assert sum_reports(annotate(files, task, resume=True).done)[0] == 11
    assert part.read_bytes() == before


@pytest.mark.usefixtures("no_model")
def test_a_part_without_its_report_is_annotated_again(tmp_path: Path, files: list[str]) -> None:
    task = make_task(tmp_path)
    annotate(files, task)
    (Path(task.folder) / "_vaner" / "reports" / "00001.json").write_text("{")
    (Path(task.folder) / "part-00003-of-00005.jsonl").unlink()
    assert sum_reports(annotate(files, task, resume=True).done)[0] == 11
    assert results(task) == ALL_IDS


# Errors ----------------------------------------------------------------------------


@pytest.mark.usefixtures("no_model")
def test_invalid_records_stop_the_job_or_are_counted_once(tmp_path: Path, files: list[str]) -> None:
    with Path(files[0]).open("a") as file:
        file.write("nonsense\n" + json.dumps({"id": "a8", "text": "Flu 8"}) + "\n")
    with pytest.raises(VanerError, match=r"a\.jsonl:8: "):
        annotate(files, make_task(tmp_path))
    assert not (tmp_path / "out").exists()
    task = make_task(tmp_path, skip_bad=True)
    counted = count_documents(files[0], task)
    assert (counted.source.documents, counted.source.bad, len(counted.messages)) == (8, 1, 1)
    assert not annotate(files, task).failed
    assert results(task) == [*ALL_IDS[:7], "a8", *ALL_IDS[7:]]


def test_a_missing_model_fails_every_part(
    tmp_path: Path, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    task = make_task(tmp_path, settings=settings(model="no/such/model"))
    state = annotate(files, task)
    assert len(state.failed) == 5 and not state.done
    assert all("no/such/model" in str(report.problem) for report in state.failed)


@pytest.mark.usefixtures("no_model")
def test_a_part_that_cannot_be_stored_fails_alone(
    tmp_path: Path, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace_most(old: Path, new: Path, replace: Any = os.replace) -> None:
        if new.name.startswith("part-00001"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(old, new)

    monkeypatch.setattr(os, "replace", replace_most)
    state = annotate(files, make_task(tmp_path))
    [failed] = state.failed
    assert (failed.number, len(state.done)) == (1, 4)
    assert str(failed.problem).endswith("cannot be written: No space left on device")


@pytest.mark.usefixtures("no_model")
def test_only_the_same_job_can_be_resumed(tmp_path: Path, files: list[str]) -> None:
    task = make_task(tmp_path)
    annotate(files, task)
    with pytest.raises(VanerError, match="continue it with --resume"):
        annotate(files, task)
    other = replace(
        task, settings=AnnotationSettings(annotate_options=AnnotateOptions(min_score=0.5))
    )
    with pytest.raises(VanerError, match=r"another --min-score \(None\); use the same"):
        annotate(files, other, resume=True)
    with pytest.raises(VanerError, match="started with another --part-size"):
        annotate(files, task, resume=True, size=4)
    with pytest.raises(VanerError, match="started with other files"):
        annotate(files[:2], task, resume=True)
    # Options that only change the speed may differ.
    assert annotate(files, replace(task, settings=settings(batch_size=4)), resume=True).done
    manifest_file = Path(task.folder) / "_vaner" / "manifest.json"
    old = json.loads(manifest_file.read_text())
    old["settings"]["dataset"] = old["settings"].pop("corpus")  # as earlier versions wrote it
    manifest_file.write_text(json.dumps(old))
    assert annotate(files, task, resume=True).done
    with Path(files[2]).open("a") as file:
        file.write("\n")
    with pytest.raises(VanerError, match=r"c\.jsonl: has changed"):
        annotate(files, task, resume=True)


@pytest.mark.usefixtures("no_model")
def test_other_folders_are_not_changed(tmp_path: Path, files: list[str]) -> None:
    task = make_task(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    for resume in (False, True):
        with pytest.raises(VanerError, match="is not empty and contains no job"):
            annotate(files, task, resume=resume)


@pytest.mark.usefixtures("no_model")
def test_files_without_documents_are_not_an_error(tmp_path: Path, files: list[str]) -> None:
    state = annotate([files[1]], make_task(tmp_path))
    assert state == JobState(0, 0)
    assert annotate([files[1]], make_task(tmp_path), resume=True) == state


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 9}', '{"version": 1, "x": 2}'])
def test_an_invalid_manifest_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "_vaner").mkdir()
    (tmp_path / "_vaner" / "manifest.json").write_text(content)
    with pytest.raises(VanerError, match=r"manifest\.json: "):
        Store(tmp_path, "jsonl").read_manifest()
