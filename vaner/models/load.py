"""Saved models, loaded in their fastest form.

torch and transformers are imported only where something needs them: an exported model does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from vaner.calibration.calibration import read_calibration
from vaner.recognition.recognizer import Recognizer
from vaner.tagger.onnx_runtime import find_exported_form, load_exported_tagger
from vaner.text.documents import Document


def load_recognizer(
    folder: Path, device: str = "auto", batch_size: int = 32, **options: Any
) -> Recognizer:
    """Load a saved model: its exported form, if there is one and the CPU is to be used.

    Args:
        folder: of the model.
        device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda`` …
        batch_size: most sentences in a batch.
        options: for `from_pretrained` of the model; with any, PyTorch is used.

    Raises:
        VanerError: for a device that this machine does not have.
        ModelError: where the model or its backbone is not found or not complete.
    """
    form = None if options else find_exported_form(folder, device)
    if form is not None:
        return load_exported_tagger(form, batch_size=batch_size)

    from vaner.models.torch_models import load_torch_recognizer

    return load_torch_recognizer(folder, device, batch_size, **options)


def load_score_calibration(
    folder: Path,
) -> Callable[[Iterable[Document]], Iterator[Document]]:
    """Load what makes the scores of a saved model probabilities, if it was calibrated.

    Returns:
        Documents in, the same documents with calibrated scores out, as a stream.
    """
    calibration = read_calibration(folder)
    return iter if calibration is None else lambda found: map(calibration.apply, found)
