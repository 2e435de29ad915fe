"""Linking in every interface: Python, command line, jobs, spaCy and transformers."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run
from tests.linking.bases import build, mark
from tests.serving import WordRecognizer
from vaner.annotator import Annotator
from vaner.cluster.annotation_settings import AnnotationSettings
from vaner.errors import VanerError
from vaner.formats import FORMATS, read, write
from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.concepts import Concept
from vaner.knowledge.matcher import Matcher
from vaner.linking.abbreviations import add_abbreviations
from vaner.linking.linker import Linker
from vaner.linking.options import LinkOptions
from vaner.text.documents import Document, Span
from vaner.text.mention_details import Candidate, Cue

CONCEPTS = (
    Concept("X:1", "Asthma", "Disease", ("Bronchial asthma",), "mine"),
    Concept("X:2", "Lung cancer", "Disease", (), "mine"),
    Concept("X:3", "Asthmatic cough", "Disease", (), "mine"),
    *(Concept(f"X:{n}", f"Illness number {n}", "Disease", (), "mine") for n in range(10, 40)),
)
DETAILED = Span(
    3, 7, "Disease", candidates=(Candidate("X:1", "gout", 0.5),), context=(Cue("negated", 0, 2),)
)


@pytest.fixture(scope="module")
def lung(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return build(tmp_path_factory.mktemp("kb") / "lung.parquet", *CONCEPTS)


@pytest.fixture(scope="module")
def genes(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    path = tmp_path_factory.mktemp("kb") / "genes.parquet"
    return build(path, Concept("G:1", "BRCA1", "Gene", (), "mine"))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))


def test_the_annotator_links(lung: KnowledgeBase) -> None:
    linker = Linker.from_name(str(lung.path), max_candidates=2)
    text = Document("1", "asthma and lung cancer")
    [document] = Annotator(WordRecognizer(), linker=linker).annotate([text])
    linked = {document.mention(s): s for s in document.spans}
    assert linked["asthma"].identifiers == ("X:1",)
    assert [c.identifier for c in linked["asthma"].candidates] == ["X:1", "X:3"]
    assert linked["lung cancer"].identifiers == ("X:2",)
    assert linked["lung"].identifiers == () == linked["lung"].candidates  # of another type
    [document] = Annotator(WordRecognizer(), linker=Matcher.open(lung)).annotate([text])
    assert document.spans[0].identifiers == ("X:1",)


def test_exact_names_come_first(lung: KnowledgeBase, tmp_path: Path) -> None:
    other = build(tmp_path / "other.parquet", Concept("Y:1", "Asthma", "Disease", (), "mine"))
    chain = LinkOptions(kb=str(other.path), link=str(lung.path), candidates=1).load()
    assert chain is not None
    [document] = chain.identify([mark("asthma, lung cancer", "asthma", "lung cancer")])
    assert [span.identifiers for span in document.spans] == [("Y:1",), ("X:2",)]
    assert [span.candidates[0].identifier for span in document.spans] == ["X:1", "X:2"]


def test_a_base_without_the_types_of_the_model_is_an_error(genes: KnowledgeBase) -> None:
    linker = LinkOptions(link=str(genes.path)).load()
    with pytest.raises(VanerError, match=r"no concepts of the type Anatomy or Chem.*it has Gene;"):
        Annotator(WordRecognizer(), linker=linker)
    with pytest.raises(VanerError, match="candidates require a knowledge base to link to"):
        LinkOptions(kb=str(genes.path), candidates=3).load()


def test_commands_list_candidates_and_abbreviations(
    annotate: Run, lung: KnowledgeBase, genes: KnowledgeBase, tmp_path: Path
) -> None:
    text = "Bronchial asthma (BA) and lung cancer. BA is common."
    given = ["--text", text, "--format", "jsonl", "--abbreviations"]
    result = annotate(*given, "--link", lung.path, "--candidates", "2")
    assert result.code == 0, result
    record = json.loads(result.out)
    [pair] = record["metadata"]["abbreviations"]
    assert pair["short"] == {"start": 18, "end": 20, "text": "BA"}
    assert pair["long"]["text"] == "Bronchial asthma"
    diseases = [span for span in record["spans"] if span["type"] == "Disease"]
    assert all(len(span.get("candidates", ())) <= 2 for span in diseases)
    result = annotate("--text", text, "--link", genes.path)
    assert result.code == 2 and "no concepts of the type Chemical or Disease" in result.err
    result = annotate("--text", text, "--candidates", "2")
    assert result.code == 2 and "name one with --link" in result.err


def test_link_warns_about_types_that_the_base_lacks(
    run: Run, genes: KnowledgeBase, tmp_path: Path
) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    write([add_abbreviations(mark("Fever (FV) and gout", "gout"))], source, "jsonl")
    result = run("kb", "link", source, "--kb", genes.path, "--abbreviations", "-o", target)
    assert result.code == 0
    assert "warning: the knowledge base has no concepts of the type Disease; it has Gene" in (
        result.err
    )


def test_a_job_links(tiny_model: Path, lung: KnowledgeBase) -> None:
    options = LinkOptions(link=str(lung.path), candidates=1)
    settings = AnnotationSettings(link_options=options)
    assert settings.as_manifest()["link"] == str(lung.path)
    assert settings.as_manifest()["candidates"] == 1
    assert "candidates" not in AnnotationSettings().as_manifest()
    assert {"kb", "link"} <= AnnotationSettings().as_manifest().keys()


def test_files_hold_candidates_and_context(tmp_path: Path) -> None:
    document = Document("1", "No gout", (DETAILED,))
    for name, format in FORMATS.items():
        if not format.is_writable or format.holds is None:
            continue
        path = tmp_path / f"{name}{'' if format.folder_writer else format.suffixes[0]}"
        report = write([document], path, name)
        [span] = next(iter(read(path, name))).spans
        assert (span.candidates == DETAILED.candidates) == (format.holds.candidates is True)
        assert (span.context == DETAILED.context) == (format.holds.context is True)
        reasons = " ".join(report.lost)
        assert ("candidates" in reasons) == (not format.holds.candidates)
        assert ("context" in reasons) == (not format.holds.context)


@pytest.mark.parametrize(
    "details",
    [
        {"candidates": "gout"}, {"candidates": [1, {"id": 2}]},
        {"candidates": [{"id": "X", "name": "x", "score": 2}]},
        {"context": {"left": "x"}}, {"context": [{"attribute": "negated", "start": 5, "end": 90}]},
    ],
)  # fmt: skip
def test_details_of_other_programs_are_ignored(details: dict[str, Any], tmp_path: Path) -> None:
    span = {"start": 3, "end": 7, "type": "Disease", **details}
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"id": "1", "text": "No gout", "spans": [span]}) + "\n")
    [document] = read(path)
    assert document.spans[0].candidates == () == document.spans[0].context


def test_spans_move_with_their_context() -> None:
    assert DETAILED.shift(4).context == (Cue("negated", 4, 6),)


def test_spacy_has_candidates_and_abbreviations(tiny_model: Path, lung: KnowledgeBase) -> None:
    spacy = pytest.importorskip("spacy", reason="spaCy is not installed: pip install -e '.[spacy]'")
    nlp = spacy.blank("en")
    config = {"model": str(tiny_model), "device": "cpu", "link": str(lung.path), "candidates": 2}
    component = nlp.add_pipe("vaner", config=config)
    component._annotator = Annotator(WordRecognizer(), linker=component._annotator.linker)
    doc = nlp("He has asthma. Lung cancer (LC) was not seen.")
    [entity] = doc.ents
    assert (entity.text, entity.kb_id_) == ("asthma", "X:1")
    assert [c.identifier for c in entity._.candidates] == ["X:1", "X:3"]
    assert entity._.candidates[0].score > 0.5
    [short] = doc._.abbreviations
    assert (short.text, short._.long_form.text) == ("LC", "Lung cancer")
    assert doc[0:1]._.candidates == []


def test_the_pipeline_of_transformers_links(tiny_model: Path, lung: KnowledgeBase) -> None:
    from transformers import pipeline

    import vaner.integrations.transformers  # noqa: F401 - registers the pipeline

    recognize: Any = pipeline(
        "vaner-ner", model=str(tiny_model), device="cpu", link=str(lung.path), candidates=2
    )
    recognize.annotator = Annotator(Matcher.open(lung), linker=recognize.annotator.linker)
    [mention] = recognize("asthma")
    assert mention["identifiers"] == ["X:1"]
    assert mention["candidates"][0]["id"] == "X:1"


def test_no_warning_about_types_where_some_are_known(
    lung: KnowledgeBase, caplog: pytest.LogCaptureFixture
) -> None:
    annotator = Annotator(WordRecognizer(), linker=Linker.from_name(str(lung.path)))
    with caplog.at_level(logging.WARNING):
        annotator(Document("1", "aspirin"))
    assert not caplog.records
