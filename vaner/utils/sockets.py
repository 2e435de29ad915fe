"""Sockets of servers: bound before the work starts, so that an error does not wait for a model."""

from __future__ import annotations

import errno
import socket

from vaner.errors import VanerError


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
        message = f"{host}: {error.strerror or error}; choose another address"
        raise VanerError(message, argument="host") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        is_foreign = error.errno == errno.EADDRNOTAVAIL  # the address of another machine
        advice = "choose another address" if is_foreign else "choose another port"
        message = f"{host}:{port}: {error.strerror or error}; {advice}"
        raise VanerError(message, argument="host" if is_foreign else "port") from None
    return bound


def format_url(bound: socket.socket) -> str:
    """Return the URL of the server that uses a socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
