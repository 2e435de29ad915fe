"""How a selector learns: every mention beside wrong variants of it, every error by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from random import Random

import torch

from vaner.calibration.platt_scaling import fit_platt
from vaner.evaluation.thresholds import sweep_thresholds
from vaner.generator.instructions import build_instruction
from vaner.selector.candidates import Candidate, collect_candidates
from vaner.selector.collation import collate
from vaner.selector.encoding import CandidateEncoder, CandidateRow
from vaner.selector.model import VanerSelector
from vaner.selector.selector import Selector
from vaner.tagger.instructions import COMPACT
from vaner.text.documents import Corpus, Document, filter_by_score
from vaner.training.data.sources import DevSet, Taught
from vaner.training.examples.candidate_groups import (
    GroupExample,
    Questions,
    group_examples,
    with_variants,
)
from vaner.training.examples.sentences import Coverage
from vaner.training.learners.learner import fresh, tokenizer_file
from vaner.training.recipe.models import SelectorRecipe
from vaner.training.recipe.schema import CorpusSource, DenseSource

_DEV_VARIANTS = 4  # of a mention, where there are no proposals to choose by


class SelectorLearner:
    """A `VanerSelector` that learns.

    Args:
        wanted: the recipe's part about the model.
        aim: what the recipe teaches.
    """

    def __init__(self, wanted: SelectorRecipe, aim: Taught) -> None:
        self.model = VanerSelector.from_backbone(
            wanted.backbone,
            **fresh(wanted),
            loss=wanted.loss,
            instructions={type: _ask(type, wanted, aim) for type in aim.types},
            types=aim.types,
            corpora=aim.datasets,
            projection_dim=wanted.projection_dim,
            dropout=wanted.dropout,
        )
        folder = tokenizer_file(self.model).parent
        self.encoder = CandidateEncoder.from_folder(folder, wanted.max_subwords)
        self.model.init_markers(self.encoder.placeholders)
        self._variants = wanted.negatives_per_mention
        self._questions = Questions(dict(self.model.config.instructions), tuple(aim.types))

    def examples(
        self, source: CorpusSource | DenseSource, corpus: Corpus, proposals: Corpus | None = None
    ) -> tuple[Sequence[GroupExample], Coverage]:
        """Mentions of a corpus, and a recognizer's errors in it."""
        types = source.types or corpus.types
        return group_examples(corpus, types, self.encoder, self._questions, proposals or ())

    def row(self, example: GroupExample, draw: Random) -> tuple[CandidateRow, ...]:
        """The rows of a group, with variants as the draw has them."""
        return example.rows(self.encoder, self._questions, self._variants, draw)

    def collate(self, rows: Sequence[tuple[CandidateRow, ...]]) -> dict[str, torch.Tensor]:
        """All rows of some groups, as `VanerSelector.forward` takes them."""
        return collate(list(chain.from_iterable(rows)))

    def score(self, dev: Sequence[DevSet], autocast: torch.dtype | None) -> dict[str, float]:
        """Strict micro F1 of what is kept at the best threshold, which the model is given.

        Gold that was not proposed counts as missed. ``eval_f1_proposed`` is that of all proposals
        together, before any is dropped.
        """
        device = next(self.model.parameters()).device
        selector = Selector(self.model, self.encoder, device=device, autocast=autocast)
        gold = [_of_types(document, one.types) for one in dev for document in one.corpus]
        proposed = [document for one in dev for document in _proposed(one, self._variants)]
        self._calibrate(selector, gold, proposed)
        judged = list(selector.select(proposed, threshold=0))
        types = sorted({type for one in dev for type in one.types})
        found = sweep_thresholds(gold, judged, types)
        best = max(range(len(found)), key=lambda i: found[i].counts.f1)
        # Between two scores, so that no rounding decides; nothing is dropped if nothing should be.
        least = (found[best - 1].threshold + found[best].threshold) / 2 if best else 0.0
        self.model.config.threshold = least
        figures = {"eval_f1": found[best].counts.f1, "eval_f1_proposed": found[0].counts.f1}
        return {**figures, **_each(dev, gold, judged, least)}

    def _calibrate(
        self, selector: Selector, gold: Sequence[Document], proposed: Sequence[Document]
    ) -> None:
        """Fit what makes a probability of the model's evidence."""
        evidence: list[float] = []
        right: list[bool] = []
        for true, judged in zip(gold, selector.compute_logits(proposed), strict=True):
            among = collect_candidates(true)
            for span, value in zip(judged.document.spans, judged.values, strict=True):
                if value is not None:
                    evidence.append(value)
                    right.append(Candidate.from_span(span) in among)
        self.model.config.slope, self.model.config.offset = fit_platt(evidence, right)


def _ask(type: str, wanted: SelectorRecipe, aim: Taught) -> str:
    """The words that ask about a type."""
    if wanted.instruction == "compact":
        return COMPACT.render(type)
    corpus = next(name for name, types in aim.datasets.items() if type in types)
    return build_instruction(corpus, style="compact").render_one(type)


def _of_types(document: Document, types: Sequence[str]) -> Document:
    return document.with_spans(span for span in document.spans if span.type in types)


def _proposed(one: DevSet, number: int) -> Iterator[Document]:
    """What is to be judged of a dev set: the proposals, or gold with wrong variants of it."""
    if one.proposals is not None:
        yield from (_of_types(document, one.types) for document in one.proposals)
        return
    for document in one.corpus:
        yield with_variants(document, one.types, number or _DEV_VARIANTS)


def _each(
    dev: Sequence[DevSet], gold: Sequence[Document], judged: Sequence[Document], least: float
) -> dict[str, float]:
    """F1 of each dev set at the threshold that is best for all."""
    figures: dict[str, float] = {}
    begin = 0
    for one in dev:
        part = slice(begin, begin + len(one.corpus))
        begin = part.stop
        kept = [filter_by_score(document, least) for document in judged[part]]
        [all_kept, *_] = sweep_thresholds(gold[part], kept, one.types)
        figures[f"eval_f1_{one.corpus.name}"] = all_kept.counts.f1
    return figures
