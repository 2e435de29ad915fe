"""An exported tagger: it computes with ONNX Runtime and needs no deep-learning library.

Rows are computed one by one, several at once: nothing is padded, and where int8 arithmetic takes
its scale from what is computed, no row changes the answer of another.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from vaner.backbones.encoding import Encoder, Row
from vaner.backbones.file_names import RESULTS_FILE, TRAINING_FILE
from vaner.calibration.calibration import CALIBRATION_FILE
from vaner.errors import ModelError, VanerError, summarize_error
from vaner.tagger.decoding import Floats, Transitions
from vaner.tagger.prompts import TaggerPrompts
from vaner.tagger.recognizer import Tagger
from vaner.utils.cache_folder import get_cache_folder

MODEL_FILE = "model.onnx"
TRANSITIONS_FILE = "transitions.safetensors"

# What is told of a model, and changes none of its answers but their scores.
_TOLD = (CALIBRATION_FILE, RESULTS_FILE, TRAINING_FILE)
_INPUTS = frozenset({"input_ids", "instruction", "word_starts", "word_ends", "casing"})


def find_exported_form(folder: Path, device: str = "auto") -> Path | None:
    """Where the exported form of a model is, if it can and should be used.

    Args:
        folder: of the model: exported itself, or one of which a form is kept in the cache. That is
            passed over where onnxruntime is not installed.
        device: the one wanted; ``auto`` prefers a GPU, where there is one, to a form in the cache.
    """
    if (folder / MODEL_FILE).is_file():
        return folder
    kept = cached_form_folder(folder)
    wanted = device == "cpu" or (device == "auto" and not Path("/dev/nvidia0").exists())
    usable = wanted and (kept / MODEL_FILE).is_file() and find_spec("onnxruntime") is not None
    return kept if usable else None


def cached_form_folder(folder: Path) -> Path:
    """Where the cache keeps the exported form of a model as it is now; there may be none."""
    computes = (p for p in folder.iterdir() if p.suffix in (".json", ".safetensors"))
    files = sorted(path for path in computes if path.name not in _TOLD)
    facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    key = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    return get_cache_folder() / "exported" / f"{folder.name}-{key}"


def cores() -> int:
    """How many cores this process may use; all there are, where the system does not tell."""
    own = getattr(os, "sched_getaffinity", None)  # neither macOS nor Windows has it
    return len(own(0)) if own is not None else os.cpu_count() or 1


class OnnxEmissionModel:
    """Computes emissions with ONNX Runtime on the CPU.

    Args:
        folder: of an exported model.
        threads: rows computed at once; as many as this process has cores if None.
        form: as `vaner.tagger.recognizer.Reader` has it.

    Raises:
        ModelError: where the model is not complete, or onnxruntime is not installed.
    """

    model: Any = None

    def __init__(self, folder: Path, threads: int | None = None, form: str = "exported") -> None:
        self.form = form
        try:
            import onnxruntime
        except ImportError as missing:
            raise ModelError(
                f"{folder} is an exported model, which onnxruntime computes: "
                "pip install -e '.[onnx]'"
            ) from missing
        self._folder = folder
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # rows are short: one core each is the better use of all
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
        self._inputs = [one.name for one in self._session.get_inputs()]
        if not _INPUTS.issuperset(self._inputs):
            raise ModelError(f"{folder} was exported by another vaner; delete it and export again")
        self._pool = ThreadPoolExecutor(threads or cores())

    def transitions(self) -> Transitions:
        """The learned scores between tags, as they were exported."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = self._folder / TRANSITIONS_FILE
        try:
            stored = load_file(path)
            return Transitions(stored["start"], stored["between"], stored["end"])
        except (OSError, SafetensorError, KeyError) as error:
            raise ModelError(f"{path}: missing or not readable; export the model again") from error

    def emissions(self, rows: Sequence[Row]) -> list[Floats]:
        """Tag scores of each row. *Shape:* (W, C) each."""
        return list(self._pool.map(self._row, rows))

    def _row(self, row: Row) -> Floats:
        whole = {
            "input_ids": row.input_ids,
            "instruction": (1,) * row.prefix + (0,) * (len(row) - row.prefix),
            "word_starts": row.starts,
            "word_ends": row.ends,
            "casing": row.casing,
        }
        feed = {name: np.array([whole[name]], np.int64) for name in self._inputs}
        return np.asarray(self._session.run(None, feed)[0][0])


def load_exported_tagger(folder: Path, *, batch_size: int = 32) -> Tagger:
    """An exported tagger, ready to find mentions.

    Raises:
        ModelError: where it is not complete, or onnxruntime is not installed.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text("utf-8"))
        prompts, longest = TaggerPrompts.from_config(config), int(config["max_subwords"])
        casing = bool(config.get("casing", False))
        form = f"exported, {config.get('precision', 'precision not known')}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError, VanerError) as error:
        raise ModelError(f"{path}: not the config of an exported model ({error})") from error
    encoder = Encoder.from_folder(folder, longest, casing=casing)
    return Tagger(OnnxEmissionModel(folder, form=form), prompts, encoder, batch_size=batch_size)
