"""The two losses, against what their definitions say written out."""

from __future__ import annotations

import math

import pytest
import torch

from vaner.selector.losses import binary, contrastive


def written_out(scores: list[list[float]], types: list[int], right: list[bool],
                others: list[list[int]]) -> float:  # fmt: skip
    found = []
    for i, (row, type) in enumerate(zip(scores, types, strict=True)):
        if right[i]:
            against = [
                scores[j][type] for j in range(len(scores)) if types[j] == type and not right[j]
            ] + [row[k] for k in others[i]]
            total = sum(math.exp(s) for s in (row[type], *against))
            found.append(-math.log(math.exp(row[type]) / total))
    return sum(found) / len(found)


def test_contrastive_is_what_it_says() -> None:
    torch.manual_seed(0)
    scores = torch.randn(7, 3)
    types, right = [0, 0, 1, 2, 0, 1, 2], [True, False, True, False, True, False, False]
    others = [[1, 2], [], [0], [], [2], [], []]
    padded = torch.tensor([[*own, -1, -1][:2] for own in others])
    found = contrastive(scores, torch.tensor(types), torch.tensor(right), padded)
    assert found.item() == pytest.approx(
        written_out(scores.tolist(), types, right, others), rel=1e-5
    )


def test_the_nearest_wrong_candidate_is_pushed_most() -> None:
    scores = torch.tensor([[5.0, 0.0], [4.0, 0.0], [-4.0, 0.0], [9.0, 3.0]], requires_grad=True)
    types, right = torch.tensor([0, 0, 0, 1]), torch.tensor([True, False, False, False])
    contrastive(scores, types, right, torch.tensor([[1], [-1], [-1], [-1]])).backward()
    pushed = scores.grad
    assert pushed is not None
    assert pushed[0, 0] < 0 < pushed[2, 0] < pushed[1, 0]
    assert pushed[0, 1] > 0  # away from the anchor of a type that it is not of
    assert not pushed[3].any()  # of another type: no rival


@pytest.mark.parametrize("right", [[False, False], [True, True]])
def test_a_batch_of_one_kind_has_a_finite_loss(right: list[bool]) -> None:
    scores = torch.tensor([[3.0], [1.0]], requires_grad=True)
    loss = contrastive(scores, torch.tensor([0, 0]), torch.tensor(right), None)
    loss.backward()
    assert loss.item() == 0 and scores.grad is not None and not scores.grad.any()


def test_binary_judges_each_by_itself() -> None:
    evidence, right = torch.tensor([2.0, -1.0]), torch.tensor([True, False])
    expected = (math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))) / 2
    assert binary(evidence, right).item() == pytest.approx(expected)
