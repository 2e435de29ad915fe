"""Attacks on `vaner serve`, while a client sends short texts and measures its responses.

`benchmarks.serving` runs them after the load test. Under each attack, the client should get the
same responses as without it, only later: the attacks also use the processor.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

LONG_TEXT = "Metformin is given to patients with type 2 diabetes mellitus. " * 20_000
_POST = b"POST /annotate HTTP/1.1\r\nHost: benchmark\r\nContent-Type: text/plain\r\n"
_FLAG = "\N{REGIONAL INDICATOR SYMBOL LETTER D}"


def post(
    address: str, path: str, body: bytes, kind: str = "text/plain", timeout: float = 300
) -> tuple[int, bytes]:
    """Send a request; return the status and body of the response."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=timeout)
    try:
        connection.request("POST", path, body, {"Content-Type": kind, "Accept": "*/*"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@contextmanager
def no_attack(address: str) -> Iterator[None]:
    yield


@contextmanager
def half_headers(address: str, number: int = 1_500) -> Iterator[None]:
    """Open connections that never send the end of their headers."""
    with _connections(address, _POST, number):
        yield


@contextmanager
def slow_bodies(address: str, number: int = 140) -> Iterator[None]:
    """Open connections that never send the rest of their bodies."""
    with _connections(address, _POST + b"Content-Length: 1000\r\n\r\nMetformin", number):
        yield


@contextmanager
def unread_responses(address: str, number: int = 50) -> Iterator[None]:
    """Open connections that send requests and never read a response."""
    request = b"GET /openapi.json HTTP/1.1\r\nHost: benchmark\r\n\r\n"
    with _connections(address, request * 50, number):
        yield


@contextmanager
def long_texts(address: str) -> Iterator[None]:
    """Send texts of 1.2 MB, two at a time."""
    with _senders(lambda: post(address, "/annotate", LONG_TEXT.encode())):
        yield


@contextmanager
def flags(address: str) -> Iterator[None]:
    """Send texts without a space: flags and digits."""
    body = (_FLAG * 100_000 + "9" * 100_000).encode()
    with _senders(lambda: post(address, "/annotate", body)):
        yield


@contextmanager
def large_bodies(address: str) -> Iterator[None]:
    """Send bodies over the limit; a client that does not see the status 413 is an error."""

    def send() -> None:
        status, _ = post(address, "/annotate", b"a " * 6_000_000)
        assert status == 413, status

    with _senders(send):
        yield


ATTACKS: Sequence[Callable[[str], Any]] = (
    no_attack, half_headers, slow_bodies, unread_responses, long_texts, flags, large_bodies,
)  # fmt: skip


def measure_attacks(
    address: str, texts: Sequence[str], annotate: Callable[[str], Any]
) -> dict[str, Any]:
    """Send texts one after another under each attack.

    Args:
        address: address of the server.
        texts: the texts.
        annotate: the annotator, which is timed on the same texts in the same minutes.

    Returns:
        For each attack, the numbers of responses by status and the seconds that they took.
    """
    figures: dict[str, Any] = {}
    for attack in ATTACKS:
        outcomes, seconds, alone = Counter[str](), list[float](), list[float]()
        with attack(address):
            for text in texts:
                start = time.monotonic()
                try:
                    outcomes[str(post(address, "/annotate", text.encode())[0])] += 1
                except OSError as problem:
                    outcomes[type(problem).__name__] += 1
                seconds.append(time.monotonic() - start)
                start = time.monotonic()
                annotate(text)
                alone.append(time.monotonic() - start)
            is_ready = _status(address, "/ready") == 200
        figures[attack.__name__] = {
            "outcomes": dict(outcomes),
            "seconds_to_an_answer": percentiles(seconds),
            "seconds_of_the_annotator_by_itself": percentiles(alone),
            "ready": is_ready,
        }
    return figures


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return the median, the 95th percentile and the maximum of some times."""
    ranked = sorted(seconds)
    return {
        name: round(ranked[int(part * (len(ranked) - 1))], 2)
        for name, part in (("median", 0.5), ("95 %", 0.95), ("longest", 1.0))
    }


def send_long_text(address: str) -> threading.Thread:
    """Send a text of 1.2 MB in a thread, for the time in which the server is stopped."""

    def send() -> None:
        with suppress(OSError, http.client.HTTPException):
            post(address, "/annotate", LONG_TEXT.encode())

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def _status(address: str, path: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


@contextmanager
def _connections(address: str, content: bytes, number: int) -> Iterator[None]:
    """Open connections that send only some bytes, and open new ones for those that are closed."""
    parts, stopped = urlsplit(address), threading.Event()

    def keep_open() -> None:
        with ExitStack() as stack:
            while not stopped.is_set():
                for _ in range(number):
                    with suppress(OSError):
                        connection = stack.enter_context(
                            socket.create_connection((parts.hostname, parts.port or 80), 5)
                        )
                        connection.sendall(content)
                stopped.wait(5)
                stack.close()

    with _threads(keep_open, 1, stopped):
        time.sleep(2)
        yield


@contextmanager
def _senders(send: Callable[[], Any], number: int = 2) -> Iterator[None]:
    """Send requests again and again, some at a time."""
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            with suppress(OSError, http.client.HTTPException):
                send()

    with _threads(run, number, stopped):
        time.sleep(1)
        yield


@contextmanager
def _threads(run: Callable[[], None], number: int, stopped: threading.Event) -> Iterator[None]:
    problems: list[BaseException] = []

    def guarded() -> None:
        try:
            run()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=guarded, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join(120)
    if problems:
        raise problems[0]
