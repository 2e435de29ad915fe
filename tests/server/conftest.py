"""The page of a server with a stand-in for the model, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving import annotator, serve


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    from vaner.server.app import create_app

    with serve(create_app(annotator(), name="known")) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from tests.server.browser import launch_chromium

    with launch_chromium() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """The page on a desktop."""
    from tests.server.browser import open_page

    yield from open_page(browser, address)


@pytest.fixture
def phone(browser: Any, address: str) -> Iterator[Any]:
    """The page on a phone."""
    from tests.server.browser import open_page

    yield from open_page(browser, address, width=390, has_touch=True, is_mobile=True)
