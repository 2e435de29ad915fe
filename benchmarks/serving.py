"""Tests the server under load and checks every response: python -m benchmarks.serving

Many clients send requests to one `vaner serve` on localhost at the same time: texts of different
sizes, in several formats, with several options. Some requests are malformed or too large, and some
clients disconnect. Every response is compared with the annotator's result for the same text, and
the memory of the server is read after each round. The benchmark counts wrong and missing
responses. After that, `benchmarks.serving_attacks` attacks the server, and SIGTERM stops it while
it works on a long text. Times depend on the machine and its load, which the record contains.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from benchmarks.memory import resident_memory
from benchmarks.serving_attacks import measure_attacks, percentiles, send_long_text
from vaner.annotator import Annotator
from vaner.server.response import build_body
from vaner.text.documents import Document, Span
from vaner.utils.provenance import collect_provenance

OUTPUT = Path(__file__).with_suffix(".json")
SENTENCES = (
    "Metformin is given to patients with type 2 diabetes mellitus.",
    "A mutation of the BRCA1 gene raises the risk of breast cancer 😀.",
    "Aspirin-induced asthma was seen in 5 % of the patients; β-blockers were stopped.",
    "HeLa cells were treated with cisplatin, T lymphocytes with interleukin 2.",
    "Nothing of note was found.",
    "Naïve mice (Mus musculus) had no non-small cell lung cancer.",
)
OPTIONS: tuple[Mapping[str, Any], ...] = (
    {},
    {"types": ["Disease"]},
    {"types": ["Chemical", "Gene"], "min_score": 0.5},
    {"overlaps": "best"},
)
SIZES = (1, 1, 1, 1, 3, 3, 10, 40)  # sentences of a text
TOLERANCE = 1e-4  # of a score: a batch of other lengths sums floats in another order
MAX_CHARACTERS = 50_000
GRACE = 10  # seconds
WARM_UP = 1  # rounds after which memory should not grow


class Question(NamedTuple):
    """A request and the expected response.

    Args:
        path: path and query of the request.
        body: its body.
        kind: its content type.
        status: the expected status; 0 if the client disconnects.
        documents: the documents of the request, if the response contains documents.
        options: options of the annotator.
    """

    path: str
    body: bytes
    kind: str
    status: int = 200
    documents: tuple[Document, ...] = ()
    options: Mapping[str, Any] = {}


def make_questions(number: int, rng: random.Random) -> list[Question]:
    """Generate requests; every fifth one is invalid."""
    return [bad(rng) if i % 5 == 4 else good(rng) for i in range(number)]


def good(rng: random.Random) -> Question:
    documents = tuple(
        Document(str(i), " ".join(rng.choices(SENTENCES, k=rng.choice(SIZES))))
        for i in range(rng.choice((1, 1, 1, 4)))
    )
    options = rng.choice(OPTIONS)
    address = "/annotate?" + urlencode({"format": "jsonl", **options}, doseq=True)
    format = rng.choice(("json", "jsonl", "pubtator", "bioc_xml", "packed"))
    sent = build_body(documents, "json" if format == "packed" else format)
    if format == "json":
        return Question("/annotate?format=jsonl", json.dumps(
            {"documents": json.loads(sent.content)["documents"], **options}
        ).encode(), "application/json", documents=documents, options=options)  # fmt: skip
    body = gzip.compress(sent.content) if format == "packed" else sent.content
    return Question(address, body, sent.media_type, documents=documents, options=options)


def bad(rng: random.Random) -> Question:
    text = json.dumps({"text": " ".join(SENTENCES)}).encode()
    return rng.choice(
        (
            Question("/annotate", text[:-5], "application/json", 400),
            Question("/annotate?types=Colour", text, "application/json", 400),
            Question("/annotate?format=odt", text, "application/json", 400),
            Question("/annotate", gzip.compress(text)[:-9], "application/json", 400),
            Question("/annotate", b"\xff\xfe" * 50, "application/octet-stream", 415),
            Question("/annotate", b"a" * (MAX_CHARACTERS + 1), "text/plain", 413),
            Question("/annotate", b"a " * 1_000_000, "text/plain", 413),
            Question("/nowhere", text, "application/json", 404),
            Question("/annotate", text, "application/json", 0),
        )
    )


class Expected:
    """The annotator's results, computed once for each text and options."""

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._known: dict[tuple[str, str], Sequence[Span]] = {}

    def learn(self, questions: Sequence[Question]) -> None:
        """Compute the results of all requests, one text at a time."""
        for question in questions:
            for document in question.documents:
                key = self._key(document.text, question.options)
                if key not in self._known:
                    documents = self._annotator.annotate([document.text], **question.options)
                    self._known[key] = next(documents).spans

    def __call__(self, text: str, options: Mapping[str, Any]) -> Sequence[Span]:
        return self._known[self._key(text, options)]

    def _key(self, text: str, options: Mapping[str, Any]) -> tuple[str, str]:
        return text, json.dumps(options)


