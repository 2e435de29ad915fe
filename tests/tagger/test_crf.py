"""The CRF against pytorch-crf and against enumeration of every chain."""

import itertools

import pytest
import torch
import torchcrf
from torch import Tensor

from vaner.tagger import crf_algorithms
from vaner.tagger.crf import CRF
from vaner.text.tags import TagScheme, TagSet, find_violations

LENGTHS = (5, 3, 1, 4)
MASK = torch.tensor([[1] * n + [0] * (5 - n) for n in LENGTHS]).bool()


@pytest.fixture(params=["sequential", "parallel"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either way to go along a chain, whatever would be faster."""
    monkeypatch.setattr(
        crf_algorithms, "_is_parallel_faster", lambda emissions: request.param == "parallel"
    )


def random_crf(tags: int, tag_set: TagSet | None = None, seed: int = 0) -> tuple[CRF, Tensor]:
    torch.manual_seed(seed)
    crf = CRF(tags, tag_set=tag_set)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    return crf, torch.randn(len(LENGTHS), 5, tags)


def enumerate_chains(crf: CRF, emissions: Tensor) -> dict[tuple[int, ...], float]:
    """Probability of every tag sequence over the words of one row, (W, C)."""
    scores = crf.chain()
    totals = {}
    for path in itertools.product(range(crf.num_tags), repeat=len(emissions)):
        total = scores.start[path[0]] + scores.end[path[-1]]
        total = total + sum(emissions[t, tag] for t, tag in enumerate(path))
        total = total + sum(scores.transitions[a, b] for a, b in itertools.pairwise(path))
        totals[path] = total.detach().double()
    z = torch.logsumexp(torch.stack(list(totals.values())), 0)
    return {path: float((total - z).exp()) for path, total in totals.items()}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("tags", [3, 5])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "token_mean"])
def test_likelihood_and_gradient_agree_with_pytorch_crf(tags: int, reduction: str) -> None:
    crf, emissions = random_crf(tags)
    reference = torchcrf.CRF(tags, batch_first=True)
    reference.load_state_dict(crf.state_dict())
    gold = torch.randint(0, tags, MASK.shape)
    ours, theirs = emissions.clone().requires_grad_(), emissions.clone().requires_grad_()
    a = crf(ours, gold.masked_fill(~MASK, -100), MASK, reduction=reduction)
    b = reference(theirs, gold, MASK, reduction=reduction)
    torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)
    a.sum().backward()
    b.sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        crf.transitions.grad, reference.transitions.grad, rtol=1e-4, atol=1e-5
    )


@pytest.mark.usefixtures("way")
def test_decoding_agrees_with_pytorch_crf() -> None:
    crf, emissions = random_crf(5)
    reference = torchcrf.CRF(5, batch_first=True)
    reference.load_state_dict(crf.state_dict())
    assert crf.decode(emissions, MASK) == reference.decode(emissions, MASK)


def test_without_a_mask_every_word_counts() -> None:
    crf, emissions = random_crf(3)
    gold = torch.zeros(emissions.shape[:2], dtype=torch.long)
    full = torch.ones_like(gold, dtype=torch.bool)
    torch.testing.assert_close(crf(emissions, gold), crf(emissions, gold, full))


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("scheme", list(TagScheme))
def test_marginals_agree_with_enumeration(scheme: TagScheme) -> None:
    tag_set = TagSet(scheme)
    crf, emissions = random_crf(len(tag_set), tag_set)
    marginals = crf.marginals(emissions, MASK)
    for b, n in enumerate(LENGTHS):
        expected = torch.zeros(n, len(tag_set))
        for path, p in enumerate_chains(crf, emissions[b, :n]).items():
            for t, tag in enumerate(path):
                expected[t, tag] += p
        torch.testing.assert_close(marginals[b, :n], expected, rtol=1e-4, atol=1e-5)
        assert not marginals[b, n:].any()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("scheme", list(TagScheme))
def test_what_the_scheme_forbids_never_happens(scheme: TagScheme) -> None:
    tag_set = TagSet(scheme)
    crf, emissions = random_crf(len(tag_set), tag_set, seed=3)
    emissions = 50 * emissions  # far stronger than any transition learned
    for path in crf.decode(emissions, MASK):
        assert find_violations(tag_set.names(path), scheme) == []
    for path, p in enumerate_chains(crf, emissions[0]).items():
        if find_violations(tag_set.names(path), scheme):
            assert p == 0.0


def test_a_softmax_head_has_no_transitions_and_learns_none() -> None:
    crf = CRF(3, tag_set=TagSet(), learned=False)
    assert not any(p.requires_grad or p.any() for p in crf.parameters())
    # Each word alone would say I, I; I may not begin, so the best legal sequence is B, I.
    assert crf.decode(torch.tensor([[[0.0, 1.0, 3.0], [0.0, 0.0, 3.0]]])) == [[1, 2]]


@pytest.mark.usefixtures("way")
def test_a_row_without_words_is_allowed() -> None:
    crf, emissions = random_crf(3)
    mask = torch.tensor([[0] * 5, [1, 1, 0, 0, 0]]).bool()
    likelihood = crf(emissions[:2], torch.zeros(2, 5, dtype=torch.long), mask, reduction="none")
    assert likelihood[0] == 0 and torch.isfinite(likelihood).all()
    assert [len(p) for p in crf.decode(emissions[:2], mask)] == [0, 2]


def test_shapes_that_do_not_fit_are_refused() -> None:
    crf, emissions = random_crf(3)
    with pytest.raises(ValueError, match="must be"):
        crf.decode(emissions[..., :2])
    with pytest.raises(ValueError, match="does not fit"):
        crf.decode(emissions, MASK[:, :2])
    with pytest.raises(ValueError, match="reduction"):
        crf(emissions, torch.zeros(MASK.shape, dtype=torch.long), MASK, reduction="median")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("tag_set", [None, TagSet(TagScheme.BIO, ("A", "B"))])
def test_partial_likelihood_agrees_with_enumeration(tag_set: TagSet | None) -> None:
    """The sum over every sequence that keeps to what is allowed, and its gradient's sign."""
    torch.manual_seed(3)
    crf = CRF(5, tag_set=tag_set)
    emissions = torch.randn(len(LENGTHS), 5, 5)
    allowed = torch.rand(emissions.shape) < 0.5
    allowed[..., 0] = True  # O is always possible, so some legal sequence is
    found = crf.partial_log_likelihood(emissions, allowed, MASK, "none")
    for b, n in enumerate(LENGTHS):
        expected = sum(
            p
            for path, p in enumerate_chains(crf, emissions[b, :n]).items()
            if all(allowed[b, t, tag] for t, tag in enumerate(path))
        )
        assert found[b].exp().item() == pytest.approx(expected, abs=1e-5)


def test_partial_likelihood_of_all_or_of_one() -> None:
    crf, emissions = random_crf(5)
    gold = torch.randint(0, 5, MASK.shape)
    everything = torch.ones_like(emissions, dtype=torch.bool)
    torch.testing.assert_close(
        crf.partial_log_likelihood(emissions, everything, MASK), torch.tensor(0.0)
    )
    only = torch.nn.functional.one_hot(gold, 5).bool()
    torch.testing.assert_close(
        crf.partial_log_likelihood(emissions, only, MASK, "none"),
        crf(emissions, gold, MASK, "none"),
        rtol=1e-4,
        atol=1e-3,
    )


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("words", [1, 2, 7, 8])
@pytest.mark.parametrize("tags", [2, 3])
def test_values_and_gradients_agree_with_enumeration(words: int, tags: int) -> None:
    """The log-sum over every chain there is, and what autograd makes of the same sum."""
    torch.manual_seed(words)
    scores = [torch.randn(shape) for shape in ((tags,), (tags, tags), (tags,), (2, words, tags))]
    mask = torch.arange(words) < torch.tensor([[words], [max(1, words - 2)]])
    ours, theirs = ([one.clone().requires_grad_() for one in scores] for _ in range(2))
    found = crf_algorithms.log_partition(crf_algorithms.Chain(*ours[:3]), ours[3], mask)
    expected = torch.stack([
        by_enumeration(crf_algorithms.Chain(*theirs[:3]), row[:n])
        for row, n in zip(theirs[3], mask.sum(1).tolist(), strict=True)
    ])  # fmt: skip
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    weights = torch.tensor([1.0, -0.3])
    (found * weights).sum().backward()
    (expected * weights).sum().backward()
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-5)


def by_enumeration(scores: crf_algorithms.Chain, emissions: Tensor) -> Tensor:
    words, tags = emissions.shape
    paths = torch.tensor(list(itertools.product(range(tags), repeat=words)))
    total = scores.start[paths[:, 0]] + scores.end[paths[:, -1]]
    total = total + emissions[range(words), paths].sum(1)
    return (total + scores.transitions[paths[:, :-1], paths[:, 1:]].sum(1)).logsumexp(0)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("scale", [1.0, 1e3, 1e30])
def test_scores_however_high_give_numbers(scale: float) -> None:
    """A model that diverges is told by its loss, not by a NaN in its weights."""
    crf, emissions = random_crf(5)
    emissions = (scale * emissions).requires_grad_()
    gold = torch.randint(0, 5, MASK.shape)
    likelihood = crf(emissions, gold, MASK, reduction="mean")
    likelihood.backward()
    assert torch.isfinite(likelihood) and likelihood <= 1e-3 * scale
    assert all(torch.isfinite(one.grad).all() for one in (emissions, *crf.parameters()))


@pytest.mark.parametrize("words", [1, 5, 64, 200])
def test_sequential_and_parallel_scan_agree(words: int, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(words)
    scores = crf_algorithms.Chain(torch.randn(4), torch.randn(4, 4), torch.randn(4))
    emissions = 3 * torch.randn(3, words, 4)
    mask = torch.arange(words) < torch.tensor([[words], [words // 2], [0]])
    found = []
    for scans in (True, False):
        monkeypatch.setattr(
            crf_algorithms, "_is_parallel_faster", lambda emissions, scans=scans: scans
        )
        found.append(
            (
                crf_algorithms.viterbi(scores, emissions, mask),
                crf_algorithms.sum_sequences(scores, emissions, mask),
            )
        )
    (path, all_sums), (other_path, other_sums) = found
    assert torch.equal(path, other_path)
    for one, other in (
        (all_sums.log_partition, other_sums.log_partition),
        (all_sums.marginals, other_sums.marginals),
    ):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
