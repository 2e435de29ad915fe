"""Decoding emissions into mentions: the most likely tags, and the probability of each mention.

These are the recursions of a linear-chain CRF (Lafferty, McCallum and Pereira 2001) in NumPy, in
double precision. Every tagger is decoded here, whatever computes its emissions, so inference needs
no deep-learning library.

The twin of this module is `vaner.tagger.crf_algorithms`: the same quantities in PyTorch, for
training, by a scan over words. The tests check one against the other.

Each recursion visits the words of a sentence once. At each word it combines all pairs of tags, so
it takes O(W · C²) time and O(W · C) memory for a row.

Letters in shapes: B rows, W words, C tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from vaner.text.tags import OUTSIDE, Chunk, TagSet, decode_tags, make_tags

Floats: TypeAlias = npt.NDArray[np.floating]
Array = TypeVar("Array")
_MAX_BATCH_ELEMENTS = 1 << 20  # numbers in an array of a batch: eight megabytes

FORBIDDEN = -1e4
"""Score of a transition that the scheme forbids. Its exponential is exactly 0, and unlike minus
infinity it never makes a sum NaN."""


class TransitionScores(NamedTuple, Generic[Array]):
    """The transition scores of a CRF, in NumPy (`Transitions`) or PyTorch (`crf_algorithms.Chain`).

    Attributes:
        start: score of each tag at the first word. *Shape:* (C,)
        transitions: score of each tag (row) before each tag (column). *Shape:* (C, C)
        end: score of each tag at the last word. *Shape:* (C,)
    """

    start: Array
    transitions: Array
    end: Array


Transitions: TypeAlias = TransitionScores[Floats]


class Mention(NamedTuple):
    """A chunk of words, and the probability that exactly these words are a mention."""

    chunk: Chunk
    probability: float


class Decoder:
    """Decodes emissions into mentions.

    Args:
        tag_set: the tags.
        transitions: the learned scores.

    Attributes:
        transitions: the learned scores with the prohibitions of the scheme.
    """

    def __init__(self, tag_set: TagSet, transitions: Transitions) -> None:
        self.tag_set = tag_set
        allowed = (tag_set.allowed_start(), tag_set.allowed_transitions(), tag_set.allowed_end())
        self.transitions: Transitions = Transitions(
            *(
                np.asarray(scores, np.float64) + np.where(np.asarray(mask), 0.0, FORBIDDEN)
                for scores, mask in zip(transitions, allowed, strict=True)
            )
        )

    def decode(self, emissions: Sequence[Floats]) -> list[list[Mention]]:
        """Return the mentions of each sentence under its most likely tags.

        Args:
            emissions: tag scores of each sentence, which has at least one word.
                *Shape:* (W, C) each
        """
        results: list[list[Mention]] = [[] for _ in emissions]
        order = sorted(range(len(emissions)), key=lambda i: -len(emissions[i]))
        while order:
            size = max(1, _MAX_BATCH_ELEMENTS // emissions[order[0]].size)
            batch, order = order[:size], order[size:]
            padded, lengths = _pad([emissions[i] for i in batch])
            paths = viterbi(self.transitions, padded, lengths)
            chunks = [
                decode_tags(self.tag_set.names(path[:n].tolist()))
                for path, n in zip(paths, lengths, strict=True)
            ]
            # Most sentences have no mention, and need no sums.
            rows = [row for row, row_chunks in enumerate(chunks) if row_chunks]
            scores = self.probabilities(padded[rows], lengths[rows], [chunks[row] for row in rows])
            for row, probabilities in zip(rows, scores, strict=True):
                pairs = zip(chunks[row], probabilities, strict=True)
                results[batch[row]] = [Mention(chunk, p) for chunk, p in pairs]
        return results

    def probabilities(
        self, emissions: Floats, lengths: npt.NDArray[np.int64], chunks: Sequence[Sequence[Chunk]]
    ) -> list[list[float]]:
        """Return the exact probability that each chunk is a mention, neither longer nor shorter.

        Args:
            emissions: *Shape:* (B, W, C)
            lengths: number of words of each row, at least one. *Shape:* (B,)
            chunks: the chunks of each row.
        """
        if not len(emissions):
            return []
        alpha = forward(self.transitions, emissions, lengths)
        beta = backward(self.transitions, emissions, lengths)
        total = logsumexp(alpha[:, -1] + self.transitions.end, 1)
        return [
            [
                self._probability(emissions[b], alpha[b], beta[b], total[b], int(lengths[b]), chunk)
                for chunk in row
            ]
            for b, row in enumerate(chunks)
        ]

    def _probability(
        self, emissions: Floats, alpha: Floats, beta: Floats, total: float, words: int, chunk: Chunk
    ) -> float:
        """Return the probability of one chunk, in O(chunk length + C).

        All tag sequences with this chunk share its tags, so their sum is a product of three parts:
        every prefix up to the chunk's first tag, the chunk itself, and every suffix after it that
        does not lengthen the chunk.

        Args:
            emissions, alpha, beta: of one row. *Shape:* (W, C) each
            total: log-sum of all tag sequences of the row.
            words: number of words of the row.
            chunk: the chunk.
        """
        transitions, end = self.transitions.transitions, self.transitions.end
        tags = self.tag_set.indices(
            make_tags(chunk.end - chunk.start, self.tag_set.scheme, chunk.type)
        )
        # 1. All prefixes that end in the first tag of the chunk, its emission included.
        score = alpha[chunk.start, tags[0]]
        # 2. The other tags of the chunk.
        score += transitions[tags[:-1], tags[1:]].sum()
        score += emissions[range(chunk.start + 1, chunk.end), tags[1:]].sum()
        # 3. All suffixes whose first tag does not continue the mention.
        if chunk.end == words:
            score += end[tags[-1]]
        else:
            suffixes = transitions[tags[-1]] + emissions[chunk.end] + beta[chunk.end]
            score += logsumexp(suffixes[self._tags_after(chunk.type)], 0)
        return min(1.0, float(np.exp(score - total)))

    def _tags_after(self, type: str) -> list[int]:
        """Return the indices of the tags that do not continue a mention of `type`."""
        continuing = {f"{prefix}-{type}" if type else prefix for prefix in "IE"}
        tags = enumerate(self.tag_set.tags)
        return [i for i, tag in tags if tag == OUTSIDE or tag not in continuing]


def viterbi(
    scores: Transitions, emissions: Floats, lengths: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return the best tag sequence of each row, in O(W · C²); twin: `crf_algorithms.viterbi`.

    Args:
        scores: the transition scores.
        emissions: *Shape:* (B, W, C)
        lengths: number of words of each row, at least one. *Shape:* (B,)

    Returns:
        *Shape:* (B, W). Entries after the last word have no meaning.
    """
    # 1. Forward: the score of the best sequence that ends in each tag, and the tag before it. After
    #    the last word of a row the score is carried along unchanged.
    best = scores.start + emissions[:, 0]  # (B, C)
    previous = np.empty(emissions.shape, np.int64)
    for t in range(1, emissions.shape[1]):
        candidates = best[:, :, None] + scores.transitions  # (B, C before, C)
        previous[:, t] = candidates.argmax(1)
        step = candidates.max(1) + emissions[:, t]
        best = np.where((t < lengths)[:, None], step, best)
    # 2. Backward: the best last tag, then the stored tag before it at each word.
    tags = np.empty(emissions.shape[:2], np.int64)
    tags[:, -1] = (best + scores.end).argmax(1)
    for t in range(emissions.shape[1] - 1, 0, -1):
        before = np.take_along_axis(previous[:, t], tags[:, t, None], 1)[:, 0]
        tags[:, t - 1] = np.where(t < lengths, before, tags[:, t])
    return tags


