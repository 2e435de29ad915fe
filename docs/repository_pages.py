"""Markdown files of the repository as pages, or parts of pages, of the documentation.

A line of the form
``[The table](../experiments/README.md) <!-- include: experiments/README.md results -->``
is replaced by the text between ``<!-- results:begin -->`` and ``<!-- results:end -->`` in that
file. Readers of the page in the repository see the link instead. Links to other files of the
repository become links to their pages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
    "knowledge_bases/README.md": "knowledge-base-sources.md",
    **{
        path.relative_to(ROOT).as_posix(): f"{folder}/{path.parent.name}.md"
        for folder, pattern in (("studies", "experiments/*/"), ("models", "vaner/models/*/"))
        for path in sorted(ROOT.glob(f"{pattern}README.md"))
    },
}
"""File in the repository -> page in the documentation."""

_LINK_TARGETS = {**PAGES, "experiments/README.md": "results.md", "README.md": "index.md"}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_INCLUDE = re.compile(r"^\[[^\]]+\]\([^)]+\) <!-- include: (\S+) (\S+) -->$", re.M)
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.S)


def read_page(source: str) -> str:
    """Return a Markdown file of the repository with its links as they are on its page."""
    text = (ROOT / source).read_text("utf-8")
    return rewrite_links(_FRONT_MATTER.sub("", text), source, PAGES[source])


def list_images() -> dict[str, str]:
    """Return the images in the folders of the files that have pages: path -> path on the site."""
    folders = {Path(source).parent: Path(page).parent for source, page in PAGES.items()}
    return {
        image.relative_to(ROOT).as_posix(): (target / folder.name / image.name).as_posix()
        for folder, target in folders.items()
        if folder != Path(".")
        for image in sorted((ROOT / folder).glob("*.png"))
    }


def complete_page(markdown: str, page: str) -> str:
    """Insert the parts of other files that a page includes, and rewrite its links.

    Args:
        markdown: the text of the page.
        page: its path in the documentation.

    Raises:
        ValueError: if a file has no such part.
    """

    def read_part(include: re.Match[str]) -> str:
        source, name = include.groups()
        text = (ROOT / source).read_text("utf-8")
        part = re.search(rf"<!-- {name}:begin -->\n(.*?)<!-- {name}:end -->", text, re.S)
        if part is None:
            raise ValueError(
                f"{page}: {source} has no part {name}; add <!-- {name}:begin --> there"
            )
        return rewrite_links(part[1], source, page)

    return rewrite_links(_INCLUDE.sub(read_part, markdown), f"docs/{page}", page)


def rewrite_links(markdown: str, source: str, page: str) -> str:
    """Return Markdown with links to other pages; links to files without a page become plain text.

    Args:
        markdown: the text.
        source: the file that it comes from, relative to the repository.
        page: the page that shows it, relative to the documentation.
    """

    def rewrite(link: re.Match[str]) -> str:
        image, text, target, anchor = link.groups()
        if re.match(r"[a-z]+:", target):
            return link[0]
        path = os.path.normpath(Path(source).parent / target)
        target_page = _find_page(path, list_images() if image else _LINK_TARGETS)
        if target_page is None:
            return text
        relative = os.path.relpath(target_page, Path(page).parent)
        return f"{image}[{text}]({relative}{anchor or ''})"

    return _LINK.sub(rewrite, markdown)


def _find_page(path: str, pages: Mapping[str, str]) -> str | None:
    """Return the page of a file or folder of the repository, or None."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return pages.get(path) or pages.get(f"{path}/README.md")
