"""What a teacher thinks of sentences, for another model to learn: distillation.

A pupil with the teacher's tags learns its whole distribution over tag sequences and not its best
guess alone: the cross-entropy of the two chains, which is exact (arXiv 2005.08514 has it for
structures at large). What it needs of the teacher is how probable each tag is at each word, and how
often each transition is expected. Any other pupil learns the mentions that the teacher is sure of,
as if they were a corpus's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import torch

from vaner.backbones.encoding import Encoder, Row, TagPosterior
from vaner.hub.training_record import TAGGED_BY
from vaner.models.load import load_recognizer, load_score_calibration
from vaner.models.locate import locate_model
from vaner.tagger import crf_algorithms
from vaner.tagger.instructions import ANY_TYPE, Instruction
from vaner.tagger.recognizer import Tagger
from vaner.text.documents import Corpus, Document
from vaner.text.tags import TagSet
from vaner.text.words import split_words
from vaner.training.examples.sentences import SentenceExample, training_sentences
from vaner.training.progress import bar
from vaner.training.recipe.saved_tagger import read_prompts

_AT_ONCE = 256  # sentences


@dataclass(frozen=True, slots=True)
class TaughtExample:
    """A sentence, and what a teacher thinks of it.

    Args:
        sentence: with tags that mean nothing.
        posterior: the teacher's probabilities.
    """

    sentence: SentenceExample
    posterior: TagPosterior

    @property
    def length(self) -> int:
        return self.sentence.length

    @property
    def blank(self) -> bool:
        """Whether the teacher finds nothing in it."""
        return bool((self.posterior.tags.argmax(1) == 0).all())

    def row(self, encoder: Encoder, instruction: Instruction, draw: Random) -> Row:
        return replace(self.sentence.row(encoder, instruction, draw), posterior=self.posterior)


def tags_alike(teacher: str, tag_set: TagSet) -> bool:
    """Whether a saved tagger has the tags of a pupil, which then can learn its probabilities.

    Raises:
        ModelError: where it is not found, or is not a tagger.
    """
    return read_prompts(teacher).tag_set == tag_set


def tagged(teacher: str, corpus: Corpus, sure: float) -> Corpus:
    """The sentences of a corpus with what a teacher finds in them.

    Args:
        teacher: folder, Hub id or embedded name of a saved tagger; where it is exported, that form
            is used.
        corpus: the documents.
        sure: sentences with a mention that is less probable than this are left out, in [0, 1].
    """
    folder = locate_model(teacher)
    recognizer, calibrated = load_recognizer(folder), load_score_calibration(folder)
    found: list[Document] = []
    answers = calibrated(recognizer.annotate(corpus))
    for document in bar(f"running {Path(teacher).name}", "document", len(corpus), answers):
        words = split_words(document.text)
        for first, last in training_sentences(document, words, document.spans):
            start, end = words[first].start, words[last - 1].end
            own = [span for span in document.spans if start <= span.start < end]
            if all((span.score or 0.0) >= sure for span in own):
                spans = tuple(span.shift(-start) for span in own)
                found.append(Document(f"{document.id}-{first}", document.text[start:end], spans))
    return Corpus(corpus.name, corpus.split, tuple(found), recognizer.types)


def taught_examples(teacher: str, examples: Sequence[SentenceExample]) -> list[TaughtExample]:
    """Sentences with what a teacher of the same tags thinks of them, in their order.

    Args:
        teacher: folder, Hub id or embedded name of a saved tagger; where it is exported, that form
            is used.
        examples: the sentences.
    """
    tagger = load_recognizer(locate_model(teacher))
    assert isinstance(tagger, Tagger)
    found: list[TaughtExample] = []
    with bar(f"running {Path(teacher).name}", "sentence", len(examples)) as progress:
        for start in range(0, len(examples), _AT_ONCE):
            some = examples[start : start + _AT_ONCE]
            pairs = zip(some, _thoughts(tagger, some), strict=True)
            found += [TaughtExample(sentence, posterior) for sentence, posterior in pairs]
            progress.update(len(some))
    return found


def _thoughts(tagger: Tagger, sentences: Sequence[SentenceExample]) -> Iterator[TagPosterior]:
    """The posterior of the teacher's chain for each sentence."""
    asked = [
        (one.text, one.words, tagger.prompts.instruction_for(_type(one), None)) for one in sentences
    ]
    emissions = tagger.compute_emissions(asked)
    scores = tagger.transitions
    chained = crf_algorithms.Chain(*(torch.from_numpy(np.asarray(part)) for part in scores))
    longest = max(len(one) for one in emissions)
    padded = torch.zeros(len(emissions), longest, emissions[0].shape[1], dtype=torch.float64)
    for row, one in zip(padded, emissions, strict=True):
        row[: len(one)] = torch.from_numpy(np.asarray(one, np.float64))
    mask = torch.arange(longest) < torch.tensor([[len(one)] for one in emissions])
    sums = crf_algorithms.sum_sequences(chained, padded, mask)
    tags = sums.marginals.permute(2, 0, 1).float().numpy()
    transitions = sums.expected_transitions()
    for one, own, expected in zip(emissions, tags, transitions.float().numpy(), strict=True):
        yield TagPosterior(own[: len(one)], expected)


def _type(sentence: SentenceExample) -> str | None:
    return None if sentence.type == ANY_TYPE else sentence.type


def named(corpus: str, teacher: str) -> str:
    """What a record says such a source is; paths are nobody else's business."""
    return f"{Path(corpus).name}{TAGGED_BY}{Path(teacher).name}"
