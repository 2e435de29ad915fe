"""Training of a selector: each mention with wrong variants of it, and a recognizer's errors."""

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
from vaner.training.data.sources import DevSet, LoadedSource
from vaner.training.examples.candidate_groups import (
    GroupExample,
    SelectorPrompts,
    add_variants,
    make_group_examples,
)
from vaner.training.examples.sentences import Coverage
from vaner.training.learners.learner import backbone_options, tokenizer_file
from vaner.training.plan import TrainingTargets
from vaner.training.recipe.models import SelectorRecipe

_DEV_VARIANTS = 4  # wrong variants of a mention, for dev sets without proposals


class SelectorLearner:
    """A `VanerSelector` in training.

    Args:
        recipe: the model part of the recipe.
        targets: what the model learns to find.
    """

    def __init__(self, recipe: SelectorRecipe, targets: TrainingTargets) -> None:
        self.model = VanerSelector.from_backbone(
            recipe.backbone,
            **backbone_options(recipe),
            loss=recipe.loss,
            instructions={
                type: _render_instruction(type, recipe, targets) for type in targets.types
            },
            types=targets.types,
            corpora=targets.corpora,
            projection_dim=recipe.projection_dim,
            dropout=recipe.dropout,
        )
        folder = tokenizer_file(self.model).parent
        self.encoder = CandidateEncoder.from_folder(folder, recipe.max_subwords)
        self.model.init_markers(self.encoder.placeholders)
        self._negatives = recipe.negatives_per_mention
        self._prompts = SelectorPrompts(dict(self.model.config.instructions), tuple(targets.types))

    def make_examples(
        self, source: LoadedSource, corpus: Corpus, proposals: Corpus | None = None
    ) -> tuple[Sequence[GroupExample], Coverage]:
        """Return the mentions of a corpus, and a recognizer's errors in it."""
        return make_group_examples(
            corpus, source.types, self.encoder, self._prompts, proposals or ()
        )

    def encode(self, example: GroupExample, rng: Random) -> tuple[CandidateRow, ...]:
        """Return the rows of a mention and of the wrong variants that are drawn for it."""
        return example.encode(self.encoder, self._prompts, self._negatives, rng)

    def collate(self, rows: Sequence[tuple[CandidateRow, ...]]) -> dict[str, torch.Tensor]:
        """Return all rows of some groups as arguments of `VanerSelector.forward`."""
        return collate(list(chain.from_iterable(rows)))

    def score(self, dev: Sequence[DevSet], autocast: torch.dtype | None) -> dict[str, float]:
        """Return strict micro F1 at the best threshold, and store this threshold in the model.

        Gold mentions that were not proposed count as missed. ``eval_f1_proposed`` is the F1 of all
        proposals together, before any is rejected.
        """
        device = next(self.model.parameters()).device
        selector = Selector(self.model, self.encoder, device=device, autocast=autocast)
        gold = [
            _of_types(document, dev_set.types) for dev_set in dev for document in dev_set.corpus
        ]
        proposed = [
            document for dev_set in dev for document in _proposals(dev_set, self._negatives)
        ]
        self._calibrate(selector, gold, proposed)
        scored = list(selector.select(proposed, threshold=0))
        types = sorted({type for dev_set in dev for type in dev_set.types})
        results = sweep_thresholds(gold, scored, types)
        best = max(range(len(results)), key=lambda i: results[i].counts.f1)
        # The mean of two scores, so that rounding has no effect; 0 if it is best to reject none.
        threshold = (results[best - 1].threshold + results[best].threshold) / 2 if best else 0.0
        self.model.config.threshold = threshold
        scores = {"eval_f1": results[best].counts.f1, "eval_f1_proposed": results[0].counts.f1}
        return {**scores, **_score_each(dev, gold, scored, threshold)}

    def _calibrate(
        self, selector: Selector, gold: Sequence[Document], proposed: Sequence[Document]
    ) -> None:
        """Fit the slope and offset that map a logit to a probability."""
        logits: list[float] = []
        is_gold: list[bool] = []
        for gold_document, scored in zip(gold, selector.compute_logits(proposed), strict=True):
            candidates = collect_candidates(gold_document)
            for span, value in zip(scored.document.spans, scored.values, strict=True):
                if value is not None:
                    logits.append(value)
                    is_gold.append(Candidate.from_span(span) in candidates)
        self.model.config.slope, self.model.config.offset = fit_platt(logits, is_gold)


def _render_instruction(type: str, recipe: SelectorRecipe, targets: TrainingTargets) -> str:
    """Return the instruction for a type."""
    if recipe.instruction == "compact":
        return COMPACT.render(type)
    corpus = next(name for name, types in targets.corpora.items() if type in types)
    return build_instruction(corpus, style="compact").render_one(type)


def _of_types(document: Document, types: Sequence[str]) -> Document:
    return document.with_spans(span for span in document.spans if span.type in types)


def _proposals(dev: DevSet, negatives: int) -> Iterator[Document]:
    """Yield the proposals of a dev set; without any, gold with wrong variants of the mentions."""
    if dev.proposals is not None:
        yield from (_of_types(document, dev.types) for document in dev.proposals)
        return
    for document in dev.corpus:
        yield add_variants(document, dev.types, negatives or _DEV_VARIANTS)


def _score_each(
    dev: Sequence[DevSet], gold: Sequence[Document], scored: Sequence[Document], threshold: float
) -> dict[str, float]:
    """Return F1 on each dev set at the threshold that is best for all."""
    scores: dict[str, float] = {}
    start = 0
    for dev_set in dev:
        documents = slice(start, start + len(dev_set.corpus))
        start = documents.stop
        accepted = [filter_by_score(document, threshold) for document in scored[documents]]
        [all_accepted, *_] = sweep_thresholds(gold[documents], accepted, dev_set.types)
        scores[f"eval_f1_{dev_set.corpus.name}"] = all_accepted.counts.f1
    return scores
