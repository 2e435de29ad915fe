"""Make the screenshots of the documentation, with the default model and a text written for them.

Run it with ``python -m docs.screenshots``, or ``make screenshots``. It needs the extra
``dev`` and a Chromium; the environment variable CHROMIUM names its program, if it is not found.
"""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tests.server.browser import launch_chromium
from tests.serving import serve
from vaner.annotator import Annotator
from vaner.display import html
from vaner.formats import read
from vaner.server.app import create_app

IMAGES = Path(__file__).parent / "images"
ABSTRACT = Path(__file__).parent.parent / "examples" / "abstract.txt"
MAX_BYTES = 150_000
_COLORS = 256
_SIZE = {"width": 1200, "height": 810}


def main() -> None:
    """Write the screenshots to ``docs/images``."""
    IMAGES.mkdir(exist_ok=True)
    annotator = Annotator.from_pretrained()
    with serve(create_app(annotator, name="biomedical")) as url, launch_chromium() as browser:
        save("page.png", capture_page(browser, url))
        save("page-phone.png", capture_phone(browser, url))
        save("html.png", capture_html(browser, annotator))


def capture_page(browser: Any, url: str) -> bytes:
    """Return a screenshot of the page with the form that edits a mention."""
    page = browser.new_page(viewport=_SIZE, color_scheme="light")
    _annotate_example(page, url)
    page.locator("#documents mark").filter(has_text="Escherichia coli").first.click()
    return _take(page)


def capture_phone(browser: Any, url: str) -> bytes:
    """Return a screenshot of the page on a phone with dark colors."""
    page = browser.new_page(
        viewport={"width": 390, "height": 720}, color_scheme="dark", has_touch=True, is_mobile=True
    )
    _annotate_example(page, url)
    return _take(page)


def capture_html(browser: Any, annotator: Annotator) -> bytes:
    """Return a screenshot of the HTML output."""
    (document,) = annotator.annotate(read(ABSTRACT))
    page = browser.new_page(viewport={"width": 900, "height": 560}, color_scheme="light")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "abstract.html"
        path.write_text("".join(html.render([document], Counter())), "utf-8")
        page.goto(path.as_uri())
        return _take(page)


def save(name: str, image: bytes) -> None:
    """Save a PNG with few colors, because it is stored in the repository.

    Raises:
        SystemExit: if it is too large.
    """
    from PIL import Image

    content = io.BytesIO()
    picture = Image.open(io.BytesIO(image)).convert("RGB")
    picture.quantize(_COLORS, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
    if content.tell() > MAX_BYTES:
        raise SystemExit(f"{name}: {content.tell():,} bytes; a screenshot may have {MAX_BYTES:,}")
    (IMAGES / name).write_bytes(content.getvalue())
    print(f"{IMAGES.name}/{name}: {content.tell():,} bytes")


def _annotate_example(page: Any, url: str) -> None:
    page.goto(url)
    page.click("#example")
    page.wait_for_selector("#documents article")
    page.locator("#status").filter(has_text=" in ").wait_for()


def _take(page: Any) -> bytes:
    page.wait_for_timeout(300)
    image: bytes = page.screenshot(animations="disabled")
    page.close()
    return image


if __name__ == "__main__":
    main()
