"""The NumPy decoder against enumeration of all tag sequences, and against its PyTorch twin."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vaner.tagger.crf import CRF
from vaner.tagger.decoding import FORBIDDEN, Decoder, Transitions, viterbi
from vaner.text.tags import Chunk, TagScheme, TagSet, decode_tags, find_violations

TAG_SETS = [TagSet(), TagSet(TagScheme.BIOES), TagSet(TagScheme.BIO, ("X", "Y"))]


def draw_scores(
    tag_set: TagSet, seed: int, *, scale: float = 1.0
) -> tuple[Transitions, list[np.ndarray]]:
    rng, tags = np.random.default_rng(seed), len(tag_set)
    learned = Transitions(*(rng.normal(size=s) for s in ((tags,), (tags, tags), (tags,))))
    return learned, [scale * rng.normal(size=(n, tags)) for n in (4, 1, 3, 4, 2)]


def enumerate_sequences(
    tag_set: TagSet, learned: Transitions, emissions: np.ndarray
) -> dict[tuple[int, ...], float]:
    """Return the probability of each tag sequence that the scheme allows."""
    totals = {}
    for path in itertools.product(range(len(tag_set)), repeat=len(emissions)):
        if find_violations(tag_set.names(path), tag_set.scheme):
            continue
        score = learned.start[path[0]] + learned.end[path[-1]]
        score += sum(emissions[t, tag] for t, tag in enumerate(path))
        score += sum(learned.transitions[a, b] for a, b in itertools.pairwise(path))
        totals[path] = float(score)
    top = max(totals.values())
    z = sum(math.exp(total - top) for total in totals.values())
    return {path: math.exp(total - top) / z for path, total in totals.items()}


@pytest.mark.parametrize("tag_set", TAG_SETS)
@pytest.mark.parametrize("seed", range(3))
def test_mentions_and_probabilities_agree_with_enumeration(tag_set: TagSet, seed: int) -> None:
    learned, sentences = draw_scores(tag_set, seed)
    decoded = Decoder(tag_set, learned).decode(sentences)
    for emissions, mentions in zip(sentences, decoded, strict=True):
        sequences = enumerate_sequences(tag_set, learned, emissions)
        best = max(sequences, key=lambda path: sequences[path])
        assert [m.chunk for m in mentions] == decode_tags(tag_set.names(best))
        for chunk, probability in mentions:
            expected = sum(
                p for path, p in sequences.items() if chunk in decode_tags(tag_set.names(path))
            )
            assert probability == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("tag_set", TAG_SETS)
def test_probability_of_every_span_agrees_with_enumeration(tag_set: TagSet) -> None:
    learned, [emissions, *_] = draw_scores(tag_set, 7)
    expected: dict[Chunk, float] = {}
    for path, p in enumerate_sequences(tag_set, learned, emissions).items():
        for chunk in decode_tags(tag_set.names(path)):
            expected[chunk] = expected.get(chunk, 0.0) + p
    assert len(expected) == 10 * max(1, len(tag_set.types))
    [probabilities] = Decoder(tag_set, learned).probabilities(
        emissions[None], np.array([len(emissions)]), [list(expected)]
    )
    assert probabilities == pytest.approx(list(expected.values()), abs=1e-9)


@given(st.integers(0, 10_000), st.sampled_from(TAG_SETS), st.floats(0.1, 200))
def test_batch_does_not_change_mentions(seed: int, tag_set: TagSet, scale: float) -> None:
    learned, sentences = draw_scores(tag_set, seed, scale=scale)
    decoder = Decoder(tag_set, learned)
    batch = decoder.decode(sentences)
    assert batch == [decoder.decode([sentence])[0] for sentence in sentences]
    for mentions in batch:
        assert all(0 <= m.probability <= 1 for m in mentions)


def test_viterbi_agrees_with_pytorch_twin() -> None:
    for tag_set in TAG_SETS:
        learned, sentences = draw_scores(tag_set, 3)
        crf = CRF(len(tag_set), tag_set=tag_set)
        for parameter, values in zip(
            (crf.start_transitions, crf.transitions, crf.end_transitions), learned, strict=True
        ):
            parameter.data = torch.tensor(values, dtype=torch.float32)
        scores = Decoder(tag_set, learned).transitions
        for emissions in sentences:
            path = viterbi(scores, emissions[None], np.array([len(emissions)]))[0].tolist()
            assert [path] == crf.decode(torch.tensor(emissions[None], dtype=torch.float32))


def test_forbidden_tags_are_never_decoded() -> None:
    tag_set = TagSet()
    flat = Transitions(np.zeros(3), np.zeros((3, 3)), np.zeros(3))
    emissions = np.array([[0.0, 1.0, 300.0], [0.0, 0.0, 300.0]])
    [[mention]] = Decoder(tag_set, flat).decode([emissions])
    # The best tag of each word is I, but a mention cannot start with I: the best path is B, I.
    assert mention.chunk[:2] == (0, 2) and mention.probability == pytest.approx(1.0)
    assert FORBIDDEN < -1000
