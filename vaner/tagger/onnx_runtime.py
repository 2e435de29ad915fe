"""Emissions of an exported tagger, computed with ONNX Runtime and no deep-learning library.

Each row is computed separately, several at the same time. So nothing is padded, and with int8
arithmetic, which takes its scale from the activations, no row changes the result of another.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from vaner.backbones.encoding import Row
from vaner.backbones.stored_config import config_errors, read_config
from vaner.errors import ModelError, library_errors
from vaner.tagger.decoding import Floats, Transitions
from vaner.tagger.exported_forms import MODEL_FILE, TRANSITIONS_FILE
from vaner.tagger.options import read_options
from vaner.tagger.prompts import TaggerPrompts
from vaner.tagger.recognizer import Tagger
from vaner.text.words import Word
from vaner.utils.distribution import describe_install
from vaner.utils.telemetry import import_onnxruntime

_ADVICE = "delete the folder and export the model again"
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
            onnxruntime = import_onnxruntime()
        except ImportError as missing:
            raise ModelError(
                f"{folder} is an exported model, which needs onnxruntime: {describe_install('')}"
            ) from missing
        self._folder, self._threads = folder, threads
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # rows are short: a core for each is the best use
        options.log_severity_level = 3
        path = folder / MODEL_FILE
        with library_errors(path, "cannot be loaded", _ADVICE, error_class=ModelError):
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        self._inputs = [each.name for each in self._session.get_inputs()]
        if not _INPUTS.issuperset(self._inputs):
            raise ModelError(
                f"{folder} was exported by another version of vaner; delete it and export again"
            )
        self._start_threads()

    def __reduce__(self) -> tuple[type[OnnxEmissionModel], tuple[Path, int | None, str]]:
        """Pickle the place of the files, not the session: another process loads them again."""
        return OnnxEmissionModel, (self._folder, self._threads, self.form)

    def _start_threads(self) -> None:
        self._pool, self._process = ThreadPoolExecutor(self._threads or count_cores()), os.getpid()

    def transitions(self) -> Transitions:
        """Return the learned transition scores, as they were exported."""
        from safetensors.numpy import load_file

        path = self._folder / TRANSITIONS_FILE
        with library_errors(path, "missing or not readable", _ADVICE, error_class=ModelError):
            stored = load_file(path)
            return Transitions(stored["start"], stored["between"], stored["end"])

    def check(self, tags: int, row: Row) -> None:
        """Check that transitions and emissions have the number of tags of the config.

        Args:
            tags: number of tags.
            row: any row.

        Raises:
            ModelError: if they have not.
        """
        start, transitions, end = self.transitions()
        shapes = [start.shape, transitions.shape, end.shape, self._run_row(row).shape]
        expected = [(tags,), (tags, tags), (tags,), (len(row.starts), tags)]
        if shapes != expected:
            raise ModelError(
                f"{self._folder}: the model has {tags} tags, but its files have the shapes "
                f"{', '.join(map(str, shapes))}; {_ADVICE}"
            )

    def emissions(self, rows: Sequence[Row]) -> list[Floats]:
        """Return the tag scores of each row. *Shape:* (W, C) each"""
        if self._process != os.getpid():  # a forked process has no threads of its parent
            self._start_threads()
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
        path = self._folder / MODEL_FILE
        with library_errors(path, "cannot compute", _ADVICE, error_class=ModelError):
            return np.asarray(self._session.run(None, feed)[0][0])


def load_exported_tagger(folder: Path, *, batch_size: int = 32) -> Tagger:
    """Load an exported tagger.

    Args:
        folder: folder of the exported model.
        batch_size: maximum number of rows in a batch.

    Raises:
        ModelError: if it is incomplete, or if onnxruntime is not installed.
    """
    config = read_config(folder)
    with config_errors(folder / "config.json"):
        prompts, options = TaggerPrompts.from_config(config), read_options(config)
        form = f"exported, {config.get('precision', 'precision not known')}"
    emission_model = OnnxEmissionModel(folder, form=form)
    encoder = options.build_encoder(folder)
    tags = len(prompts.tag_set.tags)
    with library_errors(folder, "the model is damaged", _ADVICE, error_class=ModelError):
        emission_model.check(tags, next(encoder.rows("A", [Word(0, 1)], "")))
    return Tagger(emission_model, prompts, encoder, batch_size=batch_size)
