"""Biomedical named entity recognition: documents in, documents with spans out.

    from vaner import Annotator

    annotator = Annotator.from_pretrained()
    for span in annotator("Metformin treats diabetes.").spans: ...

The names below are imported when they are first used: torch and transformers take ten seconds to
import, and reading a corpus or printing a help text needs neither. Where transformers is imported
as well, its Auto classes and pipelines know our models: see `vaner.integrations.transformers_auto`.

>>> from vaner import Document, Span
>>> Document("1", "Metformin treats diabetes.", (Span(0, 9, "Chemical"),)).spans[0].type
'Chemical'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vaner.integrations.transformers_auto import register

if TYPE_CHECKING:
    from vaner.annotator import Annotator
    from vaner.tagger.config import VanerConfig
    from vaner.tagger.model import VanerForTokenClassification
    from vaner.text.documents import Corpus, Document, Span

__version__ = "0.1.0"

__all__ = [
    "Annotator",
    "Corpus",
    "Document",
    "Span",
    "VanerConfig",
    "VanerForTokenClassification",
    "__version__",
]

_HOMES = {
    "Annotator": "vaner.annotator",
    "Corpus": "vaner.text.documents",
    "Document": "vaner.text.documents",
    "Span": "vaner.text.documents",
    "VanerConfig": "vaner.tagger.config",
    "VanerForTokenClassification": "vaner.tagger.model",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value  # asked once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


register()
