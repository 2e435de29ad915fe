"""Names of repositories on the Hub at a revision: ``owner/name@v1``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from vaner.errors import ModelError

_HUB_ID = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9_][\w.-]*", re.ASCII)


class HubName(NamedTuple):
    """A repository on the Hub, or a name or folder that may be one.

    Attributes:
        repo: name, without the revision.
        revision: branch, tag or commit. None: the main branch.
    """

    repo: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.repo if self.revision is None else f"{self.repo}@{self.revision}"


def is_hub_id(name: str) -> bool:
    """Return whether a name may be that of a repository; any other can only be a folder.

    >>> is_hub_id("me/model"), is_hub_id("../model")
    (True, False)
    """
    return _HUB_ID.fullmatch(name) is not None


def parse_hub_name(name: str, revision: str | None = None) -> HubName:
    """Return the repository and the revision of a name.

    Args:
        name: folder or Hub id, which may be followed by a revision.
        revision: the revision, given separately.

    Raises:
        ModelError: if there are two revisions, or if a folder has one.

    >>> parse_hub_name("me/model@v1")
    HubName(repo='me/model', revision='v1')
    """
    if Path(name).exists():
        if revision is not None:
            raise ModelError(f"{name} is not on the Hub, and has no revision {revision}")
        return HubName(name)
    repo, _, part = name.partition("@")
    if not part or not is_hub_id(repo):
        return HubName(name, revision)
    if revision not in (None, part):
        raise ModelError(f"{name} has a revision already: leave out the revision {revision}")
    return HubName(repo, part)
