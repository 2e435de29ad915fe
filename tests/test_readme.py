"""What the README shows is so: its recipe is one, its commands and options exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from vaner.interfaces.cli.app import app
from vaner.training.recipe_file import read_recipe

TEXTS = {
    path: path.read_text("utf-8")
    for path in Path(__file__).resolve().parent.parent.glob("**/README.md")
    if ".venv" not in path.parts and "models" not in path.parts
}


def blocks(language: str) -> list[str]:
    return [
        block
        for text in TEXTS.values()
        for block in re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)
    ]


@pytest.mark.parametrize("block", blocks("yaml"))
def test_a_recipe_that_is_shown_is_one(block: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(block, "utf-8")
    assert read_recipe(path).stages


def commands() -> list[str]:
    """Calls of vaner in the shell blocks and in the running text."""
    shown = "\n".join(blocks("sh")) + "\n".join(
        call for text in TEXTS.values() for call in re.findall(r"`(vaner [^`]+)`", text)
    )
    return sorted(set(re.findall(r"(?:^|[ /])vaner ((?:kb |corpus )?[a-z]+[^\n|#]*)", shown, re.M)))


def test_every_command_and_option_that_is_shown_exists() -> None:
    program = typer.main.get_command(app)
    for line in commands():
        words, command = line.split(), program
        while words and hasattr(command, "commands"):
            name = words.pop(0)
            assert name in command.commands, line
            command = command.commands[name]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        options = re.findall(r"(?<!\S)(--?[a-z][\w-]*)", " ".join(words))
        assert set(options) <= known, f"vaner {line}: {sorted(set(options) - known)}"
    assert len(commands()) > 10