def time_annotator(annotator: Annotator, questions: Sequence[Question]) -> float:
    """Return the seconds that the annotator takes for the same texts, as streams."""
    start = time.monotonic()
    for options in OPTIONS:
        documents = [d for q in questions if q.options == options for d in q.documents]
        for _ in annotator.annotate(documents, **options):
            pass
    return time.monotonic() - start


def ask(address: str, question: Question) -> tuple[int, bytes]:
    """Send a request; return the status and body of the response."""
    line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=300)
    try:
        head = {"Content-Type": question.kind, "Accept": "*/*"}
        line.request("POST", question.path, question.body, head)
        if not question.status:
            return 0, b""
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def check_response(question: Question, status: int, body: bytes, expected: Expected) -> str:
    """Return ``right``, or what is wrong with a response."""
    if status != question.status:
        return f"status {status} in place of {question.status}"
    if status != 200:
        return "right" if not status or list(json.loads(body)) == ["error"] else "no line"
    records = [json.loads(line) for line in body.decode().removesuffix("\n").split("\n")]
    if [d["text"] for d in records] != [d.text for d in question.documents]:
        return "texts of another"
    for record in records:
        spans = expected(record["text"], question.options)
        if [(s["start"], s["end"], s["type"]) for s in record["spans"]] != [
            (s.start, s.end, s.type) for s in spans
        ]:
            return "other mentions"
        pairs = zip(record["spans"], spans, strict=True)
        if any(abs(s["score"] - (span.score or 0.0)) > TOLERANCE for s, span in pairs):
            return "other scores"
    return "right"


