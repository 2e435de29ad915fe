"""Why a repository of the Hub cannot be used, in one line that says what to do."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from vaner.backbones.hub_names import HubName
from vaner.errors import summarize_error

HUB_OPTIONS = ("cache_dir", "force_download", "local_files_only", "revision", "token")
"""Options of transformers and of vaner for a repository of the Hub."""


def pop_hub_options(options: MutableMapping[str, Any]) -> dict[str, Any]:
    """Remove the options for the Hub from those of a `from_pretrained`, and return them.

    >>> options = {"revision": "v1", "trainable": True}
    >>> pop_hub_options(options), options
    ({'revision': 'v1'}, {'trainable': True})
    """
    return {name: options.pop(name) for name in HUB_OPTIONS if name in options}


def without_revision(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options for another repository: the revision applies to the first one only.

    >>> without_revision({"revision": "v1", "token": "t"})
    {'token': 't'}
    """
    return {name: value for name, value in options.items() if name != "revision"}


def describe_hub_error(error: Exception, repo: str, revision: str | None = None) -> str:
    """Return the reason why a repository cannot be downloaded.

    Args:
        error: an error of huggingface_hub, or of the connection.
        repo: its Hub id.
        revision: the branch, tag or commit. None: the main branch.
    """
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    name = HubName(repo, revision)
    if isinstance(error, GatedRepoError):
        address = f"huggingface.co/{repo}"
        return f"{repo} is gated: accept its license at {address}, and log in (hf auth login)"
    if isinstance(error, RepositoryNotFoundError):
        return f"there is no repository {repo}, or it is private: log in (hf auth login)"
    if isinstance(error, RevisionNotFoundError):
        return f"{repo} has no branch, tag or commit {revision or 'main'}"
    if isinstance(error, OfflineModeIsEnabled):
        return f"{name} is not in the cache, and HF_HUB_OFFLINE is set"
    if isinstance(error, LocalEntryNotFoundError):
        cause = error.__cause__
        if isinstance(cause, (HfHubHTTPError, OfflineModeIsEnabled)):  # an answer of the Hub
            return describe_hub_error(cause, repo, revision)
        reason = f" ({summarize_error(cause)})" if cause is not None else ""
        return f"{name} is not in the cache, and the Hub cannot be reached{reason}"
    return summarize_error(error)
