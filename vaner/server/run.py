"""Running the server until a signal stops it, and answering the accepted requests first."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from vaner.server.connections import LimitedProtocol

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_TICKS_PER_SECOND = 10  # of uvicorn
_ANSWER_PART = 0.6  # part of the grace time after which unanswered requests are answered with 503
_CANCEL_PART = 0.75  # part after which tasks that still run are cancelled
_OTHER_FILES = 200  # open files other than connections


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Options of the server that do not concern single requests.

    Args:
        max_connections: open connections, of all clients together; see `LimitedProtocol`.
        receive_timeout: seconds that a client may take to send the headers, or to read a part of
            a response.
        grace: seconds after SIGINT or SIGTERM in which the accepted requests may be answered.
        proxies: addresses or networks of the proxies whose ``X-Forwarded-For`` is believed.
    """

    max_connections: int = 1_000
    receive_timeout: float = 30.0
    grace: float = 30.0
    proxies: Sequence[str] = ()


def run(
    app: FastAPI,
    bound: socket.socket,
    *,
    options: ServerOptions | None = None,
    on_ready: Callable[[], None],
) -> None:
    """Serve until SIGINT or SIGTERM; then refuse new requests and answer the accepted ones.

    Args:
        app: the application.
        bound: the socket to listen at; see `bind_socket`.
        options: the options; the defaults if None.
        on_ready: called when the server accepts requests.
    """
    options = options or ServerOptions()
    _raise_file_limit(options.max_connections)
    protocol: Any = partial(LimitedProtocol, max_connections=options.max_connections, waiting={})
    config = uvicorn.Config(
        app, http=protocol, ws="none", log_level="warning", access_log=False, server_header=False,
        proxy_headers=bool(options.proxies), forwarded_allow_ips=list(options.proxies),
        timeout_graceful_shutdown=max(1, int(_CANCEL_PART * options.grace)),
    )  # fmt: skip
    try:
        with _without_signal_errors():
            _Server(config, app, options, on_ready).run(sockets=[bound])
    finally:
        app.state.service.close()  # also if it was interrupted a second time
        _end_after(0)


class _Server(uvicorn.Server):
    """A server that closes slow connections, and ends within the grace time."""

    def __init__(
        self,
        config: uvicorn.Config,
        app: FastAPI,
        options: ServerOptions,
        on_ready: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._app, self._options, self._on_ready = app, options, on_ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_PER_SECOND == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, LimitedProtocol):
                    connection.close_if_late(self._options.receive_timeout)
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop within the grace time: requests, then tasks, and at the latest the process end."""
        if not self.should_exit:
            _end_after(self._options.grace)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: Any = None) -> None:
        self._app.state.service.stop(_ANSWER_PART * self._options.grace)
        await super().shutdown(sockets)


def _end_after(seconds: float) -> None:
    """Let the system end this process after some seconds, whatever it does; never if 0."""
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _raise_file_limit(connections: int) -> None:
    """Allow this process as many open files as it has connections, if the system does."""
    try:
        import resource
    except ModuleNotFoundError:  # not on Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < needed:
        limit = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


@contextmanager
def _without_signal_errors() -> Iterator[None]:
    """Ignore the signals that stop the server once it has ended.

    uvicorn handles them while it runs and raises them again afterwards, which would end the
    program with an error.
    """
    handlers = {number: signal.signal(number, lambda *_: None) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
