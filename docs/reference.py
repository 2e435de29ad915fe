"""Generates the references of commands and of recipes from the program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from vaner.cli.app import app
from vaner.training.recipe.schema import Recipe

Schema = Mapping[str, Any]

_CALL = re.compile(r"`((?:[a-z]+ [^`|]*\| )?vaner [^`]+)`")
_TYPE_NAMES = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "`true` or `false`",
    "null": "`null`",
}
_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def render_commands() -> str:
    """Return the reference of all commands, with their arguments and options, as Markdown."""
    program = typer.main.get_command(app)
    head = ["# Commands", "", "This page has the same content as `--help`.", ""]
    return "\n".join([*head, *_render_command("vaner", program, 2)]) + "\n"


def _render_command(name: str, command: Any, level: int) -> Iterator[str]:
    if name != "vaner":
        yield f"{'#' * level} {name}"
        yield ""
    yield from _render_help(command.help or "")
    parameters = [p for p in command.params if not getattr(p, "hidden", False)]
    if parameters:
        yield "| Option | Description | Default |"
        yield "|---|---|---|"
        yield from map(_render_parameter, parameters)
        yield ""
    for subname, subcommand in getattr(command, "commands", {}).items():
        yield from _render_command(f"{name} {subname}", subcommand, level + (name != "vaner"))


def _render_help(text: str) -> Iterator[str]:
    """Yield the lines of a help text, with all its examples in one code block."""
    examples: list[str] = []
    for paragraph in text.split("\n\n"):
        examples += _CALL.findall(paragraph)
        prose = re.sub(r"\s+", " ", _CALL.sub("", paragraph)).strip()
        if prose:
            yield from (prose, "")
    if examples:
        yield from ("```console", *(f"$ {example}" for example in examples), "```", "")


def _render_parameter(parameter: Any) -> str:
    """Return the table row of an argument or option."""
    is_positional = not parameter.opts[0].startswith("-")
    names = [parameter.metavar or parameter.name.upper()] if is_positional else parameter.opts
    name = " ".join(f"`{spelling}`" for spelling in (*names, *parameter.secondary_opts))
    description = [_escape_cell(getattr(parameter, "help", None) or "")]
    if parameter.required:
        description.append("Required.")
    if parameter.envvar:
        description.append(f"Environment variable: `{parameter.envvar}`.")
    default = parameter.default
    is_hidden = default is None or default is False or default == [] or parameter.required
    return f"| {name} | {' '.join(description)} | {'' if is_hidden else f'`{default}`'} |"


def render_recipes() -> str:
    """Return the reference of all parts of a recipe, with their fields, as Markdown."""
    schema = Recipe.model_json_schema()
    parts: dict[str, Schema] = {"Recipe": schema, **schema["$defs"]}
    order = ["Recipe", "StageRecipe", "CorpusSource", "DenseSource", "DevSource"]
    order += sorted(parts.keys() - set(order), key=list(parts).index)
    lines = [
        "# Recipes",
        "",
        "All fields of a recipe, from the schema that `vaner train --schema` prints. An unknown",
        "field is an error, and the message names its line.",
        "",
    ]
    for name in order:
        lines += _render_part(name, parts[name])
    return "\n".join(lines) + "\n"


def _render_part(name: str, schema: Schema) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield re.sub(r"``([^`]+)``", r"`\1`", schema.get("description", ""))
    yield ""
    yield "| Field | Type | Default | Description |"
    yield "|---|---|---|---|"
    required = schema.get("required", ())
    for field, value in schema["properties"].items():
        default = "**required**" if field in required else _render_value(value.get("default", ...))
        meaning = re.sub(r"``([^`]+)``", r"`\1`", value.get("description", ""))
        row = (_escape_cell(_describe_type(value)), default, _escape_cell(meaning.strip()))
        yield f"| `{field}` | {' | '.join(row)} |"
    yield ""


def _describe_type(value: Schema) -> str:
    """Return the type of a field in words."""
    if "$ref" in value:
        part = value["$ref"].rpartition("/")[2]
        return f"[{part}](#{part.lower()})"
    for union in ("anyOf", "oneOf"):
        if union in value:
            return " or ".join(map(_describe_type, value[union]))
    if "const" in value or "enum" in value:
        return " or ".join(f"`{choice}`" for choice in value.get("enum", [value.get("const")]))
    if value.get("type") == "array":
        return f"a list of: {_describe_type(value.get('items', {}))}"
    if value.get("type") == "object":
        return f"a mapping of names to: {_describe_type(value.get('additionalProperties', {}))}"
    bounds = [f"{words} {value[key]}" for key, words in _BOUNDS.items() if key in value]
    return ", ".join([_TYPE_NAMES.get(value.get("type", ""), "any value"), *bounds])


def _render_value(default: Any) -> str:
    """Return a default value as YAML; the description explains computed ones."""
    if default is ...:
        return "see the description"
    if default is None or isinstance(default, bool):
        return {None: "`null`", True: "`true`", False: "`false`"}[default]
    return f"`{default}`"


def _escape_cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", r"\|")
