"""Ray as the engine: files are counted and parts done by workers on all machines of a cluster.

A worker is an actor of Ray Data that loads its model once. One that dies, with its machine or
without, is started anew by Ray, and its part done again.
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
from vaner.cluster.store import Report
from vaner.cluster.worker import Counted, Task, Worker, count
from vaner.errors import VanerError

_OBJECTS = 100 << 20
"""Bytes of shared memory for a cluster of our own: only parts and reports go through it."""

Row = Mapping[str, Any]


class OnRay:
    """A cluster: the one that is running, or one of this machine alone.

    Args:
        workers: how many; one for each CPU, or for each share of a GPU, if None.
        gpus_per_worker: GPUs, or the share of one, that a worker gets.

    Raises:
        VanerError: where the cluster has no such GPUs.
    """

    def __init__(self, workers: int | None = None, gpus_per_worker: float = 0.0) -> None:
        _connect(workers)
        there = ray.cluster_resources()
        cpus, gpus = there.get("CPU", 1.0), there.get("GPU", 0.0)
        if gpus_per_worker and gpus < gpus_per_worker:
            raise VanerError(f"--gpus-per-worker {gpus_per_worker:g}: Ray sees {gpus:g} GPUs")
        most = gpus / gpus_per_worker if gpus_per_worker else cpus
        self.workers = workers or max(1, int(most))
        self._gpus = gpus_per_worker

    def counted(self, paths: Sequence[str], task: Task) -> Iterator[Counted]:
        rows = [{"path": path} for path in paths]

        def counting(row: Row) -> Row:
            return {"counted": _counted(str(row["path"]), task)}

        found = ray.data.from_items(rows, override_num_blocks=len(rows)).map(counting)
        for row in _rows(found):
            record = json.loads(row["counted"])
            if "problem" in record:
                raise VanerError(record["problem"])
            yield Counted(Source(**record["source"]), tuple(record["messages"]))

    def reports(self, parts: Sequence[Part], task: Task) -> Iterator[Report]:
        rows = [{"part": json.dumps(asdict(part))} for part in parts]
        workers = min(self.workers, len(parts))
        done = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            _Actor,
            fn_constructor_args=(task,),
            batch_size=1,
            compute=ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1),
            num_cpus=1,
            num_gpus=self._gpus or None,
        )
        for row in _rows(done):
            yield Report(**json.loads(row["report"]))

    def close(self) -> None:
        """Leave the cluster; one of our own ends."""
        ray.shutdown()


class _Actor:
    """A worker, in the batches of one row that Ray Data gives it."""

    def __init__(self, task: Task) -> None:
        self._worker = Worker(task)

    def __call__(self, batch: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        parts = [Part(**json.loads(str(one))) for one in batch["part"]]
        return {"report": [json.dumps(asdict(self._worker(part))) for part in parts]}


def _counted(path: str, task: Task) -> str:
    """What is in a file, or what is wrong with it, as JSON."""
    try:
        return json.dumps(asdict(count(path, task)))
    except VanerError as problem:
        return json.dumps({"problem": str(problem)})


def _rows(dataset: Any) -> Iterator[Row]:
    """Rows as they are finished.

    Raises:
        VanerError: where Ray itself could not go on, such as without any machine left.
    """
    try:
        yield from dataset.iter_rows()
    except RayTaskError:
        raise  # a defect: its traceback is what helps
    except RayError as problem:
        told = " ".join(str(problem).split())[:200]
        raise VanerError(f"Ray could not go on: {told}; --resume goes on from here") from problem


def _connect(workers: int | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if not ray.is_initialized():
        try:
            ray.init(address="auto", **quiet)
        except ConnectionError:
            own = max(workers or 0, os.cpu_count() or 1)
            ray.init(
                address="local", num_cpus=own, include_dashboard=False,
                object_store_memory=_OBJECTS, **quiet,
            )  # fmt: skip
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
