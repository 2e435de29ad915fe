"""The MCP server, called by the client of the official SDK: in memory, by pipes and by HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")

import anyio  # noqa: E402

from tests.command_line import Run  # noqa: E402
from tests.linking.bases import build  # noqa: E402
from vaner.annotator import Annotator  # noqa: E402
from vaner.integrations.mcp_server import build_mcp_server  # noqa: E402
from vaner.knowledge.concepts import Concept  # noqa: E402
from vaner.linking.options import LinkOptions  # noqa: E402
from vaner.text.documents import Document, Span  # noqa: E402


class Names:
    """A knowledge base with one name; as a recognizer it finds the name everywhere."""

    kind, types, zero_shot, form, calibration = "dictionary", ("Disease",), False, None, None
    corpora: dict[str, list[str]] = {}

    def annotate(
        self, texts: Iterable[str | Document], types: Any = None, *, corpus: str | None = None
    ) -> Iterator[Document]:
        for text in texts:
            document = text if isinstance(text, Document) else Document("0", text)
            start = document.text.find("gout")
            spans = [Span(start, start + 4, "Disease", 0.75)] if start >= 0 else []
            yield document.with_spans(spans)

    def identify(self, documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            yield document.with_spans(
                Span(s.start, s.end, s.type, s.score, ("M:1",) if "gout" in document.text else ())
                for s in document.spans
            )


def call(server: Any, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """Return the results of calls of tools, by one client."""

    async def run() -> list[Any]:
        async with mcp.Client(server) as client:
            results = [await client.call_tool(name, arguments) for name, arguments in calls]
            tools = (await client.list_tools()).tools
            return [sorted(tool.name for tool in tools), *results]

    return anyio.run(run)


def content(result: Any) -> Any:
    assert not result.is_error, result.content
    return result.structured_content["result"]


def test_tools_in_memory() -> None:
    names = Names()
    annotator = Annotator(names, linker=names)  # type: ignore[arg-type]
    server = build_mcp_server(annotator, max_characters=100)
    line = json.dumps({"id": "7", "text": "gout", "spans": [{"start": 0, "end": 4, "type": "D"}]})
    tools, annotated, linked, converted, with_tabs, *wrong = call(
        server,
        ("annotate", {"text": "a 😀 gout", "types": "disease"}),
        ("link", {"names": [" gout ", "flu", ""], "type": "Disease"}),
        ("convert", {"content": line, "from_format": "jsonl", "to_format": "csv"}),
        ("convert", {"content": line, "from_format": "jsonl", "to_format": "TSV"}),
        ("annotate", {"text": "gout", "types": "Gene"}),
        ("annotate", {"text": "gout" * 100}),
        ("convert", {"content": "x", "from_format": "nonsense", "to_format": "csv"}),
        ("annotate", {"text": "gout", "min_score": 2}),
        ("annotate", {"text": "gout", "min_precision": 0.9}),
        ("annotate", {"text": "gout", "min_scores": 0.9}),
    )
    assert tools == ["annotate", "convert", "link"]
    assert content(annotated) == [
        {"start": 4, "end": 8, "type": "Disease", "text": "gout", "score": 0.75,
         "identifiers": ["M:1"]},
    ]  # fmt: skip
    assert [each["identifiers"] for each in content(linked)] == [["M:1"], [], []]
    assert content(converted).splitlines()[1] == "7,0,4,D,gout,,,"
    assert content(with_tabs).splitlines()[1] == "7\t0\t4\tD\tgout\t\t\t"
    messages = [result.content[0].text for result in wrong]
    assert all(result.is_error for result in wrong)
    assert "does not find Gene; it finds Disease" in messages[0]
    assert "the text has 400 characters; the limit is 100" in messages[1]
    assert "unknown format 'nonsense'" in messages[2] and "min_score" in messages[3]
    assert "the dictionary has no calibration" in messages[4] and "min_scores" in messages[5]


def test_lone_surrogates_are_replaced() -> None:
    names = Names()
    _, linked, *converted = call(
        build_mcp_server(Annotator(names, linker=names)),  # type: ignore[arg-type]
        ("link", {"names": ["gout\ud800"], "type": "Disease"}),
        ("convert", {"content": "gout\ud800", "from_format": "text", "to_format": "jsonl"}),
        ("convert", {"content": "gout\ud800", "from_format": "text", "to_format": "text"}),
    )
    assert content(linked) == [{"name": "gout\ufffd", "identifiers": ["M:1"]}]
    assert all("gout\ufffd" in content(result) for result in converted)


def test_without_a_knowledge_base_nothing_is_linked() -> None:
    [tools] = call(build_mcp_server(Annotator(Names())))  # type: ignore[arg-type]
    assert tools == ["annotate", "convert"]


def test_similar_names_have_ranked_concepts_and_mentions_have_context(tmp_path: Path) -> None:
    concepts = [
        Concept("X:1", "Gout", "Disease", ("Podagra",), "mine"),
        Concept("X:2", "Gouty toes", "Disease", (), "mine"),
    ]
    base = build(tmp_path / "mine.parquet", *concepts)
    linker = LinkOptions(link=str(base.path), candidates=2).load()
    annotator = Annotator(Names(), linker=linker, context=True)  # type: ignore[arg-type]
    _, annotated, linked, wrong = call(
        build_mcp_server(annotator),
        ("annotate", {"text": "He has no gout."}),
        ("link", {"names": ["podagras", "", "zzz"], "type": "disease"}),
        ("link", {"names": ["gout"], "type": "Gene"}),
    )
    [mention] = content(annotated)
    assert mention["identifiers"] == ["X:1"]
    assert [each["id"] for each in mention["candidates"]] == ["X:1", "X:2"]
    assert mention["candidates"][0]["score"] > mention["candidates"][1]["score"]
    assert mention["context"] == [{"attribute": "negated", "start": 7, "end": 9, "text": "no"}]
    similar, *unknown = content(linked)
    assert similar["identifiers"] == ["X:1"] and similar["candidates"][0]["name"] == "podagra"
    assert unknown == [{"name": name, "identifiers": []} for name in ("", "zzz")]
    assert wrong.is_error and "no type Gene; it has Disease" in wrong.content[0].text


@pytest.mark.heavy
def test_the_command_on_standard_input_and_output(tmp_path: Path) -> None:
    from mcp.client.stdio import StdioServerParameters

    base = build(tmp_path / "mine.parquet", Concept("X:1", "Diabetes", "Disease", (), "mine"))
    options = ["--link", str(base.path), "--context", "--device", "cpu"]
    command = StdioServerParameters(command=sys.executable, args=["-m", "vaner", "mcp", *options])
    _, annotated = call(command, ("annotate", {"text": "Metformin never treats diabetes."}))
    drug, disease = content(annotated)
    assert drug["text"] == "Metformin" and disease["text"] == "diabetes"
    assert disease["candidates"][0]["id"] == "X:1" and disease["context"][0]["text"] == "never"


def test_an_unknown_knowledge_base_is_an_error_in_one_line(run: Run) -> None:
    for option in ("--kb", "--link"):
        assert "unknown knowledge base 'none'" in run("mcp", option, "none").error


@contextmanager
def http_server(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command at a free port; yield its process and its URL."""
    arguments = ["mcp", "--http", "--port", "0", "--device", "cpu", *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "vaner", *arguments], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        yield process, process.stderr.readline().split(" at ")[1].split()[0]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.heavy
