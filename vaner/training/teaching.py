"""What a teacher thinks of sentences, for a smaller model to learn: distillation.

The pupil learns the teacher's whole distribution over tag sequences and not its best guess alone:
the cross-entropy of the two chains, which is exact (arXiv 2005.08514 has it for structures at
large). What it needs of the teacher is how probable each tag is at each word, and how often each
transition is expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
import torch

from vaner.annotator import Annotator
from vaner.encoding import Encoder, Row, Soft
from vaner.errors import RecipeError
from vaner.instructions import ANY_TYPE, Instruction
from vaner.modeling import chain
from vaner.proposers.tagger import Tagger
from vaner.tagging import TagSet
from vaner.training.examples import SentenceExample
from vaner.training.saved import asking_of

_AT_ONCE = 256  # sentences


@dataclass(frozen=True, slots=True)
class TaughtExample:
    """A sentence, and what a teacher thinks of it.

    Args:
        sentence: with tags that mean nothing.
        soft: the teacher's probabilities.
    """

    sentence: SentenceExample
    soft: Soft

    @property
    def length(self) -> int:
        return self.sentence.length

    @property
    def blank(self) -> bool:
        """Whether the teacher finds nothing in it."""
        return bool((self.soft.tags.argmax(1) == 0).all())

    def row(self, encoder: Encoder, instruction: Instruction, draw: Random) -> Row:
        return replace(self.sentence.row(encoder, instruction, draw), soft=self.soft)


def taught_examples(
    teacher: str, examples: Sequence[SentenceExample], tag_set: TagSet
) -> list[TaughtExample]:
    """Sentences with what a teacher thinks of them, in their order.

    Args:
        teacher: folder, Hub id or embedded name of a saved tagger; where it is exported, that form
            is used.
        examples: the sentences.
        tag_set: the pupil's tags, which must be the teacher's.

    Raises:
        RecipeError: where they are not.
    """
    own = asking_of(teacher).tag_set
    if own != tag_set:
        raise RecipeError(
            f"teacher {teacher} has the tags {', '.join(own.tags)}, the model here "
            f"{', '.join(tag_set.tags)}: types, scheme and joint must be the same"
        )
    tagger = Annotator.from_pretrained(teacher).proposer
    assert isinstance(tagger, Tagger)
    found: list[TaughtExample] = []
    for start in range(0, len(examples), _AT_ONCE):
        some = examples[start : start + _AT_ONCE]
        pairs = zip(some, _thoughts(tagger, some), strict=True)
        found += [TaughtExample(sentence, soft) for sentence, soft in pairs]
    return found


def _thoughts(tagger: Tagger, sentences: Sequence[SentenceExample]) -> Iterator[Soft]:
    """The posterior of the teacher's chain for each sentence."""
    asked = [
        (one.text, one.words, tagger.asking.instruction_for(_type(one), None)) for one in sentences
    ]
    emissions = tagger.emissions(asked)
    scores = tagger.scores
    chained = chain.Chain(*(torch.from_numpy(np.asarray(part)) for part in scores))
    longest = max(len(one) for one in emissions)
    padded = torch.zeros(len(emissions), longest, emissions[0].shape[1], dtype=torch.float64)
    for row, one in zip(padded, emissions, strict=True):
        row[: len(one)] = torch.from_numpy(np.asarray(one, np.float64))
    mask = torch.arange(longest) < torch.tensor([[len(one)] for one in emissions])
    sums = chain.sums(chained, padded, mask)
    tags = sums.marginals.permute(2, 0, 1).float().numpy()
    moves = torch.einsum("wib,wjb->bij", sums.before, sums.after) * sums.weights
    for one, own, expected in zip(emissions, tags, moves.float().numpy(), strict=True):
        yield Soft(own[: len(one)], expected)


def _type(sentence: SentenceExample) -> str | None:
    return None if sentence.type == ANY_TYPE else sentence.type


def named(corpus: str, teacher: str) -> str:
    """What a record says such a source is; paths are nobody else's business."""
    return f"{Path(corpus).name}, tagged by {Path(teacher).name}"
