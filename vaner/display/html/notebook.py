"""Renders a document for a notebook, as an HTML fragment inside another page.

All style rules and colors are scoped to the fragment, because the colors of a notebook may differ
from those of the reader's system.
"""

from __future__ import annotations

import hashlib

from vaner.display.html.page import article, legend
from vaner.display.html.style import MARKS, scope_colors
from vaner.text.documents import Document

_STYLE = f"""{scope_colors(".vaner")}
.vaner {{
max-width: 54rem; padding: .2rem .8rem .6rem; font: 1rem/1.5 system-ui, sans-serif;
text-align: start; color: var(--ink); background: var(--paper);
.legend {{ display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; margin: 0; padding: .4rem 0;
  list-style: none; border-bottom: 1px solid var(--rule); }}
article {{ margin: .6rem 0 0; }}
h2 {{ font-size: .85rem; color: var(--faint); margin: 0; overflow-wrap: anywhere; }}
mark {{ padding: 0; }}
{MARKS}
}}
"""


def fragment(document: Document) -> str:
    """Return a document with highlighted mentions, as HTML that looks the same on any page.

    >>> from vaner.text.documents import Span
    >>> "asthma" in fragment(Document("1", "asthma", (Span(0, 6, "Disease"),)))
    True
    """
    # Ids depend only on the document, so that a saved notebook does not change when it is run.
    facts = repr((document.id, document.text, document.spans)).encode("utf-8", "surrogatepass")
    name = f"v{hashlib.sha256(facts).hexdigest()[:8]}"
    has_context = any(span.context for span in document.spans)
    shown = legend(document.count_mentions(), has_context) if document.spans else ""
    return f'<div class="vaner"><style>{_STYLE}</style>\n{shown}{article(document, name)}</div>'
