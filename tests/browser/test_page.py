"""The page in Chromium: it finds what Python finds, and sends nothing.

ONNXRUNTIME_WEB must name the package onnxruntime-web, as ``--runtime`` of ``vaner export``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.browser.texts import TEXTS
from vaner.annotator import Annotator
from vaner.browser.build import MODEL_FOLDER, write_page
from vaner.models.locate import list_embedded

pytest.importorskip("onnx", reason="onnx is not installed")
RUNTIME = os.environ.get("ONNXRUNTIME_WEB")
if not RUNTIME:
    pytest.skip("ONNXRUNTIME_WEB names no onnxruntime-web", allow_module_level=True)

from tests.server.browser import NEEDS_CHROMIUM  # noqa: E402
from tests.server.conftest import browser  # noqa: E402, F401

pytestmark = NEEDS_CHROMIUM


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def export_tiny_bert(folder: Path) -> Path:
    """Export a random BERT that makes a pass for each type, with instructions and ends of mentions.

    Its rows hold few subwords, so that nearly every sentence has several windows.
    """
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    from vaner.tagger.model import VanerForTokenClassification
    from vaner.tagger.onnx_export import export

    torch.manual_seed(3)
    (folder / "backbone").mkdir()
    letters = [chr(code) for code in range(33, 127)] + [*"αβµé中患"]
    tokens = ["[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{letter}" for letter in letters)]
    tokens += ["asthma", "as", "##th", "##ma", "gene", "in", "any", "disease", "diseases"]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ids = [("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, ids)
    tokenizer.save(str(folder / "backbone" / "tokenizer.json"))
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=192,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder / "backbone")
    model = VanerForTokenClassification.from_backbone(
        str(folder / "backbone"), types=["Disease", "Gene"], corpora={"any": ["Disease", "Gene"]},
        max_subwords=160, scheme="BIOES",
    )  # fmt: skip
    torch.nn.init.normal_(model.classifier.weight, std=1.0)
    export(model.eval(), folder / "backbone" / "tokenizer.json", folder / "fp32", precision="fp32")
    return folder / "fp32"


@pytest.fixture(scope="module", params=["biomedical", "tiny"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site") / "page"
    model = list_embedded()["biomedical"]
    exported = model / "int8"
    if request.param == "tiny":
        model = exported = export_tiny_bert(target.parent)
    write_page(exported, target, source=model, runtime=Path(str(RUNTIME)))
    return target


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    handler = partial(_Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:  # noqa: F811
    context = browser.new_context()
    opened = context.new_page()
    opened.set_default_timeout(120_000)
    problems: list[str] = []
    opened.on("console", lambda message: problems.append(message.text))
    opened.on("pageerror", lambda problem: problems.append(str(problem)))
    opened.goto(address)
    opened.wait_for_selector("#go:enabled")
    requests: list[str] = []
    opened.on("request", lambda request: requests.append(request.url))
    yield opened
    context.close()
    assert not problems
    assert not [url for url in requests if not url.startswith("blob:")]


def test_the_browser_finds_what_python_finds(page: Any, folder: Path) -> None:
    annotator = Annotator.from_pretrained(folder / MODEL_FOLDER, device="cpu")
    results = page.evaluate(
        """async (texts) => {
            const { annotate } = await import("./client.js");
            const found = [];
            for (const text of texts) found.push(await annotate(text));
            return found;
        }""",
        TEXTS,
    )
    for document, actual in zip(annotator.annotate(TEXTS), results, strict=True):
        expected = [(s.start, s.end, s.type, document.mention(s)) for s in document.spans]
        given = [(s["start"], s["end"], s["type"], s["text"]) for s in actual]
        assert given == expected, ascii(document.text)
        scores = [span["score"] for span in actual]
        assert scores == pytest.approx([s.score for s in document.spans], abs=1e-4)


@pytest.mark.parametrize("folder", ["biomedical"], indirect=True)
def test_the_page_shows_and_downloads_mentions(page: Any, tmp_path: Path) -> None:
    page.fill("#text", "😀 aspirin for\nasthma")
    page.click("#go")
    page.wait_for_selector("#documents mark")
    assert page.locator("#documents .text").inner_text().replace("\n", " ").count("aspirin") == 1
    page.click("#tsv", trial=True)
    with page.expect_download() as download:
        page.click("#tsv")
    download.value.save_as(tmp_path / "mentions.tsv")
    head, *rows = (tmp_path / "mentions.tsv").read_text("utf-8").splitlines()
    assert head.split("\t") == ["document", "start", "end", "type", "text", "score"]
    assert [row.split("\t")[1:5] for row in rows] == [
        ["2", "9", "Chemical", "aspirin"], ["14", "20", "Disease", "asthma"]
    ]  # fmt: skip
    page.uncheck("input[value=Disease]")
    assert page.locator("#documents tbody tr").count() == 1
    page.locator("#score").fill("0.99")
    assert page.locator("#documents mark").count() <= 1
    page.set_input_files("#files", {"name": "a.txt", "mimeType": "", "buffer": b"\xe9"})
    page.wait_for_selector("#problem:visible")
    assert "a.txt is not a text file in UTF-8" in page.inner_text("#problem")
