"""The tagger: a backbone, one vector per word, a linear layer, and a CRF.

Letters in shapes: B rows, T subwords, W words, H vector size, C tags. A packed batch has a single
row of subwords, and a row of words for each sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForTokenClassification, PreTrainedModel
from transformers.utils.generic import ModelOutput

from vaner.backbones import row_packing
from vaner.backbones.base_model import BackboneModel
from vaner.errors import ModelError
from vaner.tagger.batches import Layout
from vaner.tagger.config import VanerConfig
from vaner.tagger.crf import CRF, allowed_tags
from vaner.tagger.decoding import FORBIDDEN
from vaner.tagger.layout import choose_layout
from vaner.tagger.options import Pooling
from vaner.text.casing import Casing
from vaner.text.tags import TagScheme, TagSet


@dataclass
class TaggerOutput(ModelOutput):
    """The result of a forward pass.

    Attributes:
        loss: mean negative log-likelihood per row (crf) or per word (softmax). None without tags.
        logits: emissions, in fp32. *Shape:* (B, W, C)
    """

    loss: Tensor | None = None
    logits: Tensor | None = None


class _Targets(NamedTuple):
    """The tags of a batch.

    Attributes:
        tags: *Shape:* (B, W), int64
        word_mask: True on words. *Shape:* (B, W), bool
        unannotated_tags: tags that the corpus of a row does not annotate, filled with -1. None if
            each corpus annotates all types. *Shape:* (B, at most C), int64
    """

    tags: Tensor
    word_mask: Tensor
    unannotated_tags: Tensor | None

    def select(self, rows: Tensor) -> _Targets:
        """Return the targets of some rows. *Shape:* (B,), bool"""
        unannotated = self.unannotated_tags
        return _Targets(
            self.tags[rows],
            self.word_mask[rows],
            None if unannotated is None else unannotated[rows],
        )


class VanerForTokenClassification(BackboneModel):
    """A sequence tagger over words, on any decoder or encoder.

    Create a new one on pretrained weights with `from_backbone`. Load a saved one with
    `from_pretrained`, whether all its weights were saved or only the trained ones.
    """

    config_class = VanerConfig
    can_pack = True
    can_read_single_rows = True

    def __init__(self, config: VanerConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config, backbone)
        self.dropout = nn.Dropout(config.dropout)
        tags = config.tag_set
        self.classifier = nn.Linear(config.hidden_size, len(tags))
        self.crf = CRF(len(tags), tag_set=tags, learned=config.head == "crf")
        self.general = _build_general_head(config) if config.general_head else None
        # Initialized with zeros, so that an untrained embedding changes nothing.
        self.casing = nn.Embedding(len(Casing), config.hidden_size) if config.casing else None
        if self.casing is not None:
            nn.init.zeros_(self.casing.weight)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)
        self._layout: Layout | None = None  # set at first use, when all weights are loaded
        self.post_init()  # type: ignore[no-untyped-call]

    @property
    def layout(self) -> Layout:
        """The layout of the model's batches: packed, if its backbone supports packing.

        Raises:
            ModelError: if the instruction is shared, and the backbone does not support packing.
        """
        if self._layout is None:
            self._layout = choose_layout(self)
        return self._layout

    def check_backbone(self) -> None:
        """See `BackboneModel.check_backbone`; the layout must be right too."""
        super().check_backbone()
        _ = self.layout

    @property
    def adds_vectors(self) -> bool:
        """Whether an embedding of the casing is added."""
        return bool(self.config.casing)

    def forward(
        self,
        input_ids: Tensor,
        word_starts: Tensor | None = None,
        word_ends: Tensor | None = None,
        word_mask: Tensor | None = None,
        casing: Tensor | None = None,
        tags: Tensor | None = None,
        unannotated_tags: Tensor | None = None,
        general: Tensor | None = None,
        has_posterior: Tensor | None = None,
        posterior_tags: Tensor | None = None,
        posterior_transitions: Tensor | None = None,
        **attention_inputs: Tensor,
    ) -> TaggerOutput:
        """Score the tags of every word; with tags, compute the loss.

        The arguments are the entries of a batch; see `vaner.tagger.batches.collate`.

        Args:
            input_ids, word_starts, word_ends, word_mask: subwords and words of the batch.
            casing: casing of each subword's word, for a model with the option `casing`.
            tags, unannotated_tags, general: gold tags, for training.
            has_posterior, posterior_tags, posterior_transitions: a teacher's probabilities, for
                training.
            attention_inputs: ``attention_mask``, or the fields of a
                `vaner.backbones.row_packing.Packing`.

        Raises:
            ValueError: if the batch does not fit the model; a ModelError if it has no words.
        """
        if word_starts is None or word_ends is None or word_mask is None:
            raise ModelError('a tagger reads words: use vaner.Annotator or pipeline("vaner-ner")')
        if "positions" in attention_inputs and self.layout == "padded":
            raise ValueError(f"a {self.config.base_config.model_type} backbone cannot be packed")
        hidden = self._read(input_ids, attention_inputs, casing)
        words = pool(hidden, word_starts, word_ends, self.config.pooling)
        # The head stays in fp32: a sum of log scores loses too much precision in bf16.
        with torch.autocast(hidden.device.type, enabled=False):
            words = self.dropout(words.to(self.classifier.weight.dtype))
            emissions = self.classifier(words).float()
            if tags is None:
                return TaggerOutput(logits=emissions)
            targets = _Targets(tags, word_mask, unannotated_tags)
            if has_posterior is not None:
                if posterior_tags is None or posterior_transitions is None or general is not None:
                    raise ValueError(
                        "a batch with has_posterior needs posterior_tags and "
                        "posterior_transitions, and has no general"
                    )
                loss = self._compute_distillation_loss(
                    emissions, targets, has_posterior, posterior_tags, posterior_transitions
                )
            elif general is not None:
                loss = self._compute_domain_loss(words, emissions, targets, general)
            else:
                loss = self.loss(emissions, *targets)
        return TaggerOutput(loss=loss, logits=emissions)

    def _read(
        self, input_ids: Tensor, attention_inputs: dict[str, Tensor], casing: Tensor | None
    ) -> Tensor:
        """Return the vectors of all subwords. *Shape:* (B, T, H), or (1, N, H)"""
        is_single = self._trial is not None and self._trial.layout == "single"
        added = self.embed_casing(casing)
        return row_packing.run_backbone(
            self.backbone, input_ids, attention_inputs, added, one_by_one=is_single
        )

    def embed_casing(self, casing: Tensor | None) -> Tensor | None:
        """Return what is added to the subword embeddings. *Shape:* (B, T) -> (B, T, H)

        Raises:
            ValueError: if the batch has casing and the model does not use it, or the reverse.
        """
        if (casing is None) != (self.casing is None):
            raise ValueError("a batch has casing if, and only if, the model has the option casing")
        return None if casing is None or self.casing is None else self.casing(casing)

    def loss(
        self,
        emissions: Tensor,
        tags: Tensor,
        word_mask: Tensor,
        unannotated_tags: Tensor | None = None,
    ) -> Tensor:
        """Return the mean negative log-likelihood per row (crf) or per word (softmax).

        If there are unannotated tags, it is that of the partial labels: the sum over all tags that
        an O may be.

        Args:
            emissions: *Shape:* (B, W, C)
            tags: *Shape:* (B, W), int64
            word_mask: True on words. *Shape:* (B, W), bool
            unannotated_tags: filled with -1. *Shape:* (B, at most C), int64
        """
        if unannotated_tags is not None:
            allowed = allowed_tags(tags, unannotated_tags, emissions.shape[2])
            if self.config.head == "crf":
                partial: Tensor = self.crf.partial_log_likelihood(
                    emissions, allowed, word_mask, "mean"
                )
                return -partial
            log_probabilities = emissions.log_softmax(-1).masked_fill(~allowed, FORBIDDEN)
            return -log_probabilities.logsumexp(-1)[word_mask].mean()
        if self.config.head == "crf":
            likelihood: Tensor = self.crf(emissions, tags, word_mask, reduction="mean")
            return -likelihood
        return nn.functional.cross_entropy(emissions[word_mask], tags[word_mask])

    def _compute_distillation_loss(
        self,
        emissions: Tensor,
        targets: _Targets,
        has_posterior: Tensor,
        posterior_tags: Tensor,
        posterior_transitions: Tensor,
    ) -> Tensor:
        """Return the loss of a batch in which some rows are trained on a teacher's probabilities.

        Args:
            emissions: *Shape:* (B, W, C)
            targets: the gold tags of the other rows.
            has_posterior: rows with a teacher. *Shape:* (B,), bool
            posterior_tags: *Shape:* (B, W, C)
            posterior_transitions: *Shape:* (B, C, C)
        """
        scores, mask = emissions[has_posterior], targets.word_mask[has_posterior]
        probabilities = posterior_tags[has_posterior]
        if self.config.head == "crf":
            transitions = posterior_transitions[has_posterior]
            distillation_loss = -self.crf.distillation_log_likelihood(
                scores, probabilities, transitions, mask, reduction="mean"
            )
        else:
            distillation_loss = nn.functional.cross_entropy(scores[mask], probabilities[mask])
        return self._mix_losses(distillation_loss, has_posterior, emissions, targets)

    def _compute_domain_loss(
        self, words: Tensor, emissions: Tensor, targets: _Targets, general: Tensor
    ) -> Tensor:
        """Return the loss of a batch in which each row is scored by the head of its domain.

        Args:
            words: *Shape:* (B, W, H)
            emissions: of the biomedical head. *Shape:* (B, W, C)
            targets: the gold tags.
            general: rows of the general domain. *Shape:* (B,), bool
        """
        if self.general is None:
            raise ValueError("examples of the general domain need a model with a general head")
        scores, mask = (
            self.general["classifier"](words[general]).float(),
            targets.word_mask[general],
        )
        if self.config.head == "crf":
            general_loss = -self.general["crf"](scores, targets.tags[general], mask, "mean")
        else:
            general_loss = nn.functional.cross_entropy(scores[mask], targets.tags[general][mask])
        return self._mix_losses(general_loss, general, emissions, targets)

    def _mix_losses(
        self, special_loss: Tensor, rows: Tensor, emissions: Tensor, targets: _Targets
    ) -> Tensor:
        """Return the loss of a batch in which some rows have a loss of another kind.

        Args:
            special_loss: the loss of those rows: a mean, like that of `loss`.
            rows: which rows these are. *Shape:* (B,), bool
            emissions: *Shape:* (B, W, C)
            targets: the gold tags of the other rows.
        """
        # The share of these rows, or of their words, as `loss` is a mean over one or the other.
        word_share = targets.word_mask[rows].sum() / targets.word_mask.sum()
        share = rows.float().mean() if self.config.head == "crf" else word_share
        if rows.all():
            return share * special_loss
        other_loss = self.loss(emissions[~rows], *targets.select(~rows))
        return share * special_loss + (1 - share) * other_loss

    def head_parameters(self) -> list[nn.Parameter]:
        """Return the trainable parameters of the head, without the casing embedding.

        At the head's learning rate, the casing would dominate the word embeddings.
        """
        casing = self.casing.weight if self.casing is not None else None
        return [parameter for parameter in super().head_parameters() if parameter is not casing]

    def _head_modules(self) -> dict[str, nn.Module]:
        modules: dict[str, nn.Module | None] = {
            "classifier": self.classifier,
            "crf": self.crf,
            "general": self.general,
            "casing": self.casing,
        }
        return {name: module for name, module in modules.items() if module is not None}


def _build_general_head(config: VanerConfig) -> nn.ModuleDict:
    """Return a head for the general domain, which tags entities without a type."""
    tags = TagSet(TagScheme(config.scheme))
    classifier = nn.Linear(config.hidden_size, len(tags))
    nn.init.normal_(classifier.weight, std=0.02)
    nn.init.zeros_(classifier.bias)
    crf = CRF(len(tags), tag_set=tags, learned=config.head == "crf")
    return nn.ModuleDict({"classifier": classifier, "crf": crf})


def pool(hidden: Tensor, starts: Tensor, ends: Tensor, pooling: Pooling) -> Tensor:
    """Return one vector per word from the vectors of its subwords.

    Args:
        hidden: *Shape:* (B, T, H)
        starts: first subword of each word, counted through the batch. *Shape:* (B, W)
        ends: one past the last subword, likewise. *Shape:* (B, W)
        pooling: ``first``, ``last`` or ``mean``.

    Returns:
        *Shape:* (B, W, H)
    """
    flat = hidden.flatten(0, 1)
    if pooling == "mean":
        # In double precision: it is a difference of cumulative sums over the batch.
        sums = nn.functional.pad(flat.double().cumsum(0), (0, 0, 1, 0))
        return ((sums[ends] - sums[starts]) / (ends - starts).unsqueeze(2)).float()
    return flat[starts if pooling == "first" else ends - 1]


for _auto_class in (AutoModelForTokenClassification, AutoModel):
    _auto_class.register(VanerConfig, VanerForTokenClassification)
