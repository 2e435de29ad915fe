"""The page ``/docs``: the API of the server as plain HTML, without scripts.

The pages that FastAPI makes load scripts of other sites, which the headers of this server forbid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from vaner.display.html.style import scope_colors

_STYLE = f"""{scope_colors(":root")}
body {{ max-width: 60rem; margin: 0 auto; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); overflow-wrap: anywhere; }}
h1 {{ font-size: 1.4rem; }} h2 {{ font-size: 1.1rem; margin: 2rem 0 .3rem; }}
h3 {{ font-size: .9rem; margin: .8rem 0 .2rem; }}
p {{ margin: .3rem 0; }} a {{ color: var(--k0); }}
pre {{ overflow-x: auto; padding: .6rem .8rem; border: 1px solid var(--rule); border-radius: .4rem;
  font-size: .85rem; }}
section {{ border-top: 1px solid var(--rule); }}
dl {{ display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .2rem 1rem;
  margin: 0; font-size: .85rem; }}
dt {{ font-weight: 600; }} dd {{ margin: 0; }}
@media (max-width: 40rem) {{ dl {{ display: block; }} }}
"""
_EXAMPLE = """curl {url}/annotate -H "Content-Type: application/json" \\
    -d '{{"text": "Metformin treats diabetes.", "min_score": 0.5}}'

curl "{url}/annotate?format=csv" --data-binary @abstracts.pubtator"""


def render_api(schema: Mapping[str, Any], url: str) -> str:
    """Return the page of an API.

    Args:
        schema: its OpenAPI schema.
        url: address of the server, for the examples.
    """
    return "".join(_parts(schema, url))


def _parts(schema: Mapping[str, Any], url: str) -> Iterator[str]:
    info = schema["info"]
    title = f"{info['title']} {info['version']}: API"
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n<link rel="icon" href="data:,">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n"
        f'<p>{escape(info["description"])} <a href=".">The page for people</a> uses this API. '
        'Generate a client from <a href="openapi.json">openapi.json</a>.</p>\n'
        f'<pre tabindex="0" aria-label="Examples">{escape(_EXAMPLE.format(url=url))}</pre>\n'
    )
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield from _operation(path, method, operation)
    yield "</main>\n</body>\n</html>\n"


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<section>\n<h2>{method.upper()} {escape(path)}</h2>\n"
    for paragraph in operation.get("description", "").split("\n\n"):
        yield f"<p>{_format(paragraph)}</p>\n"
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        yield f"<h3>Content types of the body</h3>\n<p>{escape(', '.join(content))}</p>\n"
        body = content.get("application/json", {}).get("schema", {}).get("properties", {})
        yield from _list("Fields of a JSON body", {n: _describe(v) for n, v in body.items()})
    parameters = operation.get("parameters", [])
    yield from _list("Query parameters", {p["name"]: _describe(p) for p in parameters})
    responses = operation["responses"].items()
    yield from _list("Status codes", {code: r["description"] for code, r in responses})
    yield "</section>\n"


def _describe(field: Mapping[str, Any]) -> str:
    """Return the description and the default of a parameter or a field."""
    default = field.get("schema", field).get("default")
    suffix = "" if default in (None, "") else f" Default: {default}"
    return f"{field.get('description', '')}{suffix}".strip()


def _format(text: str) -> str:
    """Return a text of a docstring, with code between backticks, as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _list(title: str, items: Mapping[str, str]) -> Iterator[str]:
    if items:
        rows = (f"<dt>{escape(k)}</dt><dd>{_format(v) or '&nbsp;'}</dd>" for k, v in items.items())
        yield f"<h3>{title}</h3>\n<dl>{''.join(rows)}</dl>\n"
