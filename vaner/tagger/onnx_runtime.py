"""Emissions of an exported tagger, computed with ONNX Runtime and no deep-learning library.

Each row is computed separately, several at the same time. So nothing is padded, and with int8
arithmetic, which takes its scale from the activations, no row changes the result of another.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from vaner.backbones.encoding import Row
from vaner.errors import ModelError, VanerError, summarize_error
from vaner.tagger.decoding import Floats, Transitions
from vaner.tagger.exported_forms import MODEL_FILE, TRANSITIONS_FILE
from vaner.tagger.options import read_options
from vaner.tagger.prompts import TaggerPrompts
from vaner.tagger.recognizer import Tagger
from vaner.utils.distribution import describe_install

_INPUTS = frozenset({"input_ids", "instruction", "word_starts", "word_ends", "casing"})


def count_cores() -> int:
    """Return the number of cores this process may use, or of all cores if that is unknown."""
    get_affinity = getattr(os, "sched_getaffinity", None)  # missing on macOS and Windows
    return len(get_affinity(0)) if get_affinity is not None else os.cpu_count() or 1


class OnnxEmissionModel:
    """Computes emissions with ONNX Runtime on the CPU.

    Args:
        folder: folder of an exported model.
        threads: number of rows computed at the same time. Default: the number of cores.
        form: what computes, for records of results.

    Raises:
        ModelError: if the model is incomplete or damaged, or if onnxruntime is not installed.
    """

    model: Any = None

    def __init__(self, folder: Path, threads: int | None = None, form: str = "exported") -> None:
        self.form = form
        try:
            import onnxruntime
        except ImportError as missing:
            raise ModelError(
                f"{folder} is an exported model, which needs onnxruntime: {describe_install('')}"
            ) from missing
        self._folder, self._threads = folder, threads
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # rows are short: a core for each is the best use
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                folder / MODEL_FILE, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has an exception for each kind of damage
            raise ModelError(
                f"{folder / MODEL_FILE}: cannot be loaded: {summarize_error(error)}; delete the "
                "folder and export the model again"
            ) from error
        self._inputs = [each.name for each in self._session.get_inputs()]
        if not _INPUTS.issuperset(self._inputs):
            raise ModelError(
                f"{folder} was exported by another version of vaner; delete it and export again"
            )
        self._pool = ThreadPoolExecutor(threads or count_cores())

    def __reduce__(self) -> tuple[type[OnnxEmissionModel], tuple[Path, int | None, str]]:
        """Pickle the place of the files, not the session: another process loads them again."""
        return OnnxEmissionModel, (self._folder, self._threads, self.form)

    def transitions(self) -> Transitions:
        """Return the learned transition scores, as they were exported."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = self._folder / TRANSITIONS_FILE
        try:
            stored = load_file(path)
            return Transitions(stored["start"], stored["between"], stored["end"])
        except (OSError, SafetensorError, KeyError) as error:
            raise ModelError(f"{path}: missing or not readable; export the model again") from error

    def emissions(self, rows: Sequence[Row]) -> list[Floats]:
        """Return the tag scores of each row. *Shape:* (W, C) each"""
        return list(self._pool.map(self._run_row, rows))

    def _run_row(self, row: Row) -> Floats:
        inputs = {
            "input_ids": row.input_ids,
            "instruction": (1,) * row.prefix + (0,) * (len(row) - row.prefix),
            "word_starts": row.starts,
            "word_ends": row.ends,
            "casing": row.casing,
        }
        feed = {name: np.array([inputs[name]], np.int64) for name in self._inputs}
        return np.asarray(self._session.run(None, feed)[0][0])


def load_exported_tagger(folder: Path, *, batch_size: int = 32) -> Tagger:
    """Load an exported tagger.

    Args:
        folder: folder of the exported model.
        batch_size: maximum number of rows in a batch.

    Raises:
        ModelError: if it is incomplete, or if onnxruntime is not installed.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text("utf-8"))
        prompts, options = TaggerPrompts.from_config(config), read_options(config)
        form = f"exported, {config.get('precision', 'precision not known')}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError, VanerError) as error:
        raise ModelError(f"{path}: not the config of an exported model ({error})") from error
    emission_model = OnnxEmissionModel(folder, form=form)
    return Tagger(emission_model, prompts, options.build_encoder(folder), batch_size=batch_size)
