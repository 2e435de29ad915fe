"""The cache folder: files that vaner creates for its later runs."""

from __future__ import annotations

import os
from pathlib import Path


def get_cache_folder() -> Path:
    """Return the cache folder: ``$VANER_CACHE``, or ``vaner`` in the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vaner"
    return Path(os.environ.get("VANER_CACHE") or default)
