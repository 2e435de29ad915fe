"""An engine that runs the workers on the machines of a Ray cluster.

A worker is an actor of Ray Data that loads its model once. If a worker or its machine dies, Ray
starts a new worker, which annotates the part again.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import ray
import ray.data
from ray.data import ActorPoolStrategy, DataContext
from ray.exceptions import RayError, RayTaskError

from vaner.cluster.plan import Part, Source
from vaner.cluster.store import PartReport
from vaner.cluster.worker import CountedFile, Task, Worker, count_documents
from vaner.errors import VanerError

_OBJECT_STORE = 100 << 20
"""Bytes of shared memory of a cluster that is started here; it only holds parts and reports."""

Row = Mapping[str, Any]


class RayEngine:
    """Runs the work on a running Ray cluster, or on a new one on this machine.

    Args:
        workers: number of workers; one for each CPU, or for each share of a GPU, if None.
        gpus_per_worker: GPUs per worker; less than 1 if workers share a GPU.

    Raises:
        VanerError: if Ray does not start, or the cluster has not enough GPUs.
    """

    def __init__(self, workers: int | None = None, gpus_per_worker: float = 0.0) -> None:
        _connect(workers)
        resources = ray.cluster_resources()
        cpus, gpus = resources.get("CPU", 1.0), resources.get("GPU", 0.0)
        if gpus_per_worker and gpus < gpus_per_worker:
            raise VanerError(
                f"--gpus-per-worker {gpus_per_worker:g}: the Ray cluster has {gpus:g} GPUs"
            )
        max_workers = gpus / gpus_per_worker if gpus_per_worker else cpus
        self.workers = workers or max(1, int(max_workers))
        self._gpus = gpus_per_worker

    def count_files(self, paths: Sequence[str], task: Task) -> Iterator[CountedFile]:
        rows = [{"path": path} for path in paths]

        def count(row: Row) -> Row:
            return {"counted": _count_as_json(str(row["path"]), task)}

        counted = ray.data.from_items(rows, override_num_blocks=len(rows)).map(count)
        for row in _finished_rows(counted):
            record = json.loads(row["counted"])
            if "problem" in record:
                raise VanerError(record["problem"])
            yield CountedFile(Source(**record["source"]), tuple(record["messages"]))

    def annotate_parts(self, parts: Sequence[Part], task: Task) -> Iterator[PartReport]:
        rows = [{"part": json.dumps(asdict(part))} for part in parts]
        workers = min(self.workers, len(parts))
        annotated = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            _Actor,
            fn_constructor_args=(task,),
            batch_size=1,
            compute=ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1),
            num_cpus=1,
            num_gpus=self._gpus or None,
        )
        for row in _finished_rows(annotated):
            yield PartReport(**json.loads(row["report"]))

    def close(self) -> None:
        """Leave the cluster, and stop it if it was started here."""
        ray.shutdown()


class _Actor:
    """A worker that receives batches of one row from Ray Data."""

    def __init__(self, task: Task) -> None:
        self._worker = Worker(task)

    def __call__(self, batch: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        parts = [Part(**json.loads(str(row))) for row in batch["part"]]
        return {"report": [json.dumps(asdict(self._worker(part))) for part in parts]}


def _count_as_json(path: str, task: Task) -> str:
    """Count the documents of a file and return the result, or the error, as JSON."""
    try:
        return json.dumps(asdict(count_documents(path, task)))
    except VanerError as error:
        return json.dumps({"problem": str(error)})


def _finished_rows(dataset: Any) -> Iterator[Row]:
    """Yield the rows as they are finished.

    Raises:
        VanerError: if Ray itself fails, for instance because no machine is left.
    """
    try:
        yield from dataset.iter_rows()
    except RayTaskError:
        raise  # a defect of vaner: its traceback is needed
    except RayError as error:
        message = " ".join(str(error).split())[:200]
        raise VanerError(f"Ray failed: {message}; continue with --resume") from error


def _connect(workers: int | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # sends no usage data
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if not ray.is_initialized():
        try:
            ray.init(address="auto", **quiet)
        except ConnectionError:
            _start_locally(max(workers or 0, os.cpu_count() or 1), quiet)
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False


def _start_locally(num_cpus: int, quiet: Mapping[str, Any]) -> None:
    try:
        ray.init(
            address="local", num_cpus=num_cpus, include_dashboard=False,
            object_store_memory=_OBJECT_STORE, **quiet,
        )  # fmt: skip
    except Exception as error:  # Ray has no type for a process of its that does not start
        message = " ".join(str(error).split())[:200].rstrip(".")
        raise VanerError(
            f"Ray does not start on this machine: {message}; try again when it is less busy, or "
            "use --engine local"
        ) from error
