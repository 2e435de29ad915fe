"""The MCP server, called by the client of the official SDK: in memory, by pipes and by HTTP."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

mcp = pytest.importorskip("mcp", reason="the extra mcp is not installed")

import anyio  # noqa: E402

from vaner.annotator import Annotator  # noqa: E402
from vaner.integrations.mcp_server import build_mcp_server  # noqa: E402
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

    def resolve_types(self, types: Any) -> list[str]:
        return ["Disease" for _ in types]

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
    server = build_mcp_server(Annotator(names), names, max_characters=100)  # type: ignore[arg-type]
    line = json.dumps({"id": "7", "text": "gout", "spans": [{"start": 0, "end": 4, "type": "D"}]})
    tools, annotated, linked, converted, *wrong = call(
        server,
        ("annotate", {"text": "a 😀 gout", "types": ["disease"]}),
        ("link", {"names": [" gout ", "flu", ""], "type": "Disease"}),
        ("convert", {"content": line, "from_format": "jsonl", "to_format": "csv"}),
        ("annotate", {"text": "gout", "types": ["Gene"]}),
        ("annotate", {"text": "gout" * 100}),
        ("convert", {"content": "x", "from_format": "nonsense", "to_format": "csv"}),
        ("annotate", {"text": "gout", "min_score": 2}),
    )
    assert tools == ["annotate", "convert", "link"]
    assert content(annotated) == [
        {"start": 4, "end": 8, "type": "Disease", "text": "gout", "score": 0.75,
         "identifiers": ["M:1"]},
    ]  # fmt: skip
    assert [each["identifiers"] for each in content(linked)] == [["M:1"], [], []]
    assert content(converted).splitlines()[1] == "7,0,4,D,gout,,"
    messages = [result.content[0].text for result in wrong]
    assert all(result.is_error for result in wrong)
    assert "does not find Gene; it finds Disease" in messages[0]
    assert "the text has 400 characters; the limit is 100" in messages[1]
    assert "unknown format 'nonsense'" in messages[2] and "min_score" in messages[3]


def test_without_a_knowledge_base_nothing_is_linked() -> None:
    [tools] = call(build_mcp_server(Annotator(Names())))  # type: ignore[arg-type]
    assert tools == ["annotate", "convert"]


@pytest.mark.heavy
def test_the_command_on_standard_input_and_output() -> None:
    from mcp.client.stdio import StdioServerParameters

    command = StdioServerParameters(
        command=sys.executable, args=["-m", "vaner", "mcp", "--device", "cpu"]
    )
    _, annotated = call(command, ("annotate", {"text": "Metformin treats diabetes."}))
    assert [mention["text"] for mention in content(annotated)] == ["Metformin", "diabetes"]


@pytest.mark.heavy
def test_the_command_over_http(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["mcp", "--http", "--port", str(port), "--device", "cpu"]
    process = subprocess.Popen([sys.executable, "-m", "vaner", *arguments])
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.2)
        url = f"http://127.0.0.1:{port}/mcp"
        _, annotated = call(url, ("annotate", {"text": "Metformin treats diabetes."}))
        assert [mention["text"] for mention in content(annotated)] == ["Metformin", "diabetes"]
    finally:
        process.terminate()
        process.wait(60)
