"""Where files that vaner makes for itself are kept."""

from __future__ import annotations

import os
from pathlib import Path


def get_cache_folder() -> Path:
    """Where vaner keeps what it made: ``$VANER_CACHE``, else the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vaner"
    return Path(os.environ.get("VANER_CACHE") or default)
