"""Mentions out of the tag scores of sentences: the most likely tags, and how sure they are.

The one decoder of every tagger, whatever computes its scores: the recursions of a linear-chain CRF
(Lafferty, McCallum and Pereira 2001) on arrays, in double precision. Letters in shapes: B rows,
W words, C tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from vaner.text.tags import OUTSIDE, Chunk, TagSet, decode_tags, make_tags

Floats: TypeAlias = npt.NDArray[np.floating]
_CELLS_AT_ONCE = 1 << 20  # numbers in an array of a batch: eight megabytes

FORBIDDEN = -1e4
"""Score of what a scheme forbids: its exponential is exactly 0, and no sum becomes NaN."""


class Transitions(NamedTuple):
    """The scores between tags: `start` (C,), `transitions` (C, C) from row to column, `end` (C,)."""

    start: Floats
    transitions: Floats
    end: Floats


class Mention(NamedTuple):
    """A chunk of words, and the probability that it is a mention, neither longer nor shorter."""

    chunk: Chunk
    probability: float


class Decoder:
    """Reads mentions off emissions.

    Args:
        tag_set: the tags.
        transitions: learned scores; what the scheme forbids is taken out here.

    Attributes:
        scores: what is left.
    """

    def __init__(self, tag_set: TagSet, transitions: Transitions) -> None:
        self.tag_set = tag_set
        allowed = (tag_set.allowed_start(), tag_set.allowed_transitions(), tag_set.allowed_end())
        self.scores = Transitions(*(
            np.asarray(learned, np.float64) + np.where(np.asarray(one), 0.0, FORBIDDEN)
            for learned, one in zip(transitions, allowed, strict=True)
        ))  # fmt: skip

    def mentions(self, emissions: Sequence[Floats]) -> list[list[Mention]]:
        """The mentions of each sentence under its most likely tags.

        Args:
            emissions: tag scores of each sentence, at least one word. *Shape:* (W, C) each.
        """
        answers: list[list[Mention]] = [[] for _ in emissions]
        order = sorted(range(len(emissions)), key=lambda i: -len(emissions[i]))
        while order:
            size = max(1, _CELLS_AT_ONCE // emissions[order[0]].size)
            batch, order = order[:size], order[size:]
            padded, lengths = _padded([emissions[i] for i in batch])
            paths = viterbi(self.scores, padded, lengths)
            chunks = [decode_tags(self.tag_set.names(path[:n].tolist()))
                      for path, n in zip(paths, lengths, strict=True)]  # fmt: skip
            some = [row for row, found in enumerate(chunks) if found]  # the rest needs no sums
            scored = self.probabilities(padded[some], lengths[some], [chunks[row] for row in some])
            for row, probabilities in zip(some, scored, strict=True):
                pairs = zip(chunks[row], probabilities, strict=True)
                answers[batch[row]] = [Mention(chunk, p) for chunk, p in pairs]
        return answers

    def probabilities(
        self, emissions: Floats, lengths: npt.NDArray[np.int64], chunks: Sequence[Sequence[Chunk]]
    ) -> list[list[float]]:
        """Exact probability that each chunk is a mention, neither longer nor shorter.

        Args:
            emissions: *Shape:* (B, W, C).
            lengths: words of each row, at least one. *Shape:* (B,).
            chunks: for each row the chunks to score.
        """
        if not len(emissions):
            return []
        alpha = forward(self.scores, emissions, lengths)
        beta = backward(self.scores, emissions, lengths)
        total = logsumexp(alpha[:, -1] + self.scores.end, 1)
        return [
            [self._probability(emissions[b], alpha[b], beta[b], total[b], lengths[b], chunk)
             for chunk in row]
            for b, row in enumerate(chunks)
        ]  # fmt: skip

    def _probability(
        self, emissions: Floats, alpha: Floats, beta: Floats, total: float, words: int, chunk: Chunk
    ) -> float:
        """Sum over all sequences that spell just this chunk: prefix, chunk, what may follow."""
        scores = self.scores
        tags = self.tag_set.indices(
            make_tags(chunk.end - chunk.start, self.tag_set.scheme, chunk.type)
        )
        score = alpha[chunk.start, tags[0]] + scores.transitions[tags[:-1], tags[1:]].sum()
        score += emissions[range(chunk.start + 1, chunk.end), tags[1:]].sum()
        if chunk.end == words:
            score += scores.end[tags[-1]]
        else:
            after = scores.transitions[tags[-1]] + emissions[chunk.end] + beta[chunk.end]
            score += logsumexp(after[self._ending(chunk.type)], 0)
        return min(1.0, float(np.exp(score - total)))

    def _ending(self, type: str) -> list[int]:
        """Indices of the tags that do not lengthen a mention of `type`."""
        longer = {f"{p}-{type}" if type else p for p in "IE"}
        return [i for i, tag in enumerate(self.tag_set.tags) if tag == OUTSIDE or tag not in longer]


def viterbi(
    scores: Transitions, emissions: Floats, lengths: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Best tags of each row. *Shape:* (B, W); past the last word they mean nothing."""
    best = scores.start + emissions[:, 0]
    pointers = np.empty(emissions.shape, np.int64)
    for t in range(1, emissions.shape[1]):
        ways = best[:, :, None] + scores.transitions
        pointers[:, t] = ways.argmax(1)
        step = ways.max(1) + emissions[:, t]
        best = np.where((t < lengths)[:, None], step, best)
    tags = np.empty(emissions.shape[:2], np.int64)
    tags[:, -1] = (best + scores.end).argmax(1)
    for t in range(emissions.shape[1] - 1, 0, -1):
        before = np.take_along_axis(pointers[:, t], tags[:, t, None], 1)[:, 0]
        tags[:, t - 1] = np.where(t < lengths, before, tags[:, t])
    return tags