def forward(scores: Transitions, emissions: Floats, lengths: npt.NDArray[np.int64]) -> Floats:
    """Return the log-sum of all prefixes that end in each tag; twin: `crf_algorithms.sums`.

    Args:
        scores: the transition scores.
        emissions: *Shape:* (B, W, C)
        lengths: number of words of each row, at least one. *Shape:* (B,)

    Returns:
        Includes the emission of the tag. After the last word, the value of the last word is
        repeated, so that the last column is that of the last word in every row.
        *Shape:* (B, W, C)
    """
    alpha = np.empty(emissions.shape, np.float64)
    alpha[:, 0] = scores.start + emissions[:, 0]
    for t in range(1, emissions.shape[1]):
        # alpha[t, j] = log Σ_i exp(alpha[t - 1, i] + transition[i, j]) + emission[t, j]
        step = logsumexp(alpha[:, t - 1, :, None] + scores.transitions, 1) + emissions[:, t]
        alpha[:, t] = np.where((t < lengths)[:, None], step, alpha[:, t - 1])
    return alpha


def backward(scores: Transitions, emissions: Floats, lengths: npt.NDArray[np.int64]) -> Floats:
    """Return the log-sum of all suffixes that follow each tag; twin: `crf_algorithms.sums`.

    Args:
        scores: the transition scores.
        emissions: *Shape:* (B, W, C)
        lengths: number of words of each row, at least one. *Shape:* (B,)

    Returns:
        Does not include the emission of the tag itself. *Shape:* (B, W, C)
    """
    beta = np.empty(emissions.shape, np.float64)
    beta[:, -1] = scores.end
    for t in range(emissions.shape[1] - 1, 0, -1):
        # beta[t - 1, i] = log Σ_j exp(transition[i, j] + emission[t, j] + beta[t, j])
        step = logsumexp(scores.transitions + (emissions[:, t] + beta[:, t])[:, None, :], 2)
        beta[:, t - 1] = np.where((t < lengths)[:, None], step, beta[:, t])
    return beta


def logsumexp(values: Floats, axis: int) -> Floats:
    """Return the logarithm of a sum of exponentials, without overflow; the axis is removed."""
    top = values.max(axis, keepdims=True)
    total = np.log(np.exp(values - top).sum(axis, keepdims=True)) + top
    return np.asarray(np.squeeze(total, axis))


def _pad(emissions: Sequence[Floats]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return rows padded to one length. *Shape:* (B, W, C), and lengths (B,)"""
    lengths = np.array([len(row) for row in emissions])
    padded = np.zeros((len(emissions), lengths.max(), emissions[0].shape[1]), np.float64)
    for target, row in zip(padded, emissions, strict=True):
        target[: len(row)] = row
    return padded, lengths
