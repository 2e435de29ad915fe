"""Read a YAML file as nodes, which know their lines, and as values.

PyYAML raises many kinds of errors, some without a line. Here each is one `RecipeError` with file
and line. Files that would exhaust memory or the stack are refused: a recipe is small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from vaner.errors import RecipeError, summarize_error

_MAX_LENGTH = 40
_DEEPEST = 20
_MOST_VALUES = 100_000
_MOST_BYTES = 10_000_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Loader(yaml.SafeLoader):
    """The safe loader, which names the line of a value that Python cannot represent."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return the value of a node. PyYAML raises any exception for, e.g., ``2001-02-30``."""
        try:
            return super().construct_object(node, deep)
        except (yaml.YAMLError, RecursionError):
            raise
        except Exception:
            kind = node.tag.rpartition(":")[2]
            value = str(node.value)
            shown = value if len(value) <= _MAX_LENGTH else f"{value[:_MAX_LENGTH]}…"
            message = f"{shown!r} is not a valid {kind}; put text in quotation marks"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark) from None


def read_yaml(path: str | Path) -> tuple[yaml.Node | None, Any]:
    """Return the content of a YAML file as nodes, and as values.

    Args:
        path: the file.

    Raises:
        RecipeError: if the file cannot be read, is not YAML, is nested too deeply, or contains
            control characters, with the line.
    """
    try:
        text = _read_text(Path(path))
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        if tree is not None:
            _check_nodes(tree, path)
        return tree, yaml.load(text, Loader=_Loader)
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8") from error
    except RecursionError:
        raise RecipeError(f"{path}: not YAML: it is nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        location = f"{path}:{mark.line + 1}" if mark else str(path)
        reason = getattr(error, "problem", None) or summarize_error(error)
        raise RecipeError(f"{location}: not YAML: {reason}") from error


def find_mappings(root: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    """Yield every mapping of a document once, whatever aliases lead to it."""
    return (node for node in _nodes(root) if isinstance(node, yaml.MappingNode))


def get_line(node: yaml.Node) -> int:
    """Return the line that a node begins on, counted from 1."""
    return int(node.start_mark.line) + 1


def _read_text(path: Path) -> str:
    with path.open("rb") as file:  # a device or a pipe has no end
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise RecipeError(f"{path}: larger than {_MOST_BYTES // 10**6} MB; this is not a recipe")
    return content.decode("utf-8-sig")


def _nodes(root: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield every node of a document once, in its order."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        waiting += reversed(_children(node))


def _children(node: yaml.Node) -> list[yaml.Node]:
    """Return the values of a list, or the keys and values of a mapping."""
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return []


def _check_nodes(root: yaml.Node, path: str | Path) -> None:
    """Refuse control characters, deep nesting, and aliases that lead to themselves or to too much.

    Raises:
        RecipeError: with the line.
    """
    for node in _nodes(root):
        if isinstance(node, yaml.ScalarNode) and _CONTROL.search(node.value):
            raise RecipeError(f"{path}:{get_line(node)}: contains a control character; remove it")
    sizes: dict[int, int] = {}

    def count(node: yaml.Node, depth: int) -> int:
        """Return the number of values in a node, those behind its aliases included."""
        if depth > _DEEPEST:
            raise RecipeError(f"{path}:{get_line(node)}: not a recipe: nested too deeply")
        if id(node) not in sizes:
            sizes[id(node)] = 1 + sum(count(child, depth + 1) for child in _children(node))
        return sizes[id(node)]

    if count(root, 0) > _MOST_VALUES:
        raise RecipeError(f"{path}: not a recipe: more than {_MOST_VALUES:,} values")
