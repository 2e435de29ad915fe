"""Formats by the names that users give them."""

from __future__ import annotations

from vaner.errors import VanerError
from vaner.formats import FORMATS

ALIASES = {"bioc": "bioc_xml", "biocxml": "bioc_xml", "biocjson": "bioc_json", "txt": "text"}
ALIASES |= {"labelstudio": "label_studio"}


def resolve_format_name(given: str | None) -> str | None:
    """A format by the name a user gave it: ``bioc`` for ``bioc_xml``, ``BioC-JSON`` …

    Raises:
        VanerError: for a name that no format has.
    """
    if given is None:
        return None
    name = given.casefold().replace("-", "_")
    name = ALIASES.get(name.replace("_", ""), name)
    if name not in FORMATS:
        known = ", ".join([*FORMATS, *ALIASES])
        raise VanerError(f"no input format is called {given!r}; there are {known}")
    return name
