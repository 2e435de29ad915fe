"""A conditional random field over words, called like pytorch-crf's, batch first, with marginals.

The parameters are pytorch-crf's own (Lafferty, McCallum and Pereira 2001), so state dicts go both
ways; the recursions are `vaner.tagger.crf_algorithms`'s.
"""

from __future__ import annotations

import torch
import torchcrf
from torch import Tensor

from vaner.tagger import crf_algorithms
from vaner.tagger.crf_algorithms import Chain
from vaner.tagger.decoding import FORBIDDEN
from vaner.text.tags import TagSet


class CRF(torchcrf.CRF):  # type: ignore[misc]
    """Linear-chain CRF; shapes as in `vaner.tagger.crf_algorithms`.

    Args:
        num_tags: number of tags, C.
        tag_set: where given, transitions its scheme forbids have probability zero in training
            and in decoding; `num_tags` must be its length.
        learned: False fixes all transition scores at zero: a softmax head that still decodes
            within the scheme.

    >>> crf = CRF(3)
    >>> crf.decode(torch.tensor([[[0.0, 5.0, 0.0], [9.0, 0.0, 0.0]]]))
    [[1, 0]]
    """

    def __init__(
        self, num_tags: int, *, tag_set: TagSet | None = None, learned: bool = True
    ) -> None:
        super().__init__(num_tags, batch_first=True)
        if tag_set is not None and len(tag_set) != num_tags:
            raise ValueError(f"{num_tags} tags, but the tag set has {len(tag_set)}")
        self.tag_set = tag_set
        self.learned = learned
        self._penalties: dict[torch.device, Chain] = {}
        if not learned:
            for parameter in self.parameters():
                torch.nn.init.zeros_(parameter)
                parameter.requires_grad_(False)

    def chain(self) -> Chain:
        """Scores between tags with the scheme's prohibitions added, fp32."""
        learned = (self.start_transitions, self.transitions, self.end_transitions)
        if self.tag_set is None:
            return Chain(*(scores.float() for scores in learned))
        device = self.transitions.device
        if device not in self._penalties:
            self._penalties[device] = _penalties(self.tag_set, device)
        forbidden = self._penalties[device]
        return Chain(*(s.float() + p for s, p in zip(learned, forbidden, strict=True)))

    def forward(
        self,
        emissions: Tensor,
        tags: Tensor,
        mask: Tensor | None = None,
        reduction: str = "sum",
    ) -> Tensor:
        """Log-likelihood of tag sequences.

        Args:
            emissions: *Shape:* (B, W, C).
            tags: *Shape:* (B, W), int.
            mask: *Shape:* (B, W), bool; all words if None.
            reduction: ``none``, ``sum``, ``mean`` (over rows) or ``token_mean`` (over words).

        Returns:
            *Shape:* (B,) for ``none``, else a scalar. Never positive.
        """
        emissions, mask = self._checked(emissions, mask)
        likelihood = crf_algorithms.log_likelihood(self.chain(), emissions, tags, mask)
        return _reduced(likelihood, mask, reduction)

    def partial_log_likelihood(
        self,
        emissions: Tensor,
        allowed: Tensor,
        mask: Tensor | None = None,
        reduction: str = "sum",
    ) -> Tensor:
        """Log-likelihood of the sequences that agree with what is known of each tag.

        The sum over all of them stands for the truth (Tsuboi et al., C08-1113): a word that one
        corpus leaves outside may be a mention of a type which only another corpus annotates.

        Args:
            emissions: *Shape:* (B, W, C).
            allowed: tags that each word may have. *Shape:* (B, W, C), bool.
            mask: *Shape:* (B, W), bool; all words if None.
            reduction: as in `forward`.

        Returns:
            *Shape:* (B,) for ``none``, else a scalar. Never positive; `forward`'s value where one
            tag is allowed to each word, 0 where all are.
        """
        emissions, mask = self._checked(emissions, mask)
        scores = self.chain()
        known = emissions.masked_fill(~allowed, FORBIDDEN)
        agreeing, every = (
            crf_algorithms.log_partition(scores, e, mask) for e in (known, emissions)
        )
        return _reduced(agreeing - every, mask, reduction)

    def distillation_log_likelihood(
        self,
        emissions: Tensor,
        tags: Tensor,
        moves: Tensor,
        mask: Tensor | None = None,
        reduction: str = "sum",
    ) -> Tensor:
        """Log-likelihood that sequences drawn from a teacher have on average.

        Args:
            emissions: *Shape:* (B, W, C).
            tags: the teacher's probability of each tag at each word. *Shape:* (B, W, C).
            moves: how often the teacher expects each transition. *Shape:* (B, C, C).
            mask: *Shape:* (B, W), bool; all words if None.
            reduction: as in `forward`.

        Returns:
            *Shape:* (B,) for ``none``, else a scalar. At most minus the teacher's entropy, which it
            is where both agree.
        """
        emissions, mask = self._checked(emissions, mask)
        scores = self.chain()
        likelihood = crf_algorithms.expected_score(scores, emissions, tags, moves)
        return _reduced(
            likelihood - crf_algorithms.log_partition(scores, emissions, mask), mask, reduction
        )

    @torch.no_grad()
    def decode(self, emissions: Tensor, mask: Tensor | None = None) -> list[list[int]]:
        """Most likely tags of each row, as long as its words."""
        emissions, mask = self._checked(emissions, mask)
        paths = crf_algorithms.viterbi(self.chain(), emissions, mask).tolist()
        return [path[:n] for path, n in zip(paths, mask.sum(1).tolist(), strict=True)]

    @torch.no_grad()
    def marginals(self, emissions: Tensor, mask: Tensor | None = None) -> Tensor:
        """Probability of each tag at each word.

        Returns:
            *Shape:* (B, W, C); sums to 1 over C on words, 0 elsewhere.
        """
        emissions, mask = self._checked(emissions, mask)
        found = crf_algorithms.sums(self.chain(), emissions, mask).marginals
        return found.permute(2, 0, 1).float()

    def _checked(self, emissions: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        if emissions.dim() != 3 or emissions.shape[2] != self.num_tags:
            raise ValueError(
                f"emissions must be (batch, words, {self.num_tags}), got {tuple(emissions.shape)}"
            )
        if mask is None:
            mask = torch.ones(emissions.shape[:2], dtype=torch.bool, device=emissions.device)
        if mask.shape != emissions.shape[:2]:
            raise ValueError(f"mask {tuple(mask.shape)} does not fit {tuple(emissions.shape)}")
        # bf16 cannot hold a sum of log scores over a long sentence.
        return emissions.float(), mask.bool()


def _reduced(likelihood: Tensor, mask: Tensor, reduction: str) -> Tensor:
    """pytorch-crf's reductions of (B,) log-likelihoods."""
    if reduction == "none":
        return likelihood
    if reduction == "sum":
        return likelihood.sum()
    if reduction == "mean":
        return likelihood.mean()
    if reduction == "token_mean":
        return likelihood.sum() / mask.sum().clamp(min=1)
    raise ValueError(f"invalid reduction: {reduction}")


def _penalties(tags: TagSet, device: torch.device) -> Chain:
    """What the scheme takes off each score. No buffers: state dicts stay pytorch-crf's."""
    allowed = (tags.allowed_start(), tags.allowed_transitions(), tags.allowed_end())
    return Chain(*(torch.where(torch.tensor(a, device=device), 0.0, FORBIDDEN) for a in allowed))
