"""Cached results of trials: a backbone is measured once on a machine, not at every load."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import torch
import transformers
from transformers import PreTrainedModel

from vaner.backbones.backbone import unwrap_adapter
from vaner.backbones.reach import Reach
from vaner.backbones.trial import Trial, TrialOptions, run_trial
from vaner.utils.atomic_write import atomic_write
from vaner.utils.cache_folder import get_cache_folder

_VERSION = 2
"""To be increased when a trial measures something else."""


def load_or_run_trial(backbone: PreTrainedModel, options: TrialOptions) -> Trial:
    """Return the cached result of a trial, or run it; see `vaner.backbones.trial.run_trial`.

    What is measured does not depend on the values of the weights. So the result is that of any
    backbone with the same config, libraries, number format, device and options.
    """
    path = get_cache_folder() / "trials" / f"{_fingerprint(backbone, options)}.json"
    trial = _read(path)
    if trial is None:
        trial = run_trial(backbone, options)
        if not trial.problem:  # which may be a lack of memory
            _write(trial, path)
    return trial


def _write(trial: Trial, path: Path) -> None:
    with suppress(OSError):  # without a cache, it is run again
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(asdict(trial)), "utf-8")


def _read(path: Path) -> Trial | None:
    try:
        content = json.loads(path.read_text("utf-8"))
        return Trial(**content | {"reach": tuple(Reach(*item) for item in content["reach"])})
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _fingerprint(backbone: PreTrainedModel, options: TrialOptions) -> str:
    """Return the hash of everything that a trial depends on."""
    model = unwrap_adapter(backbone)
    weight = next(model.parameters())
    config = model.config.to_dict()
    for name in ("_name_or_path", "name_or_path"):
        config.pop(name, None)
    content = {
        "version": _VERSION,
        "class": type(model).__name__,
        "modules": Counter(type(module).__name__ for module in backbone.modules()),
        "config": config,
        "kernel": model.config._attn_implementation,
        "quantized": bool(getattr(model, "is_quantized", False)),
        "dtype": str(model.dtype),
        "device": weight.device.type,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "options": options._asdict(),
    }
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
