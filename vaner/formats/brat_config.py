"""The configuration of brat for a folder, ``annotation.conf``: the types of its annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

CONFIG_FILE = "annotation.conf"


class AnnotationTypes:
    """The types of mentions, relations, events and attributes in the lines of annotation files."""

    def __init__(self) -> None:
        # Type -> roles of relations and events, or values of attributes, in the order of the lines.
        self._entities, self._relations = dict[str, set[str]](), dict[str, set[str]]()
        self._events, self._attributes = dict[str, set[str]](), dict[str, set[str]]()
        self._by_kind = {
            "T": self._entities, "R": self._relations, "E": self._events,
            "A": self._attributes, "M": self._attributes,
        }  # fmt: skip

    def add(self, lines: Iterable[str]) -> None:
        """Add the types of lines, such as ``R1<tab>Treats Arg1:T1 Arg2:T2``."""
        for line in lines:
            types = self._by_kind.get(line[:1])
            fields = line.partition("\t")[2].partition("\t")[0].split()
            if types is None or not fields:
                continue
            name = fields[0].partition(":")[0] if line[0] == "E" else fields[0]  # Binding:T3
            details = types.setdefault(name, set())
            if line[0] == "R":
                details |= {field.partition(":")[0] for field in fields[1:]}
            elif line[0] == "E":  # a repeated role has a number: Theme, Theme2
                details |= {field.partition(":")[0].rstrip("0123456789") for field in fields[1:]}
            elif line[0] in "AM":
                details |= {*fields[2:]}

    def write(self, folder: Path) -> None:
        """Write ``annotation.conf`` into a folder, unless it has one or there are no types."""
        path = folder / CONFIG_FILE
        if self._entities and not path.exists():
            path.write_text("".join(f"{line}\n" for line in self._make_lines()), encoding="utf-8")

    def _make_lines(self) -> Iterator[str]:
        yield "[entities]"
        yield from sorted(self._entities.keys() - self._events.keys())  # without triggers of events
        yield "[relations]"
        for type, roles in sorted(self._relations.items()):
            yield f"{type}\t{', '.join(f'{role}:<ANY>' for role in sorted(roles))}"
        yield "[events]"
        for type, roles in sorted(self._events.items()):
            yield f"{type}\t{', '.join(f'{role}*:<ANY>' for role in sorted(roles))}".rstrip()
        yield "[attributes]"
        for type, values in sorted(self._attributes.items()):
            options = f", Value:{'|'.join(sorted(values))}" if values else ""
            yield f"{type}\tArg:<ANY>{options}"
