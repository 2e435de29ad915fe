"""A worker process: work that can hang or fill the memory runs in it, because it can be killed.

The process is started with *spawn*, loads a function once, and calls it for one task at a time.
Tasks and results are pickled and pass through a pipe. Nothing of another program is unpickled: both
ends of the pipe are this package.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, NoReturn

from vaner.errors import VanerError
from vaner.server.limits import RejectedRequest
from vaner.server.memory import release_memory

_POLL_SECONDS = 0.1  # how often a waiting thread checks whether its result is still needed
_IDLE_SECONDS = 1.0  # without a task for so long, a worker releases memory
_SPAWN = multiprocessing.get_context("spawn")


class WorkerError(Exception):
    """The worker process ended during a task, or the task failed because of a bug."""


class WorkerStoppedError(WorkerError):
    """The worker process was killed because its result was no longer needed."""


class Loaded(NamedTuple):
    """What a worker process loads.

    Args:
        function: called with the arguments of each task.
        info: a value for the process that started the worker.
    """

    function: Callable[..., Any]
    info: Any = None


class WorkerProcess:
    """A process that performs tasks, and is replaced when it ends.

    One thread at a time may use it; `kill` may be called from any thread.

    Args:
        load: a function that can be pickled. The process calls it once.
        threads: number of threads of numerical libraries in the process; their default if None.
    """

    def __init__(self, load: Callable[[], Loaded], threads: int | None = None) -> None:
        self._load, self._threads = load, threads
        self._process: Any = None
        self._connection: Connection | None = None
        self._started = 0.0
        self.info: Any = None
        self.load_seconds = 0.0

    def start(self) -> None:
        """Start the process, unless it runs. It loads its function in the background."""
        if self._connection is not None:
            return
        self._started, self.load_seconds = time.monotonic(), 0.0
        self._connection, other_end = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_run, args=(other_end, self._load, self._threads), name="vaner-worker",
            daemon=True,
        )  # fmt: skip
        self._process.start()
        other_end.close()  # so that the end of the process closes the connection
        atexit.register(self.kill)

    @property
    def is_prepared(self) -> bool:
        """Whether the process has loaded its function, and has not ended."""
        process = self._process
        return bool(self.load_seconds) and process is not None and process.is_alive()

    def prepare(self) -> None:
        """Wait until the process has loaded its function; start it if necessary.

        Raises:
            VanerError: if the function cannot be loaded.
            WorkerError: if the process ended.
        """
        if self.load_seconds and not self.is_prepared:
            self.kill()  # it ended between two tasks
        self.start()
        if not self.load_seconds:
            self.info = self._receive(lambda: False)
            self.load_seconds = time.monotonic() - self._started

    def call(self, *args: Any, is_abandoned: Callable[[], bool] = lambda: False) -> Any:
        """Perform a task, and return its result.

        Args:
            args: arguments of the function.
            is_abandoned: returns whether the result is no longer needed. If so, the process is
                killed.

        Raises:
            WorkerStoppedError: if the task was abandoned.
            WorkerError: if the process ended, or if the task failed because of a bug.
            VanerError: raised by the task, as is `RejectedRequest`.
        """
        self.prepare()
        assert self._connection is not None
        try:
            self._connection.send(args)
        except OSError:
            self._raise_ended()
        return self._receive(is_abandoned)

    def kill(self) -> None:
        """End the process, whatever it does. The next task starts another one."""
        process, connection = self._process, self._connection
        self._process, self._connection, self.load_seconds = None, None, 0.0
        if process is not None:
            atexit.unregister(self.kill)
            process.kill()
            process.join()
            process.close()
        if connection is not None:
            connection.close()

    def _receive(self, is_abandoned: Callable[[], bool]) -> Any:
        connection = self._connection
        assert connection is not None
        try:
            while not connection.poll(_POLL_SECONDS):
                if is_abandoned():
                    self.kill()
                    raise WorkerStoppedError("the task took too long")
            result, error = connection.recv()
        except (EOFError, OSError):
            self._raise_ended()
        if error is not None:
            raise error
        return result

    def _raise_ended(self) -> NoReturn:
        self.kill()
        raise WorkerError("a worker process ended; it may have used too much memory") from None


def _run(connection: Connection, load: Callable[[], Loaded], threads: int | None) -> None:
    """Load the function and perform tasks until the other end of the connection is closed."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # the server decides when its workers end
        if hasattr(signal, name):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _end_with_parent()
    if threads is not None:
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    loaded = None
    try:
        loaded = load()
        _send(connection, loaded.info)
    except Exception as error:
        _send(connection, error=error)
        return
    with suppress(EOFError, OSError):
        while True:
            if not connection.poll(_IDLE_SECONDS):
                release_memory()
            args = connection.recv()
            try:
                result = loaded.function(*args)
            except Exception as error:
                _send(connection, error=error)
            else:
                _send(connection, result)
            del args


def _send(connection: Connection, result: Any = None, error: Exception | None = None) -> None:
    """Send a result, or an error in a form that can be unpickled."""
    if isinstance(error, VanerError):  # its subclasses have other arguments
        error = VanerError(str(error), argument=error.argument)
    elif error is not None and not isinstance(error, RejectedRequest):
        defect = WorkerError(type(error).__name__)
        defect.add_note("".join(traceback.format_exception(error)))
        error = defect
    connection.send((result, error))


def _end_with_parent() -> None:
    """End this process as soon as the process that started it has ended."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
