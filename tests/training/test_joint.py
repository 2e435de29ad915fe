"""Joint mode: one pass for all types, trained on corpora that annotate only some of them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch

from tests.training.test_train import DISEASES, DRUGS, sentence
from vaner.annotator import Annotator
from vaner.backbones.encoding import Encoder
from vaner.corpora import load
from vaner.tagger.batch_tensors import collate
from vaner.tagger.crf import allowed_tags
from vaner.tagger.instructions import COMPACT
from vaner.tagger.model import VanerForTokenClassification
from vaner.text.tags import TagSet
from vaner.training.examples.sentences import make_sentence_examples, unannotated_tags
from vaner.training.recipe.schema import Recipe
from vaner.training.train import train

TAGS = TagSet(types=("Chemical", "Disease"))


def write_corpus(folder: Path, keep: str) -> Path:
    """The toy corpus with the mentions of one type only, the others being O."""
    folder.mkdir(parents=True)
    pairs = [(drug, disease) for drug in DRUGS for disease in DISEASES]
    for split, chosen in (("train", pairs), ("devel", pairs[::5])):
        text = "\n\n".join(sentence(*pair) for pair in chosen) + "\n"
        other = {"Chemical": "Disease", "Disease": "Chemical"}[keep]
        for prefix in "BI":
            text = text.replace(f"{prefix}-{other}", "O")
        (folder / f"{split}.tsv").write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("halves")
    return {type: write_corpus(root / type.lower(), type) for type in ("Chemical", "Disease")}


def test_unannotated_tags_are_those_of_other_types() -> None:
    assert unannotated_tags(TAGS, ["Chemical"]) == (3, 4)
    assert unannotated_tags(TAGS, ["Chemical", "Disease"]) == ()
    assert unannotated_tags(TagSet(), ["Chemical"]) == ()


def test_o_allows_unannotated_tags() -> None:
    allowed = allowed_tags(torch.tensor([[0, 1, 2]]), torch.tensor([[3, 4, -1]]), 5)
    assert allowed[0].tolist() == [
        [True, False, False, True, True],
        [False, True, False, False, False],
        [False, False, True, False, False],
    ]


def test_corpus_does_not_train_unannotated_types(
    tiny_backbone: Path, half: dict[str, Path]
) -> None:
    """Turning every word into the hidden type costs nothing; into the annotated type it does."""
    model = VanerForTokenClassification.from_backbone(
        str(tiny_backbone), lora=None, types=list(TAGS.types), joint=True,
        instruction=COMPACT.to_dict(), corpora={},
    ).eval()  # fmt: skip
    encoder = Encoder.from_folder(tiny_backbone, 128)
    corpus = load(str(half["Disease"]), "train")
    examples, coverage = make_sentence_examples(corpus, ["Disease"], encoder, TAGS, COMPACT)
    assert len(examples) == len(corpus) and coverage.mentions == len(corpus)
    rows = [example.encode(encoder, COMPACT, Random(1)) for example in examples[:4]]
    batch = collate(rows, "packed")
    assert batch["unannotated_tags"].tolist() == [[1, 2]] * 4
    emissions = torch.zeros(*batch["tags"].shape, 5)

    def loss(tag: int) -> float:
        pushed = emissions.clone()
        pushed[..., tag] += 3.0 * (batch["tags"] == 0)
        return model.loss(
            pushed, batch["tags"], batch["word_mask"], batch["unannotated_tags"]
        ).item()

    assert loss(1) < loss(3)
    model.config.head = "softmax"
    assert loss(1) < loss(3)


@pytest.mark.heavy
def test_joint_model_learns_from_partly_annotated_corpora(
    tiny_backbone: Path, half: dict[str, Path], tmp_path: Path
) -> None:
    recipe = Recipe.model_validate(
        {
            "name": "joint",
            "model": {"backbone": str(tiny_backbone), "instruction": "compact", "joint": True,
                      "max_subwords": 128, "lora": None},
            "stages": [{"sources": [{"corpus": str(path), "nameless_fraction": 1.0}
                                    for path in half.values()],
                        "epochs": 15, "batch_size": 8, "learning_rate": 0.005}],
            "dev": [{"corpus": str(path)} for path in half.values()],
            "precision": "fp32",
        }
    )  # fmt: skip
    (trained,) = train(recipe, tmp_path / "run", report=lambda _: None)
    assert trained.dev_f1 > 0.9
    annotator = Annotator.from_pretrained(trained.folder, device="cpu")
    assert annotator.types == ("Chemical", "Disease")
    assert annotator.corpora == {}  # no name was seen, so none is said at use
    document = annotator("warfarin helps against lung cancer .")
    assert [(document.mention(s), s.type) for s in document.spans] == [
        ("warfarin", "Chemical"),
        ("lung cancer", "Disease"),
    ]
    assert all(s.score is not None and 0 < s.score <= 1 for s in document.spans)
    only = annotator("warfarin helps against lung cancer .", types=["Disease"])
    assert [s.type for s in only.spans] == ["Disease"]
