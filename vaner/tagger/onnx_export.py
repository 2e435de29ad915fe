"""Exporting a trained tagger to ONNX, in full precision or with 8-bit weights and arithmetic."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save
from torch import Tensor, nn

from vaner.backbones import backbone as backbones
from vaner.backbones.encoding import TOKENIZER_FILE, copy_tokenizer
from vaner.backbones.row_packing import disable_packing, embed
from vaner.errors import ModelError, summarize_error
from vaner.tagger.exported_forms import MODEL_FILE, SOURCE_FIELD, TRANSITIONS_FILE
from vaner.tagger.model import VanerForTokenClassification, pool
from vaner.tagger.onnx_check import check_graph, make_inputs
from vaner.utils.atomic_write import apply_umask
from vaner.utils.distribution import describe_install
from vaner.utils.temporary_folder import replace_folder, temporary_folder

Precision = Literal["int8", "fp32"]

# Names of the layers with uneven activations: those after the gates of LLaMA-like models, and
# after the wide layer of BERT-like ones.
_UNEVEN = re.compile(r"down_proj|o_proj|layer\.\d+/output/dense")

# Names of the layers of attention.
_ATTENTION = re.compile(r"attention|attn", re.I)

_SUBWORD_AXIS = {1: "subwords"}
_WORD_AXIS = {1: "words"}


class EmissionGraph(nn.Module):
    """The exported graph: subwords in, tag scores out."""

    def __init__(self, model: VanerForTokenClassification) -> None:
        super().__init__()
        self.backbone, self.classifier = model.backbone, model.classifier
        self.casing = model.casing
        self.pooling = model.config.pooling
        # A causal model's instruction never attends to what comes after it anyway.
        self.shared = model.config.shared_instruction and model.config.attention != "causal"
        disable_packing(self.backbone)

    def forward(
        self,
        input_ids: Tensor,
        instruction: Tensor,
        word_starts: Tensor,
        word_ends: Tensor,
        casing: Tensor | None = None,
    ) -> Tensor:
        """Return the emissions of one row, without padding.

        Args:
            input_ids: *Shape:* (1, T)
            instruction: 1 on subwords of the instruction, else 0. *Shape:* (1, T)
            word_starts, word_ends: *Shape:* (1, W)
            casing: if the model has the option `casing`. *Shape:* (1, T)

        Returns:
            *Shape:* (1, W, C)
        """
        mask = torch.ones_like(input_ids)
        if self.shared:
            # A subword of the instruction attends to the instruction only.
            is_query, is_key = instruction.bool().unsqueeze(2), instruction.bool().unsqueeze(1)
            mask = (~is_query | is_key).unsqueeze(1)
        added = None if casing is None or self.casing is None else self.casing(casing)
        inputs = embed(self.backbone, input_ids, added)
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
    source: Mapping[str, str] | None = None,
) -> None:
    """Write an exported model: graph, transitions, config and tokenizer.

    The files are written to a temporary folder, which is then renamed, so that an interrupted
    export leaves nothing behind.

    Args:
        model: the tagger in evaluation mode, its adapter merged, in fp32 on the CPU.
        tokenizer: its ``tokenizer.json``.
        folder: the folder to create. An existing one is replaced when the new one is complete.
        precision: ``int8`` computes with 8-bit weights, with a scale for each column, and 8-bit
            activations, with a scale that is taken from each row (dynamic quantization).
        source: the files of the saved model, with checksums, to record which model it is.

    Raises:
        ModelError: if the onnx package is not installed, or if the backbone cannot be exported.
    """
    with temporary_folder(folder) as temporary:
        work = temporary / "content"  # the temporary folder is only for its owner
        work.mkdir()
        graph = EmissionGraph(model).eval()  # or the exporter leaves the model in training mode
        _write_graph(model, graph, work / "full.onnx")
        _check(model, graph, work / "full.onnx", is_exact=True)
        if precision == "int8":
            quantize(work / "full.onnx", work / MODEL_FILE)
            _check(model, graph, work / MODEL_FILE, is_exact=False)
            (work / "full.onnx").unlink()
        else:
            (work / "full.onnx").rename(work / MODEL_FILE)
        crf = model.crf
        parts = {
            "start": crf.start_transitions,
            "between": crf.transitions,
            "end": crf.end_transitions,
        }
        tensors = {name: part.detach().float().contiguous() for name, part in parts.items()}
        (work / TRANSITIONS_FILE).write_bytes(save(tensors))  # save_file ignores the umask
        model.config.save_pretrained(work)
        config = json.loads((work / "config.json").read_text("utf-8"))
        config |= {"precision": precision, **({SOURCE_FIELD: dict(source)} if source else {})}
        (work / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
        copy_tokenizer(tokenizer.parent, work / TOKENIZER_FILE)
        apply_umask(work)
        replace_folder(work, folder)


def _check(
    model: VanerForTokenClassification, graph: EmissionGraph, path: Path, *, is_exact: bool
) -> None:
    lengths = (8, 41, model.config.max_subwords)
    kind = model.backbone.config.model_type
    check_graph(path, graph, lengths, kind, is_exact=is_exact, **_row_options(model))


def _row_options(model: VanerForTokenClassification) -> dict[str, Any]:
    vocabulary = backbones.count_embeddings(model.backbone)
    return {"vocabulary": vocabulary, "casing": model.config.casing}


def _write_graph(model: VanerForTokenClassification, graph: EmissionGraph, path: Path) -> None:
    inputs = make_inputs(12, **_row_options(model))
    try:
        with _silence_exporters(), torch.no_grad():
            axes = {name: _WORD_AXIS if "word" in name else _SUBWORD_AXIS for name in inputs}
            torch.onnx.export(
                graph,
                tuple(inputs.values()),
                str(path),
                input_names=list(inputs),
                output_names=["emissions"],
                dynamic_axes={**axes, "emissions": _WORD_AXIS},
                dynamo=False,
                opset_version=17,
            )
    except ImportError as missing:
        raise _missing_packages() from missing
    except Exception as error:  # architectures fail in the exporter in different ways
        reason = summarize_error(error)
        kind = model.backbone.config.model_type
        raise ModelError(f"a {kind} backbone cannot be exported: {reason}") from error


def quantize(full: Path, small: Path, *, attention: bool = True) -> None:
    """Quantize a graph to 8 bits.

    Args:
        full: the graph in full precision.
        small: the file to write.
        attention: whether the layers of attention are quantized too, or only the others.

    Most layers get one activation scale per row. After a gate, or after a layer wider than the
    model, a few activations are many times larger than the others, which would lose their
    precision: there each block of 128 activations has a separate scale.
    """
    try:
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
    except ImportError as missing:
        raise _missing_packages() from missing
    with _silence_exporters():
        graph = onnx.load(full)
        uneven = [
            node.name
            for node in graph.graph.node
            if node.op_type == "MatMul" and _UNEVEN.search(node.name)
        ]
        unchanged = [
            node.name for node in graph.graph.node if not attention and _ATTENTION.search(node.name)
        ]
        quantize_dynamic(
            graph, small, weight_type=QuantType.QInt8, per_channel=True,
            nodes_to_exclude=[*uneven, *unchanged],
        )  # fmt: skip
        if uneven:
            blocks = MatMulNBitsQuantizer(
                onnx.load(small), bits=8, block_size=128, accuracy_level=4,
                nodes_to_exclude=unchanged,
            )  # fmt: skip
            blocks.process()
            onnx.save(blocks.model.model, small)


def _missing_packages() -> ModelError:
    return ModelError(f"exporting needs onnx and onnxruntime: {describe_install('onnx')}")


@contextmanager
def _silence_exporters() -> Iterator[None]:
    """Silence the exporters: warnings about other libraries, and the graph of a failed export."""
    root, level = logging.getLogger(), logging.getLogger().level
    backend: Any = torch._C
    print_graph = backend._jit_onnx_log
    with warnings.catch_warnings(), backbones.silence_transformers():
        warnings.simplefilter("ignore")
        root.setLevel(logging.ERROR)
        backend._jit_onnx_log = lambda *_: None
        try:
            yield
        finally:
            root.setLevel(level)
            backend._jit_onnx_log = print_graph
