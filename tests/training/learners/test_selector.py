"""Training of a selector."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest

from tests.training.test_train import corpus_folder
from vaner.annotator import Annotator
from vaner.backbones.encoding import Encoder, read_tokenizer
from vaner.corpora import load
from vaner.errors import RecipeError
from vaner.evaluation.evaluate import evaluate
from vaner.formats import write
from vaner.selector.candidates import Candidate, collect_candidates
from vaner.selector.encoding import CandidateEncoder
from vaner.selector.selector import Selector
from vaner.text.documents import Corpus, Document, Span
from vaner.text.words import split_words
from vaner.training.examples.candidate_groups import (
    GroupExample,
    SelectorPrompts,
    add_variants,
    make_group_examples,
)
from vaner.training.recipe.file import read_recipe
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train

__all__ = ["corpus_folder"]

_WORD = re.compile(r"\w+")
PROMPTS = SelectorPrompts(
    {"Chemical": "Chemical: ", "Disease": "Disease: "}, ("Chemical", "Disease")
)


class Careless:
    """A recognizer that finds all there is, and half as much that is not."""

    kind = "model"
    zero_shot = False
    form = None
    calibration = None
    corpora: ClassVar[dict[str, list[str]]] = {}
    types = ("Chemical", "Disease")

    def __init__(self, gold: Corpus) -> None:
        self._spans = {document.text: document.spans for document in gold}

    def annotate(self, texts: Any, types: Any = None, *, corpus: Any = None) -> Iterator[Document]:
        for document in texts:
            yield document.with_spans(self._predict(document, types or self.types))

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        return Counter()

    def _predict(self, document: Document, types: Sequence[str]) -> list[Span]:
        rng, words = Random(document.text), split_words(document.text)
        wrong = {
            Span(words[i].start, words[j - 1].end, type)
            for type, i in ((rng.choice(types), rng.randrange(len(words))) for _ in range(3))
            for j in [min(len(words), i + rng.randrange(1, 3))]
        }
        return sorted({*self._spans[document.text], *wrong})


def proposals(folder: Path, corpus: Path, split: str) -> Path:
    """Write the mentions of the careless recognizer in a split to a file."""
    gold = load(str(corpus), split)
    path = folder / f"{split}.jsonl"
    write(Careless(gold).annotate(gold), path, "jsonl")
    return path


def recipe(
    backbone: Path,
    corpus: Path,
    *,
    model: dict[str, Any] | None = None,
    dev: dict[str, Any] | None = None,
    stage: dict[str, Any] | None = None,
    **source: Any,
) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "toy",
            "model": {"family": "selector", "backbone": str(backbone), "lora": None,
                      "max_subwords": 128, **(model or {})},
            "stages": [{"sources": [{"corpus": str(corpus), **source}], "epochs": 6,
                        "batch_size": 8, "learning_rate": 0.003, "head_learning_rate": 0.003,
                        **(stage or {})}],
            "dev": [{"corpus": str(corpus), **(dev or {})}],
            "precision": "fp32",
        }
    )  # fmt: skip


@pytest.mark.heavy
@pytest.mark.parametrize("loss", ["contrastive", "binary"])
@pytest.mark.parametrize("errors", [True, False])
def test_selector_raises_f1_of_a_recognizer(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path, loss: str, errors: bool
) -> None:
    train_file, dev_file = (proposals(tmp_path, corpus_folder, s) for s in ("train", "devel"))
    plan = recipe(
        tiny_backbone, corpus_folder, model={"loss": loss},
        dev={"proposals": str(dev_file)}, **({"proposals": str(train_file)} if errors else {}),
    )  # fmt: skip
    lines: list[str] = []
    [trained] = train(plan, tmp_path / "run", report=lines.append)
    last = [entry for entry in trained.history if "eval_f1" in entry][-1]
    assert trained.dev_f1 > 0.95 > 0.9 > last["eval_f1_proposed"]
    assert "all 72 gold mentions can be learned" in lines[0]
    gold = load(str(corpus_folder), "devel")
    careless, selector = Careless(gold), Selector.from_pretrained(trained.folder, device="cpu")
    alone = evaluate(Annotator(careless), gold, bootstrap=0).report.micro.counts
    behind = evaluate(Annotator(careless, selector), gold, bootstrap=0).report.micro.counts
    assert alone is not None and behind is not None
    # As it was chosen, in a fresh model: threshold and calibration come with it.
    assert behind.f1 == pytest.approx(trained.dev_f1)
    assert alone.f1 == pytest.approx(last["eval_f1_proposed"])
    assert selector.threshold > 0 and selector.model.config.slope > 0


@pytest.mark.heavy
def test_dev_set_without_proposals_uses_variants(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    plan = recipe(
        tiny_backbone, corpus_folder, model={"instruction": "definition", "max_subwords": 192}
    )
    [trained] = train(plan, tmp_path / "run", report=lambda _: None)
    assert trained.dev_f1 > 0.9
    last = [entry for entry in trained.history if "eval_f1" in entry][-1]
    assert last["eval_f1_proposed"] < 0.5  # at most one correct in five
    asks = Selector.from_pretrained(trained.folder, device="cpu").model.config.instructions
    assert asks["Disease"].startswith("Disease: A disease, disorder")


@pytest.mark.heavy
def test_interrupted_run_resumes(tiny_backbone: Path, corpus_folder: Path, tmp_path: Path) -> None:
    plan = recipe(tiny_backbone, corpus_folder, model={"lora": {"rank": 4}}, stage={"epochs": 2})
    [first] = train(plan, tmp_path / "run", report=lambda _: None)
    config = (first.folder / "config.json").read_text()
    [again] = train(plan, tmp_path / "run", resume=True, report=lambda _: None)
    assert again.dev_f1 == first.dev_f1
    assert (again.folder / "config.json").read_text() == config
    record = json.loads((tmp_path / "run" / "seed-1" / "training.json").read_text())
    assert record["recipe"]["model"]["family"] == "selector" and record["mentions"] == 72


@pytest.fixture
def encoder(tiny_backbone: Path) -> CandidateEncoder:
    return CandidateEncoder(Encoder(read_tokenizer(tiny_backbone), 128))


def test_group_is_mention_with_variants_or_error(encoder: CandidateEncoder) -> None:
    text = "aspirin helps against lung cancer .\n\ngout hurts ."
    spans = (Span(0, 7, "Chemical"), Span(22, 33, "Disease"), Span(27, 33, "Disease"))
    corpus = Corpus("c", "train", (Document("1", text, spans),), ("Chemical", "Disease"))
    proposed = [Document("1", text, (spans[1], Span(22, 26, "Disease"), Span(37, 41, "Disease"),
                                  Span(0, 7, "Disease"), Span(8, 13, "Gene")))]  # fmt: skip
    examples, coverage = make_group_examples(corpus, corpus.types, encoder, PROMPTS, proposed)
    assert coverage.mentions == 3 and not coverage.unreachable
    right, wrong = (
        [e for e in examples if not e.is_negative],
        [e for e in examples if e.is_negative],
    )
    assert [e.candidate for e in right] == sorted(map(Candidate.from_span, spans))
    assert [e.candidate[:2] for e in wrong] == [(0, 7), (22, 26), (37, 41)]
    for example in examples:
        rows = example.encode(encoder, PROMPTS, 4, Random(1))
        assert rows == example.encode(encoder, PROMPTS, 4, Random(1))
        assert rows[0].is_correct is not example.is_negative
        assert not any(row.is_correct for row in rows[1:])
        assert len(rows) == (1 if example.is_negative else 5)
        assert len(rows[0]) == example.length
    # A mention of a type is not of the other types of the corpus.
    chemical = right[0].encode(encoder, PROMPTS, 0, Random(1))
    assert len(chemical) == 1 and chemical[0].excluded_types == (1,) and chemical[0].type_id == 0
    assert {len(right[1].encode(encoder, PROMPTS, 4, Random(n))) for n in range(5)} == {5}
    drawn = {right[1].encode(encoder, PROMPTS, 4, Random(n)) for n in range(5)}
    assert len(drawn) > 1


def test_variants_of_dev_set_are_reproducible() -> None:
    text = "aspirin helps against lung cancer ."
    document = Document("1", text, (Span(0, 7, "Chemical"), Span(22, 33, "Disease", 0.3)))
    with_variants = add_variants(document, ["Disease"], 4)
    assert with_variants == add_variants(document, ["Disease"], 4)
    candidates = set(map(Candidate.from_span, with_variants.spans))
    assert len(candidates) == 5
    assert candidates & collect_candidates(document) == {Candidate(22, 33, "Disease")}


def test_text_with_lone_surrogate_is_encoded(encoder: CandidateEncoder) -> None:
    """A lone surrogate, as JSON can hold it."""
    document = Document("\ud800", "gout \ud800 and asthma", (Span(0, 4, "Disease"),))
    assert len(add_variants(document, ["Disease"], 4).spans) > 3
    corpus = Corpus("c", "train", (document,), ("Disease",))
    [example], _ = make_group_examples(corpus, ["Disease"], encoder, PROMPTS)
    assert len(example.encode(encoder, PROMPTS, 4, Random(0))) > 3


def test_errors_in_held_out_sentences_are_not_trained_on(
    tiny_backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A training sentence that is a test sentence too, in which a recognizer erred."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    secret = "gout hurts badly ."
    train_texts = ["asthma hurts .", "no asthma here ."]
    documents = [
        Document(str(i), text, (Span(text.index("asthma"), text.index("asthma") + 6, "Disease"),))
        for i, text in enumerate(train_texts)
    ]
    documents.append(Document("2", f"asthma helps .\n\n{secret}\n\nmore asthma .",
                              (Span(0, 6, "Disease"), Span(41, 47, "Disease"))))  # fmt: skip
    write(documents, folder / "train.jsonl", "jsonl")
    write(documents[:2], folder / "devel.jsonl", "jsonl")
    write([Document("t", secret, (Span(0, 4, "Disease"),))], folder / "test.jsonl", "jsonl")
    proposed = [
        d.with_spans([Span(s.start(), s.end(), "Disease") for s in _WORD.finditer(d.text)])
        for d in documents
    ]
    write(proposed, tmp_path / "found.jsonl", "jsonl")
    encoded: list[GroupExample] = []
    real = GroupExample.encode

    def watched(self: GroupExample, *rest: Any) -> Any:
        encoded.append(self)
        return real(self, *rest)

    monkeypatch.setattr(GroupExample, "encode", watched)
    plan = recipe(
        tiny_backbone, folder, proposals=str(tmp_path / "found.jsonl"), stage={"epochs": 1}
    )
    [trained] = train(plan, tmp_path / "run", report=lambda _: None)
    assert sum(trained.held_out.values()) == 1
    marked = {e.text[e.candidate.start : e.candidate.end] for e in encoded}
    assert {"asthma", "hurts", "helps", "more"} <= marked
    assert not any("gout" in e.text for e in encoded) and "badly" not in marked


@pytest.mark.parametrize(
    "source", [{"nameless_fraction": 1}, {"domain": "general", "collapse": "Entity"}]
)
def test_tagger_options_raise_error(source: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"are for taggers, not for a selector"):
        recipe(Path("backbone"), Path("toy"), model={"instruction": "definition"}, **source)


def test_proposals_of_other_documents_raise_error(
    tiny_backbone: Path, corpus_folder: Path, tmp_path: Path
) -> None:
    file = proposals(tmp_path, corpus_folder, "devel")
    for options, words in (
        ({"proposals": str(file)}, r"toy train: document 'train-1' is missing"),
        ({"dev": {"proposals": str(tmp_path / "other.jsonl")}},
         r"other\.jsonl do not fit toy devel: document 'devel-1' has another text there"),
    ):  # fmt: skip
        other = load(str(corpus_folder), "devel")
        write([Document(d.id, "Else.") for d in other], tmp_path / "other.jsonl", "jsonl")
        plan = recipe(tiny_backbone, corpus_folder, **options)
        with pytest.raises(RecipeError, match=words):
            train(plan, tmp_path / "run", report=lambda _: None)


def test_proposals_for_other_families_raise_error(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    for where in ("sources: [{corpus: x, proposals: p}]}]\ndev: [{corpus: x}]",
                  "sources: [{corpus: x}]}]\ndev: [{corpus: x, proposals: p}]"):  # fmt: skip
        path.write_text(f"name: x\nstages: [{{{where}\n")
        with pytest.raises(RecipeError, match="proposals are for models of the family selector"):
            read_recipe(path)
