"""A server whose model is replaced by a list of words."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from vaner.annotator import Annotator
from vaner.calibration.calibration import Calibration, Fit, Step
from vaner.text.documents import Document, Span

WORDS = {
    "aspirin": ("Chemical",),
    "asthma": ("Disease",),
    "lung cancer": ("Disease",),
    "lung": ("Anatomy",),
    "😀": ("Disease",),
}
POISON = "poison"  # raises an error
CRASH = "crash"  # ends the process
HANG = "hang"  # never returns
SCORE = 0.75


class WordRecognizer:
    """Finds the words in `WORDS`.

    Attributes:
        calls: the texts and the types of each call.
        gate: while this event is not set, no call returns.
        reached: set as soon as there is a call.
    """

    kind = "stand-in"
    types = ("Chemical", "Disease", "Anatomy")
    zero_shot = False
    form = None
    calibration = None
    corpora: ClassVar[dict[str, list[str]]] = {"WardNotes": ["Disease"]}

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], tuple[str, ...]]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()

    def annotate(
        self, documents: Iterable[Any], types: Any = None, *, corpus: str | None = None
    ) -> Iterator[Document]:
        batch = list(documents)
        self.calls.append(([document.text for document in batch], tuple(types)))
        self.reached.set()
        assert self.gate.wait(20)
        for document in batch:
            if POISON in document.text:
                raise RuntimeError("swallowed poison")
            if CRASH in document.text:
                os._exit(9)
            while HANG in document.text:
                pass
            yield document.with_spans(sorted(spans(document.text, types)))

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        return Counter()


def spans(text: str, types: Sequence[str] = WordRecognizer.types) -> list[Span]:
    """Return the mentions in a text."""
    return [
        Span(match.start(), match.end(), type, SCORE)
        for word, all_types in WORDS.items()
        for type in all_types
        if type in types
        for match in re.finditer(re.escape(word), text)
    ]


def wait_for(condition: Any, seconds: float = 10.0) -> bool:
    """Return whether a condition becomes true within some seconds."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


@contextmanager
def serve(app: Any) -> Iterator[str]:
    """Serve an application on localhost, in a thread of this process, and yield its URL."""
    import uvicorn

    from vaner.utils.sockets import bind_socket, format_url

    with bind_socket("127.0.0.1", 0) as bound:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        assert wait_for(lambda: server.started)
        try:
            yield format_url(bound)
        finally:
            server.should_exit = True
            thread.join(10)


def serve_from_arguments() -> None:
    """Serve in this process, with the options in the first argument; print the URL."""
    from vaner.server.app import create_app
    from vaner.server.limits import Limits
    from vaner.server.run import ServerOptions, run
    from vaner.utils.sockets import bind_socket, format_url

    limits, workers, options = json.loads(sys.argv[1])
    with bind_socket("127.0.0.1", 0) as bound:
        app = create_app(annotator, limits=Limits(**limits), workers=workers)
        run(
            app, bound, options=ServerOptions(**options),
            on_ready=lambda: print(format_url(bound), flush=True),
        )  # fmt: skip
    print("stopped", flush=True)


@contextmanager
def server_process(
    *, workers: int = 2, options: dict[str, Any] | None = None, **limits: Any
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a server with worker processes; yield its process and its URL."""
    program = "from tests.serving import serve_from_arguments as serve; serve()"
    with program_process(program, json.dumps([limits, workers, options or {}])) as started:
        yield started


@contextmanager
def program_process(program: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a Python program that serves and prints its URL; yield its process and the URL."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "no_proxy": "*"}
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def annotator() -> Annotator:
    """Return an annotator that finds the words in `WORDS`."""
    return Annotator(WordRecognizer())


def make_calibration() -> Calibration:
    """Return a calibration in which Chemical reached a precision of 0.9, and Disease 0.7."""

    def fit(precision: float) -> Fit:
        return Fit(1.0, True, 99, precision, 0.1, 0.1, 10, (Step(0.5, precision),))

    return Calibration({"Chemical": fit(0.9), "Disease": fit(0.7)}, fit(0.7))


def annotator_with_minimum_scores() -> Annotator:
    """Return an annotator whose diseases are all below the minimum score."""
    calibration = make_calibration()
    disease = replace(calibration.types["Disease"], min_score=1.0)
    types = {**calibration.types, "Disease": disease}
    return Annotator(WordRecognizer(), calibration=replace(calibration, types=types))
