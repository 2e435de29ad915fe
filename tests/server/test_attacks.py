"""`vaner serve` under attack: one client cannot stop the others, and SIGTERM ends the server."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.serving import CRASH, HANG, POISON, server_process, wait_for

pytest.importorskip("fastapi", reason="FastAPI is not installed: pip install -e '.[serve]'")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install -e '.[serve]'")
pytestmark = pytest.mark.heavy

CONNECTIONS = 20
LIMITS = {"timeout": 10.0, "receive_timeout": 3.0, "body": 1_000_000, "words": 5_000}
LONG = "a b " * 15_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    options = {"max_connections": CONNECTIONS, "receive_timeout": 3.0}
    with server_process(options=options, **LIMITS) as (_, url):
        wait_for_workers(url)
        yield url


def wait_for_workers(address: str) -> None:
    """Wait until both workers are loaded, so that one of them may hang."""
    ready = (200, {"status": "ready", "workers": 2})
    assert wait_for(lambda: send(address, "/ready") == ready, 120)


def send(address: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
    """Send a request; return the status and the JSON of the response."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request("POST" if body else "GET", path, body or None, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def annotate(address: str, text: str, **headers: str) -> tuple[int, Any]:
    return send(address, "/annotate?input_format=text", text.encode(), **headers)


def half_request(address: str, content: bytes) -> socket.socket:
    """Open a connection and send the beginning of a request."""
    parts = urlsplit(address)
    connection = socket.create_connection((parts.hostname, parts.port or 80), timeout=60)
    connection.sendall(content)
    return connection


def answer_of(connection: socket.socket) -> bytes:
    """Return everything that the server sends before it closes a connection."""
    answer = b""
    try:
        while part := connection.recv(65_536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


@pytest.mark.parametrize("text", [HANG, f"{HANG} {'a' * 30_000}"])
def test_a_request_that_hangs_is_ended_and_delays_no_other(address: str, text: str) -> None:
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(annotate, address, text)
        answered = 0
        while not hanging.done():
            status, answer = annotate(address, "asthma")
            assert status == 200 and answer["documents"][0]["spans"]
            assert send(address, "/health")[0] == 200
            answered += 1
        status, answer = hanging.result()
    assert status == 504 and "10 seconds" in answer["error"] and answered > 2
    wait_for_workers(address)


@pytest.mark.parametrize(
    ("text", "line"), [(CRASH, "worker process ended"), (POISON, "internal error: RuntimeError")]
)
def test_a_worker_that_fails_is_replaced(address: str, text: str, line: str) -> None:
    status, answer = annotate(address, text)
    assert status == 500 and line in answer["error"]
    assert annotate(address, "asthma")[0] == 200
    wait_for_workers(address)


def test_words_are_limited(address: str) -> None:
    status, answer = annotate(address, LONG)
    assert status == 413 and "5,000 words" in answer["error"]
    assert send(address, "/convert?input_format=text&format=json", LONG.encode())[0] == 200


@pytest.mark.parametrize("declared", [True, False])
def test_a_client_that_sends_too_much_sees_the_response(address: str, declared: bool) -> None:
    parts = [b"a" * 100_000] * 80
    body: Any = b"".join(parts) if declared else iter(parts)
    status, answer = send(address, "/annotate?input_format=text", body)
    assert status == 413 and "1,000,000 bytes" in answer["error"]


def test_a_client_that_sends_nothing_is_disconnected(address: str) -> None:
    for content in (b"", b"POST /annotate HTTP/1.1\r\nHost: a\r\n"):
        with half_request(address, content) as connection:
            assert answer_of(connection).startswith(b"HTTP/1.1 408 ")


def test_a_slow_body_is_rejected(address: str) -> None:
    head = b"POST /annotate HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n12345"
    with half_request(address, head) as connection:
        answer = answer_of(connection)
    assert answer.startswith(b"HTTP/1.1 408 ") and b"within 3 seconds" in answer


@pytest.mark.parametrize(
    "content",
    [
        b"POST /annotate HTTP/1.1\r\nHost: a\r\n",
        b"POST /annotate HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na",
    ],
)
def test_incomplete_requests_do_not_use_up_the_connections(address: str, content: bytes) -> None:
    with ExitStack() as stack:
        for number in range(4 * CONNECTIONS):
            if number % CONNECTIONS == CONNECTIONS - 1:
                time.sleep(1.1)  # the oldest have waited long enough to be closed
            stack.enter_context(half_request(address, content))
        start = time.monotonic()
        assert annotate(address, "asthma")[0] == 200
        assert time.monotonic() - start < 30


def test_the_address_in_a_header_is_believed_only_from_a_proxy() -> None:
    for proxies, expected in (([], [200, 200, 429]), (["127.0.0.0/8"], [200, 200, 200])):
        with server_process(rate=2, options={"proxies": proxies}, workers=1) as (_, url):
            headers = [{"X-Forwarded-For": f"10.0.0.{number}"} for number in range(3)]
            assert [annotate(url, "asthma", **header)[0] for header in headers] == expected


@pytest.mark.parametrize("path", ["/annotate?input_format=text", "/health"])
def test_sigterm_ends_a_server_whatever_it_does(path: str) -> None:
    """A worker hangs, and other clients have sent half a request."""
    options = {"grace": 6.0, "receive_timeout": 100.0}
    with server_process(options=options) as (process, url), ThreadPoolExecutor(2) as pool:
        hanging = [pool.submit(annotate, url, HANG) for _ in range(2)]
        assert wait_for(lambda: send(url, "/health")[1]["waiting"] == 2, 60)
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na".encode()
        with half_request(url, head), half_request(url, head[:20]):
            start = time.monotonic()
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=60)
            assert time.monotonic() - start < 20
        assert (process.returncode, output, errors) == (0, "stopped\n", "")
        for request in hanging:
            status, answer = request.result()
            assert status == 503 and "stopping" in answer["error"]
