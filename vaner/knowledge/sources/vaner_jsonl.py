"""Read the names in the published data of VANER: the positive control of the leak check.

Each line is a sentence with ``umls_kg``: groups of ``[name, semantic label]`` related to the
sentence (github.com/Eulring/VANER). The names have no identifiers, and some of them are test
annotations. Use them for `vaner kb check`, not for training.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from vaner.formats.source import MalformedError, OnError
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.source_file import SourceFile


def read(
    path: str | Path, *, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Read every different name and label, unchanged, with the label as the entity type.

    Args:
        path: a ``*_dev.jsonl`` file of the published data.
        source: name of the source.
        on_error: see `SourceFile`.

    Raises:
        FormatError: with the line, for a line without such an ``umls_kg``.
    """
    file = SourceFile(path, source, on_error)
    numbers: dict[tuple[str, str], int] = {}

    def convert(line: str) -> Iterator[Concept]:
        try:
            groups = json.loads(line)["umls_kg"]
            pairs = [(str(name), str(label)) for group in groups for name, label in group]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise MalformedError('no "umls_kg": [[[name, label], …], …] in this line') from None
        for name, label in pairs:
            if (name, label) not in numbers and name.strip() and label.strip():
                number = numbers[name, label] = len(numbers) + 1
                yield Concept(f"VANER:{number}", name, label, (), source)

    return file.make_concepts(file.read_lines(), convert)
