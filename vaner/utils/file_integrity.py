"""File integrity: detect model files that are truncated or damaged.

An interrupted download or a full disk leaves only the beginning of a file.
"""

from __future__ import annotations

import json
from pathlib import Path

from vaner.utils.telemetry import import_onnxruntime


def is_complete_file(path: Path) -> bool:
    """Return whether a file exists and can be read to its end.

    JSON, safetensors and ONNX files are checked. For other formats only the existence is checked.
    """
    check = {".json": _is_json, ".safetensors": _is_safetensors, ".onnx": _is_onnx}.get(path.suffix)
    try:
        return path.is_file() and (check is None or check(path))
    except OSError:
        return False


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def _is_safetensors(path: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np"):
            return True
    except SafetensorError:
        return False


def _is_onnx(path: Path) -> bool:
    """Return whether onnxruntime loads the file; True if onnxruntime is not installed."""
    try:
        onnxruntime = import_onnxruntime()
    except ImportError:
        return True
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception:  # onnxruntime has a different exception for each kind of damage
        return False
    return True
