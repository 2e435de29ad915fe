"""The tagger: a backbone, one vector a word, a linear layer, a CRF.

Letters in shapes: B rows, T sub-words, W words, H hidden, C tags; a packed batch has one row of
sub-words, and as many rows of words as sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import AutoModelForTokenClassification, PreTrainedModel
from transformers.utils.generic import ModelOutput

from vaner.backbones import row_packing
from vaner.backbones.base_model import BackboneModel
from vaner.errors import ModelError
from vaner.tagger.batches import Layout
from vaner.tagger.config import Pooling, VanerConfig
from vaner.tagger.crf import CRF
from vaner.tagger.decoding import FORBIDDEN
from vaner.text.casing import Casing
from vaner.text.tags import TagScheme, TagSet


@dataclass
class TaggerOutput(ModelOutput):
    """What a forward pass gives.

    Args:
        loss: mean negative log-likelihood of a row (crf) or of a word (softmax), with tags only.
        logits: emissions. *Shape:* (B, W, C), fp32.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None


class VanerForTokenClassification(BackboneModel):
    """A sequence tagger over words on any decoder or encoder.

    Build one on pretrained weights with `from_backbone`, load a saved one with
    `from_pretrained`, whole or as adapter and head alone.
    """

    config_class = VanerConfig

    def __init__(self, config: VanerConfig, backbone: PreTrainedModel | None = None) -> None:
        super().__init__(config, backbone)
        self.dropout = nn.Dropout(config.dropout)
        tags = config.tag_set
        self.classifier = nn.Linear(config.hidden_size, len(tags))
        self.crf = CRF(len(tags), tag_set=tags, learned=config.head == "crf")
        self.general = _general_head(config) if config.general_head else None
        # Of zeros: an untrained one changes nothing.
        self.casing = nn.Embedding(len(Casing), config.hidden_size) if config.casing else None
        if self.casing is not None:
            nn.init.zeros_(self.casing.weight)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)
        self._layout: Layout | None = None  # not yet known: weights may still be missing
        self.post_init()  # type: ignore[no-untyped-call]

    @property
    def layout(self) -> Layout:
        """How a batch is to lie for this model: packed, if its backbone can do that.

        Raises:
            ModelError: where the instruction is to be shared, and the backbone cannot do that.
        """
        if self._layout is None:
            packs = row_packing.packs(self.backbone, self.config.max_subwords)
            if not packs and self.config.shared_instruction:
                kind = self.config.base_config.model_type
                raise ModelError(f"shared_instruction: a {kind} backbone cannot be packed")
            shared = self.config.shared_instruction
            self._layout = "shared" if shared else "packed" if packs else "padded"
        return self._layout

    def forward(
        self,
        input_ids: Tensor,
        word_starts: Tensor,
        word_ends: Tensor,
        word_mask: Tensor,
        casing: Tensor | None = None,
        tags: Tensor | None = None,
        unannotated_tags: Tensor | None = None,
        general: Tensor | None = None,
        has_posterior: Tensor | None = None,
        posterior_tags: Tensor | None = None,
        posterior_transitions: Tensor | None = None,
        **attention_inputs: Tensor,
    ) -> TaggerOutput:
        """Score the tags of every word; shapes as `vaner.tagger.batches.collate` makes them.

        Args:
            input_ids, word_starts, word_ends, word_mask: as they are.
            casing: as it is, where the model is told it.
            tags, unannotated_tags, general, has_posterior, posterior_tags, posterior_transitions: as they are, in training.
            attention_inputs: ``attention_mask``, or the fields of a `vaner.backbones.row_packing.Packing`.
        """
        if "positions" in attention_inputs and self.layout == "padded":
            raise ValueError(f"a {self.config.base_config.model_type} backbone cannot be packed")
        hidden = row_packing.read(self.backbone, input_ids, attention_inputs, self.cased(casing))
        words = pool(hidden, word_starts, word_ends, self.config.pooling)
        # The head stays fp32: a sum of log scores loses too much in bf16.
        with torch.autocast(hidden.device.type, enabled=False):
            words = self.dropout(words.to(self.classifier.weight.dtype))
            emissions = self.classifier(words).float()
            if tags is None:
                return TaggerOutput(logits=emissions)
            if (
                has_posterior is not None
                and posterior_tags is not None
                and posterior_transitions is not None
            ):
                if general is not None:
                    raise ValueError("a batch is of the general domain or has a teacher, not both")
                loss = self._loss_by_teacher(
                    emissions,
                    tags,
                    word_mask,
                    unannotated_tags,
                    has_posterior,
                    posterior_tags,
                    posterior_transitions,
                )
            elif general is not None:
                loss = self._loss_by_domain(
                    words, emissions, tags, word_mask, unannotated_tags, general
                )
            else:
                loss = self.loss(emissions, tags, word_mask, unannotated_tags)
        return TaggerOutput(loss=loss, logits=emissions)

    def cased(self, casing: Tensor | None) -> Tensor | None:
        """What is added to the sub-words' embeddings: *Shape:* (B, T) -> (B, T, H).

        Raises:
            ValueError: where a model that is told the casing is not, or the reverse.
        """
        if (casing is None) != (self.casing is None):
            raise ValueError("rows tell how words are cased if, and only if, the model is told it")
        return None if casing is None or self.casing is None else self.casing(casing)

    def _loss_by_teacher(
        self,
        emissions: Tensor,
        tags: Tensor,
        word_mask: Tensor,
        unannotated_tags: Tensor | None,
        has_posterior: Tensor,
        posterior_tags: Tensor,
        posterior_transitions: Tensor,
    ) -> Tensor:
        """Each row's loss by its teacher where it has one, else by its tags.

        Args:
            emissions: *Shape:* (B, W, C).
            tags: *Shape:* (B, W).
            word_mask: *Shape:* (B, W).
            unannotated_tags: *Shape:* (B, at most C), or None.
            has_posterior: rows that have a teacher. *Shape:* (B,), bool.
            posterior_tags: *Shape:* (B, W, C).
            posterior_transitions: *Shape:* (B, C, C).
        """
        mask = word_mask[has_posterior]
        if self.config.head == "crf":
            found = -self.crf.distillation_log_likelihood(
                emissions[has_posterior],
                posterior_tags[has_posterior],
                posterior_transitions[has_posterior],
                mask,
                reduction="mean",
            )
        else:
            found = nn.functional.cross_entropy(
                emissions[has_posterior][mask], posterior_tags[has_posterior][mask]
            )
        return self._mix_losses(found, has_posterior, emissions, tags, word_mask, unannotated_tags)

    def _loss_by_domain(
        self,
        words: Tensor,
        emissions: Tensor,
        tags: Tensor,
        word_mask: Tensor,
        unannotated_tags: Tensor | None,
        general: Tensor,
    ) -> Tensor:
        """Each row's loss from the head of its own domain, and none from the other's.

        Args:
            words: *Shape:* (B, W, H).
            emissions: of the biomedical head. *Shape:* (B, W, C).
            tags: *Shape:* (B, W).
            word_mask: *Shape:* (B, W).
            unannotated_tags: *Shape:* (B, at most C), or None.
            general: rows of the general domain. *Shape:* (B,), bool.
        """
        if self.general is None:
            raise ValueError("examples of the general domain need a model with a general head")
        scores, mask = self.general["classifier"](words[general]).float(), word_mask[general]
        if self.config.head == "crf":
            found = -self.general["crf"](scores, tags[general], mask, "mean")
        else:
            found = nn.functional.cross_entropy(scores[mask], tags[general][mask])
        return self._mix_losses(found, general, emissions, tags, word_mask, unannotated_tags)

    def _mix_losses(
        self,
        found: Tensor,
        rows: Tensor,
        emissions: Tensor,
        tags: Tensor,
        word_mask: Tensor,
        unannotated_tags: Tensor | None,
    ) -> Tensor:
        """The loss of a batch some of whose rows have a loss of another kind.

        Args:
            found: that loss, a mean as `loss` is one.
            rows: which rows those are. *Shape:* (B,), bool.
            emissions: *Shape:* (B, W, C).
            tags: *Shape:* (B, W).
            word_mask: *Shape:* (B, W).
            unannotated_tags: *Shape:* (B, at most C), or None.
        """
        # Their part of the rows or, as softmax has it, of the words.
        of_words = word_mask[rows].sum() / word_mask.sum()
        share = rows.float().mean() if self.config.head == "crf" else of_words
        if rows.all():
            return share * found
        own = ~rows
        hidden = None if unannotated_tags is None else unannotated_tags[own]
        mine = self.loss(emissions[own], tags[own], word_mask[own], hidden)
        return share * found + (1 - share) * mine

    def loss(
        self,
        emissions: Tensor,
        tags: Tensor,
        word_mask: Tensor,
        unannotated_tags: Tensor | None = None,
    ) -> Tensor:
        """Negative log-likelihood: a row's mean for the CRF, a word's mean for softmax.

        Where a row has hidden tags, of what its corpus says: everything those tags may be is
        summed over.
        """
        if unannotated_tags is not None:
            allowed = allowed_tags(tags, unannotated_tags, emissions.shape[2])
            if self.config.head == "crf":
                agreeing: Tensor = self.crf.partial_log_likelihood(
                    emissions, allowed, word_mask, "mean"
                )
                return -agreeing
            each = emissions.log_softmax(-1).masked_fill(~allowed, FORBIDDEN).logsumexp(-1)
            return -each[word_mask].mean()
        if self.config.head == "crf":
            likelihood: Tensor = self.crf(emissions, tags, word_mask, reduction="mean")
            return -likelihood
        return nn.functional.cross_entropy(emissions[word_mask], tags[word_mask])

    def head_parameters(self) -> list[nn.Parameter]:
        """As everywhere; the casing is no part of the head, and at its rate would drown words."""
        casing = self.casing.weight if self.casing is not None else None
        return [parameter for parameter in super().head_parameters() if parameter is not casing]

    def _head_parts(self) -> dict[str, nn.Module]:
        parts: dict[str, nn.Module | None] = {
            "classifier": self.classifier, "crf": self.crf, "general": self.general,
            "casing": self.casing,
        }  # fmt: skip
        return {name: part for name, part in parts.items() if part is not None}


