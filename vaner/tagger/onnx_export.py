"""A trained tagger as an ONNX graph, in full precision or with 8-bit weights and arithmetic."""

from __future__ import annotations

import json
import logging
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from vaner.backbones import backbone as backbones
from vaner.backbones.row_packing import embedded, unpack
from vaner.errors import ModelError, summarize_error
from vaner.tagger.model import VanerForTokenClassification, pool

Precision = Literal["int8", "fp32"]

# What follows the gates in LLaMA and its kin, and the wide layer in BERT and its, by their names.
_UNEVEN = re.compile(r"down_proj|o_proj|layer\.\d+/output/dense")

_SHAPE = {1: "subwords"}
_WORDS = {1: "words"}


class Emissions(nn.Module):
    """What is exported: sub-words to tag scores."""

    def __init__(self, model: VanerForTokenClassification) -> None:
        super().__init__()
        self.backbone, self.classifier = model.backbone, model.classifier
        self.casing = model.casing
        self.pooling = model.config.pooling
        # Where it is causal an instruction never sees what comes after it.
        self.shared = model.config.shared_instruction and model.config.attention != "causal"
        unpack(self.backbone)

    def forward(
        self,
        input_ids: Tensor,
        instruction: Tensor,
        word_starts: Tensor,
        word_ends: Tensor,
        casing: Tensor | None = None,
    ) -> Tensor:
        """Emissions of one row, without padding.

        Args:
            input_ids: *Shape:* (1, T).
            instruction: 1 where sub-words are of it, else 0. *Shape:* (1, T).
            word_starts, word_ends: *Shape:* (1, W).
            casing: where the model is told it. *Shape:* (1, T).

        Returns:
            *Shape:* (1, W, C).
        """
        mask = torch.ones_like(input_ids)
        if self.shared:
            asks, asked = instruction.bool().unsqueeze(2), instruction.bool().unsqueeze(1)
            mask = (~asks | asked).unsqueeze(1)
        added = None if casing is None or self.casing is None else self.casing(casing)
        inputs = embedded(self.backbone, input_ids, added)
        hidden = self.backbone(**inputs, attention_mask=mask)
        scores: Tensor = self.classifier(
            pool(hidden.last_hidden_state, word_starts, word_ends, self.pooling)
        )
        return scores


def export(
    model: VanerForTokenClassification,
    tokenizer: Path,
    folder: Path,
    *,
    precision: Precision = "int8",
    model_file: str,
    transitions_file: str,
) -> None:
    """Write an exported model: graph, transitions, config and tokenizer.

    The folder is built beside its place and moved there whole.

    Args:
        model: the tagger, its adapter merged, in fp32 on the CPU, in evaluation mode.
        tokenizer: its ``tokenizer.json``.
        folder: where it goes; must not exist.
        precision: ``int8`` computes with 8-bit weights, a scale for each of their columns, and
            8-bit activations, whose scale is taken from each row (dynamic quantisation).
        model_file, transitions_file: names of the files.

    Raises:
        ModelError: where the onnx package is not installed, or the backbone cannot be exported.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        _write_graph(model, work / "full.onnx")
        if precision == "int8":
            _quantize(work / "full.onnx", work / model_file)
            (work / "full.onnx").unlink()
        else:
            (work / "full.onnx").rename(work / model_file)
        crf = model.crf
        parts = {"start": crf.start_transitions, "between": crf.transitions,
                 "end": crf.end_transitions}  # fmt: skip
        save_file(
            {name: part.detach().float().contiguous() for name, part in parts.items()},
            work / transitions_file,
        )
        model.config.save_pretrained(work)
        config = json.loads((work / "config.json").read_text("utf-8")) | {"precision": precision}
        (work / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
        shutil.copyfile(tokenizer, work / "tokenizer.json")
        work.chmod(0o755)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write_graph(model: VanerForTokenClassification, path: Path) -> None:
    graph = Emissions(model).eval()  # else the exporter leaves the model in training mode
    inputs = {
        "input_ids": torch.ones(1, 12, dtype=torch.long),
        "instruction": (torch.arange(12) < 4).long()[None],
        "word_starts": torch.arange(4, 10)[None],
        "word_ends": torch.arange(5, 11)[None],
    }
    if model.config.casing:
        inputs["casing"] = torch.zeros(1, 12, dtype=torch.long)
    try:
        with _quietly(), torch.no_grad():
            torch.onnx.export(
                graph, tuple(inputs.values()), str(path), input_names=list(inputs),
                output_names=["emissions"],
                dynamic_axes={
                    **{name: _WORDS if "word" in name else _SHAPE for name in inputs},
                    "emissions": _WORDS,
                },
                dynamo=False, opset_version=17,
            )  # fmt: skip
    except ImportError as missing:
        raise _not_installed() from missing
    except (RuntimeError, ValueError, TypeError) as error:
        reason = summarize_error(error)
        kind = model.backbone.config.model_type
        raise ModelError(f"a {kind} backbone cannot be exported: {reason}") from error


def _quantize(full: Path, small: Path) -> None:
    """8 bits, in two ways.

    Most layers get one scale for all activations of a row. Behind a gate, or a layer wider than the
    model, a few activations are many times larger than the others, and would leave them no digits:
    there each 128 have their own.
    """
    try:
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
    except ImportError as missing:
        raise _not_installed() from missing
    with _quietly():
        graph = onnx.load(full)
        uneven = [
            node.name for node in graph.graph.node
            if node.op_type == "MatMul" and _UNEVEN.search(node.name)
        ]  # fmt: skip
        quantize_dynamic(
            graph, small, weight_type=QuantType.QInt8, per_channel=True, nodes_to_exclude=uneven
        )
        if uneven:
            blocks = MatMulNBitsQuantizer(
                onnx.load(small), bits=8, block_size=128, accuracy_level=4
            )
            blocks.process()
            onnx.save(blocks.model.model, small)


def _not_installed() -> ModelError:
    return ModelError("exporting needs onnx and onnxruntime: pip install -e '.[onnx]'")


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the exporters' remarks on code that is neither ours nor the user's."""
    root, level = logging.getLogger(), logging.getLogger().level
    with warnings.catch_warnings(), backbones.silence_transformers():
        warnings.simplefilter("ignore")
        root.setLevel(logging.ERROR)
        try:
            yield
        finally:
            root.setLevel(level)
