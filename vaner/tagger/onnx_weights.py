"""A quantized graph with 8-bit weights that computes in full precision.

The WebAssembly of ONNX Runtime has no fast kernels for 8-bit arithmetic, and rounds differently
than a CPU. With full precision the browser takes the same time, and its scores are those of Python.
The weights remain 8 bits in the file; ONNX Runtime converts them once, when it loads the graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vaner.errors import ModelError
from vaner.utils.distribution import describe_install


def write_full_precision_graph(source: Path, target: Path) -> None:
    """Write a graph of `vaner.tagger.onnx_export.quantize` without its 8-bit arithmetic.

    Args:
        source: the graph. One in full precision is written as it is.
        target: the file to write.

    Raises:
        ModelError: if the package onnx is not installed.
    """
    try:
        import onnx
    except ImportError as missing:
        raise ModelError(f"exporting needs onnx: {describe_install('onnx')}") from missing
    model = onnx.load(source)
    _Converter(model.graph).convert()
    onnx.save(model, target)


class _Converter:
    """Replaces the quantized products of a graph.

    Args:
        graph: an ONNX graph, which is changed.
    """

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._constants = {item.name: item for item in graph.initializer}
        self._producers = {name: node for node in graph.node for name in node.output}
        self._consumers = {name: node for node in graph.node for name in node.input}

    def convert(self) -> None:
        """Replace the products, and remove what nothing uses any more."""
        replaced: dict[str, list[Any]] = {}
        for node in self._graph.node:
            if node.op_type == "MatMulInteger":
                product = list(self._convert_integers(node))
            elif node.op_type == "MatMulNBits":
                product = list(self._convert_blocks(node))
            else:
                continue
            replaced[product[-1].output[0]] = product
        nodes = [new for node in self._graph.node for new in replaced.get(node.output[0], [node])]
        outputs = {output.name for output in self._graph.output}
        while True:
            used = outputs.union(*(node.input for node in nodes))
            needed = [node for node in nodes if not used.isdisjoint(node.output)]
            if len(needed) == len(nodes):
                break
            nodes = needed
        constants = [item for item in self._graph.initializer if item.name in used]
        del self._graph.node[:], self._graph.initializer[:]
        self._graph.node.extend(nodes)
        self._graph.initializer.extend(constants)

    def _convert_integers(self, node: Any) -> Iterator[Any]:
        """Yield a product with one scale per column, in place of quantize, multiply, scale."""
        from onnx import helper

        quantized, weights = node.input[0], node.input[1]
        cast = self._consumers[node.output[0]].output[0]
        product = self._consumers[cast]
        scales = self._producers[next(name for name in product.input if name != cast)]
        scale = next(name for name in scales.input if name in self._constants)
        yield helper.make_node("Cast", [weights], [f"{weights}_float"], to=1)
        yield helper.make_node("Mul", [f"{weights}_float", scale], [f"{weights}_scaled"])
        activations = self._producers[quantized].input[0]
        yield helper.make_node("MatMul", [activations, f"{weights}_scaled"], [product.output[0]])

    def _convert_blocks(self, node: Any) -> Iterator[Any]:
        """Yield a product with one scale per block of weights."""
        from onnx import helper, numpy_helper

        activations, weights, *names = node.input
        columns, blocks, size = self._constants[weights].dims
        scales, zeros = (
            numpy_helper.to_array(self._constants[name]).astype(np.float32) for name in names
        )
        constants = {
            "scales": scales.reshape(columns, blocks, 1),
            "zeros": zeros.reshape(columns, blocks, 1),
            "shape": np.array([columns, blocks * size]),
        }
        for name, values in constants.items():
            self._graph.initializer.append(numpy_helper.from_array(values, f"{weights}_{name}"))
        steps = (("Sub", "zeros"), ("Mul", "scales"), ("Reshape", "shape"))
        last = f"{weights}_float"
        yield helper.make_node("Cast", [weights], [last], to=1)
        for operator, constant in steps:
            before, last = last, f"{weights}_{operator}"
            yield helper.make_node(operator, [before, f"{weights}_{constant}"], [last])
        yield helper.make_node("Transpose", [last], [f"{weights}_scaled"], perm=[1, 0])
        yield helper.make_node("MatMul", [activations, f"{weights}_scaled"], [node.output[0]])
