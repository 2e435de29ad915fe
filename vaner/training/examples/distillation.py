"""Distillation: examples that train a student on a teacher's answers.

A student with the tags of its teacher learns the teacher's distribution over tag sequences, not
only its best sequence: the loss is the cross-entropy of the two CRF chains, which is exact
(arXiv 2005.08514, for structures in general). It needs two things from the teacher: the probability
of each tag at each word, and the expected number of times that each transition occurs.

A student with other tags learns the mentions that the teacher finds, as if a corpus annotated them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from vaner.backbones.encoding import Encoder, Row, TagPosterior
from vaner.models.load import load_recognizer, load_score_calibration
from vaner.models.locate import locate_model
from vaner.tagger.instructions import Instruction
from vaner.text.documents import Corpus, Document
from vaner.training.examples.posteriors import compute_posteriors
from vaner.training.examples.sentences import SentenceExample, split_document
from vaner.training.progress import progress_bar


@dataclass(frozen=True, slots=True)
class DistillationExample:
    """A sentence with a teacher's probabilities.

    Args:
        sentence: the sentence; its tags are not used in training.
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
        sentences += (
            sentence
            for sentence in split_document(document)
            if all((span.score or 0.0) >= min_score for span in sentence.spans)
        )
    return Corpus(corpus.name, corpus.split, tuple(sentences), recognizer.types)


def make_distillation_examples(
    teacher: str,
    sentences: Sequence[SentenceExample],
    annotation_odds: float = 1.0,
    *,
    bf16: bool = False,
) -> list[DistillationExample]:
    """Return sentences with the probabilities of a teacher that has the same tags, in their order.

    Args:
        teacher: folder, Hub id or embedded name of a saved tagger.
        sentences: the sentences.
        annotation_odds: factor for the odds of the annotated tags; see `compute_posteriors`.
        bf16: compute the probabilities in bfloat16.
    """
    posteriors = compute_posteriors(teacher, sentences, annotation_odds, bf16=bf16)
    return [DistillationExample(*pair) for pair in zip(sentences, posteriors, strict=True)]
