"""The looks of types and the links of identifiers."""

from __future__ import annotations

import json
import re
from collections import Counter
from configparser import ConfigParser
from importlib import import_module
from itertools import combinations
from pathlib import Path

import pytest

from vaner.display import html
from vaner.display.html import style
from vaner.display.identifier_links import find_link, list_link_rules
from vaner.display.type_looks import COLORS, STYLES, displacy_colors, find_look
from vaner.server.web_page import draw
from vaner.text.documents import Document, Span

MODEL_TYPES = (
    "Anatomy", "CellLine", "CellType", "CellularComponent", "Chemical", "Disease", "Gene",
    "Species", "Variant",
)  # fmt: skip
UNLISTED_TYPES = [f"Finding {number}" for number in range(40)] + ["", "+", "\ud800", "病房"]


def test_the_types_of_the_default_model_look_different() -> None:
    for first, second in combinations(MODEL_TYPES, 2):
        assert find_look(first) != find_look(second)


@pytest.mark.parametrize(
    ("name", "type"),
    [("DISEASE", "Disease"), ("cell_line", "CellLine"), ("Cell line", "CellLine"),
     ("protein", "Gene"), ("药物", "Chemical")],
)  # fmt: skip
def test_other_names_of_a_type_have_its_look(name: str, type: str) -> None:
    assert find_look(name) == find_look(type)


def test_unlisted_types_have_looks_of_their_names_that_no_model_type_has() -> None:
    looks = {name: find_look(name) for name in UNLISTED_TYPES}
    assert set(looks.values()) <= set(style.LOOKS) - {find_look(type) for type in MODEL_TYPES}
    assert len(set(looks.values())) > 8
    # The value does not depend on the order, the process or the version.
    assert (find_look("Ward"), find_look("Finding")) == (WARD, FINDING)


WARD, FINDING = 15, 19


def looks_in(rendered: str, type: str) -> set[str]:
    return set(re.findall(rf'<a class="t(\d+)"[^>]* data-t="{type}"', rendered))


def test_a_type_looks_the_same_on_the_page_in_html_and_in_a_notebook() -> None:
    ward = Document("1", "Ward 7: gout", (Span(0, 6, "Ward"), Span(8, 12, "Disease")))
    gout = Document("2", "gout", (Span(0, 4, "Disease"),))
    (drawn,) = json.loads(draw([ward], (), 1))["html"]
    for type in ("Ward", "Disease"):
        look = {str(find_look(type))}
        for documents in ([ward, gout], [gout, ward]):
            assert looks_in("".join(html.render(documents, Counter())), type) == look
        assert looks_in(ward._repr_html_(), type) == looks_in(drawn, type) == look


def test_displacy_uses_tints_of_the_same_colors() -> None:
    colors = displacy_colors(["Ward"])
    assert colors["DISEASE"] == colors["DISORDER"] != colors["CHEMICAL"]
    assert colors["CELL_TYPE"] != colors["CELL_LINE"] and "WARD" not in displacy_colors()
    red, green, blue = (int(colors["DISEASE"][i : i + 2], 16) for i in (1, 3, 5))
    assert red > green > blue > 100  # orange, light enough for black text


def test_spacy_finds_the_colors() -> None:
    config = ConfigParser()
    config.read(Path(__file__).parents[2] / "setup.cfg", encoding="utf-8")
    entry = config["options.entry_points"]["spacy_displacy_colors"]
    module, _, name = entry.partition("=")[2].strip().partition(":")
    colors = getattr(import_module(module), name)
    assert colors == displacy_colors()
    displacy = pytest.importorskip("spacy.displacy")
    entity = {"start": 0, "end": 4, "label": "Disease"}
    page = displacy.render(
        {"text": "gout", "ents": [entity]}, style="ent", manual=True, jupyter=False,
        options={"colors": colors},
    )  # fmt: skip
    assert f"background: {colors['DISEASE']}" in page


def test_every_look_is_a_color_and_a_line_of_the_style() -> None:
    for look in style.LOOKS:
        line = STYLES[look // len(COLORS)]
        assert f".t{look} {{ --c: var(--c{look % len(COLORS)});" in style.STYLE
        assert re.search(rf"\.t{look} {{[^}}]*--s: {line};", style.STYLE)


@pytest.mark.parametrize(
    ("identifier", "type", "address"),
    [
        ("MESH:D003924", "", "https://meshb.nlm.nih.gov/record/ui?ui=D003924"),
        ("D003924", "Disease", "https://meshb.nlm.nih.gov/record/ui?ui=D003924"),
        ("NCBI Gene:672", "Gene", "https://www.ncbi.nlm.nih.gov/gene/672"),
        ("672", "Gene", "https://www.ncbi.nlm.nih.gov/gene/672"),
        ("672", "Disease", None),
        ("rs113488022", "Variant", "https://www.ncbi.nlm.nih.gov/snp/rs113488022"),
        ("tmVar:p|SUB|V|600|E;HGVS:p.V600E;RS#:113488022", "Variant",
         "https://www.ncbi.nlm.nih.gov/snp/113488022"),
        ("ward:7", "", None),
        ("MESH:", "", None),
        ("MESH:D1 OR 1", "", None),
        ("MESH:" + "9" * 300, "", None),
        ("", "", None),
    ],
)  # fmt: skip
def test_links_of_identifiers(identifier: str, type: str, address: str | None) -> None:
    assert find_link(identifier, type) == address


def test_every_home_is_secure_and_has_a_place_for_the_identifier() -> None:
    rules = list_link_rules()
    assert all(url.startswith("https://") and "{}" in url for url in rules["homes"].values())
    assert all(find_link(f"{prefix}:1") for prefix in rules["homes"])
    for rule in rules["bare"]:
        assert re.compile(rule["pattern"]).groups == 1