def test_the_command_over_http() -> None:
    with http_server("--max-characters", "2000000") as (process, url):
        text = f"Metformin treats{1_500_000 * chr(0x2003)}diabetes."  # of spaces with three bytes
        _, annotated = call(url, ("annotate", {"text": text}))
        assert [mention["text"] for mention in content(annotated)] == ["Metformin", "diabetes"]
        port = url.split(":")[2].split("/")[0]
        taken = subprocess.run(
            [sys.executable, "-m", "vaner", "mcp", "--http", "--port", port],
            capture_output=True, text=True,
        )  # fmt: skip
        assert taken.returncode == 2 and taken.stdout == ""
        assert taken.stderr.count("\n") == 1 and "choose another port with --port" in taken.stderr
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[1] == "vaner: stopped\n"
        assert process.returncode == 0


@pytest.mark.heavy
def test_http_with_api_keys(tmp_path: Path) -> None:
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    key, path = "a-key-0123456789-a", tmp_path / "keys.txt"
    path.write_text(key)
    path.chmod(0o600)

    async def tools(url: str, headers: dict[str, str]) -> int:
        async with (
            create_mcp_http_client(headers) as http,
            mcp.Client(streamable_http_client(url, http_client=http)) as client,
        ):
            return len((await client.list_tools()).tools)

    with http_server("--api-key-file", str(path)) as (_, url):
        assert anyio.run(tools, url, {"Authorization": f"Bearer {key}"}) == 2
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, b"{}"), timeout=60)
        assert refused.value.code == 401
        assert "this server needs an API key" in json.load(refused.value)["error"]
