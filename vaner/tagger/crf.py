"""A conditional random field over words: pytorch-crf's interface, batch first, with marginals.

The parameters are those of pytorch-crf (Lafferty, McCallum and Pereira 2001), so state dicts are
exchangeable. The recursions are in `vaner.tagger.crf_algorithms`.
"""

from __future__ import annotations

import torch
import torchcrf
from torch import Tensor
from torch.nn import functional

from vaner.tagger import crf_algorithms
from vaner.tagger.crf_algorithms import Chain
from vaner.tagger.decoding import FORBIDDEN
from vaner.text.tags import TagSet


class CRF(torchcrf.CRF):  # type: ignore[misc]
    """A linear-chain CRF.

    Args:
        num_tags: number of tags, C.
        tag_set: the tags. Transitions that their scheme forbids get probability zero, in training
            and in decoding. Its length must be `num_tags`. Default: every transition is allowed.
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
            raise ValueError(f"num_tags is {num_tags}, but the tag set has {len(tag_set)} tags")
        self.tag_set = tag_set
        self.learned = learned
        self._penalties: dict[torch.device, Chain] = {}
        if not learned:
            for parameter in self.parameters():
                torch.nn.init.zeros_(parameter)
                parameter.requires_grad_(False)

    def chain(self) -> Chain:
        """Return the transition scores with the prohibitions of the scheme, in fp32."""
        learned = (self.start_transitions, self.transitions, self.end_transitions)
        if self.tag_set is None:
            return Chain(*(scores.float() for scores in learned))
        device = self.transitions.device
        if device not in self._penalties:
            self._penalties[device] = _build_penalties(self.tag_set, device)
        penalties = self._penalties[device]
        return Chain(*(s.float() + p for s, p in zip(learned, penalties, strict=True)))

    def forward(
        self,
        emissions: Tensor,
        tags: Tensor,
        mask: Tensor | None = None,
        reduction: str = "sum",
    ) -> Tensor:
        """Return the log-likelihood of tag sequences.

        Args:
            emissions: *Shape:* (B, W, C)
            tags: *Shape:* (B, W), int
            mask: True on words. Default: all. *Shape:* (B, W), bool
            reduction: ``none``, ``sum``, ``mean`` (over rows) or ``token_mean`` (over words).

        Returns:
            Never positive. *Shape:* (B,) for ``none``, else a scalar
        """
        emissions, mask = self._check(emissions, mask)
        likelihood = crf_algorithms.log_likelihood(self.chain(), emissions, tags, mask)
        return _reduce(likelihood, mask, reduction)

    def partial_log_likelihood(
        self,
        emissions: Tensor,
        allowed: Tensor,
        mask: Tensor | None = None,
        reduction: str = "sum",
    ) -> Tensor:
        """Return the log-likelihood of all sequences that agree with partial labels.

        A word that one corpus leaves outside may be a mention of a type that only another corpus
        annotates. The sum over all tags it may have is maximized (Tsuboi et al., C08-1113).

        Args:
            emissions: *Shape:* (B, W, C)
            allowed: the tags that each word may have. *Shape:* (B, W, C), bool
            mask: True on words. Default: all. *Shape:* (B, W), bool
            reduction: see `forward`.

        Returns:
            Never positive: the value of `forward` if one tag is allowed for each word, 0 if all
            are. *Shape:* (B,) for ``none``, else a scalar
        """
        emissions, mask = self._check(emissions, mask)
        chain = self.chain()
        allowed_emissions = emissions.masked_fill(~allowed, FORBIDDEN)
        agreeing = crf_algorithms.log_partition(chain, allowed_emissions, mask)
        total = crf_algorithms.log_partition(chain, emissions, mask)
        return _reduce(agreeing - total, mask, reduction)

    def distillation_log_likelihood(
        self,
        emissions: Tensor,
        tags: Tensor,
        transitions: Tensor,
        mask: Tensor | None = None,
        reduction: str = "sum",
    ) -> Tensor:
        """Return the mean log-likelihood of sequences that are drawn from a teacher.

        Args:
            emissions: *Shape:* (B, W, C)
            tags: the teacher's probability of each tag at each word. *Shape:* (B, W, C)
            transitions: the teacher's expected number of each transition. *Shape:* (B, C, C)
            mask: True on words. Default: all. *Shape:* (B, W), bool
            reduction: see `forward`.

        Returns:
            At most the teacher's negative entropy, which it reaches if both agree.
            *Shape:* (B,) for ``none``, else a scalar
        """
        emissions, mask = self._check(emissions, mask)
        chain = self.chain()
        score = crf_algorithms.expected_score(chain, emissions, tags, transitions)
        total = crf_algorithms.log_partition(chain, emissions, mask)
        return _reduce(score - total, mask, reduction)

    @torch.no_grad()
    def decode(self, emissions: Tensor, mask: Tensor | None = None) -> list[list[int]]:
        """Return the most likely tags of the words of each row.

        Args:
            emissions: *Shape:* (B, W, C)
            mask: True on words. Default: all. *Shape:* (B, W), bool
        """
        emissions, mask = self._check(emissions, mask)
        paths = crf_algorithms.viterbi(self.chain(), emissions, mask).tolist()
        return [path[:n] for path, n in zip(paths, mask.sum(1).tolist(), strict=True)]

    @torch.no_grad()
    def marginals(self, emissions: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the probability of each tag at each word.

        Returns:
            Sums to 1 over C on words; 0 elsewhere. *Shape:* (B, W, C)
        """
        emissions, mask = self._check(emissions, mask)
        sums = crf_algorithms.sum_sequences(self.chain(), emissions, mask)
        return sums.marginals.permute(2, 0, 1).float()

    def _check(self, emissions: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return fp32 emissions and a bool mask of the right shapes.

        Raises:
            ValueError: if the shapes do not fit.
        """
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


def _reduce(likelihood: Tensor, mask: Tensor, reduction: str) -> Tensor:
    """Reduce log-likelihoods (B,) as pytorch-crf does."""
    if reduction == "none":
        return likelihood
    if reduction == "sum":
        return likelihood.sum()
    if reduction == "mean":
        return likelihood.mean()
    if reduction == "token_mean":
        return likelihood.sum() / mask.sum().clamp(min=1)
    raise ValueError(f"invalid reduction: {reduction}")


def _build_penalties(tags: TagSet, device: torch.device) -> Chain:
    """Return what the scheme adds to each score: 0, or `FORBIDDEN`.

    These are not buffers, so that state dicts stay those of pytorch-crf.
    """
    allowed = (tags.allowed_start(), tags.allowed_transitions(), tags.allowed_end())
    return Chain(*(torch.where(torch.tensor(a, device=device), 0.0, FORBIDDEN) for a in allowed))


def allowed_tags(tags: Tensor, unannotated_tags: Tensor, num_tags: int) -> Tensor:
    """Return the tags that each word may have: its gold tag and, for an O, every unannotated one.

    Args:
        tags: gold tags; O is 0. *Shape:* (B, W), int64
        unannotated_tags: tags that the corpus does not annotate, filled with -1.
            *Shape:* (B, at most C), int64
        num_tags: C.

    Returns:
        *Shape:* (B, W, C), bool
    """
    gold = functional.one_hot(tags, num_tags).bool()
    unannotated = functional.one_hot(unannotated_tags + 1, num_tags + 1).any(1)[:, 1:]
    return gold | ((tags == 0).unsqueeze(2) & unannotated.unsqueeze(1))
