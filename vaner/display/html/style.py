"""The style of the HTML page: colors for light and dark mode that color-blind readers distinguish.

The type follows each mention, so colors are never the only information. Line styles distinguish
types of the same color. `vaner.display.type_looks` has the look of each type.
"""

from __future__ import annotations

from vaner.display.html.span_layout import LANES
from vaner.display.type_looks import COLORS, STYLES

PAPER, DARK_PAPER = "#ffffff", "#17191c"
TINTS = (12, 9, 6)
"""Percent of the line's color behind mentions of the first three levels. The tints add up: deeper
levels have none, so that the text stays readable."""

LOOKS = range(len(COLORS) * len(STYLES))
"""The looks of types."""

_LINE, _STEP = 3, 5  # thickness of a line, and distance between lines, in pixels


def _variables(dark: bool) -> str:
    """Return the colors of the page as CSS variables."""
    variables = [f"--paper: {DARK_PAPER if dark else PAPER}"]
    for i, color in enumerate(COLORS):
        variables.append(f"--c{i}: {color.dark_line if dark else color.line}")
        variables.append(f"--k{i}: {color.dark_text if dark else color.text}")
    variables += (
        ["--ink: #e6e8ea", "--faint: #a5acb3", "--rule: #3a3f45"]
        if dark
        else ["--ink: #1a1a1a", "--faint: #595959", "--rule: #d0d0d0"]
    )
    return "; ".join(variables)


_TINTS = "\n".join(
    f"{'mark ' * (depth + 1)}{{ --tint: {percent}%; }}" for depth, percent in enumerate((*TINTS, 0))
)
_LOOKS = "\n".join(
    f".t{i} {{ --c: var(--c{i % len(COLORS)}); --k: var(--k{i % len(COLORS)}); "
    f"--s: {STYLES[i // len(COLORS)]}; }}"
    for i in LOOKS
)
# Make room for the lines below each line of text, and below the last one.
_DEPTHS = "\n".join(
    f".l{i} {{ padding-bottom: {_STEP * i + 1}px; }} "
    f".d{i} {{ line-height: {1.9 + _STEP * i / 16:.4g}; padding-bottom: {_STEP * i // 2}px; }}"
    for i in range(LANES)
)

MARKS = f"""
.text {{ white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; margin: 0; }}
.line {{ color: inherit; border-bottom: {_LINE}px var(--s) var(--c); print-color-adjust: exact;
  background: color-mix(in srgb, var(--c) var(--tint), transparent); }}
mark:has(> a:last-child) {{ margin-inline-end: 2px; }}
.gap {{ border-bottom: 2px dotted var(--c); background: none; }}
{_TINTS}
mark:hover:not(:has(mark:hover)), mark:focus-within:not(:has(mark:focus-within)) {{
  background: color-mix(in srgb, var(--c) 18%, transparent); }}
.text a {{ font-size: .65em; font-weight: 600; line-height: 0; vertical-align: super;
  margin-inline-start: .2em; padding-inline-end: .2em; white-space: nowrap;
  unicode-bidi: isolate; color: var(--k); text-decoration: none; }}
[data-context] {{ text-decoration: underline dotted 2px; text-underline-offset: .2em; }}
[data-context~="negated"] {{ text-decoration: line-through; }}
mark[data-context] > a {{ display: inline-block; }}
.text a::before {{ content: "\\2060" attr(data-t); }}
a.id {{ color: var(--k0); }}
a:focus-visible, summary:focus-visible {{ outline: 2px solid var(--ink); outline-offset: 1px; }}
details {{ margin-top: .2rem; overflow-x: auto; }}
summary, .none {{ font-size: .85rem; color: var(--faint); margin: .2rem 0 0; cursor: pointer; }}
.none {{ cursor: auto; }}
table {{ border-collapse: collapse; font-size: .85rem; }}
th, td {{ text-align: start; vertical-align: top; padding: .15rem .7rem .15rem 0;
  border-bottom: 1px solid var(--rule); }}
tr:target {{ outline: 2px solid var(--ink); }}
{_LOOKS}
{_DEPTHS}
"""
"""Style of texts with mentions, and of tables."""


def scope_colors(root: str) -> str:
    """Return the light and dark colors for the content of an element.

    Args:
        root: the CSS selector of the element.
    """
    return f"""
{root} {{ color-scheme: light dark; {_variables(dark=False)}; }}
@media screen and (prefers-color-scheme: dark) {{ {root} {{ {_variables(dark=True)}; }} }}
"""


STYLE = f"""{scope_colors(":root")}
:root {{ scroll-padding-top: 33vh; }}
body {{ display: flex; flex-direction: column; max-width: 54rem; margin: 0 auto; padding: 1rem;
  font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }}
.legend {{ order: -1; position: sticky; top: 0; z-index: 1; margin: 0; padding: .6rem 0;
  display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; max-height: 30vh; overflow: auto;
  list-style: none; background: var(--paper); border-bottom: 1px solid var(--rule); }}
article {{ margin: 1rem 0; }}
h2 {{ font-size: 1rem; margin: 0 0 .3rem; overflow-wrap: anywhere; break-after: avoid; }}
{MARKS}
@media print {{ .legend {{ position: static; max-height: none; }} body {{ padding: 0; }} }}
"""
"""Style of a page of texts with mentions."""
