"""Every candidate is read whole, in its place, and no text can be taken for a mark."""

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
from vaner.selector.encoding import MarkedRow, MarkEncoder, context
from vaner.text.documents import Document
from vaner.text.words import get_sentences, split_words

ASK = "Disease: "


def wordpiece(_: Path) -> Tokenizer:
    """As an encoder of BERT's kind has it: specials on both ends, brackets as words."""
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


def read(encoder: Encoder, text: str, start: int, end: int) -> MarkedRow:
    words = split_words(text)
    candidate = Candidate(start, end, "Disease")
    place = context(words, get_sentences(Document("1", text), words), candidate)
    return MarkEncoder(encoder).row(text, words, place, candidate, instruction=ASK, type=0)


def subwords(encoder: Encoder, text: str) -> tuple[int, ...]:
    return tuple(
        id for word in split_words(text) for id in encoder.subwords(text[word.start : word.end])
    )


def test_a_row_is_the_sentence_with_two_places_for_marks(encoder: Encoder) -> None:
    text = "Aspirin-induced asthma was seen."
    row = read(encoder, text, 8, 22)
    before, after = encoder.frame(ASK)
    without = [id for i, id in enumerate(row.input_ids) if i not in (row.opening, row.closing)]
    assert tuple(without) == (*before, *subwords(encoder, text), *after)
    assert row.input_ids[row.opening + 1 : row.closing] == subwords(encoder, "induced asthma")
    assert row.opening == len(before) + len(subwords(encoder, "Aspirin-"))


def test_brackets_of_the_text_are_words_and_no_marks(encoder: Encoder) -> None:
    text = "[Aspirin] [induced] asthma [ ]"
    row = read(encoder, text, 11, 18)
    places = row.opening, row.closing
    marks = MarkEncoder(encoder).placeholders
    assert tuple(row.input_ids[i] for i in places) == marks
    # The marked candidate is told by its places: all the same, only other places.
    other = read(encoder, text, 1, 8)
    assert (other.opening, other.closing) != places
    assert sorted(other.input_ids) == sorted(row.input_ids)
    assert sum(id in marks for id in row.input_ids) >= 6


@given(st.text("asthma [](-.\n基因", min_size=1, max_size=300).filter(str.strip), st.data())
def test_no_candidate_is_lost(encoder: Encoder, text: str, data: st.DataObject) -> None:
    extents = [i for i, sign in enumerate(text) if not sign.isspace()]
    start = data.draw(st.sampled_from(extents))
    end = data.draw(st.sampled_from([i for i in extents if i >= start])) + 1
    row = read(encoder, text, start, end)
    assert len(row) <= encoder.max_subwords
    assert 0 < row.opening < row.closing - 1
    marked, whole = row.input_ids[row.opening + 1 : row.closing], subwords(encoder, text[start:end])
    # Whole where it fits, else its two ends.
    if len(whole) <= encoder.room(ASK) - 2:
        assert marked == whole
    else:
        assert marked[:5] == whole[:5] and marked[-5:] == whole[-5:]
        assert len(marked) == encoder.room(ASK) - 2


def test_a_long_sentence_is_cut_to_what_stands_around(encoder: Encoder) -> None:
    text = " ".join(f"w{i}" for i in range(5000))
    for word in ("w0", "w7", "w2500", "w4999"):
        start = text.index(word + " ") if word != "w4999" else len(text) - 5
        row = read(encoder, text, start, start + len(word))
        assert row.input_ids[row.opening + 1 : row.closing] == encoder.subwords(word)
        assert encoder.max_subwords - 6 < len(row) <= encoder.max_subwords
        if word == "w2500":
            assert abs((row.opening - 5) - (len(row) - row.closing)) < 20
        if word == "w0":
            assert row.opening == len(encoder.frame(ASK)[0])


def test_a_candidate_may_begin_and_end_inside_words(encoder: Encoder) -> None:
    row = read(encoder, "the antiCD3antibody binds", 8, 11)
    assert row.input_ids[row.opening + 1 : row.closing] == encoder.subwords("CD3")
    assert row.input_ids[row.closing + 1 :][: len(encoder.subwords("antibody"))] == (
        encoder.subwords("antibody")
    )


def test_a_candidate_across_a_boundary_is_read_in_both_sentences() -> None:
    text = "It was T. Cells died. They left."
    words = split_words(text)
    sentences = get_sentences(Document("1", text), words)
    assert len(sentences) >= 2
    crossing = context(words, [(0, 4), (4, 7), (7, 10)], Candidate(7, 15, "Cell"))
    assert crossing == (0, 7)
    assert context(words, [(0, 4), (4, 7), (7, 10)], Candidate(22, 26, "Cell")) == (7, 10)


def test_an_instruction_that_fills_the_row_is_refused(encoder: Encoder) -> None:
    words = split_words("gout")
    with pytest.raises(ModelError, match="leaves"):
        MarkEncoder(encoder).row(
            "gout", words, (0, 1), Candidate(0, 4, "x"), instruction="zq " * 90, type=0
        )


def test_a_candidate_of_one_word_as_long_as_the_room_is_read(tiny_backbone: Path) -> None:
    encoder = Encoder(
        byte_level(tiny_backbone), 48 + len(subwords(Encoder(byte_level(tiny_backbone), 96), ASK))
    )
    row = read(encoder, "acgt" * 30 + " binds", 0, 120)
    assert len(row) == encoder.max_subwords and row.closing - row.opening == 47
