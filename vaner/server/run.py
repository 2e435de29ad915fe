"""Running the server until a signal stops it, and answering the accepted requests first."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from vaner.errors import VanerError

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def bind_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address, but does not listen yet.

    Raises:
        VanerError: if the address is in use, or does not belong to this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise VanerError(f"{host}: {error.strerror or error}", argument="host") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        message = f"{host}:{port}: {error.strerror or error}; choose another port"
        raise VanerError(message, argument="port") from None
    return bound


def url_of(bound: socket.socket) -> str:
    """Return the URL of the server that uses a socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    app: FastAPI, bound: socket.socket, *, timeout: float, on_ready: Callable[[], None]
) -> None:
    """Serve until SIGINT or SIGTERM; then refuse new requests and answer the accepted ones.

    Args:
        app: the application.
        bound: the socket to listen at; see `bind_socket`.
        timeout: seconds after which unanswered requests are abandoned.
        on_ready: called when the server accepts requests.
    """
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False,
        timeout_graceful_shutdown=int(timeout) + 1,
    )  # fmt: skip
    with _without_signal_errors():
        _Server(config, on_ready).run(sockets=[bound])


class _Server(uvicorn.Server):
    """A server that calls a function when it is ready."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


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
