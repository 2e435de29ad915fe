"""mkdocs hooks that generate pages from the program and from files of the repository.

The references of commands and recipes come from the program (`reference`). The changelog, the
READMEs and the tables of results come from their files in the repository (`repository_pages`). So
nothing is written twice.
"""

from __future__ import annotations

import re
from typing import Any

import reference
import repository_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

_EXTERNAL_RESOURCE = re.compile(
    r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=\"?((?:https?:)?//[^\"\s>]+)"
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages and the images of the repository."""
    pages = {
        "reference/commands.md": reference.render_commands(),
        "reference/recipes.md": reference.render_recipes(),
        **{page: repository_pages.read_page(path) for path, page in repository_pages.PAGES.items()},
    }
    for page, content in pages.items():
        files.append(File.generated(config, page, content=content))
    for path, image in repository_pages.list_images().items():
        source = str(repository_pages.ROOT / path)
        files.append(File.generated(config, image, abs_src_path=source))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Insert the tables that a page includes, and rewrite its links."""
    return repository_pages.complete_page(markdown, page.file.src_uri)


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Check that a page loads nothing from other sites, for the privacy of its readers.

    Raises:
        PluginError: with the page and the first resource that it would load.
    """
    if resource := _EXTERNAL_RESOURCE.search(output):
        raise PluginError(f"{page.file.src_uri} loads {resource[1]} from another site")
    return output
