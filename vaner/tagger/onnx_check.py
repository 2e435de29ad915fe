"""Checking an exported graph: its scores are those of the model, for rows of several lengths.

The exporter follows the computation of one example. What depends on the length of a row, such as
the blocks of a sparse attention, can become a constant in the graph, without any error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vaner.errors import ModelError, summarize_error
from vaner.utils.telemetry import import_onnxruntime

_TOLERANCE = 1e-3  # of the largest score


def make_inputs(length: int, *, vocabulary: int, casing: bool) -> dict[str, Tensor]:
    """Return the inputs of a graph for a row: an instruction, and words of one subword.

    Args:
        length: number of subwords, at least 8.
        vocabulary: number of subwords that there are.
        casing: whether the model has the option `casing`.
    """
    steps = torch.arange(length)
    inputs = {
        # No special subwords, which are the first, and no consecutive ones.
        "input_ids": (vocabulary // 4 + steps * 7 % (vocabulary // 2))[None],
        "instruction": (steps < 4).long()[None],
        "word_starts": steps[4:-2][None],
        "word_ends": steps[5:-1][None],
    }
    return inputs | {"casing": torch.zeros(1, length, dtype=torch.long)} if casing else inputs


@torch.no_grad()
def check_graph(
    path: Path, graph: nn.Module, lengths: tuple[int, ...], kind: str, *, is_exact: bool, **row: Any
) -> None:
    """Check that an exported graph runs, and has the scores of the model.

    Args:
        path: the exported graph.
        graph: the module that it was exported from, in evaluation mode.
        lengths: numbers of subwords of the rows to compare.
        kind: architecture of the backbone, for the message.
        is_exact: whether the scores must be equal up to rounding. Else, only that they are finite.
        row: options of `make_inputs`.

    Raises:
        ModelError: if the graph does not run, or if the scores differ.
    """
    onnxruntime = import_onnxruntime()

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    refused = f"a {kind} backbone cannot be exported"
    for length in lengths:
        inputs = make_inputs(length, **row)
        try:
            session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
            names = {each.name for each in session.get_inputs()}
            feed = {name: value.numpy() for name, value in inputs.items() if name in names}
            actual = torch.from_numpy(session.run(None, feed)[0])
        except Exception as error:  # onnxruntime has an exception for each kind of failure
            reason = summarize_error(error)
            raise ModelError(f"{refused}: the graph does not run ({reason})") from error
        if not is_exact:
            if not actual.isfinite().all():
                raise ModelError(f"{refused} in 8 bits: the scores are not finite; use fp32")
            continue
        expected = graph(*inputs.values())
        difference = float((actual - expected).abs().max())
        if not difference <= _TOLERANCE * max(1.0, float(expected.abs().max())):
            raise ModelError(
                f"{refused}: the scores of {length} subwords would differ by {difference:.2g}"
            )
