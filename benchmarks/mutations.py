"""Damage to files for the fuzz tests: to their bytes, and to their JSON or YAML values."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import yaml

_ESCAPES = "\x1b]0;title\x07\x1b[31m\nsecond line\r\u202e"

VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 10**6, 10**30, 10**400, 0.5, -0.5, float("inf"), float("nan"),
    "", "a", "BIO", "x" * 5000, _ESCAPES, "\0", "\ud800", "../..", "/", "{type}{", "１", [], [[]],
    [None], [""], ["a", "a"], [1], {}, {"a": 1}, {"": None}, {"type": []},
)  # fmt: skip
"""Values that replace a value of a file."""

FRAGMENTS = (
    b"\0", b"\xff\xfe", b"\xc3", b"\r", b"\n\n", b"\t", b"\x1b[2J", b"{", b"[", b"]", b"}", b'"',
    b"'", b":", b"- ", b"&a ", b"*a", b"!!timestamp x", b"!!int x", b"!!float x", b"!!binary x",
    b"!!python/object:os.system x", b"2001-02-30", b"0b_", b"0x", b".inf", b".nan", b"1e999",
    b"<<: ", b"? ", b"--- ", b"%YAML 9.9\n", b"|", b">", b"#", b"9" * 5000, b"[" * 500, b"{a:" * 99,
    "\u2028\ufeff\u202e".encode(), b"NaN", b"null", b"-", b"<a>", b"</", b"&x;", b"T1\t", b"1:",
)  # fmt: skip
"""Pieces of text that are inserted into a file."""


def mutate_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return a file with one to three kinds of damage to its bytes.

    Args:
        content: the file.
        rng: chooses the damage.
    """
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at = rng.randrange(len(damaged) + 1)
        end = min(len(damaged), at + rng.choice((1, 1, 2, 4, 8, 40, 400)))
        match rng.randrange(8):
            case 0:
                del damaged[at:]
            case 1:
                del damaged[at:end]
            case 2:
                damaged[at:end] = bytes(end - at)
            case 3:
                damaged[at:end] = rng.randbytes(end - at)
            case 4 if damaged:
                damaged[at - 1] ^= 1 << rng.randrange(8)
            case 5:
                damaged[at:at] = damaged[at:end]
            case _:
                damaged[at:at] = rng.choice(FRAGMENTS)
    return bytes(damaged)


def mutate_value(content: Any, rng: random.Random) -> Any:
    """Return a JSON or YAML value with one to three values replaced, removed, added or renamed.

    Args:
        content: nested lists and dictionaries, which are not changed.
        rng: chooses the damage.
    """
    root = [copy.deepcopy(content)]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        parent, key = rng.choice(list(_locations(root)))
        match rng.randrange(6):
            case 0 if parent is not root:
                del parent[key]
            case 1 if isinstance(parent, dict):
                parent[rng.choice(("", "a", _ESCAPES, key + "x"))] = parent.pop(key)
            case 2 if isinstance(parent, list) and parent is not root:
                parent.insert(key, copy.deepcopy(parent[key]))
            case 3:
                other, name = rng.choice(list(_locations(root)))
                parent[key] = copy.deepcopy(other[name])
            case _:
                parent[key] = copy.deepcopy(rng.choice(VALUES))
    return root[0]


def _locations(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each list or dictionary with each of its indices or keys."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in list(items):
        yield value, key
        if isinstance(child, (dict, list)):
            yield from _locations(child)


def mutate_json(content: bytes, rng: random.Random) -> bytes:
    """Return a JSON file with damage to its values, or to its bytes."""
    if rng.random() < 0.3:
        return mutate_bytes(content, rng)
    if rng.random() < 0.02:
        return b'{"a":' * 5000 + b"1" + b"}" * 5000
    value = mutate_value(json.loads(content), rng)
    return json.dumps(value, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def mutate_yaml(content: bytes, rng: random.Random) -> bytes:
    """Return a YAML file with damage to its values, or to its bytes."""
    if rng.random() < 0.5:
        return mutate_bytes(content, rng)
    value = mutate_value(yaml.safe_load(content), rng)
    try:
        return yaml.safe_dump(value, sort_keys=False).encode("utf-8", "surrogatepass")
    except (yaml.YAMLError, ValueError):  # PyYAML cannot write what Python can hold
        return json.dumps(value).encode()
