"""Document formats: a module per format, listed in `FORMATS`, read and written by `read`, `write`.

>>> import io
>>> from vaner.text.documents import Document, Span
>>> stream = io.StringIO()
>>> report = write_to([Document("d1", "Asthma.", (Span(0, 6, "Disease"),))], stream, "conll")
>>> stream.getvalue().split()
['Asthma', 'B-Disease', '.', 'O']
>>> list(report.lost)
['document id has no place in the format', 'document whose white space is written as one space']
"""

from vaner.formats.declaration import Capabilities, Format
from vaner.formats.detect import detect_format, suggest_format
from vaner.formats.names import (
    get_format,
    has_known_suffix,
    list_formats,
    resolve_format_name,
)
from vaner.formats.read_write import WriteReport, make_ids_unique, read, write, write_to
from vaner.formats.registry import FORMATS
from vaner.formats.source import FormatWarning, OnError, get_suffix
from vaner.formats.spans import rename_types

__all__ = [
    "FORMATS",
    "Capabilities",
    "Format",
    "FormatWarning",
    "OnError",
    "WriteReport",
    "detect_format",
    "get_format",
    "get_suffix",
    "has_known_suffix",
    "list_formats",
    "make_ids_unique",
    "read",
    "rename_types",
    "resolve_format_name",
    "suggest_format",
    "write",
    "write_to",
]
