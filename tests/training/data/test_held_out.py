"""Sentences that also occur in a test split are removed and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaner.corpora import load, sentence_key
from vaner.errors import CorpusError
from vaner.text.documents import Corpus, Document, Span
from vaner.training.data.held_out import read_held_out_sentences, remove_sentences
from vaner.training.recipe.schema import Recipe


def recipe(*sources: dict[str, str], held_out: tuple[Path, ...] = ()) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "toy",
            "stages": [{"sources": list(sources)}],
            "dev": [{"corpus": sources[0]["corpus"]}],
            "held_out": [str(path) for path in held_out],
        }
    )


def held_out_keys(recipe: Recipe) -> frozenset[str]:
    return read_held_out_sentences(recipe, load)


def corpus(folder: Path, **splits: str) -> Path:
    folder.mkdir()
    for split, words in splits.items():
        rows = ("".join(f"{word}\tO\n" for word in line.split()) for line in words.split("|"))
        (folder / f"{split}.tsv").write_text("\n".join(rows), "utf-8")
    return folder


def test_test_splits_of_all_corpora_are_held_out(tmp_path: Path) -> None:
    first = corpus(tmp_path / "first", train="Gout hurts .", test="Flu kills .")
    second = corpus(tmp_path / "second", train="Gout hurts .")
    third = corpus(tmp_path / "third", test="Mumps swell .|Flu kills .")
    keys = held_out_keys(recipe({"corpus": str(first)}, {"corpus": str(second)}))
    assert keys == {"flu kills ."}
    assert held_out_keys(recipe({"corpus": str(first)}, held_out=(third,))) == {
        "flu kills .",
        "mumps swell .",
    }


def test_held_out_corpus_without_test_split_raises_error(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "c", train="Gout hurts .")
    with pytest.raises(CorpusError, match="test"):
        held_out_keys(recipe({"corpus": str(folder)}, held_out=(folder,)))


def test_substitute_test_split_is_held_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "chinese" / "cmeee"
    folder.mkdir(parents=True)
    for split, text in (("train", "流感会传染。"), ("devel", "痛风会痛。")):
        (folder / f"{split}.jsonl").write_text(f'{{"text": "{text}", "entities": []}}\n', "utf-8")
    monkeypatch.setenv("VANER_CORPORA", str(tmp_path))
    toy = recipe({"corpus": "CMeEE", "split": "train"})
    assert held_out_keys(toy) == {sentence_key("痛风会痛。")}
    with pytest.raises(CorpusError, match="no split 'test'"):
        held_out_keys(recipe({"corpus": "CMeEE"}, held_out=(Path("Tianchi-TCM"),)))


def test_sentences_match_despite_case_and_tokenization() -> None:
    train = Corpus("c", "train", (Document("1", "Anti-TNF  HELPED."), Document("2", "It did.")))
    left, number = remove_sentences(train, {sentence_key("anti - TNF helped .")})
    assert [document.text for document in left] == ["It did."] and number == 1


def test_document_is_split_at_removed_sentence() -> None:
    text = "Gout hurts. Flu kills many. Mumps swell. It ends."
    spans = (Span(0, 4, "D"), Span(12, 15, "D"), Span(28, 33, "D"))
    train = Corpus("c", "train", (Document("1", text, spans),), ("D",))
    left, number = remove_sentences(train, {"flu kills many ."})
    assert number == 1 and left.types == ("D",)
    parts = [(d.text, [d.mention(span) for span in d.spans]) for d in left]
    assert parts == [("Gout hurts.", ["Gout"]), ("Mumps swell. It ends.", ["Mumps"])]


@pytest.mark.parametrize("removed", ["flu kills type a", "virus here ."])
def test_sentences_joined_by_a_mention_are_removed_together(removed: str) -> None:
    text = "Gout hurts. Flu kills type A Virus here. Mumps swell."
    metadata = {"sentences": ((0, 11), (12, 28), (29, 40), (41, 53))}
    spans = (Span(0, 4, "D"), Span(22, 34, "D"), Span(41, 46, "D"))
    train = Corpus("c", "train", (Document("1", text, spans, metadata),), ("D",))
    left, number = remove_sentences(train, {removed})
    assert number == 2
    assert [(d.text, d.mention(d.spans[0])) for d in left] == [
        ("Gout hurts.", "Gout"),
        ("Mumps swell.", "Mumps"),
    ]


def test_proposals_are_split_like_gold() -> None:
    text = "It was a deficiency. Of iron it came. Gout hurts."
    gold = Document("1", text, (Span(9, 28, "D"), Span(38, 42, "D")))
    proposals = gold.with_spans([Span(29, 31, "D"), Span(38, 42, "D")])
    train, proposed = (Corpus("c", "train", (document,), ("D",)) for document in (gold, proposals))
    held_out = {"it was a deficiency ."}
    assert [d.text for d in remove_sentences(train, held_out)[0]] == ["Gout hurts."]
    (left,) = remove_sentences(proposed, held_out, train)[0]
    assert (left.text, [left.mention(span) for span in left.spans]) == ("Gout hurts.", ["Gout"])


def test_sentence_offsets_of_corpus_are_shifted() -> None:
    text = "Gout hurts and Flu kills and it ends"
    metadata = {"sentences": ((0, 10), (11, 24), (25, 36)), "source": "x"}
    train = Corpus("c", "train", (Document("1", text, (), metadata),))
    left, _ = remove_sentences(train, {"gout hurts"})
    (document,) = left
    assert document.text == "and Flu kills and it ends"
    assert [document.text[slice(*s)] for s in document.metadata["sentences"]] == [
        "and Flu kills",
        "and it ends",
    ]
    assert document.metadata["source"] == "x"


def test_without_held_out_sentences_nothing_changes() -> None:
    documents = (Document("1", "Gout hurts.", (Span(0, 4, "D"),)), Document("2", ""))
    train = Corpus("c", "train", documents, ("D",))
    assert remove_sentences(train, frozenset()) == (train, 0)


def test_file_of_one_split_has_no_test_split(tmp_path: Path) -> None:
    (tmp_path / "mine.tsv").write_text("Gout\tB-Disease\n\n")
    (tmp_path / "brat").mkdir()
    (tmp_path / "brat" / "a.txt").write_text("Gout.")
    for name in ("mine.tsv", "brat"):
        path = str(tmp_path / name)
        plan = Recipe.model_validate(
            {"name": "r", "stages": [{"sources": [{"corpus": path}]}], "dev": [{"corpus": path}]}
        )
        assert not held_out_keys(plan)
