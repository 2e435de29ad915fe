"""Read YAML files. Every error is one line with the file and the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from vaner.errors import RecipeError

_MAX_LENGTH = 40


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
            message = f"{shown!r} is no valid {kind}; put text in quotation marks"
            raise yaml.constructor.ConstructorError(None, None, message, node.start_mark) from None


def read_yaml(path: str | Path) -> tuple[yaml.Node | None, Any]:
    """Return the nodes of a YAML file, which have lines, and its content.

    Args:
        path: the file.

    Raises:
        RecipeError: if the file cannot be read or is not YAML.
    """
    try:
        text = Path(path).read_text("utf-8")
        return yaml.compose(text, Loader=yaml.SafeLoader), yaml.load(text, Loader=_Loader)
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}: not UTF-8") from error
    except RecursionError:
        raise RecipeError(f"{path}: not YAML: it is nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        location = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or error
        raise RecipeError(f"{location}: not YAML: {problem}") from error
