"""Sockets of servers: bound before the work starts, so that an error does not wait for a model."""

from __future__ import annotations

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
        raise VanerError(f"{host}: {error.strerror or error}", argument="host") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        message = f"{host}:{port}: {error.strerror or error}; choose another port"
        raise VanerError(message, argument="port") from None
    return bound


def format_url(bound: socket.socket) -> str:
    """Return the URL of the server that uses a socket."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