def _general_head(config: VanerConfig) -> nn.ModuleDict:
    """A head for the general domain: entities of whatever kind, tagged without a type."""
    tags = TagSet(TagScheme(config.scheme))
    width = config.hidden_size
    classifier = nn.Linear(width, len(tags))
    nn.init.normal_(classifier.weight, std=0.02)
    nn.init.zeros_(classifier.bias)
    crf = CRF(len(tags), tag_set=tags, learned=config.head == "crf")
    return nn.ModuleDict({"classifier": classifier, "crf": crf})


def allowed_tags(tags: Tensor, unannotated_tags: Tensor, num_tags: int) -> Tensor:
    """The tags each word may have: its own, and behind an O every hidden one too.

    Args:
        tags: tags as the corpus has them, O being 0. *Shape:* (B, W), int64.
        unannotated_tags: tags that the corpus does not annotate, filled with -1. *Shape:* (B, H), int64.
        num_tags: C.

    Returns:
        *Shape:* (B, W, C), bool.
    """
    own = nn.functional.one_hot(tags, num_tags).bool()
    hidden = nn.functional.one_hot(unannotated_tags + 1, num_tags + 1).any(1)[:, 1:]
    return own | ((tags == 0).unsqueeze(2) & hidden.unsqueeze(1))


def pool(hidden: Tensor, starts: Tensor, ends: Tensor, pooling: Pooling) -> Tensor:
    """One vector a word from those of its sub-words.

    Args:
        hidden: *Shape:* (B, T, H).
        starts: first sub-word of each word, counted through the whole batch. *Shape:* (B, W).
        ends: likewise, one past the last. *Shape:* (B, W).
        pooling: which of a word's vectors is taken: ``first``, ``last``, or their ``mean``.

    Returns:
        *Shape:* (B, W, H).
    """
    flat = hidden.flatten(0, 1)
    if pooling == "mean":
        # In double precision: it is a difference of sums over all that stands before.
        sums = nn.functional.pad(flat.double().cumsum(0), (0, 0, 1, 0))
        return ((sums[ends] - sums[starts]) / (ends - starts).unsqueeze(2)).float()
    return flat[starts if pooling == "first" else ends - 1]


AutoModelForTokenClassification.register(VanerConfig, VanerForTokenClassification)
