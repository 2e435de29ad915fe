"""Markdown that stands elsewhere in the repository, as pages of the documentation or parts of them.

``[The table](../experiments/README.md) <!-- include: experiments/README.md results -->``, a line of
a page is replaced by what stands there between ``<!-- results:begin -->`` and
``<!-- results:end -->``; who reads the page in the repository has the link. Other links to files of
the repository lead to their pages here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PAGES = {
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
    "knowledge_bases/README.md": "knowledge-base-sources.md",
    **{
        path.relative_to(ROOT).as_posix(): f"{folder}/{path.parent.name}.md"
        for folder, places in (("studies", "experiments/*/"), ("models", "vaner/models/*/"))
        for path in sorted(ROOT.glob(f"{places}README.md"))
    },
}
"""Files of the repository -> pages of the documentation."""

_PLACES = {**PAGES, "experiments/README.md": "results.md", "README.md": "index.md"}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_INCLUDE = re.compile(r"^\[[^\]]+\]\([^)]+\) <!-- include: (\S+) (\S+) -->$", re.M)
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.S)


def page(source: str) -> str:
    """A file of the repository as the page that it has here."""
    text = (ROOT / source).read_text("utf-8")
    return relinked(_FRONT_MATTER.sub("", text), source, PAGES[source])


def images() -> dict[str, str]:
    """Images beside the files that have pages -> where the pages look for them."""
    folders = {Path(source).parent: Path(place).parent for source, place in PAGES.items()}
    return {
        image.relative_to(ROOT).as_posix(): (place / folder.name / image.name).as_posix()
        for folder, place in folders.items()
        if folder != Path(".")
        for image in sorted((ROOT / folder).glob("*.png"))
    }


def completed(markdown: str, place: str) -> str:
    """A page with the parts of other files that it asks for, and its links as they must be here.

    Raises:
        ValueError: where a file has no such part.
    """

    def part(asked: re.Match[str]) -> str:
        source, name = asked.groups()
        text = (ROOT / source).read_text("utf-8")
        found = re.search(rf"<!-- {name}:begin -->\n(.*?)<!-- {name}:end -->", text, re.S)
        if found is None:
            raise ValueError(f"{place}: {source} has no part {name}")
        return relinked(found[1], source, place)

    return relinked(_INCLUDE.sub(part, markdown), f"docs/{place}", place)


def relinked(markdown: str, source: str, place: str) -> str:
    """Links as they must be on the page: to other pages, or, where there is none, plain text."""

    def link(found: re.Match[str]) -> str:
        image, text, target, anchor = found.groups()
        if re.match(r"[a-z]+:", target):
            return found[0]
        path = os.path.normpath(Path(source).parent / target)
        page = _page(path, images() if image else _PLACES)
        if page is None:
            return text
        return f"{image}[{text}]({os.path.relpath(page, Path(place).parent)}{anchor or ''})"

    return _LINK.sub(link, markdown)


def _page(path: str, places: Mapping[str, str]) -> str | None:
    """Where a file of the repository is shown; None where it is not."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return places.get(path) or places.get(f"{path}/README.md")
