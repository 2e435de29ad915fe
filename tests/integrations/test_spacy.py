"""The spaCy component: all mentions, aligned to tokens, with their scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from vaner.annotator import Annotator
from vaner.errors import VanerError
from vaner.text.documents import Document, Span

spacy = pytest.importorskip("spacy", reason="spaCy is not installed: pip install -e '.[spacy]'")

from vaner.integrations.spacy import VanerComponent  # noqa: E402 - needs spaCy

TEXTS = [
    "Aspirin-induced asthma (AIA) was seen in 5 % of the patients.",
    "",
    "β-thalassaemia 😀 and sickle  cell\nanaemia",
    "  ",
    "Metformin is given. " * 60,
]


def make_pipeline(model: object, **settings: Any) -> Any:
    nlp = spacy.blank("en")
    nlp.add_pipe("vaner", config={"model": str(model), "device": "cpu", **settings})
    return nlp


def get_component(nlp: Any) -> VanerComponent:
    component = nlp.get_pipe("vaner")
    assert isinstance(component, VanerComponent)
    return component


class FixedAnnotator:
    """Replaces an annotator: returns the same spans for every document."""

    def __init__(self, *spans: Span) -> None:
        self._spans = spans

    def annotate(self, documents: Iterable[Document], *_: Any, **__: Any) -> Iterator[Document]:
        for document in documents:
            yield document.with_spans(self._spans)


def with_fixed_spans(nlp: Any, *spans: Span) -> Any:
    get_component(nlp)._annotator = FixedAnnotator(*spans)  # type: ignore[assignment]
    return nlp


def test_the_entry_point_exists() -> None:
    values = {entry.value for entry in entry_points(group="spacy_factories", name="vaner")}
    assert values == {"vaner.integrations.spacy:make_vaner"}


@pytest.mark.parametrize("text", TEXTS)
def test_all_mentions_have_scores(tiny_model: Path, text: str) -> None:
    nlp = make_pipeline(tiny_model)
    doc = nlp(text)
    mentions = Annotator.from_pretrained(tiny_model, device="cpu")(text).spans
    group = doc.spans["vaner"]
    assert len(group) == len(mentions) and doc.text == text
    assert group.attrs["offsets"] == [[[span.start, span.end]] for span in mentions]
    assert group.attrs["scores"] == pytest.approx([span.score for span in mentions], abs=1e-5)
    for span, mention in zip(group, mentions, strict=True):
        assert span.label_ == mention.type
        assert span.start_char <= mention.start and span.end_char >= mention.end
        assert span._.vaner_score == pytest.approx(mention.score, abs=1e-5)
    assert get_component(nlp).aligned.total() == len(mentions)
    taken = [token.i for entity in doc.ents for token in entity]
    assert len(taken) == len(set(taken)) and bool(doc.ents) == bool(mentions)


def test_batches_give_the_same_results(tiny_model: Path) -> None:
    nlp = make_pipeline(tiny_model)
    alone = [read_spans(nlp(text)) for text in TEXTS]
    assert [read_spans(doc) for doc in nlp.pipe(TEXTS, batch_size=2)] == alone
    pairs = nlp.pipe([(text, i) for i, text in enumerate(TEXTS)], as_tuples=True)
    assert [(read_spans(doc), i) for doc, i in pairs] == [
        (spans, i) for i, spans in enumerate(alone)
    ]


def read_spans(doc: Any) -> list[tuple[int, int, str]]:
    return [(span.start_char, span.end_char, span.label_) for span in doc.spans["vaner"]]


def test_a_precision_needs_a_calibration(tiny_model: Path) -> None:
    with pytest.raises(VanerError, match="has no calibration"):
        make_pipeline(tiny_model, min_precision=0.9)


@pytest.mark.heavy
def test_saving_and_loading(tiny_model: Path, tmp_path: Path) -> None:
    nlp = make_pipeline(tiny_model, min_score=0.3, types=["Disease"])
    nlp.to_disk(tmp_path / "nlp")
    again = spacy.load(tmp_path / "nlp")
    assert again.config["components"]["vaner"]["model"] == str(tiny_model)
    assert read_spans(again(TEXTS[0])) == read_spans(nlp(TEXTS[0]))
    from_bytes = spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert read_spans(from_bytes(TEXTS[0])) == read_spans(nlp(TEXTS[0]))
    doc = nlp(TEXTS[0])
    read = spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert read.spans["vaner"].attrs == doc.spans["vaner"].attrs
    assert [e._.vaner_score for e in read.ents] == [e._.vaner_score for e in doc.ents]


@pytest.mark.parametrize(
    ("align", "texts", "counts"),
    [
        ("expand", ["anti-TNF", "patients", "TNF"], {"expanded": 2, "exact": 1}),
        ("contract", ["-TNF", "patients", "TNF"], {"expanded": 1, "exact": 1, "contracted": 1}),
    ],
)
def test_mentions_inside_tokens(
    tiny_model: Path, align: str, texts: list[str], counts: dict[str, int]
) -> None:
    nlp = make_pipeline(tiny_model, align=align)
    text = "anti-TNF for patients"  # the tokens: anti, -, TNF, for, patients
    with_fixed_spans(
        nlp, Span(2, 8, "Gene", 0.9), Span(13, 20, "Group", 0.8), Span(5, 8, "Gene", 0.7)
    )
    doc = nlp(text)
    assert [token.text for token in doc] == ["anti", "-", "TNF", "for", "patients"]
    assert [span.text for span in doc.spans["vaner"]] == texts
    assert get_component(nlp).aligned == counts
    assert doc.spans["vaner"].attrs["offsets"] == [[[2, 8]], [[13, 20]], [[5, 8]]]


def test_nested_mentions_are_spans_and_the_likeliest_are_entities(tiny_model: Path) -> None:
    nlp = with_fixed_spans(
        make_pipeline(tiny_model),
        Span(0, 12, "Disease", 0.6, ("MESH:D1",)),
        Span(0, 6, "Organ", 0.9),
        Span(0, 6, "Gene", 0.2),
        Span(0, 27, "Disease", 0.1, fragments=((0, 6), (20, 27))),
    )
    doc = nlp("breast cancer and other cancers")
    assert [span.label_ for span in doc.spans["vaner"]] == ["Disease", "Organ", "Gene", "Disease"]
    assert doc.spans["vaner"].attrs["offsets"][3] == [[0, 6], [20, 27]]
    assert [(e.text, e.label_, e._.vaner_score) for e in doc.ents] == [("breast", "Organ", 0.9)]
    assert [span.kb_id_ for span in doc.spans["vaner"]][:2] == ["MESH:D1", ""]
    assert doc.spans["vaner"][0]._.vaner_identifiers == ["MESH:D1"]


@pytest.mark.parametrize(("overwrite", "label"), [(False, "MINE"), (True, "Disease")])
def test_entities_of_earlier_components(tiny_model: Path, overwrite: bool, label: str) -> None:
    nlp = with_fixed_spans(
        make_pipeline(tiny_model, overwrite_ents=overwrite), Span(0, 13, "Disease", 0.9)
    )
    ruler = nlp.add_pipe("entity_ruler", before="vaner")
    ruler.add_patterns([{"label": "MINE", "pattern": word} for word in ("cancer", "other")])
    doc = nlp("breast cancer and other cancers")
    assert [entity.label_ for entity in doc.ents] == [label, "MINE"]
    assert [span.label_ for span in doc.spans["vaner"]] == ["Disease"]


def test_invalid_settings_are_errors(tiny_model: Path) -> None:
    from vaner.errors import ModelError

    with pytest.raises(ModelError, match="no folder"):
        make_pipeline("/no/such/model/here")
    with pytest.raises(Exception, match="align"):
        make_pipeline(tiny_model, align="drop")
    with pytest.raises(VanerError, match="does not find Gene"):
        make_pipeline(tiny_model, types="Gene")
    with pytest.raises(VanerError, match="types is empty"):
        make_pipeline(tiny_model, types=[])
    with pytest.raises(VanerError, match="was not trained on a corpus called 'X'"):
        make_pipeline(tiny_model, corpus="X")
    with pytest.raises(VanerError, match="min_score is 2"):
        make_pipeline(tiny_model, min_score=2.0)
    make_pipeline(tiny_model, types="disease")


def test_the_former_setting_dataset_works_with_a_warning(tiny_model: Path) -> None:
    with pytest.warns(DeprecationWarning, match="dataset of the spaCy component is now"):
        nlp = make_pipeline(tiny_model, dataset="tiny")
    assert get_component(nlp)._options.corpus == "tiny"


def test_abbreviations_are_saved_with_the_document(tiny_model: Path) -> None:
    nlp = with_fixed_spans(make_pipeline(tiny_model), Span(0, 22, "Disease", 0.9))
    doc = nlp("Chronic kidney disease (CKD) is common.")
    [short] = doc._.abbreviations
    assert short.text == "CKD" and short._.long_form.text == "Chronic kidney disease"
    assert doc[0:1]._.long_form is None
    read = spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert [span._.vaner_score for span in read.spans["vaner"]] == [0.9]


def test_spans_may_be_added_to_the_mentions(tiny_model: Path) -> None:
    nlp = with_fixed_spans(make_pipeline(tiny_model), Span(0, 7, "Chemical", 0.9))
    doc = nlp("Aspirin relieves headache.")
    doc.spans["vaner"].append(spacy.tokens.Span(doc, 2, 3, label="Disease"))
    assert [span._.vaner_score for span in doc.spans["vaner"]] == [0.9, None]
