"""The decoder of arrays against enumeration of every chain, and against the CRF that is trained."""

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

SETS = [TagSet(), TagSet(TagScheme.BIOES), TagSet(TagScheme.BIO, ("X", "Y"))]


def drawn(
    tag_set: TagSet, seed: int, *, strong: float = 1.0
) -> tuple[Transitions, list[np.ndarray]]:
    draw, tags = np.random.default_rng(seed), len(tag_set)
    learned = Transitions(*(draw.normal(size=s) for s in ((tags,), (tags, tags), (tags,))))
    return learned, [strong * draw.normal(size=(n, tags)) for n in (4, 1, 3, 4, 2)]


def every_chain(
    tag_set: TagSet, learned: Transitions, emissions: np.ndarray
) -> dict[tuple[int, ...], float]:
    """Probability of every tag sequence that the scheme allows."""
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


@pytest.mark.parametrize("tag_set", SETS)
@pytest.mark.parametrize("seed", range(3))
def test_mentions_and_probabilities_agree_with_enumeration(tag_set: TagSet, seed: int) -> None:
    learned, sentences = drawn(tag_set, seed)
    found = Decoder(tag_set, learned).decode(sentences)
    for emissions, mentions in zip(sentences, found, strict=True):
        chains = every_chain(tag_set, learned, emissions)
        best = max(chains, key=lambda path: chains[path])
        assert [m.chunk for m in mentions] == decode_tags(tag_set.names(best))
        for chunk, probability in mentions:
            summed = sum(
                p for path, p in chains.items() if chunk in decode_tags(tag_set.names(path))
            )
            assert probability == pytest.approx(summed, abs=1e-9)


@pytest.mark.parametrize("tag_set", SETS)
def test_every_span_has_its_probability(tag_set: TagSet) -> None:
    learned, [emissions, *_] = drawn(tag_set, 7)
    expected: dict[Chunk, float] = {}
    for path, p in every_chain(tag_set, learned, emissions).items():
        for chunk in decode_tags(tag_set.names(path)):
            expected[chunk] = expected.get(chunk, 0.0) + p
    assert len(expected) == 10 * max(1, len(tag_set.types))
    [found] = Decoder(tag_set, learned).probabilities(
        emissions[None], np.array([len(emissions)]), [list(expected)]
    )
    assert found == pytest.approx(list(expected.values()), abs=1e-9)


@given(st.integers(0, 10_000), st.sampled_from(SETS), st.floats(0.1, 200))
def test_alone_and_in_a_batch_are_the_same_and_legal(
    seed: int, tag_set: TagSet, strong: float
) -> None:
    learned, sentences = drawn(tag_set, seed, strong=strong)
    decoder = Decoder(tag_set, learned)
    together = decoder.decode(sentences)
    assert together == [decoder.decode([one])[0] for one in sentences]
    for mentions in together:
        assert all(0 <= m.probability <= 1 for m in mentions)


def test_the_best_tags_are_those_of_the_crf_that_is_trained() -> None:
    for tag_set in SETS:
        learned, sentences = drawn(tag_set, 3)
        crf = CRF(len(tag_set), tag_set=tag_set)
        for parameter, values in zip(
            (crf.start_transitions, crf.transitions, crf.end_transitions), learned, strict=True
        ):
            parameter.data = torch.tensor(values, dtype=torch.float32)
        scores = Decoder(tag_set, learned).scores
        for emissions in sentences:
            path = viterbi(scores, emissions[None], np.array([len(emissions)]))[0].tolist()
            assert [path] == crf.decode(torch.tensor(emissions[None], dtype=torch.float32))


def test_what_the_scheme_forbids_never_happens_however_strong() -> None:
    tag_set = TagSet()
    flat = Transitions(np.zeros(3), np.zeros((3, 3)), np.zeros(3))
    emissions = np.array([[0.0, 1.0, 300.0], [0.0, 0.0, 300.0]])
    [[mention]] = Decoder(tag_set, flat).decode([emissions])
    # Each word alone would say I, I; I may not begin, so the best legal sequence is B, I.
    assert mention.chunk[:2] == (0, 2) and mention.probability == pytest.approx(1.0)
    assert FORBIDDEN < -1000
