"""The reference of commands and of recipes, made from the program itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from vaner.cli.app import app
from vaner.training.recipe.schema import Recipe

Schema = Mapping[str, Any]

_CALL = re.compile(r"`((?:[a-z]+ [^`|]*\| )?vaner [^`]+)`")


def commands() -> str:
    """Every command with its arguments and options, as a page."""
    program = typer.main.get_command(app)
    head = ["# Commands", "", "What `--help` tells of each, made from the program.", ""]
    return "\n".join([*head, *_command("vaner", program, 2)]) + "\n"


def _command(name: str, command: Any, level: int) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    if name != "vaner":
        yield f"{'#' * level} {name}"
        yield ""
    yield from _help(command.help or "")
    shown = [p for p in command.params if not getattr(p, "hidden", False)]
    if shown:
        yield "| | | default |"
        yield "|---|---|---|"
        yield from map(_parameter, shown)
        yield ""
    for own, below in inner.items():
        yield from _command(f"{name} {own}", below, level + (name != "vaner"))


def _help(text: str) -> Iterator[str]:
    """The text of a command, its examples as one block."""
    calls: list[str] = []
    for paragraph in text.split("\n\n"):
        calls += _CALL.findall(paragraph)
        told = re.sub(r"\s+", " ", _CALL.sub("", paragraph)).strip()
        if told:
            yield from (told, "")
    if calls:
        yield from ("```console", *(f"$ {call}" for call in calls), "```", "")


def _parameter(parameter: Any) -> str:
    """A row of the table."""
    positional = not parameter.opts[0].startswith("-")
    names = [parameter.metavar or parameter.name.upper()] if positional else parameter.opts
    name = " ".join(f"`{one}`" for one in (*names, *parameter.secondary_opts))
    told = [_cell(getattr(parameter, "help", None) or "")]
    if parameter.required:
        told.append("Required.")
    if parameter.envvar:
        told.append(f"Or set `{parameter.envvar}`.")
    default = parameter.default
    quiet = default is None or default is False or default == [] or parameter.required
    return f"| {name} | {' '.join(told)} | {'' if quiet else f'`{default}`'} |"


def recipes() -> str:
    """Every part of a recipe with its fields, as a page."""
    schema = Recipe.model_json_schema()
    parts: dict[str, Schema] = {"Recipe": schema, **schema["$defs"]}
    order = ["Recipe", "StageRecipe", "CorpusSource", "DenseSource", "DevSource"]
    order += sorted(parts.keys() - set(order), key=list(parts).index)
    lines = [
        "# Recipes",
        "",
        "All that can stand in a recipe, made from the schema that `vaner train --schema` prints.",
        "A field that is not listed is refused, with the line it stands on.",
        "",
    ]
    for name in order:
        lines += _part(name, parts[name])
    return "\n".join(lines) + "\n"


def _part(name: str, schema: Schema) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield re.sub(r"``([^`]+)``", r"`\1`", schema.get("description", ""))
    yield ""
    yield "| field | what may stand there | default |"
    yield "|---|---|---|"
    needed = schema.get("required", ())
    for field, value in schema["properties"].items():
        default = "**required**" if field in needed else _value(value.get("default", ...))
        yield f"| `{field}` | {_cell(_kind(value))} | {default} |"
    yield ""


def _kind(value: Schema) -> str:
    """What a field holds, in words."""
    if "$ref" in value:
        part = value["$ref"].rpartition("/")[2]
        return f"[{part}](#{part.lower()})"
    for union in ("anyOf", "oneOf"):
        if union in value:
            return " or ".join(_kind(one) for one in value[union])
    if "const" in value or "enum" in value:
        return " or ".join(f"`{one}`" for one in value.get("enum", [value.get("const")]))
    if value.get("type") == "array":
        return f"a list of: {_kind(value.get('items', {}))}"
    if value.get("type") == "object":
        return f"a mapping of names to: {_kind(value.get('additionalProperties', {}))}"
    bounds = [
        f"{word} {value[key]}"
        for key, word in (
            ("minimum", "at least"), ("exclusiveMinimum", "above"),
            ("maximum", "at most"), ("exclusiveMaximum", "below"),
        )
        if key in value
    ]  # fmt: skip
    words = {"string": "text", "integer": "a whole number", "number": "a number",
             "boolean": "`true` or `false`", "null": "`null`"}  # fmt: skip
    return ", ".join([words.get(value.get("type", ""), "anything"), *bounds])


def _value(default: Any) -> str:
    """A default as it would stand in the file; made ones are told in the text."""
    if default is ...:
        return "see there"
    names: dict[Any, str] = {None: "`null`", True: "`true`", False: "`false`"}
    if default is None or isinstance(default, bool):
        return names[default]
    return f"`{default}`"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", r"\|")
