"""Load saved models in their fastest form.

torch and transformers are imported only if the model needs them: an exported model does not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from vaner.backbones.hub_errors import HUB_OPTIONS
from vaner.calibration.calibration import read_calibration
from vaner.errors import ModelError
from vaner.recognition.options import Form
from vaner.recognition.recognizer import Recognizer
from vaner.tagger.exported_forms import find_exported_form
from vaner.tagger.onnx_runtime import load_exported_tagger
from vaner.text.documents import Document

logger = logging.getLogger(__name__)

_OPTIONS = {*HUB_OPTIONS, "backbone", "dtype", "quantization", "trainable"}


def load_recognizer(
    folder: Path,
    device: str | None = "auto",
    batch_size: int = 32,
    *,
    form: Form | None = None,
    **options: Any,
) -> Recognizer:
    """Load a saved model. On a CPU its exported form is used, if there is one.

    Args:
        folder: folder of the model.
        device: ``auto`` or None (a GPU if there is one), ``cpu``, ``cuda`` …
        batch_size: maximum number of sentences in a batch.
        form: ``pytorch``, ``int8`` or ``fp32``. Default: on a CPU an exported form, if there is
            one.
        options: for `from_pretrained` of the model. With any option other than those for the Hub,
            PyTorch is used.

    Raises:
        TypeError: if there is no such option.
        VanerError: if this machine does not have the device.
        ModelError: if the model or its backbone is missing or incomplete.
    """
    if unknown := sorted(set(options) - _OPTIONS):
        known = ", ".join(sorted(_OPTIONS))
        raise TypeError(f"a model has no option {unknown[0]}; the options are: {known}")
    device = "auto" if device is None else device
    needs_pytorch = set(options) - set(HUB_OPTIONS)
    if needs_pytorch and form not in (None, "pytorch"):
        raise ModelError(f"{', '.join(needs_pytorch)} cannot be used with the form {form}")
    exported = None if needs_pytorch else find_exported_form(folder, device, form)
    if exported is not None:
        return load_exported_tagger(exported, batch_size=batch_size)

    from vaner.models.torch_models import load_torch_recognizer

    try:
        return load_torch_recognizer(folder, device, batch_size, **options)
    except ModelError as error:
        # On a machine with a GPU, PyTorch is preferred, but the backbone may be missing.
        exported = None if needs_pytorch or form else find_exported_form(folder, "cpu")
        if exported is None or device != "auto":
            raise
        logger.warning("%s: the exported form runs on the CPU instead", error)
        return load_exported_tagger(exported, batch_size=batch_size)


def load_score_calibration(
    folder: Path,
) -> Callable[[Iterable[Document]], Iterator[Document]]:
    """Load the calibration of a saved model as a function on a stream of documents.

    Returns:
        A function that yields the same documents with calibrated scores, or the documents
        unchanged if the model is not calibrated.
    """
    calibration = read_calibration(folder)
    return iter if calibration is None else lambda documents: map(calibration.apply, documents)
