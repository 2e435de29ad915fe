"""Tests of the encoding of candidates."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from tests.tiny_model import SENTENCES
from vaner.backbones.encoding import Encoder
from vaner.errors import ModelError
from vaner.selector.candidates import Candidate
from vaner.selector.encoding import CandidateEncoder, CandidateRow, find_context
from vaner.text.documents import Document
from vaner.text.words import get_sentences, split_words

INSTRUCTION = "Disease: "


def wordpiece(_: Path) -> Tokenizer:
    """Return a tokenizer like that of BERT: special tokens at both ends, brackets as words."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=300, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False,
        initial_alphabet=list("abcdefghijklmnopqrstuvwxyz[]"),
    )  # fmt: skip
    tokenizer.train_from_iterator(SENTENCES, trainer)
    specials = [(name, tokenizer.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = processors.BertProcessing(*specials)
    return tokenizer


def byte_level(backbone: Path) -> Tokenizer:
    return Tokenizer.from_file(str(backbone / "tokenizer.json"))


@pytest.fixture(scope="module", params=[wordpiece, byte_level])
def encoder(request: pytest.FixtureRequest, tiny_backbone: Path) -> Encoder:
    return Encoder(request.param(tiny_backbone), 96)


def encode(encoder: Encoder, text: str, start: int, end: int) -> CandidateRow:
    words = split_words(text)
    candidate = Candidate(start, end, "Disease")
    sentence = find_context(words, get_sentences(Document("1", text), words), candidate)
    return CandidateEncoder(encoder).encode(
        text, words, sentence, candidate, instruction=INSTRUCTION, type_id=0
    )


def subwords(encoder: Encoder, text: str) -> tuple[int, ...]:
    return tuple(
        id for word in split_words(text) for id in encoder.subwords(text[word.start : word.end])
    )


def test_row_is_the_sentence_with_two_marker_positions(encoder: Encoder) -> None:
    text = "Aspirin-induced asthma was seen."
    row = encode(encoder, text, 8, 22)
    prefix, suffix = encoder.frame(INSTRUCTION)
    without = [
        id for i, id in enumerate(row.input_ids) if i not in (row.open_index, row.close_index)
    ]
    assert tuple(without) == (*prefix, *subwords(encoder, text), *suffix)
    assert row.input_ids[row.open_index + 1 : row.close_index] == subwords(
        encoder, "induced asthma"
    )
    assert row.open_index == len(prefix) + len(subwords(encoder, "Aspirin-"))


def test_brackets_of_the_text_are_not_markers(encoder: Encoder) -> None:
    text = "[Aspirin] [induced] asthma [ ]"
    row = encode(encoder, text, 11, 18)
    positions = row.open_index, row.close_index
    placeholders = CandidateEncoder(encoder).placeholders
    assert tuple(row.input_ids[i] for i in positions) == placeholders
    # Only the marker positions depend on the candidate; the set of subwords is the same.
    other = encode(encoder, text, 1, 8)
    assert (other.open_index, other.close_index) != positions
    assert sorted(other.input_ids) == sorted(row.input_ids)
    assert sum(id in placeholders for id in row.input_ids) >= 6


@given(st.text("asthma [](-.\n基因", min_size=1, max_size=300).filter(str.strip), st.data())
def test_every_candidate_is_encoded(encoder: Encoder, text: str, data: st.DataObject) -> None:
    extents = [i for i, sign in enumerate(text) if not sign.isspace()]
    start = data.draw(st.sampled_from(extents))
    end = data.draw(st.sampled_from([i for i in extents if i >= start])) + 1
    row = encode(encoder, text, start, end)
    assert len(row) <= encoder.max_subwords
    assert 0 < row.open_index < row.close_index - 1
    marked, expected = (
        row.input_ids[row.open_index + 1 : row.close_index],
        subwords(encoder, text[start:end]),
    )
    # All of it if it fits, otherwise its two ends.
    if len(expected) <= encoder.room(INSTRUCTION) - 2:
        assert marked == expected
    else:
        assert marked[:5] == expected[:5] and marked[-5:] == expected[-5:]
        assert len(marked) == encoder.room(INSTRUCTION) - 2


def test_long_sentence_is_cut_around_the_candidate(encoder: Encoder) -> None:
    text = " ".join(f"w{i}" for i in range(5000))
    for word in ("w0", "w7", "w2500", "w4999"):
        start = text.index(word + " ") if word != "w4999" else len(text) - 5
        row = encode(encoder, text, start, start + len(word))
        assert row.input_ids[row.open_index + 1 : row.close_index] == encoder.subwords(word)
        assert encoder.max_subwords - 6 < len(row) <= encoder.max_subwords
        if word == "w2500":
            assert abs((row.open_index - 5) - (len(row) - row.close_index)) < 20
        if word == "w0":
            assert row.open_index == len(encoder.frame(INSTRUCTION)[0])


def test_candidate_may_start_and_end_inside_words(encoder: Encoder) -> None:
    row = encode(encoder, "the antiCD3antibody binds", 8, 11)
    assert row.input_ids[row.open_index + 1 : row.close_index] == encoder.subwords("CD3")
    assert row.input_ids[row.close_index + 1 :][: len(encoder.subwords("antibody"))] == (
        encoder.subwords("antibody")
    )


def test_context_of_a_candidate_across_sentences_is_both_sentences() -> None:
    text = "It was T. Cells died. They left."
    words = split_words(text)
    sentences = get_sentences(Document("1", text), words)
    assert len(sentences) >= 2
    crossing = find_context(words, [(0, 4), (4, 7), (7, 10)], Candidate(7, 15, "Cell"))
    assert crossing == (0, 7)
    assert find_context(words, [(0, 4), (4, 7), (7, 10)], Candidate(22, 26, "Cell")) == (7, 10)


def test_instruction_without_room_for_a_sentence_raises(encoder: Encoder) -> None:
    words = split_words("gout")
    with pytest.raises(ModelError, match="leaves"):
        CandidateEncoder(encoder).encode(
            "gout", words, (0, 1), Candidate(0, 4, "x"), instruction="zq " * 90, type_id=0
        )


def test_word_longer_than_the_row_is_truncated_in_the_middle(tiny_backbone: Path) -> None:
    encoder = Encoder(
        byte_level(tiny_backbone),
        48 + len(subwords(Encoder(byte_level(tiny_backbone), 96), INSTRUCTION)),
    )
    row = encode(encoder, "acgt" * 30 + " binds", 0, 120)
    assert len(row) == encoder.max_subwords and row.close_index - row.open_index == 47
