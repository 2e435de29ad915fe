"""The names in VANER's published files, as they stand there: the leak check's known-bad case.

Each line is a sentence with ``umls_kg``, groups of ``[name, semantic label]`` that were found for
it (github.com/Eulring/VANER). The names come without identifiers and some of them are test
annotations, so this is for `vaner kb check` and not for training.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from vaner.formats.source import InputFile, MalformedError, OnError, read_lines
from vaner.knowledge.concepts import Concept
from vaner.knowledge.sources.rows import each


def read(
    path: str | Path, *, source: str = "", on_error: OnError | None = None
) -> Iterator[Concept]:
    """Every different (name, label), in the order of the file; spelt as there, labels as types.

    Args:
        path: a ``*_dev.jsonl`` of the published data.
        source: name of the source.
        on_error: called with what is broken, which is then left out; None raises it.

    Raises:
        FormatError: with the line, for what has no ``umls_kg`` of that form.
    """
    place = InputFile(path, on_error)
    seen: dict[tuple[str, str], int] = {}

    def convert(line: str) -> Iterator[Concept]:
        try:
            groups = json.loads(line)["umls_kg"]
            pairs = [(str(name), str(label)) for group in groups for name, label in group]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise MalformedError('no "umls_kg": [[[name, label], …], …] in this line') from None
        for name, label in pairs:
            if (name, label) not in seen and name.strip() and label.strip():
                number = seen[name, label] = len(seen) + 1
                yield Concept(f"VANER:{number}", name, label, (), source)

    return each(place, ((n, line) for n, line in read_lines(place) if line.strip()), convert)
