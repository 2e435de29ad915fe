"""The context of mentions in Python, files, spaCy, the server and HTML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run
from tests.serving import WordRecognizer
from tests.text.test_overlaps import count_calls
from vaner.annotator import Annotator
from vaner.context import add_context
from vaner.context.triggers import ATTRIBUTES, load_triggers
from vaner.display.html.notebook import fragment
from vaner.display.output_formats import VIEWS
from vaner.formats import read, write
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Cue

TEXT = "There was no sign of asthma. Her father had lung cancer."
DOCUMENT = Document("1", TEXT, (Span(21, 27, "Disease"), Span(44, 55, "Disease")))
NEGATED, FAMILY = Cue("negated", 10, 20), Cue("family", 33, 39)


def test_cues_have_the_offsets_of_their_words() -> None:
    first, second = add_context(DOCUMENT).spans
    assert first.context == (NEGATED,) and TEXT[10:20] == "no sign of"
    assert second.context == (FAMILY,) and TEXT[33:39] == "father"


def test_an_earlier_context_is_replaced() -> None:
    document = DOCUMENT.with_spans([Span(44, 55, "Disease", context=(Cue("negated", 0, 5),))])
    assert add_context(document).spans[0].context == (FAMILY,)
    assert add_context(Document("1", "no text")).spans == ()


def test_given_sentences_are_respected() -> None:
    text = "No fever\ncough"
    spans = (Span(3, 8, "D"), Span(9, 14, "D"))
    joined = Document("1", text, spans, {"sentences": ((0, 14),)})
    assert [len(span.context) for span in add_context(joined).spans] == [1, 1]
    lines = Document("1", text, spans, {"sentences": ((0, 8), (9, 14))})
    assert [len(span.context) for span in add_context(lines).spans] == [1, 0]


@pytest.mark.parametrize(
    "text", ["", "no", "\u200b no \ud83d asthma", "NO ÄSTHMA – ‘no’ 😀", "." * 50]
)
def test_any_text_has_a_context(text: str) -> None:
    spans = [Span(i, i + 1, "D") for i, letter in enumerate(text) if letter.strip()]
    for span in add_context(Document("1", text, tuple(spans))).spans:
        assert all(0 <= cue.start < cue.end <= len(text) for cue in span.context)


@pytest.mark.parametrize("text", [TEXT, "no gout "])
def test_work_is_in_proportion_to_the_text(text: str) -> None:
    spans = DOCUMENT.spans if text == TEXT else (Span(3, 7, "Disease"),)

    def work(number: int) -> int:
        repeated = tuple(s.shift(i * len(text)) for i in range(number) for s in spans)
        return count_calls(lambda: add_context(Document("1", text * number, repeated)))

    work(10)  # fills caches
    assert work(800) < 5 * work(200)


def test_every_attribute_has_phrases() -> None:
    triggers = load_triggers()
    assert tuple(triggers) == ATTRIBUTES
    assert all(len(of_attribute.roles) > 50 for of_attribute in triggers.values())


def test_the_annotator_adds_context() -> None:
    [document] = Annotator(WordRecognizer(), context=True).annotate([Document("1", "No asthma.")])
    assert document.spans[0].context == (Cue("negated", 0, 2),)


def test_bioc_and_brat_have_attributes(tmp_path: Path) -> None:
    document = add_context(DOCUMENT)
    write([document], tmp_path / "x.xml", "bioc_xml")
    assert '<infon key="negated">no sign of [10:20]</infon>' in (tmp_path / "x.xml").read_text()
    report = write([document], tmp_path / "brat", "brat")
    lines = (tmp_path / "brat" / "1.ann").read_text().splitlines()
    assert lines[2:] == [
        "A1\tnegated T1", "#1\tAnnotatorNotes A1\tno sign of [10:20]",
        "A2\tfamily T2", "#2\tAnnotatorNotes A2\tfather [33:39]",
    ]  # fmt: skip
    assert not report.lost
    [again] = read(tmp_path / "brat")
    write([again], tmp_path / "again", "brat")
    assert (tmp_path / "again" / "1.ann").read_text().splitlines() == lines


def test_html_marks_context_and_explains_it() -> None:
    from collections import Counter

    page = "".join(VIEWS["html"]([add_context(DOCUMENT)], Counter()))
    assert 'data-context="negated"' in page and "uncertain, in the past" in page
    assert "Disease · family · 44:55" in page
    assert (
        "data-context=" not in "".join(VIEWS["html"]([DOCUMENT], Counter())).partition("<body>")[2]
    )
    assert "struck" in fragment(add_context(DOCUMENT))


def test_the_command_writes_context(annotate: Run) -> None:
    result = annotate("--text", "No asthma.", "--context", "--format", "jsonl")
    assert result.code == 0, result


def test_the_server_says_whether_it_adds_context() -> None:
    testclient: Any = pytest.importorskip("starlette.testclient", reason="no extra serve")
    pytest.importorskip("prometheus_client", reason="no extra serve")
    from vaner.server.app import create_app

    app = create_app(Annotator(WordRecognizer(), context=True))
    with testclient.TestClient(app) as server:
        assert server.get("/types").json()["context"] is True
        body = server.post("/annotate", json={"text": "No asthma."}).json()
    [span] = body["documents"][0]["spans"]
    assert span["context"] == [{"attribute": "negated", "start": 0, "end": 2, "text": "No"}]


def test_spacy_has_extensions(tiny_model: Path) -> None:
    spacy: Any = pytest.importorskip("spacy", reason="spaCy is not installed")
    nlp = spacy.blank("en")
    config = {"model": str(tiny_model), "device": "cpu", "context": True}
    component = nlp.add_pipe("vaner", config=config)
    component._annotator = Annotator(WordRecognizer(), context=True)
    [entity] = nlp("He has no asthma.").ents
    assert entity._.negated.text == "no"
    assert entity._.uncertain is None is entity._.family