def forward(scores: Transitions, emissions: Floats, lengths: npt.NDArray[np.int64]) -> Floats:
    """Log-sum of all prefixes ending in each tag, emission included. *Shape:* (B, W, C).

    Past the last word the last word's row is repeated.
    """
    alpha = np.empty(emissions.shape, np.float64)
    alpha[:, 0] = scores.start + emissions[:, 0]
    for t in range(1, emissions.shape[1]):
        step = logsumexp(alpha[:, t - 1, :, None] + scores.transitions, 1) + emissions[:, t]
        alpha[:, t] = np.where((t < lengths)[:, None], step, alpha[:, t - 1])
    return alpha


def backward(scores: Transitions, emissions: Floats, lengths: npt.NDArray[np.int64]) -> Floats:
    """Log-sum of all suffixes that follow each tag, its own emission out. *Shape:* (B, W, C)."""
    beta = np.empty(emissions.shape, np.float64)
    beta[:, -1] = scores.end
    for t in range(emissions.shape[1] - 1, 0, -1):
        step = logsumexp(scores.transitions + (emissions[:, t] + beta[:, t])[:, None, :], 2)
        beta[:, t - 1] = np.where((t < lengths)[:, None], step, beta[:, t])
    return beta


def logsumexp(values: Floats, axis: int) -> Floats:
    """The logarithm of a sum of exponentials, without overflow."""
    top = values.max(axis, keepdims=True)
    total = np.log(np.exp(values - top).sum(axis, keepdims=True)) + top
    return np.asarray(np.squeeze(total, axis))


def _padded(emissions: Sequence[Floats]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Rows of one length, longest first, and their lengths."""
    lengths = np.array([len(row) for row in emissions])
    padded = np.zeros((len(emissions), lengths.max(), emissions[0].shape[1]), np.float64)
    for row, own in zip(padded, emissions, strict=True):
        row[: len(own)] = own
    return padded, lengths
