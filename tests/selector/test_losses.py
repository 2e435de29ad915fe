"""Tests of the selector losses negatives direct implementations of their definitions."""

from __future__ import annotations

import math

import pytest
import torch

from vaner.selector.losses import binary_loss, contrastive_loss


def reference_loss(scores: list[list[float]], types: list[int], is_correct: list[bool],
                excluded: list[list[int]]) -> float:  # fmt: skip
    losses = []
    for i, (row, type) in enumerate(zip(scores, types, strict=True)):
        if is_correct[i]:
            negatives = [
                scores[j][type]
                for j in range(len(scores))
                if types[j] == type and not is_correct[j]
            ] + [row[k] for k in excluded[i]]
            total = sum(math.exp(s) for s in (row[type], *negatives))
            losses.append(-math.log(math.exp(row[type]) / total))
    return sum(losses) / len(losses)


def test_contrastive_loss_equals_its_definition() -> None:
    torch.manual_seed(0)
    scores = torch.randn(7, 3)
    types, is_correct = [0, 0, 1, 2, 0, 1, 2], [True, False, True, False, True, False, False]
    excluded = [[1, 2], [], [0], [], [2], [], []]
    padded = torch.tensor([[*ids, -1, -1][:2] for ids in excluded])
    loss = contrastive_loss(scores, torch.tensor(types), torch.tensor(is_correct), padded)
    assert loss.item() == pytest.approx(
        reference_loss(scores.tolist(), types, is_correct, excluded), rel=1e-5
    )


def test_closest_wrong_candidate_gets_the_largest_gradient() -> None:
    scores = torch.tensor([[5.0, 0.0], [4.0, 0.0], [-4.0, 0.0], [9.0, 3.0]], requires_grad=True)
    types, is_correct = torch.tensor([0, 0, 0, 1]), torch.tensor([True, False, False, False])
    contrastive_loss(scores, types, is_correct, torch.tensor([[1], [-1], [-1], [-1]])).backward()
    gradient = scores.grad
    assert gradient is not None
    assert gradient[0, 0] < 0 < gradient[2, 0] < gradient[1, 0]
    assert gradient[0, 1] > 0  # away from the anchor of an excluded type
    assert not gradient[3].any()  # another type: not a negative


@pytest.mark.parametrize("is_correct", [[False, False], [True, True]])
def test_batch_without_positives_or_negatives_has_zero_loss(is_correct: list[bool]) -> None:
    scores = torch.tensor([[3.0], [1.0]], requires_grad=True)
    loss = contrastive_loss(scores, torch.tensor([0, 0]), torch.tensor(is_correct), None)
    loss.backward()
    assert loss.item() == 0 and scores.grad is not None and not scores.grad.any()


def test_binary_loss_equals_its_definition() -> None:
    logits, is_correct = torch.tensor([2.0, -1.0]), torch.tensor([True, False])
    expected = (math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))) / 2
    assert binary_loss(logits, is_correct).item() == pytest.approx(expected)
