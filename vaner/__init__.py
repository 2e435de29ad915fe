"""Biomedical named entity recognition: documents in, documents with spans out.

    from vaner import Annotator

    annotator = Annotator.from_pretrained()
    for span in annotator("Metformin treats diabetes.").spans: ...

The names below are imported on first use: importing torch and transformers takes about ten
seconds, and reading a corpus or printing a help text requires neither. To load vaner's models with
the Auto classes and pipelines of transformers, import `vaner.integrations.transformers`.

>>> from vaner import Document, Span
>>> Document("1", "Metformin treats diabetes.", (Span(0, 9, "Chemical"),)).spans[0].type
'Chemical'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

_MODULES = {
    "Annotator": "vaner.annotator",
    "Corpus": "vaner.text.documents",
    "Document": "vaner.text.documents",
    "Span": "vaner.text.documents",
    "VanerConfig": "vaner.tagger.config",
    "VanerForTokenClassification": "vaner.tagger.model",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value  # later uses bypass this function
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
