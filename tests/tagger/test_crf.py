"""The CRF against pytorch-crf and against enumeration of all tag sequences."""

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
def scan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use each of the two scans, whichever would be faster."""
    monkeypatch.setattr(
        crf_algorithms, "_is_parallel_faster", lambda emissions: request.param == "parallel"
    )


def random_crf(tags: int, tag_set: TagSet | None = None, seed: int = 0) -> tuple[CRF, Tensor]:
    torch.manual_seed(seed)
    crf = CRF(tags, tag_set=tag_set)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    return crf, torch.randn(len(LENGTHS), 5, tags)


def enumerate_sequences(crf: CRF, emissions: Tensor) -> dict[tuple[int, ...], float]:
    """Return the probability of each tag sequence of one row. `emissions`: (W, C)"""
    scores = crf.chain()
    totals = {}
    for path in itertools.product(range(crf.num_tags), repeat=len(emissions)):
        total = scores.start[path[0]] + scores.end[path[-1]]
        total = total + sum(emissions[t, tag] for t, tag in enumerate(path))
        total = total + sum(scores.transitions[a, b] for a, b in itertools.pairwise(path))
        totals[path] = total.detach().double()
    z = torch.logsumexp(torch.stack(list(totals.values())), 0)
    return {path: float((total - z).exp()) for path, total in totals.items()}


@pytest.mark.usefixtures("scan")
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


@pytest.mark.usefixtures("scan")
def test_decoding_agrees_with_pytorch_crf() -> None:
    crf, emissions = random_crf(5)
    reference = torchcrf.CRF(5, batch_first=True)
    reference.load_state_dict(crf.state_dict())
    assert crf.decode(emissions, MASK) == reference.decode(emissions, MASK)


def test_default_mask_is_all_words() -> None:
    crf, emissions = random_crf(3)
    gold = torch.zeros(emissions.shape[:2], dtype=torch.long)
    full = torch.ones_like(gold, dtype=torch.bool)
    torch.testing.assert_close(crf(emissions, gold), crf(emissions, gold, full))


@pytest.mark.usefixtures("scan")
@pytest.mark.parametrize("scheme", list(TagScheme))
def test_marginals_agree_with_enumeration(scheme: TagScheme) -> None:
    tag_set = TagSet(scheme)
    crf, emissions = random_crf(len(tag_set), tag_set)
    marginals = crf.marginals(emissions, MASK)
    for b, n in enumerate(LENGTHS):
        expected = torch.zeros(n, len(tag_set))
        for path, p in enumerate_sequences(crf, emissions[b, :n]).items():
            for t, tag in enumerate(path):
                expected[t, tag] += p
        torch.testing.assert_close(marginals[b, :n], expected, rtol=1e-4, atol=1e-5)
        assert not marginals[b, n:].any()


@pytest.mark.usefixtures("scan")
@pytest.mark.parametrize("scheme", list(TagScheme))
def test_forbidden_transitions_have_probability_zero(scheme: TagScheme) -> None:
    tag_set = TagSet(scheme)
    crf, emissions = random_crf(len(tag_set), tag_set, seed=3)
    emissions = 50 * emissions  # far larger than any learned transition score
    for path in crf.decode(emissions, MASK):
        assert find_violations(tag_set.names(path), scheme) == []
    for path, p in enumerate_sequences(crf, emissions[0]).items():
        if find_violations(tag_set.names(path), scheme):
            assert p == 0.0


def test_softmax_head_has_fixed_zero_transitions() -> None:
    crf = CRF(3, tag_set=TagSet(), learned=False)
    assert not any(p.requires_grad or p.any() for p in crf.parameters())
    # The best tag of each word is I, but a mention cannot start with I: the best path is B, I.
    assert crf.decode(torch.tensor([[[0.0, 1.0, 3.0], [0.0, 0.0, 3.0]]])) == [[1, 2]]


@pytest.mark.usefixtures("scan")
def test_row_without_words() -> None:
    crf, emissions = random_crf(3)
    mask = torch.tensor([[0] * 5, [1, 1, 0, 0, 0]]).bool()
    likelihood = crf(emissions[:2], torch.zeros(2, 5, dtype=torch.long), mask, reduction="none")
    assert likelihood[0] == 0 and torch.isfinite(likelihood).all()
    assert [len(p) for p in crf.decode(emissions[:2], mask)] == [0, 2]


def test_wrong_shapes_raise_error() -> None:
    crf, emissions = random_crf(3)
    with pytest.raises(ValueError, match="must be"):
        crf.decode(emissions[..., :2])
    with pytest.raises(ValueError, match="does not fit"):
        crf.decode(emissions, MASK[:, :2])
    with pytest.raises(ValueError, match="reduction"):
        crf(emissions, torch.zeros(MASK.shape, dtype=torch.long), MASK, reduction="median")


@pytest.mark.usefixtures("scan")
@pytest.mark.parametrize("tag_set", [None, TagSet(TagScheme.BIO, ("A", "B"))])
def test_partial_likelihood_agrees_with_enumeration(tag_set: TagSet | None) -> None:
    torch.manual_seed(3)
    crf = CRF(5, tag_set=tag_set)
    emissions = torch.randn(len(LENGTHS), 5, 5)
    allowed = torch.rand(emissions.shape) < 0.5
    allowed[..., 0] = True  # O is always legal, so there is a legal sequence
    values = crf.partial_log_likelihood(emissions, allowed, MASK, "none")
    for b, n in enumerate(LENGTHS):
        expected = sum(
            p
            for path, p in enumerate_sequences(crf, emissions[b, :n]).items()
            if all(allowed[b, t, tag] for t, tag in enumerate(path))
        )
        assert values[b].exp().item() == pytest.approx(expected, abs=1e-5)


def test_partial_likelihood_with_all_tags_or_one_tag_allowed() -> None:
    crf, emissions = random_crf(5)
    gold = torch.randint(0, 5, MASK.shape)
    all_tags = torch.ones_like(emissions, dtype=torch.bool)
    torch.testing.assert_close(
        crf.partial_log_likelihood(emissions, all_tags, MASK), torch.tensor(0.0)
    )
    gold_tags = torch.nn.functional.one_hot(gold, 5).bool()
    torch.testing.assert_close(
        crf.partial_log_likelihood(emissions, gold_tags, MASK, "none"),
        crf(emissions, gold, MASK, "none"),
        rtol=1e-4,
        atol=1e-3,
    )


@pytest.mark.usefixtures("scan")
@pytest.mark.parametrize("words", [1, 2, 7, 8])
@pytest.mark.parametrize("tags", [2, 3])
def test_values_and_gradients_agree_with_enumeration(words: int, tags: int) -> None:
    torch.manual_seed(words)
    scores = [torch.randn(shape) for shape in ((tags,), (tags, tags), (tags,), (2, words, tags))]
    mask = torch.arange(words) < torch.tensor([[words], [max(1, words - 2)]])
    ours, theirs = ([part.clone().requires_grad_() for part in scores] for _ in range(2))
    values = crf_algorithms.log_partition(crf_algorithms.Chain(*ours[:3]), ours[3], mask)
    expected = torch.stack([
        sum_by_enumeration(crf_algorithms.Chain(*theirs[:3]), row[:n])
        for row, n in zip(theirs[3], mask.sum(1).tolist(), strict=True)
    ])  # fmt: skip
    torch.testing.assert_close(values, expected, rtol=1e-5, atol=1e-5)
    weights = torch.tensor([1.0, -0.3])
    (values * weights).sum().backward()
    (expected * weights).sum().backward()
    for actual, reference in zip(ours, theirs, strict=True):
        torch.testing.assert_close(actual.grad, reference.grad, rtol=1e-4, atol=1e-5)


def sum_by_enumeration(scores: crf_algorithms.Chain, emissions: Tensor) -> Tensor:
    """Return the log-sum over all tag sequences of one row."""
    words, tags = emissions.shape
    paths = torch.tensor(list(itertools.product(range(tags), repeat=words)))
    total = scores.start[paths[:, 0]] + scores.end[paths[:, -1]]
    total = total + emissions[range(words), paths].sum(1)
    return (total + scores.transitions[paths[:, :-1], paths[:, 1:]].sum(1)).logsumexp(0)


@pytest.mark.usefixtures("scan")
@pytest.mark.parametrize("scale", [1.0, 1e3, 1e30])
def test_large_scores_give_finite_gradients(scale: float) -> None:
    """A diverging model shows a large loss, not NaN in its weights."""
    crf, emissions = random_crf(5)
    emissions = (scale * emissions).requires_grad_()
    gold = torch.randint(0, 5, MASK.shape)
    likelihood = crf(emissions, gold, MASK, reduction="mean")
    likelihood.backward()
    assert torch.isfinite(likelihood) and likelihood <= 1e-3 * scale
    assert all(torch.isfinite(part.grad).all() for part in (emissions, *crf.parameters()))


@pytest.mark.parametrize("words", [1, 5, 64, 200])
def test_sequential_and_parallel_scan_agree(words: int, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(words)
    scores = crf_algorithms.Chain(torch.randn(4), torch.randn(4, 4), torch.randn(4))
    emissions = 3 * torch.randn(3, words, 4)
    mask = torch.arange(words) < torch.tensor([[words], [words // 2], [0]])
    results = []
    for is_parallel in (True, False):
        monkeypatch.setattr(
            crf_algorithms, "_is_parallel_faster", lambda emissions, parallel=is_parallel: parallel
        )
        results.append(
            (
                crf_algorithms.viterbi(scores, emissions, mask),
                crf_algorithms.sum_sequences(scores, emissions, mask),
            )
        )
    (path, sums), (other_path, other_sums) = results
    assert torch.equal(path, other_path)
    for parallel, sequential in (
        (sums.log_partition, other_sums.log_partition),
        (sums.marginals, other_sums.marginals),
    ):
        torch.testing.assert_close(parallel, sequential, rtol=1e-9, atol=1e-9)
