"""The routes of the server, and the requests that it rejects."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.serving import (
    POISON,
    SCORE,
    WordRecognizer,
    annotator,
    annotator_with_minimum_scores,
    make_calibration,
    spans,
    wait_for,
)
from vaner import __version__
from vaner.annotator import Annotator
from vaner.display.type_looks import find_look
from vaner.formats import FORMATS, read, write
from vaner.formats.source import InMemoryFile
from vaner.linking.options import LinkOptions
from vaner.server.limits import Limits, RateLimiter
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Candidate

pytest.importorskip("fastapi", reason="FastAPI is not installed: pip install -e '.[serve]'")
pytest.importorskip("prometheus_client", reason="not installed: pip install -e '.[serve]'")
from starlette.testclient import TestClient

from vaner.server.app import create_app
from vaner.server.response import WRITABLE
from vaner.server.web_page import page_files

TEXT = "β 😀 aspirin for\r\nlung cancer"
EXPECTED = [(s.start, s.end, s.type) for s in sorted(spans(TEXT))]
ROUND_TRIP = ["jsonl", "pubtator", "bioc_xml", "bioc_json"]


@contextmanager
def client(of: Annotator | None = None, **limits: Any) -> Iterator[TestClient]:
    app = create_app(of or annotator(), name="known", limits=Limits(**limits))
    with TestClient(app, raise_server_exceptions=False) as test_client:
        yield test_client


@pytest.fixture(scope="module")
def server() -> Iterator[TestClient]:
    with client() as test_client:
        yield test_client


@pytest.fixture(scope="module")
def small_server() -> Iterator[TestClient]:
    with client(body=1_000_000, documents=5, characters=500) as test_client:
        yield test_client


def places(document: dict[str, Any]) -> list[tuple[int, int, str]]:
    return [(s["start"], s["end"], s["type"]) for s in document["spans"]]


def error(response: Any) -> str:
    """Return the message of an error, which must be one line."""
    body = response.json()
    assert set(body) <= {"error", "parameter"} and "\n" not in body["error"], body
    message: str = body["error"]
    return message


def test_annotate_a_text(server: TestClient) -> None:
    answer = server.post("/annotate", json={"text": TEXT})
    (document,) = answer.json()["documents"]
    assert document["text"] == TEXT and places(document) == EXPECTED
    assert {s["score"] for s in document["spans"]} == {SCORE}
    assert all(TEXT[s["start"] : s["end"]] == s["text"] for s in document["spans"])


def test_documents_keep_order_ids_and_metadata(server: TestClient) -> None:
    sent = [{"id": str(9 - i), "text": f"asthma {i}", "metadata": {"i": i}} for i in range(5)]
    answer = server.post("/annotate", json={"documents": [*sent, {"text": "x\u2028y"}]})
    documents = answer.json()["documents"]
    assert [{k: d[k] for k in ("id", "text", "metadata")} for d in documents[:-1]] == sent
    assert documents[-1] == {"id": "document-6", "text": "x\u2028y", "spans": []}


@pytest.mark.parametrize("lone", ["\ud83d", "\udc00 asthma", "\x00 asthma"])
def test_unusual_characters_are_returned(server: TestClient, lone: str) -> None:
    body = json.dumps({"text": lone})
    answer = server.post("/annotate", content=body, headers={"Content-Type": "application/json"})
    (document,) = json.loads(answer.content)["documents"]
    assert document["text"] == lone and len(document["spans"]) == lone.count("asthma")


@pytest.mark.parametrize("given", ["address", "body"])
def test_options(server: TestClient, given: str) -> None:
    def places_of(**options: Any) -> list[tuple[int, int, str]]:
        if given == "address":
            answer = server.post("/annotate", params=options, json={"text": TEXT})
        else:
            answer = server.post("/annotate", json={"text": TEXT, **options})
        assert answer.status_code == 200, answer.text
        return places(answer.json()["documents"][0])

    without_anatomy = [f for f in EXPECTED if f[2] != "Anatomy"]
    assert places_of(types=["Disease", "Chemical"]) == without_anatomy
    assert places_of(types="Disease, Chemical") == without_anatomy
    assert places_of(corpus="ward-notes") == EXPECTED
    assert places_of(min_score=0.8) == []
    assert places_of(overlaps="best") == without_anatomy


def test_the_body_takes_precedence_over_the_query_string(server: TestClient) -> None:
    body = {"text": TEXT, "types": ["Anatomy"], "format": "jsonl"}
    answer = server.post("/annotate?types=Disease,Chemical&min_score=0.1&format=html", json=body)
    assert places(json.loads(answer.text)) == [f for f in EXPECTED if f[2] == "Anatomy"]


@pytest.mark.parametrize("format", ROUND_TRIP)
@pytest.mark.parametrize("source", ["content", "input_format", "compressed"])
def test_a_file_in_and_the_same_format_out(
    server: TestClient, tmp_path: Path, format: str, source: str
) -> None:
    documents = [Document("7", "Aspirin and 😀\nasthma"), Document("8", "nothing")]
    write(documents, tmp_path / "sent", format)
    body = (tmp_path / "sent").read_bytes()
    params = {"format": format} | ({"input_format": format} if source == "input_format" else {})
    answer = server.post(
        "/annotate", params=params, content=gzip.compress(body) if source == "compressed" else body
    )
    assert answer.status_code == 200, answer.text
    annotated = list(read(InMemoryFile("answer", answer.content), format))
    assert [(d.id, d.text) for d in annotated] == [(d.id, d.text) for d in documents]
    assert [[(s.start, s.end, s.type) for s in d.spans] for d in annotated] == [
        [(12, 13, "Disease"), (14, 20, "Disease")], []
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "body", "texts"),
    [
        ("text/plain", "1|t|a", ["1|t|a"]),
        ("text/plain; charset=latin-1", "\xe9".encode("latin-1"), ["é"]),
        ("application/json; charset=latin-1", '{"text": "\xe9"}'.encode("latin-1"), ["é"]),
        ("application/json; charset=latin-1", '{"text": "é"}', ["é"]),
        ("text/x-pubtator", "1|t|a\n1|a|b\n", ["a\nb"]),
        ("application/x-ndjson", '{"text": "a"}\n{"text": "b"}\n', ["a", "b"]),
        ("application/json", '{"id": "1", "passages": [{"offset": 0, "text": "a"}]}', ["a"]),
        ("application/xml", "<collection><document><id>1</id><passage><offset>0</offset>"
         "<text>a</text></passage></document></collection>", ["a"]),
        ("application/x-www-form-urlencoded", "1|t|a\n1|a|b\n", ["a\nb"]),  # what curl says
    ],
)  # fmt: skip
def test_content_types(server: TestClient, kind: str, body: str | bytes, texts: list[str]) -> None:
    answer = server.post("/annotate", content=body, headers={"Content-Type": kind})
    assert [d["text"] for d in answer.json()["documents"]] == texts


@pytest.mark.parametrize(("encoding", "status"), [("br", 415), ("GZIP", 200), ("identity", 200)])
def test_content_encodings(server: TestClient, encoding: str, status: int) -> None:
    headers = {"Content-Encoding": encoding, "Content-Type": "text/plain"}
    body = gzip.compress(b"asthma") if encoding == "GZIP" else b"asthma"
    answer = server.post("/annotate", content=body, headers=headers)
    assert answer.status_code == status
    if status == 415:
        assert answer.json() == {"error": "the body is compressed with br; use gzip"}


def test_documents_are_named_after_a_file_with_the_longest_name(server: TestClient) -> None:
    answer = server.post(f"/annotate?name={'a' * 251}.txt", content="asthma")
    assert [document["id"] for document in answer.json()["documents"]] == ["a" * 251]


@pytest.mark.parametrize(
    ("format", "kind", "name"),
    [
        ("concepts", "text/tab-separated-values; charset=utf-8", "vaner.tsv"),
        ("tsv", "text/tab-separated-values; charset=utf-8", "vaner.tsv"),
        ("conll", "text/tab-separated-values; charset=utf-8", "vaner.tsv"),
        ("table", "text/plain; charset=utf-8", "vaner.txt"),
    ],
)
def test_tables_have_the_type_and_the_suffix_of_their_content(
    server: TestClient, format: str, kind: str, name: str
) -> None:
    answer = server.post(f"/annotate?format={format}", json={"text": "asthma"})
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"] == f'inline; filename="{name}"'


@pytest.mark.parametrize(
    ("accept", "kind", "begins"),
    [
        ("", "application/json", '{"documents"'),
        ("text/html,*/*;q=0.1", "text/html; charset=utf-8", "<!doctype html>"),
        ("application/xml", "application/xml", "<?xml"),
        ("text/x-pubtator", "text/x-pubtator; charset=utf-8", "text|t|asthma"),
        ("text/*", "text/plain; charset=utf-8", "text\nstart"),
        ("image/png, application/x-ndjson;q=0.2", "application/x-ndjson", '{"id"'),
    ],
)
def test_the_accept_header_chooses_the_format(
    server: TestClient, accept: str, kind: str, begins: str
) -> None:
    answer = server.post("/annotate", json={"text": "asthma"}, headers={"Accept": accept})
    assert answer.headers["Content-Type"] == kind and answer.text.startswith(begins)


@pytest.mark.parametrize("format", WRITABLE)
def test_every_format_can_be_the_response(server: TestClient, format: str) -> None:
    body = {"documents": [{"id": "1", "text": "asthma 😀"}, {"id": "2", "text": ""}]}
    answer = server.post(f"/annotate?format={format}", json=body)
    assert answer.status_code == 200 and answer.content, answer.text
    name = re.fullmatch(r'inline; filename="(vaner\.\w+)"', answer.headers["Content-Disposition"])
    assert name
    if format in FORMATS and FORMATS[format].writer:
        documents = list(read(InMemoryFile(name[1], answer.content), format))
        assert documents[0].text.startswith("asthma 😀")


class WordLinker:
    """Gives all diseases the same identifier and candidate."""

    types = ("Disease",)

    def identify(self, documents: Iterable[Document]) -> Iterator[Document]:
        candidate = Candidate("X:1", "asthma", 0.9)
        for document in documents:
            spans = (
                replace(s, identifiers=("X:1",), candidates=(candidate,))
                for s in document.spans
                if s.type == "Disease"
            )
            yield document.with_spans(spans)


def test_identifiers_and_candidates() -> None:
    options = LinkOptions(link="/folder/mine.parquet", candidates=5)
    linked = Annotator(WordRecognizer(), linker=WordLinker())
    with TestClient(create_app(linked, link_options=options)) as server:
        body = server.post("/annotate", json={"text": "asthma"}).json()
        about = server.get("/types").json()["identifiers"]
        converted = server.post("/convert", json=body).json()
        losses = server.post("/convert?format=pubtator", json=body).headers["X-Vaner-Lost"]
    [span] = body["documents"][0]["spans"]
    assert span["identifiers"] == ["X:1"]
    assert span["candidates"] == [{"id": "X:1", "name": "asthma", "score": 0.9}]
    assert converted == body and "candidates" in losses
    assert about == {"types": ["Disease"], "kb": None, "link": "mine.parquet", "candidates": 5}


def test_a_server_without_linker_says_so(server: TestClient) -> None:
    assert server.get("/types").json()["identifiers"] is None


def test_losses_of_the_format_are_in_a_header(server: TestClient) -> None:
    answer = server.post("/annotate?format=pubtator", json={"text": "asthma"})
    assert "score has no place in the format (1)" in answer.headers["X-Vaner-Lost"]
    assert "X-Vaner-Lost" not in server.post("/annotate", json={"text": "asthma"}).headers


def test_converting_keeps_mentions(server: TestClient) -> None:
    span = {"start": 2, "end": 3, "type": "Made up"}
    body = {"documents": [{"id": "1", "text": "a 😀 asthma", "spans": [span]}]}
    answer = server.post("/convert?format=bioc", json=body)
    (document,) = read(InMemoryFile("answer", answer.content), "bioc_xml")
    assert document.spans == (Span(2, 3, "Made up"),)
    packed = zipfile.ZipFile(io.BytesIO(server.post("/convert?format=brat", json=body).content))
    assert packed.read("brat/1.ann").decode() == "T1\tMade_up 2 3\t😀\n"


def _json(body: str) -> dict[str, Any]:
    return {"content": body, "headers": {"Content-Type": "application/json"}}


@pytest.mark.parametrize(
    ("path", "sent", "status", "line"),
    [
        ("/annotate", _json("{"), 400, "the body is not JSON: "),
        ("/annotate", _json("[" * 100_000), 400, "the body is not JSON: "),
        ("/annotate", _json('"text"'), 400, "the body must be an object"),
        ("/annotate", _json("{}"), 400, 'give either "text" or "documents"'),
        ("/annotate", _json('{"text": "a", "documents": []}'), 400, "give either"),
        ("/annotate", _json('{"text": 3}'), 400, "text: must be a string"),
        ("/annotate", _json('{"documents": 3}'), 400, "documents: must be a list"),
        ("/annotate", _json('{"documents": [{"text": "a"}, 3]}'), 400, "document:2: "),
        ("/annotate", _json('{"documents": [{"id": "a"}]}'), 400, "document a: the record has"),
        ("/annotate", _json('{"text": "a", "color": "red"}'), 400, "color: unknown parameter"),
        ("/annotate", _json('{"text": "a", "types": 3}'), 400, "types: "),
        ("/annotate", _json('{"texts": ["a"]}'), 400, "Did you mean text?"),
        ("/annotate", _json('{"text": "a", "types": []}'), 400, "types: "),
        ("/annotate", _json('{"text": "a", "min_score": "NaN"}'), 400, "min_score: "),
        ("/annotate", _json('{"text": "a", "min_score": true}'), 400, "min_score: "),
        ("/annotate", _json('{"text": "a", "min_precision": true}'), 400, "min_precision: "),
        ("/annotate", _json('{"text": "a", "min_precision": 0.9}'), 400, "the stand-in has no cal"),
        ("/annotate", _json('{"text": "a", "corpus": "Ward"}'), 400, "Did you mean WardNotes?"),
        ("/annotate?types=Gene", {"json": {"text": "a"}}, 400, "the stand-in does not find Gene"),
        ("/annotate?min_score=2", {"json": {"text": "a"}}, 400, "min_score: "),
        ("/annotate?fromat=html", {"json": {"text": "a"}}, 400, "Did you mean format?"),
        ("/annotate?format=xlsx", {"json": {"text": "a"}}, 400, "cannot be in the format xlsx"),
        ("/annotate?format=odt", {"json": {"text": "a"}}, 400, "unknown format 'odt'"),
        ("/annotate?format=pubmed", {"json": {"text": "a"}}, 400, "pubmed can only be read"),
        ("/annotate?input_format=odt", {"content": b"a"}, 400, "medline, ris, csv, webanno, xmi"),
        ("/annotate?input_format=brat", {"content": b"a"}, 400, "be in the format brat"),
        ("/annotate?input_format=parquet", {"content": b"PAR1"}, 400, "be in the format parquet"),
        ("/annotate?input_format=jsonl", {"content": b"{}\n"}, 400, "body:1: "),
        ("/annotate?name=../a.jsonl", {"content": b"{}\n"}, 400, "a.jsonl:1: "),
        ("/annotate?input_format=text", {"content": b"\xff"}, 400, "name the file's encoding with"),
        ("/annotate", {"content": b"prose"}, 415, "its format cannot be detected; name it with ?i"),
        ("/annotate", {"content": b""}, 400, "the body contains no text"),
        ("/annotate?input_format=jsonl", {"content": b""}, 400, "the body contains no text"),
        ("/annotate", {"content": b"\x1f\x8bnothing"}, 400, "broken gzip"),
        ("/annotate", {"content": gzip.compress(gzip.compress(b"a"))}, 400, "compressed more than"),
        ("/annotate", {"content": bz2.compress(b"a")}, 415, "compressed with bzip2; use gzip"),
        ("/annotate", {"content": b"PK\x03\x04 a Word document"}, 415, "Word document; send text"),
        ("/annotate", {"files": {"file": b"id,text\n1,a\n"}}, 415, "the body is a form; send"),
        ("/annotate?input_format=pdf", {"content": b"%PDF-"}, 400, "be in the format pdf"),
        ("/annotate", {"content": gzip.compress(b"a" * 2_000_000)}, 413, "when it is uncompressed"),
        ("/annotate", {"content": b"a" * 1_000_001}, 413, "a body may have 1,000,000 bytes"),
        ("/annotate", {"json": {"text": "a" * 501}}, 413, "a request may have 500 characters"),
        ("/annotate", {"json": {"documents": [{"text": ""}] * 6}}, 413, "may have 5 documents"),
        ("/convert", {"json": {"text": "a" * 2001}}, 413, "may have 2,000 characters"),
        ("/draw", {"json": {"text": "a" * 2001}}, 413, "may have 2,000 characters"),
        ("/annotate", {"json": {"text": "a"}, "headers": {"Accept": "image/png"}}, 406, "can be"),
        ("/annotate", {"json": {"text": POISON}}, 500, "internal error: RuntimeError"),
        ("/nowhere", {"content": b""}, 404, "Not Found"),
        ("/health", {"content": b""}, 405, "Method Not Allowed"),
    ],
)  # fmt: skip
def test_rejected_requests(
    small_server: TestClient, path: str, sent: dict[str, Any], status: int, line: str
) -> None:
    answer = small_server.post(path, **sent)
    assert answer.status_code == status, answer.text
    assert line in error(answer)
    after = small_server.post("/annotate", json={"text": "asthma"})  # and continues to work
    assert places(after.json()["documents"][0]) == [(0, 6, "Disease")]


def test_a_body_without_a_declared_length_is_limited() -> None:
    with client(body=5_000) as server:
        parts = (b"a" * 1_000 for _ in range(6))
        answer = server.post("/annotate?input_format=text", content=parts)
    assert answer.status_code == 413 and "5,000 bytes" in error(answer)


def test_each_client_has_its_rate() -> None:
    now = [0.0]
    rate = RateLimiter(60, clock=lambda: now[0])
    for client_name in ("a", "b"):
        assert [rate.seconds_to_wait(client_name) for _ in range(60)] == [0.0] * 60
    assert rate.seconds_to_wait("a") == pytest.approx(1.0)
    now[0] = 1.0
    assert rate.seconds_to_wait("a") == 0.0 and rate.seconds_to_wait("a") > 0.9
    for number in range(20_000):
        now[0] += 70
        rate.seconds_to_wait(str(number))
    assert len(rate._steady_times) <= 10_001


def test_the_rate_limit_sends_retry_after() -> None:
    with client(rate=3) as server:
        answers = [server.post("/annotate", json={"text": "a"}) for _ in range(4)]
        assert [a.status_code for a in answers] == [200, 200, 200, 429]
        assert "3 requests a minute" in error(answers[-1])
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 21
        assert server.get("/health").status_code == 200


def test_types_that_miss_a_precision_are_left_out_and_named() -> None:
    annotator = Annotator(WordRecognizer(), calibration=make_calibration())
    body = {"text": "aspirin for asthma of the lung", "min_precision": 0.8}
    with client(annotator) as server:
        answer = server.post("/annotate", json=body)
        assert answer.status_code == 200
        assert [s["type"] for s in answer.json()["documents"][0]["spans"]] == ["Chemical"]
        assert answer.headers["X-Vaner-Lost"] == (
            "types left out: precision 0.8 was not reached on the dev set for Disease (at most "
            "0.7); the dev set has too few mentions to measure the precision of Anatomy"
        )
        named = server.post("/annotate", json={**body, "types": ["Chemical", "Disease"]})
        assert named.status_code == 400 and "for Disease (at most 0.7)" in error(named)
        none = server.post("/annotate", json={**body, "min_precision": 0.95})
        assert none.status_code == 400 and "0.95 was not reached" in error(none)
        chemical = server.post("/annotate", json={**body, "types": ["Chemical"]})
        assert "X-Vaner-Lost" not in chemical.headers


def test_names_below_the_minimum_score_are_left_out_by_default() -> None:
    body = {"text": "aspirin for asthma of the lung"}
    with client(annotator_with_minimum_scores()) as server:
        assert server.get("/types").json()["min_scores"] == {"Disease": 1.0}
        types = {}
        for min_score in (None, 0):
            answer = server.post("/annotate", json={**body, "min_score": min_score})
            spans = answer.json()["documents"][0]["spans"]
            types[min_score] = {span["type"] for span in spans}
        assert types[0] - types[None] == {"Disease"}


@pytest.fixture
def blocked() -> Iterator[WordRecognizer]:
    """A recognizer that blocks until its gate is opened."""
    recognizer = WordRecognizer()
    recognizer.gate.clear()
    yield recognizer
    recognizer.gate.set()


def test_a_full_queue_rejects_requests(blocked: WordRecognizer) -> None:
    with client(Annotator(blocked), waiting=2) as server, ThreadPoolExecutor(2) as pool:
        taken = [pool.submit(server.post, "/annotate", json={"text": "asthma"}) for _ in range(2)]
        assert wait_for(lambda: server.get("/health").json()["waiting"] == 2)
        answer = server.post("/annotate", json={"text": "asthma"})
        assert answer.status_code == 503 and answer.headers["Retry-After"]
        assert "too many requests" in error(answer)
        blocked.gate.set()
        assert [t.result().status_code for t in taken] == [200, 200]


def test_a_slow_request_times_out(blocked: WordRecognizer) -> None:
    with client(Annotator(blocked), timeout=0.2) as server:
        answer = server.post("/annotate", json={"text": "asthma"})
        assert answer.status_code == 504 and "0.2 seconds" in error(answer)
        assert server.get("/health").json()["waiting"] == 0
        blocked.gate.set()


def test_concurrent_clients_get_their_results(server: TestClient) -> None:
    def ask(number: int) -> bool:
        text = f"{number} asthma " * (1 + number % 7) + "😀 lung cancer"
        if number % 10 == 3:
            return server.post("/annotate", json={"text": POISON}).status_code == 500
        if number % 10 == 5:
            return server.post("/annotate", content=b"{").status_code == 415
        types = WordRecognizer.types[: 1 + number % 3]
        answer = server.post("/annotate", json={"text": text, "types": types})
        (document,) = answer.json()["documents"]
        expected = [(s.start, s.end, s.type) for s in sorted(spans(text, types))]
        return bool(document["text"] == text and places(document) == expected)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(60)))


def test_results_do_not_depend_on_other_requests(tiny_model: Path) -> None:
    """With a model: the same sentences alone, and in batches with others of other lengths."""
    model_annotator = Annotator.from_pretrained(tiny_model, device="cpu")
    texts = ["Aspirin and asthma. " * n + "Metformin 😀" for n in (1, 2, 3, 5, 8, 1, 2)]
    alone = [model_annotator(text).spans for text in texts]
    with client(model_annotator) as server, ThreadPoolExecutor(7) as pool:
        answers = list(pool.map(lambda text: server.post("/annotate", json={"text": text}), texts))
    for spans_alone, answer in zip(alone, answers, strict=True):
        mentions = answer.json()["documents"][0]["spans"]
        assert [(s["start"], s["end"], s["type"]) for s in mentions] == [
            (s.start, s.end, s.type) for s in spans_alone
        ]
        assert [s["score"] for s in mentions] == pytest.approx(
            [s.score for s in spans_alone], abs=1e-5
        )
    assert any(alone)


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/health", 200), ("/annotate", 405)])
def test_head_is_answered_as_get(server: TestClient, path: str, status: int) -> None:
    answer = server.head(path)
    assert (answer.status_code, answer.content) == (status, b"")


def test_types_health_and_openapi(server: TestClient) -> None:
    about = server.get("/types").json()
    assert (about["model"], about["types"]) == ("known", list(WordRecognizer.types))
    assert {"brat", "html", "json"} <= set(about["write"]) and "brat" not in about["read"]
    health = server.get("/health").json()
    assert health == {
        "status": "ok", "model": "known", "form": None, "vaner": __version__, "waiting": 0
    }  # fmt: skip
    assert about["corpora"] == ["WardNotes"] and about["min_scores"] == {}
    assert about["form"] is None and about["vaner"] == __version__
    schema = server.get("/openapi.json").json()
    paths = {"/annotate", "/convert", "/types", "/health", "/ready", "/metrics"}
    assert set(schema["paths"]) == paths
    operation = schema["paths"]["/annotate"]["post"]
    assert {p["name"] for p in operation["parameters"]} > {
        "types",
        "overlaps",
        "min_score",
        "format",
    }
    assert "application/x-ndjson" in operation["requestBody"]["content"]


def test_metrics_count() -> None:
    texts = [{"text": "asthma"}, {"text": "aspirin asthma"}]
    with client() as server:
        server.post("/annotate", json={"documents": texts})
        server.post("/annotate", content=b"prose")
        server.get("/made-up-by-a-client")
        message = server.get("/metrics").text
    for line in (
        'vaner_requests_total{path="/annotate",status="200"} 1.0',
        'vaner_requests_total{path="/annotate",status="415"} 1.0',
        'vaner_requests_total{path="other",status="404"} 1.0',
        "vaner_documents_total 2.0",
        "vaner_characters_total 20.0",
        'vaner_mentions_total{type="Disease"} 2.0',
        "vaner_waiting_requests 0.0",
    ):
        assert line in message.splitlines()
    assert "made-up" not in message


def test_no_page_loads_files_of_other_servers(server: TestClient) -> None:
    paths = [path for path in page_files() if path != "/links.json"]
    assert len(paths) > 10
    for path in (*paths, "/docs"):
        answer = server.get(path)
        assert answer.status_code == 200
        loaded = re.sub(r"(?m)^\s*// .*|\*/", "", answer.text).replace("http://testserver", "")
        assert not re.search(r"(?:https?:)?//[a-z]", loaded)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_an_error_names_the_parameter_that_prevents_it(server: TestClient) -> None:
    bodies = {
        "input_format": b"prose", "encoding": "für".encode("latin-1"),
        "text_column": b"ward,remark\n7,asthma\n",
    }  # fmt: skip
    for parameter, body in bodies.items():
        path = f"/convert?name=notes{'.csv' * (parameter == 'text_column')}"
        assert server.post(path, content=body).json()["parameter"] == parameter
    path = "/annotate?name=notes.csv&text_column=remark"
    (document,) = server.post(path, content=bodies["text_column"]).json()["documents"]
    assert document["text"] == "asthma"
    assert "parameter" not in server.post("/annotate", json={}).json()


def test_the_page_of_the_api_describes_every_operation(server: TestClient) -> None:
    page = server.get("/docs").text
    assert 'href="/' not in page  # the server may be in a folder of a proxy
    for path in server.get("/openapi.json").json()["paths"]:
        assert re.search(rf"<h2>(GET|POST) {path}</h2>", page)
    for words in ("min_score", "input_format", "The request exceeds a limit.", "text/x-pubtator"):
        assert words in page
    assert not re.search("<script|{url}", page) and "curl http://testserver/annotate" in page


def test_rendered_mentions_are_in_the_order_of_their_links(server: TestClient) -> None:
    given = [{"start": 5, "end": 9, "type": "Ward"}, {"start": 0, "end": 9, "type": "<b>"}]
    body = {"documents": [{"id": "<i>", "text": "<lung> 😀", "spans": given[:1]},
                          {"text": "lung lungs", "spans": given}]}  # fmt: skip
    body["documents"][0]["spans"] = [{"start": 1, "end": 5, "type": "Disease"}]
    answer = server.post("/draw?first=4&type=Chemical", json=body).json()
    assert answer["order"] == [[0], [1, 0]]
    looks = answer["looks"]
    assert set(looks) == {"Ward", "<b>", "Disease", "Chemical"}
    assert looks["Disease"] == find_look("Disease") != looks["Chemical"]
    first, second = answer["html"]
    assert "<i>" not in first and 'href="#d4m1"' in first
    assert f'class="line t{looks["Disease"]} l0" data-m="1"' in first
    assert re.findall(r'href="#d5m(\d)" data-t="([^"]*)"', second) == [
        ("2", "Ward"), ("1", "&lt;b&gt;")
    ]  # fmt: skip


def test_api_keys() -> None:
    """Everything that reads or returns texts needs a key; the page and the health check do not."""
    keys = ("a-key-0123456789-a", "a-key-0123456789-b")
    app = create_app(annotator(), limits=Limits(), api_keys=keys)
    with TestClient(app, raise_server_exceptions=False) as test_client:
        for path in ("/", "/page.js", "/health", "/ready", "/openapi.json", "/docs"):
            assert test_client.get(path).status_code == 200, path
        for path in ("/annotate", "/convert", "/draw", "/types", "/metrics", "/nowhere"):
            answer = test_client.post(path, content=b"x" * 100_000)
            assert answer.status_code == 401, path
            assert "this server needs an API key" in error(answer)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.headers["Cache-Control"] == "no-store"
        wrong = test_client.get("/types", headers={"Authorization": "Bearer a-key-0123456789-c"})
        assert wrong.status_code == 401 and "is not valid" in error(wrong)
        for key in keys:
            for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
                answer = test_client.post("/annotate", json={"text": TEXT}, headers=headers)
                assert places(answer.json()["documents"][0]) == EXPECTED
        metrics = test_client.get("/metrics", headers={"X-API-Key": keys[0]}).text
        assert 'vaner_requests_total{path="/annotate",status="401"} 1.0' in metrics


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "", "text/json", "application/vnd.api+json"],
)
def test_parameters_in_json_of_another_content_type(server: TestClient, content_type: str) -> None:
    body = json.dumps({"text": TEXT, "types": ["Anatomy"]})
    answer = server.post("/annotate", content=body, headers={"Content-Type": content_type})
    expected = [f for f in EXPECTED if f[2] == "Anatomy"]
    assert places(answer.json()["documents"][0]) == expected != EXPECTED
    wrong = json.dumps({"text": TEXT, "types": ["Anatomy"], "min_score": 2})
    answer = server.post("/annotate", content=wrong, headers={"Content-Type": content_type})
    assert answer.status_code == 400 and "min_score" in error(answer)
    lines = json.dumps({"id": "7", "text": TEXT, "types": ["mine"]}) + "\n"
    answer = server.post("/annotate", content=lines, headers={"Content-Type": ""})
    assert answer.json()["documents"][0]["id"] == "7"


def test_an_app_can_be_started_again() -> None:
    app = create_app(annotator(), name="known")
    for _ in range(2):
        with TestClient(app) as test_client:
            assert test_client.post("/annotate", json={"text": TEXT}).status_code == 200


def test_documents_with_sentences_of_another_program() -> None:
    with client(Annotator(WordRecognizer(), context=True)) as test_client:
        body = {"documents": [{"id": "1", "text": TEXT, "sentences": [TEXT]}]}
        answer = test_client.post("/annotate", json=body)
    assert answer.status_code == 200 and places(answer.json()["documents"][0]) == EXPECTED
