"""Links to the descriptions of concepts, from their identifiers.

``identifier_links.toml`` lists the prefixes. The web page applies the same rules, see
`list_link_rules`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

_MAX_LENGTH = 200
_LOCAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.~:-]{0,63}")


def find_link(identifier: str, type: str = "") -> str | None:
    """Return the address of a concept's description; None if it is not known.

    Args:
        identifier: a CURIE, or an identifier as PubTator writes it.
        type: entity type of the mention.

    >>> find_link("MESH:D003924")
    'https://meshb.nlm.nih.gov/record/ui?ui=D003924'
    >>> find_link("672", "Gene"), find_link("672"), find_link("ward:7")
    ('https://www.ncbi.nlm.nih.gov/gene/672', None, None)
    """
    if len(identifier) > _MAX_LENGTH:
        return None
    rules = list_link_rules()
    prefix, colon, local_id = identifier.partition(":")
    if not colon or _simplify(prefix) not in rules["homes"]:
        prefix, local_id = _read_bare(identifier, type)
    if _LOCAL_ID.fullmatch(local_id) is None:
        return None
    home: str = rules["homes"][_simplify(prefix)]
    return home.replace("{}", quote(local_id, safe=":"))


def _read_bare(identifier: str, type: str) -> tuple[str, str]:
    """Return prefix and local part of an identifier without a known prefix; empty if not known."""
    for rule in list_link_rules()["bare"]:
        match = re.fullmatch(rule["pattern"], identifier)
        if match and rule.get("type", type).casefold() == type.casefold():
            return rule["prefix"], match[1]
    return "", ""


@cache
def list_link_rules() -> dict[str, Any]:
    """Return the rules: ``homes``, an address for each prefix, and ``bare``, patterns.

    Prefixes are in lower case and without spaces and punctuation.
    """
    data = tomllib.loads((files(__package__) / "identifier_links.toml").read_text("utf-8"))
    homes = {_simplify(name): home["url"] for home in data["homes"] for name in home["prefixes"]}
    return {"homes": homes, "bare": data["bare"]}


def _simplify(prefix: str) -> str:
    return re.sub(r"[^a-z0-9]", "", prefix.casefold())
