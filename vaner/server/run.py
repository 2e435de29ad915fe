"""Running the server until it is told to stop, and finishing what it took."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from vaner.errors import VanerError

_STOPPING = (signal.SIGINT, signal.SIGTERM)


def bound(host: str, port: int) -> socket.socket:
    """A socket at an address, which nobody can connect to yet.

    Raises:
        VanerError: for an address that is taken, or is none of this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
    except OSError as problem:
        raise VanerError(f"{host}: {problem.strerror or problem}", argument="host") from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as problem:
        found.close()
        line = f"{host}:{port}: {problem.strerror or problem}; choose another"
        raise VanerError(line, argument="port") from None
    return found


def address_of(place: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = place.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: FastAPI, place: socket.socket, *, patience: float, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; then take nothing more, and finish what was taken.

    Args:
        app: the application.
        place: where, see `bound`.
        patience: seconds after which what is not finished is given up.
        ready: called when requests are taken.
    """
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=int(patience) + 1,
    )  # fmt: skip
    with _signals_left():
        _Server(config, ready).run(sockets=[place])


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


@contextmanager
def _signals_left() -> Iterator[None]:
    """Signals to stop are uvicorn's, which gives them back when it has: being told is no error."""
    usual = {number: signal.signal(number, lambda *_: None) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
