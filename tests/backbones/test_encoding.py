"""Encoding depends on the words only, and drops no text."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from vaner.backbones.encoding import Encoder, copy_tokenizer
from vaner.errors import ModelError
from vaner.recognition.length_batches import batch_by_length
from vaner.tagger.batches import Array, Layout, collate
from vaner.text.casing import Casing, get_casing
from vaner.text.words import split_words


@pytest.fixture(scope="module")
def encoder(tiny_backbone: Path) -> Encoder:
    return Encoder.from_folder(tiny_backbone, 96)


def ids(encoder: Encoder, text: str, instruction: str = "Disease: ") -> list[tuple[int, ...]]:
    return [row.input_ids for row in encoder.rows(text, split_words(text), instruction)]


def test_spacing_does_not_change_encoding(encoder: Encoder) -> None:
    assert ids(encoder, "anti-TNF (5 mg)") == ids(encoder, "anti - TNF ( 5   mg )")


def test_instruction_is_before_sentence(encoder: Encoder) -> None:
    [row] = encoder.rows("BRCA1", split_words("BRCA1"), "Gene: ")
    before = encoder.instruction_length("Gene: ")
    assert row.starts == (before,) and row.ends == (len(row),)
    assert ids(encoder, "BRCA1", "")[0] == row.input_ids[before:]


@given(st.text(st.characters(), min_size=1, max_size=40))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_word_has_subwords(encoder: Encoder, text: str) -> None:
    for word in split_words(text):
        assert 1 <= len(encoder.subwords(text[word.start : word.end])) <= 48


def test_windows_cover_long_sentence(encoder: Encoder) -> None:
    text = "word " * 500
    rows = list(encoder.rows(text, split_words(text), "Disease: ", [i % 3 for i in range(500)]))
    assert max(len(row) for row in rows) <= 96
    covered = [i for r in rows for i in range(r.window.keep_start, r.window.keep_end)]
    assert covered == list(range(500))
    for row in rows:
        assert row.tags == tuple(i % 3 for i in range(row.window.start, row.window.end))


def test_rows_contain_casing(tiny_backbone: Path) -> None:
    encoder = Encoder.from_folder(tiny_backbone, 96, casing=True)
    text = "mRNA of BRCA1 in Homo sapiens , group B , 5 µg"
    [row] = encoder.rows(text, split_words(text), "Gene: ")
    casings = [row.casing[start:end] for start, end in zip(row.starts, row.ends, strict=True)]
    expected = "MIXED LOWER UPPER LOWER TITLE LOWER NONE LOWER CAPITAL NONE NONE LOWER".split()
    assert [Casing(casing[0]).name for casing in casings] == expected
    assert all(len(set(casing)) == 1 for casing in casings)
    assert len(row.casing) == len(row) and not any(row.casing[: row.prefix])
    for window in encoder.rows(text * 40, split_words(text * 40), "Gene: "):
        assert len(window.casing) == len(window)


@given(st.text(st.characters(categories=["L", "N", "M"]), min_size=1, max_size=20))
def test_casing_of_any_word(word: str) -> None:
    casings = get_casing(word)
    assert (casings == Casing.NONE) == (
        not any(c.islower() or c.isupper() or c.istitle() for c in word)
    )
    assert get_casing(f"{word}1") == casings


def test_word_of_a_megabyte_is_a_single_word(encoder: Encoder) -> None:
    text = "A" * 1_000_000
    [row] = encoder.rows(text, split_words(text), "Disease: ")
    assert len(row.starts) == 1


def test_long_instruction_raises_error(encoder: Encoder) -> None:
    with pytest.raises(ModelError, match="leaves"):
        next(encoder.rows("a", split_words("a"), "very " * 60))


def test_missing_or_broken_tokenizer_raises_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
        Encoder.from_folder(tmp_path, 96)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="not a tokenizer"):
        Encoder.from_folder(tmp_path, 96)


def test_dropped_word_is_encoded_as_unknown() -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = {"[UNK]": 0, "a": 1, "b": 2}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    encoder = Encoder(tokenizer, 96)
    assert encoder.subwords("\x00") == (0,)
    assert encoder.is_unknown_word("\x00") and not encoder.is_unknown_word("a")


@pytest.mark.parametrize("model", ["WordPiece", "Unigram"])
def test_tokenizer_that_cannot_encode_unknown_characters_is_refused(
    model: str, tmp_path: Path
) -> None:
    vocabulary: Any = {"a": 0, "b": 1} if model == "WordPiece" else [("a", -1.0), ("b", -2.0)]
    Tokenizer(getattr(models, model)(vocabulary)).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ModelError, match=r"tokenizer\.json: the tokenizer cannot encode unknown"):
        Encoder.from_folder(tmp_path, 96)


def test_tokenizer_without_a_question_mark() -> None:
    encoder = Encoder(Tokenizer(models.BPE({"a": 0, "b": 1}, [])), 96)
    assert encoder.subwords("?") == encoder.subwords("\u2603") == (0,)
    assert encoder.subwords("ab") == (0, 1)


def test_word_with_id_of_unknown_words_is_known() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.BPE({"?": 0, "a": 1}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    encoder = Encoder(tokenizer, 96)
    assert encoder.subwords("\x00") == encoder.subwords("?") == (0,)
    assert encoder.is_unknown_word("\x00") and not encoder.is_unknown_word("?")


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(1, 8), st.integers(50, 200))
def test_batches_contain_every_item_once_within_limits(
    lengths: list[int], size: int, positions: int
) -> None:
    batches = list(batch_by_length(lengths, size, positions))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= size
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= positions


def test_padding_is_masked(encoder: Encoder) -> None:
    texts = ["one", "one two three"]
    rows = [next(encoder.rows(t, split_words(t), "")) for t in texts]
    batch = collate(rows)
    assert batch["word_mask"].tolist() == [[True, False, False], [True, True, True]]
    assert batch["attention_mask"].sum(1).tolist() == [len(row) for row in rows]


@pytest.mark.parametrize("layout", ["padded", "packed", "shared"])
def test_words_have_right_subwords_in_every_layout(encoder: Encoder, layout: Layout) -> None:
    texts = ["one", "one two three", "four"]
    prompts = ["Disease: ", "Gene: ", "Disease: "]
    rows = [
        next(encoder.rows(t, split_words(t), prompt))
        for t, prompt in zip(texts, prompts, strict=True)
    ]
    batch = collate(rows, layout)
    ids = batch["input_ids"].flatten()
    for i, (row, text) in enumerate(zip(rows, texts, strict=True)):
        words = batch["word_mask"][i]
        places = zip(batch["word_starts"][i][words], batch["word_ends"][i][words], strict=True)
        assert [tuple(ids[a:b]) for a, b in places] == [encoder.subwords(w) for w in text.split()]
        assert row.prefix == encoder.instruction_length(prompts[i])
    if layout != "padded":
        assert ids.size == batch["positions"].size == batch["query_mask"].sum()


def test_packed_segments_attend_to_right_subwords(encoder: Encoder) -> None:
    prompts = ["Disease: ", "Disease: "]
    rows = [next(encoder.rows("one two", split_words("one two"), prompt)) for prompt in prompts]
    prefix, length = rows[0].prefix, len(rows[0])
    packed, shared = collate(rows, "packed"), collate(rows, "shared")
    assert attended_subwords(packed) == [set(range(length)), set(range(length, 2 * length))]
    instruction, body = set(range(prefix)), length - prefix
    bodies = [set(range(prefix + i * body, prefix + (i + 1) * body)) for i in range(2)]
    assert attended_subwords(shared) == [
        instruction,
        instruction | bodies[0],
        instruction | bodies[1],
    ]
    for i in range(2):  # positions are those after the instruction
        assert shared["positions"][0, min(bodies[i])] == prefix


def attended_subwords(batch: dict[str, Array]) -> list[set[int]]:
    """Return the subwords that each segment of a batch attends to."""
    return [
        set(keys[mask].tolist())
        for keys, mask in zip(batch["key_index"], batch["key_mask"], strict=True)
    ]


@pytest.mark.parametrize("lowercases", [True, False, None])
def test_casing_of_the_tokenizer_config_counts(tmp_path: Path, lowercases: bool | None) -> None:
    vocabulary = {name: i for i, name in enumerate(["[UNK]", "aspirin", "Aspirin"])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    config = {} if lowercases is None else {"do_lower_case": lowercases}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    expected = (2,) if lowercases is False else (1,)  # as transformers' AutoTokenizer
    assert Encoder.from_folder(tmp_path, 96).subwords("Aspirin") == expected
    copy = tmp_path / "copy"
    copy.mkdir()
    copy_tokenizer(tmp_path, copy / "tokenizer.json")
    assert Encoder.from_folder(copy, 96).subwords("Aspirin") == expected