@contextmanager
def server(
    waiting: int, model: str | None, **limits: int
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `vaner serve` with limits; yield the process and its address."""
    options = {
        "port": 0, "device": "cpu", "max-waiting": waiting, "max-words": 0, "receive-timeout": 10,
        "grace": GRACE, **({"model": model} if model else {}),
        **{name.replace("_", "-"): value for name, value in limits.items()},
    }  # fmt: skip
    command = [sys.executable, "-m", "vaner", "serve"]
    command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if match := re.search(r"at (http://\S+)", line):
                    yield process, match[1]
                    return
            sys.exit("serving: the server did not start")
        finally:
            process.kill()


def metric(address: str, name: str) -> float:
    line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    line.request("GET", "/metrics")
    text = line.getresponse().read().decode()
    line.close()
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.M))


def run_rounds(
    address: str,
    rounds: Sequence[Sequence[Question]],
    clients: int,
    annotator: Annotator,
    expected: Expected,
    process: int,
) -> dict[str, Any]:
    """Send the requests of all rounds; return the outcomes and measurements."""
    outcomes, seconds, memory = Counter[str](), list[float](), list[float]()
    total_seconds = by_itself = 0.0

    def timed(question: Question) -> tuple[str, float]:
        start = time.monotonic()
        try:
            outcome = check_response(question, *ask(address, question), expected)
        except OSError as problem:
            outcome = f"lost: {type(problem).__name__}"
        return outcome, time.monotonic() - start

    for questions in rounds:
        start = time.monotonic()
        with ThreadPoolExecutor(clients) as pool:
            for outcome, took in pool.map(timed, questions):
                outcomes[outcome] += 1
                seconds.append(took)
        total_seconds += time.monotonic() - start
        # In turn, so that other processes of the machine affect both.
        by_itself += time_annotator(annotator, questions)
        memory.append(round(resident_memory(process), 1))
    return {
        "outcomes": dict(outcomes),
        "seconds": round(total_seconds, 1),
        "requests_a_second": round(len(seconds) / total_seconds, 2),
        "characters_a_second": round(metric(address, "vaner_characters_total") / total_seconds),
        "times_as_long_as_the_annotator_by_itself": round(total_seconds / by_itself, 2),
        "requests_a_batch": round(_mean(address, "vaner_round_requests"), 2),
        "seconds_to_an_answer": percentiles(seconds),
        "memory_mb_after_each_round": memory,
        "memory_grew_by_percent": round(100 * (memory[-1] / memory[WARM_UP - 1] - 1), 1),
    }


def _mean(address: str, name: str) -> float:
    return metric(address, f"{name}_sum") / max(metric(address, f"{name}_count"), 1)


def attack(annotator: Annotator, arguments: argparse.Namespace) -> tuple[dict[str, Any], float]:
    """Attack a server; return the measurements, and the seconds that SIGTERM takes to end it."""
    texts = [SENTENCES[number % len(SENTENCES)] for number in range(arguments.probes)]
    limits = {"max_body": 2, "max_characters": 2_000_000, "timeout": 60}
    with server(2 * arguments.clients, arguments.model, **limits) as (process, address):
        figures = measure_attacks(address, texts, annotator)
        sender = send_long_text(address)
        sender.join(5)
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        stopped = process.wait(60) == 0
        seconds = round(time.monotonic() - start, 1)
        return figures, seconds if stopped else float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.serving", description="The server under load, checked."
    )
    parser.add_argument("--model", help="embedded name, folder or Hub id")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--requests", type=int, default=128, help="in each round")
    parser.add_argument("--probes", type=int, default=20, help="texts sent under each attack")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--note", default="", help="other work of the machine, for the record")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    rounds = [make_questions(arguments.requests, rng) for _ in range(arguments.rounds)]
    annotator = Annotator.from_pretrained(arguments.model, device="cpu")
    expected = Expected(annotator)
    for questions in rounds:
        expected.learn(questions)
    limits = {"max_body": 1, "max_characters": MAX_CHARACTERS, "timeout": 280}
    with server(2 * arguments.clients, arguments.model, **limits) as (process, address):
        figures = run_rounds(address, rounds, arguments.clients, annotator, expected, process.pid)
        process.send_signal(signal.SIGTERM)
        stopped = process.wait(60) == 0
    figures["attacks"], figures["seconds_to_stop"] = attack(annotator, arguments)
    stopped = stopped and figures["seconds_to_stop"] <= 1.5 * GRACE  # the interpreter ends too
    record = {
        "clients": arguments.clients,
        "requests": arguments.rounds * arguments.requests,
        "of_these_bad": sum(q.status != 200 for questions in rounds for q in questions),
        "documents": sum(len(q.documents) for questions in rounds for q in questions),
        **figures,
        "stopped_cleanly": stopped,
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "machine_also_did": arguments.note or "nothing that the benchmark knows of",
        **collect_provenance(),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    arguments.output.write_text(f"{text}\n", "utf-8")
    print(text)
    if set(record["outcomes"]) != {"right"} or not stopped:
        sys.exit("serving: an answer was wrong or lost")


if __name__ == "__main__":
    main()
