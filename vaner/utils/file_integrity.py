"""Whether a file of a model is there to its last byte, and can be read.

A download that broke off or a disk that was full leaves the beginning of a file.
"""

from __future__ import annotations

import json
from pathlib import Path


def is_complete_file(file: Path) -> bool:
    """Whether a file is whole and can be read; of other formats than these, whether it is there."""
    check = {".json": _json, ".safetensors": _safetensors, ".onnx": _onnx}.get(file.suffix)
    try:
        return file.is_file() and (check is None or check(file))
    except OSError:
        return False


def _json(file: Path) -> bool:
    try:
        json.loads(file.read_bytes())
    except ValueError:
        return False
    return True


def _safetensors(file: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="np"):
            return True
    except SafetensorError:
        return False


def _onnx(file: Path) -> bool:
    """As its runtime reads it; where that is not installed, nothing would."""
    try:
        import onnxruntime
    except ImportError:
        return True
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception:  # it has one for each kind of damage
        return False
    return True
