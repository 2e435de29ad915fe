"""What mkdocs is told besides mkdocs.yml: pages that are made from the program and its results.

Nothing that the program or a results file says is written down a second time: the reference of
commands and recipes is made from them (`reference`), and Markdown that stands elsewhere in the
repository is shown as it is there (`elsewhere`).
"""

from __future__ import annotations

import re
from typing import Any

import elsewhere
import reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_LOADED = re.compile(
    r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=\"?((?:https?:)?//[^\"\s>]+)"
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    made = {
        "reference/commands.md": reference.commands(),
        "reference/recipes.md": reference.recipes(),
        **{place: elsewhere.page(source) for source, place in elsewhere.PAGES.items()},
    }
    for place, content in made.items():
        files.append(File.generated(config, place, content=content))
    for source, place in elsewhere.images().items():
        files.append(File.generated(config, place, abs_src_path=str(elsewhere.ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Put in the tables that a page asks for, and lead its links to pages."""
    return elsewhere.completed(markdown, page.file.src_uri)


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Hold that no page loads anything from elsewhere: who reads it is nobody's business.

    Raises:
        PluginError: naming what it would load.
    """
    if found := _LOADED.search(output):
        raise PluginError(f"{page.file.src_uri} loads {found[1]}")
    return output
