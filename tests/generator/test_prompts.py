"""Tests of the encoding of prompts and answers."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from tests.tiny_model import build_backbone
from vaner.errors import ModelError
from vaner.generator.instructions import build_instruction
from vaner.generator.markup import decode, encode
from vaner.generator.prompts import IGNORE_INDEX, PromptEncoder, to_word_ranges
from vaner.text.documents import Span
from vaner.text.normalize import normalize
from vaner.text.tags import UnreachableReason
from vaner.text.words import split_words

INSTRUCTION = build_instruction().render_one("protein")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = tmp_path_factory.mktemp("tokenizer")
    return Tokenizer.from_file(str(build_backbone(folder) / "tokenizer.json"))


@pytest.fixture(scope="module")
def encoder(tokenizer: Tokenizer) -> PromptEncoder:
    return PromptEncoder(tokenizer, 2048)


def test_prompt_and_answer_are_encoded(encoder: PromptEncoder, tokenizer: Tokenizer) -> None:
    text = "Anti-[CD28] antibody (see above)"
    words = split_words(text)
    [prompt] = encoder.encode_prompts(text, words, INSTRUCTION)
    prompt_text = tokenizer.decode(prompt.input_ids, skip_special_tokens=False)
    assert prompt_text.startswith("Find the entities of this type")
    assert prompt_text.endswith(f"Sentence: {encode(text, ()).markup}\n")
    row = encoder.encode_answer(prompt, [(3, 4), (0, 6)])
    assert row.input_ids[: len(prompt.input_ids)] == prompt.input_ids
    assert set(row.labels[: len(prompt.input_ids)]) == {IGNORE_INDEX}
    answer = row.labels[len(prompt.input_ids) :]
    assert (
        row.input_ids[len(prompt.input_ids) :] == answer and answer[-1] == encoder.answer_tokens.end
    )
    assert tokenizer.decode(list(answer[:-1])).strip() == (
        r"[ Anti-\[[CD28]\] antibody] (see above)"
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["[", "]", "\\", " ", "<end>", "ab"])).map("".join),
    st.data(),
)
def test_encoded_answer_decodes_to_its_span(
    encoder: PromptEncoder, tokenizer: Tokenizer, text: str, data: st.DataObject
) -> None:
    words = split_words(text)
    if not words:
        return
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first + 1, len(words)))
    [prompt] = encoder.encode_prompts(text, words, INSTRUCTION)
    answer = encoder.encode_answer(prompt, [(first, last)]).labels[len(prompt.input_ids) : -1]
    markup = tokenizer.decode(list(answer), skip_special_tokens=False)
    [span] = decode(markup, text, "protein").spans
    start, end = words[first].start, words[last - 1].end
    # A bracket before the white space in front of a soft hyphen includes the soft hyphen.
    assert span.start <= start < end <= span.end
    assert normalize(text[span.start : span.end]) == normalize(text[start:end])


def test_long_sentence_is_split_into_windows(encoder: PromptEncoder, tokenizer: Tokenizer) -> None:
    short = PromptEncoder(tokenizer, 900)
    text = " ".join(f"word{i}" for i in range(400))
    prompts = list(short.encode_prompts(text, split_words(text), INSTRUCTION))
    assert len(prompts) > 2
    assert all(len(short.encode_answer(p, [(0, 400), (3, 4)])) <= 900 for p in prompts)
    indices = [i for p in prompts for i in range(p.window.keep_start, p.window.keep_end)]
    assert indices == list(range(400))
    assert short.answer_tokens.open in short.encode_answer(prompts[0], [(3, 4)]).labels
    assert short.answer_tokens.open not in short.encode_answer(prompts[1], [(3, 4)]).labels
    with pytest.raises(ModelError, match="leaves 0 subwords"):
        next(PromptEncoder(tokenizer, 64).encode_prompts(text, [], INSTRUCTION))


def test_tokenizer_without_a_line_break_raises() -> None:
    tokenizer = Tokenizer(models.WordLevel({"[": 0, "]": 1, "?": 2}, unk_token="?"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(ModelError, match=r"no separate subword for '\\n'"):
        PromptEncoder(tokenizer, 512)


def test_spans_that_are_not_words_have_a_reason() -> None:
    words = split_words("Anti-TNF therapy")
    exact, inside = Span(0, 8, "protein"), Span(6, 8, "protein")
    discontinuous = Span(0, 16, "protein", fragments=((0, 4), (9, 16)))
    assert to_word_ranges(words, [exact, inside, discontinuous]) == (
        [(0, 3)],
        [(inside, UnreachableReason.BOUNDARY), (discontinuous, UnreachableReason.DISCONTINUOUS)],
    )
