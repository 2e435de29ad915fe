"""`vaner serve` on localhost, stopped by a signal while it works."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run
from tests.serving import program_process, wait_for

pytest.importorskip("fastapi", reason="FastAPI is not installed: pip install -e '.[serve]'")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install -e '.[serve]'")

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys, time
from tests.serving import WordRecognizer
from vaner.annotator import Annotator
from vaner.server.app import create_app
from vaner.server.limits import Limits
from vaner.server.run import ServerOptions, run
from vaner.utils.sockets import bind_socket, format_url

class Slow(WordRecognizer):
    def annotate(self, documents, types=None, **more):
        time.sleep(1)
        return super().annotate(documents, types, **more)

with bind_socket("127.0.0.1", 0) as bound:
    app = create_app(Annotator(Slow()), limits=Limits(characters=10**6))
    options = ServerOptions(grace=60)
    run(app, bound, options=options, on_ready=lambda: print(format_url(bound), flush=True))
print("stopped", flush=True)
"""


def ask(address: str, text: str) -> Any:
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(
        f"{address}/annotate", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=100) as answer:
        return json.load(answer)["documents"][0]


@pytest.mark.heavy
def test_accepted_requests_are_finished_after_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    texts = ["asthma " * n + "😀" for n in (1, 500, 20_000)]
    with program_process(PROGRAM) as (process, address), ThreadPoolExecutor(3) as pool:
        taken = [pool.submit(ask, address, text) for text in texts]

        def all_taken() -> bool:
            with urllib.request.urlopen(f"{address}/health", timeout=5) as health:
                return bool(json.load(health)["waiting"] == len(texts))

        assert wait_for(all_taken, 60)
        process.send_signal(signal.SIGTERM)
        for text, answer in zip(texts, taken, strict=True):
            assert answer.result(100)["text"] == text
            assert len(answer.result()["spans"]) == text.count("asthma") + 1
        output, errors = process.communicate(timeout=100)
        assert (process.returncode, output, errors) == (0, "stopped\n", "")
        with pytest.raises(OSError):
            ask(address, "asthma")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGHUP")
@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_serve_until_a_signal(
    run: Run, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """In this process, with a model; it is stopped as by Ctrl-C, or as its terminal is closed."""
    number = getattr(signal, name)
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, documents, ended = f"http://127.0.0.1:{port}", [], threading.Event()

    def client() -> None:
        try:
            assert wait_for(lambda: _answers(address), 300)
            documents.append(ask(address, "Aspirin and asthma 😀"))
        finally:
            os.kill(os.getpid(), number)
            while not ended.wait(60):  # it came too early
                os.kill(os.getpid(), number)

    usual = signal.getsignal(number)
    signal.signal(number, lambda *_: None)  # should the server never have come up
    thread = threading.Thread(target=client)
    thread.start()
    try:
        options = ("--port", port, "--device", "cpu", "--workers", 1)
        done = run("serve", "--model", tiny_model, *options)
    finally:
        ended.set()
        thread.join()
        signal.signal(number, usual)
    assert done.code == 0, done.err
    assert f"at {address} (Ctrl-C to stop)" in done.err and "vaner: stopped" in done.err
    assert documents[0]["text"] == "Aspirin and asthma 😀"


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):
            return True
    except OSError:
        return False


def test_a_port_in_use_is_an_error(run: Run) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = run("serve", "--port", other.getsockname()[1])
    assert "address already in use" in done.error.casefold() and "--port" in done.error


def test_an_unknown_host_is_an_error(run: Run) -> None:
    done = run("serve", "--host", "not an address", "--port", 0)
    assert "not an address: " in done.error and "--host" in done.error


def test_a_missing_extra_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("vaner.server")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert 'additional packages: pip install "fastapi>=' in run("serve").error
