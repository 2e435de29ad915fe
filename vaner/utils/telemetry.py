"""ONNX Runtime without its telemetry.

The packages of ONNX Runtime on PyPI record events of each session, store an id of the machine in
the user's cache folder, and send both to Microsoft. A tool that reads texts of patients must not
contact other machines unnoticed.
"""

from __future__ import annotations

import os
from typing import Any

_SWITCH = "ORT_DISABLE_TELEMETRY"
"""Environment variable of ONNX Runtime, read when it is imported."""


def import_onnxruntime() -> Any:
    """Import ONNX Runtime with its telemetry switched off, and return the module.

    ``ORT_DISABLE_TELEMETRY=0`` in the environment leaves it on.

    Raises:
        ImportError: if it is not installed.
    """
    is_off = os.environ.setdefault(_SWITCH, "1") != "0"
    import onnxruntime

    if is_off:  # also if other code has already imported it
        onnxruntime.disable_telemetry_events()
    return onnxruntime
