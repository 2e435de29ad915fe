"""Distillation: examples that train a student on a teacher's answers.

A student with the tags of its teacher learns the teacher's distribution over tag sequences, not
only its best sequence: the loss is the cross-entropy of the two CRF chains, which is exact
(arXiv 2005.08514, for structures in general). It needs two things from the teacher: the probability
of each tag at each word, and the expected number of times that each transition occurs.

A student with other tags learns the mentions that the teacher finds, as if a corpus annotated them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import torch

from vaner.backbones.encoding import Encoder, Row, TagPosterior
from vaner.models.load import load_recognizer, load_score_calibration
from vaner.models.locate import locate_model
from vaner.tagger import crf_algorithms
from vaner.tagger.instructions import ANY_TYPE, Instruction
from vaner.tagger.recognizer import Tagger
from vaner.text.documents import Corpus, Document
from vaner.text.words import split_words
from vaner.training.examples.sentences import SentenceExample, training_sentences
from vaner.training.progress import progress_bar

_BATCH_SIZE = 256


@dataclass(frozen=True, slots=True)
class DistillationExample:
    """A sentence with a teacher's probabilities.

    Args:
        sentence: the sentence; its tags are not used.
        posterior: the teacher's probabilities.
    """

    sentence: SentenceExample
    posterior: TagPosterior

    @property
    def length(self) -> int:
        """Number of subwords of its row."""
        return self.sentence.length

    @property
    def is_negative(self) -> bool:
        """Whether the teacher finds no mention in it."""
        return bool((self.posterior.tags.argmax(1) == 0).all())

    def encode(self, encoder: Encoder, instruction: Instruction, rng: Random) -> Row:
        """Return the row of the sentence with the teacher's probabilities."""
        row = self.sentence.encode(encoder, instruction, rng)
        return replace(row, posterior=self.posterior)


def annotate_with_teacher(teacher: str, corpus: Corpus, min_score: float) -> Corpus:
    """Return the sentences of a corpus with the mentions that a teacher finds in them.

    Args:
        teacher: folder, Hub id or embedded name of a saved tagger. Its PyTorch form is used:
            8-bit arithmetic changes probabilities.
        corpus: the documents.
        min_score: leave out sentences with a mention below this probability, in [0, 1].
    """
    folder = locate_model(teacher)
    recognizer, calibrate = load_recognizer(folder, form="pytorch"), load_score_calibration(folder)
    sentences: list[Document] = []
    annotated = calibrate(recognizer.annotate(corpus))
    label = f"running {Path(teacher).name}"
    for document in progress_bar(label, "document", len(corpus), annotated):
        words = split_words(document.text)
        for first, last in training_sentences(document, words, document.spans):
            start, end = words[first].start, words[last - 1].end
            spans = [span for span in document.spans if start <= span.start < end]
            if all((span.score or 0.0) >= min_score for span in spans):
                shifted = tuple(span.shift(-start) for span in spans)
                text = document.text[start:end]
                sentences.append(Document(f"{document.id}-{first}", text, shifted))
    return Corpus(corpus.name, corpus.split, tuple(sentences), recognizer.types)


def make_distillation_examples(
    teacher: str, sentences: Sequence[SentenceExample]
) -> list[DistillationExample]:
    """Return sentences with the probabilities of a teacher that has the same tags, in their order.

    Args:
        teacher: folder, Hub id or embedded name of a saved tagger. Its PyTorch form is used:
            8-bit arithmetic changes probabilities.
        sentences: the sentences.
    """
    tagger = load_recognizer(locate_model(teacher), form="pytorch")
    assert isinstance(tagger, Tagger)
    examples: list[DistillationExample] = []
    with progress_bar(f"running {Path(teacher).name}", "sentence", len(sentences)) as progress:
        for start in range(0, len(sentences), _BATCH_SIZE):
            batch = sentences[start : start + _BATCH_SIZE]
            posteriors = _compute_posteriors(tagger, batch)
            pairs = zip(batch, posteriors, strict=True)
            examples += [DistillationExample(sentence, posterior) for sentence, posterior in pairs]
            progress.update(len(batch))
    return examples


def _compute_posteriors(
    tagger: Tagger, sentences: Sequence[SentenceExample]
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
    mask = torch.arange(longest) < torch.tensor([[len(scores)] for scores in emissions])
    sums = crf_algorithms.sum_sequences(chain, padded, mask)
    tags = sums.marginals.permute(2, 0, 1).float().numpy()  # (B, W, C)
    expected = sums.expected_transitions()  # (B, C, C)
    for scores, marginals, transitions in zip(
        emissions, tags, expected.float().numpy(), strict=True
    ):
        yield TagPosterior(marginals[: len(scores)], transitions)
