"""Reading and writing formats outside the process that serves clients.

A body can be large, or slow to read. Its work is done in a process that is killed when it takes
too long. There is one process for small requests and one for large ones, so that a large request
does not delay small ones.
"""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from vaner.errors import VanerError
from vaner.server.worker import Loaded, WorkerError, WorkerProcess

Result = TypeVar("Result")

_SMALL = 200_000  # bytes or characters of a small request
_THREADS = 4


class FormatPool:
    """Runs functions that read and write formats.

    Args:
        is_isolated: whether they run in processes; otherwise in threads, which cannot be stopped.
    """

    def __init__(self, is_isolated: bool) -> None:
        workers = [WorkerProcess(load_caller, threads=1) for _ in range(2)] if is_isolated else []
        self._workers = workers
        self._threads: list[Executor] = []

    def start(self) -> None:
        """Start the threads and processes and wait until they are ready."""
        number = 1 if self._workers else _THREADS
        self._threads = [ThreadPoolExecutor(number, "vaner-formats") for _ in range(2)]
        for worker in self._workers:
            worker.start()
        for worker in self._workers:
            worker.prepare()

    async def run(self, size: int, function: Callable[..., Result], *args: Any) -> Result:
        """Call a function. If this is cancelled, its process is killed.

        Args:
            size: size of the work, in bytes or characters.
            function: a function of a module; its arguments and its result can be pickled.
            args: its arguments.

        Raises:
            WorkerError: if the process ended, or if the function failed because of a bug.
            VanerError: raised by the function, as is `RejectedRequest`.
        """
        lane, stopped = int(size > _SMALL), threading.Event()
        if self._workers:
            worker = self._workers[lane]
            future = self._threads[lane].submit(_call, worker, stopped, function, *args)
        else:
            future = self._threads[lane].submit(function, *args)
        try:
            return await asyncio.wrap_future(future)
        finally:
            stopped.set()

    def close(self) -> None:
        """End the threads and processes."""
        for worker in self._workers:
            worker.kill()
        for threads in self._threads:
            threads.shutdown(wait=False, cancel_futures=True)


def load_caller() -> Loaded:
    """Load what the functions need, and return a function that calls them."""
    import vaner.server.request
    import vaner.server.response
    import vaner.server.web_page  # noqa: F401 - loaded now, and not for the first request
    from vaner.formats import FormatWarning

    # Warnings about the files of clients do not belong in the log of the server.
    warnings.simplefilter("ignore", FormatWarning)
    return Loaded(call)


def call(function: Callable[..., Result], *args: Any) -> Result:
    """Call a function."""
    return function(*args)


def _call(worker: WorkerProcess, stopped: threading.Event, *args: Any) -> Any:
    """Call a function in a process, in a thread that waits for it."""
    try:
        return worker.call(*args, is_abandoned=stopped.is_set)
    except WorkerError:
        with suppress(VanerError, WorkerError, OSError):
            worker.start()  # a process that ended is replaced at once
        raise
