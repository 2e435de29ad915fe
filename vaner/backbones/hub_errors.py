"""Why a repository of the Hub cannot be used, in one line that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vaner.errors import summarize_error

HUB_OPTIONS = ("cache_dir", "force_download", "local_files_only", "revision", "token")
"""Options of transformers and of vaner for a repository of the Hub."""


def select_hub_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options for the Hub among those of a `from_pretrained`.

    >>> select_hub_options({"revision": "v1", "trainable": True})
    {'revision': 'v1'}
    """
    return {name: value for name, value in options.items() if name in HUB_OPTIONS}


def describe_hub_error(error: Exception, repo: str) -> str:
    """Return the reason why a repository cannot be downloaded.

    Args:
        error: an error of huggingface_hub, or of the connection.
        repo: its Hub id.
    """
    from huggingface_hub.errors import (
        GatedRepoError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if isinstance(error, GatedRepoError):
        address = f"huggingface.co/{repo}"
        return f"{repo} is gated: accept its license at {address}, and log in (hf auth login)"
    if isinstance(error, RepositoryNotFoundError):
        return f"there is no repository {repo}, or it is private: log in (hf auth login)"
    if isinstance(error, RevisionNotFoundError):
        return f"{repo} has no such revision"
    if isinstance(error, OfflineModeIsEnabled):
        return f"{repo} is not in the cache, and HF_HUB_OFFLINE is set"
    if isinstance(error, LocalEntryNotFoundError):
        cause = error.__cause__
        if isinstance(cause, Exception) and not isinstance(cause, LocalEntryNotFoundError):
            return describe_hub_error(cause, repo)
        return f"{repo} is not in the cache, and the Hub cannot be reached"
    return summarize_error(error)
