"""A teacher's probabilities of the tags of sentences, stored in the cache folder.

Computing them takes longer than training a small student on them. They are stored in parts, so that
an interrupted run continues after the last complete part, and all seeds and recipes with the same
teacher and sentences share them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from vaner.backbones.encoding import TagPosterior
from vaner.models.load import load_recognizer
from vaner.models.locate import locate_model
from vaner.tagger import crf_algorithms
from vaner.tagger.exported_forms import compute_checksums
from vaner.tagger.instructions import ANY_TYPE
from vaner.tagger.recognizer import Tagger
from vaner.training.examples.sentences import SentenceExample
from vaner.training.progress import progress_bar
from vaner.utils import array_cache
from vaner.utils.cache_folder import get_cache_folder

_BATCH_SIZE = 256
_PART_SIZE = 4 * _BATCH_SIZE  # a minute on a CPU core, for a teacher of BERT-base size
_MAX_CACHED_PARTS = 800  # about 1.5 GB for 20 tags
_VERSION = 1


def compute_posteriors(
    teacher: str,
    sentences: Sequence[SentenceExample],
    annotation_odds: float = 1.0,
    *,
    bf16: bool = False,
) -> list[TagPosterior]:
    """Return the probabilities of a teacher's tags, rounded to half precision.

    Annotations of which each is right with some probability, such as names of a knowledge base that
    have replaced mentions, are combined with the teacher's knowledge: at each word of a mention the
    odds of its tag are multiplied by a factor. A teacher that is almost certain of another tag
    remains so, one that is in doubt follows the annotations.

    Args:
        teacher: folder, Hub id or embedded name of a saved tagger. Its PyTorch form is used:
            8-bit arithmetic changes probabilities.
        sentences: the sentences; their tags are used if `annotation_odds` is not 1.
        annotation_odds: factor for the odds of the annotated tags, at least 1.
        bf16: compute in bfloat16, which some processors do faster.
    """
    folder = locate_model(teacher)
    checksums = sorted(compute_checksums(folder).items())
    weights = hashlib.sha256(json.dumps(checksums).encode()).hexdigest()
    load_teacher = cache(lambda: _load_tagger(folder, "bf16" if bf16 else "fp32"))
    posteriors: list[TagPosterior] = []
    with progress_bar(f"running {Path(teacher).name}", "sentence", len(sentences)) as progress:
        for start in range(0, len(sentences), _PART_SIZE):
            part = sentences[start : start + _PART_SIZE]
            words = _digest_sentences(part, annotation_odds)
            key = {"version": _VERSION, "teacher": weights, "sentences": words, "bf16": bf16}
            cached = get_cache_folder() / "posteriors" / f"{weights[:16]}-{words[:16]}"
            arrays = array_cache.load(cached, key)
            if arrays is None:
                arrays = _compute_part(load_teacher(), part, annotation_odds)
                array_cache.save(cached, arrays, key)
                array_cache.prune(cached.parent, f"*-{'[0-9a-f]' * 16}", _MAX_CACHED_PARTS)
            ends = np.cumsum([len(sentence.words) for sentence in part])[:-1]
            tags = np.split(arrays["tags"], ends)
            posteriors += map(TagPosterior, tags, arrays["transitions"])
            progress.update(len(part))
    return posteriors


def _load_tagger(folder: Path, dtype: str) -> Tagger:
    tagger = load_recognizer(folder, form="pytorch", dtype=dtype)
    assert isinstance(tagger, Tagger)
    return tagger


def _compute_part(
    tagger: Tagger, sentences: Sequence[SentenceExample], annotation_odds: float
) -> dict[str, npt.NDArray[np.float16]]:
    """Return the posteriors of sentences: ``tags`` of all words and ``transitions``."""
    posteriors: list[TagPosterior] = []
    for start in range(0, len(sentences), _BATCH_SIZE):
        posteriors += _run(tagger, sentences[start : start + _BATCH_SIZE], annotation_odds)
    tags, transitions = zip(*posteriors, strict=True)
    return {
        "tags": np.concatenate(tags).astype(np.float16),
        "transitions": np.stack(transitions).astype(np.float16),
    }


def _digest_sentences(sentences: Sequence[SentenceExample], annotation_odds: float) -> str:
    """Return a checksum of the words and types of sentences, and of the tags if they are used."""
    words = [
        (sentence.type, [sentence.text[word.start : word.end] for word in sentence.words])
        for sentence in sentences
    ]
    tags = [sentence.tags for sentence in sentences]
    content = words if annotation_odds == 1 else [words, tags, annotation_odds]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _run(
    tagger: Tagger, sentences: Sequence[SentenceExample], annotation_odds: float
) -> Iterator[TagPosterior]:
    """Yield the posterior of the teacher's CRF for each sentence.

    One forward-backward pass over the padded batch (B sentences, W words, C tags) yields the
    marginal probability of each tag at each word. The probability of tag i at a word and tag j at
    the next is before[i] * weights[i, j] * after[j] (`crf_algorithms.Sums`); its sum over the words
    is the expected number of transitions from i to j.
    """
    prompted_sentences = [
        (
            sentence.text,
            sentence.words,
            tagger.prompts.instruction_for(
                None if sentence.type == ANY_TYPE else sentence.type, None
            ),
        )
        for sentence in sentences
    ]
    emissions = tagger.compute_emissions(prompted_sentences)
    parameters = (torch.from_numpy(np.asarray(part)) for part in tagger.transitions)
    chain = crf_algorithms.Chain(*parameters)
    longest = max(map(len, emissions))
    padded = torch.zeros(len(emissions), longest, emissions[0].shape[1], dtype=torch.float64)
    for row, scores in zip(padded, emissions, strict=True):
        row[: len(scores)] = torch.from_numpy(np.asarray(scores, np.float64))
    if annotation_odds != 1:
        for row, sentence in zip(padded, sentences, strict=True):
            for word, tag in enumerate(sentence.tags):
                if tag:  # not O
                    row[word, tag] += math.log(annotation_odds)
    mask = torch.arange(longest) < torch.tensor([[len(scores)] for scores in emissions])
    sums = crf_algorithms.sum_sequences(chain, padded, mask)
    tags = sums.marginals.permute(2, 0, 1).float().numpy()  # (B, W, C)
    expected = sums.expected_transitions()  # (B, C, C)
    for scores, marginals, transitions in zip(
        emissions, tags, expected.float().numpy(), strict=True
    ):
        yield TagPosterior(marginals[: len(scores)], transitions)
