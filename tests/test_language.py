"""Checks the language and the size of the code: banned words, length of files, functions and lines.

DESIGN asks for plain standard English and for files and functions that fit on a screen or two. List
what is left to do in a folder with

    python tests/test_language.py vaner/formats

A word is banned because the project once used it in an unusual sense ("told" for "printed"). Write
what happens instead. Inline code, text between generated markers and "your own" are allowed.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent

HASH_COMMENTS = (".toml", ".yaml", ".yml", ".service")
CHECKED_SUFFIXES = (".py", ".md", ".html", ".js", ".mjs", ".css", *HASH_COMMENTS)
LONGEST_LINE = 110
LONGEST_FILE = 350
LONGEST_FUNCTION = 60

BANNED_IN_PROSE = (
    "told", "tell", "tells", "telling", "taught", "teaches", "beside", "besides", "stand", "stands",
    "lie", "lies", "own", "kept", "nobody", "whoever", "at hand", "gone on with", "goes on with",
    "brings", "wants", "comes to", "come to", "asked", "asking", "judged", "judging", "begun",
    "apart", "kinship", "whole", "aim", "thoughts", "sure", "blanks", "misfit", "learnt",
)  # fmt: skip
"""Banned in docstrings, comments, messages and pages."""

BANNED_IN_NAMES = {
    *(word for word in BANNED_IN_PROSE if " " not in word),
    "clash",
} - {"stand"}  # fmt: skip
"""Banned as a part of a name, between underscores or capitals."""

BANNED_NAMES = {"found", "one", "other_one", "place"}
"""Banned as a complete name: they do not say what the value is."""

ALLOWED_NAMES = {"stand_ins", "learnt_from"}  # a module of tests, and a deprecated attribute

ALLOWED_TEXTS = {"own threshold", "told the casing"}  # conditions in stored results

_PROSE = re.compile(
    r"(?<![\w-])(?<!your )(" + "|".join(map(re.escape, BANNED_IN_PROSE)) + r")(?![\w-])", re.I
)
_INLINE_CODE = re.compile(r"``[^`]+``|`[^`\n]+`")
_GENERATED = re.compile(r"<!-- (\S+):begin -->.*?<!-- \1:end -->", re.S)
_HASH_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*", re.M)
_CODE_BLOCK = re.compile(r"^( *)(```+|~~~+).*?^\1\2", re.M | re.S)
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.S)
_NAME_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


class Finding(NamedTuple):
    """A banned word, or a file or function that is too long."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def folders() -> list[str]:
    """Return the folders that are checked one by one."""
    inside = sorted(
        path.relative_to(ROOT).as_posix()
        for parent in ("vaner", "tests")
        for path in (ROOT / parent).iterdir()
        if path.is_dir() and path.name not in ("__pycache__", "data")
    )
    return ["vaner", "tests", *inside, "experiments", "benchmarks", "docs", "."]


def files(folder: str) -> list[Path]:
    """Return the files to check of a folder, without those of other listed folders."""
    root = ROOT / folder
    pattern = "*" if folder in (".", "vaner", "tests") else "**/*"
    return sorted(
        path
        for path in root.glob(pattern)
        if path.suffix in CHECKED_SUFFIXES and path.is_file()
        if path != Path(__file__).resolve() and "iframe-worker" not in path.name
    )


def check_file(path: Path) -> Iterator[Finding]:
    """Yield the findings of a file."""
    name, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    if path.suffix in HASH_COMMENTS:
        for match in _HASH_COMMENT.finditer(text):
            yield from check_prose(name, 1 + text.count("\n", 0, match.start()), match[0])
        return
    if path.suffix == ".md" and not name.startswith("vaner/models/"):  # model cards are generated
        yield from check_line_lengths(name, text)
    if path.suffix != ".py":
        yield from check_prose(name, 1, _GENERATED.sub(keep_lines, text))
        return
    is_test = name.startswith("tests/")
    tree = ast.parse(text)
    yield from check_names(name, tree)
    yield from check_docstrings(name, tree)
    yield from check_comments(name, text)
    if not is_test:  # the texts of tests are data
        yield from check_messages(name, tree)
    if name.startswith("vaner/"):
        yield from check_sizes(name, text, tree)


def keep_lines(match: re.Match[str]) -> str:
    """Return as many line breaks as a match has, so that line numbers stay right."""
    return "\n" * match[0].count("\n")


def check_line_lengths(name: str, text: str) -> Iterator[Finding]:
    """Yield the lines of a page that are too long, except tables, code and generated parts."""
    for excluded in (_FRONT_MATTER, _GENERATED, _CODE_BLOCK):
        text = excluded.sub(keep_lines, text)
    for number, line in enumerate(text.split("\n"), 1):
        is_prose = " " in line.strip() and not line.startswith(("|", "[The table]"))
        if is_prose and len(line) > LONGEST_LINE:
            yield Finding(name, number, f"the line has more than {LONGEST_LINE} characters")


def check_prose(name: str, line: int, text: str) -> Iterator[Finding]:
    """Yield the banned words of a text that starts on a line."""
    plain = _INLINE_CODE.sub(keep_lines, text)
    for match in _PROSE.finditer(plain):
        number = line + plain.count("\n", 0, match.start())
        yield Finding(name, number, f"the word {match[0]!r} is banned in prose")


def check_docstrings(name: str, tree: ast.Module) -> Iterator[Finding]:
    """Yield the banned words in docstrings, attribute docstrings included, but not in doctests."""
    for text in docstrings(tree):
        prose = re.sub(r"^\s*(>>>|\.\.\.).*$", "", str(text.value), flags=re.M)
        yield from check_prose(name, text.lineno, prose)


def docstrings(tree: ast.Module) -> list[ast.Constant]:
    """Return the strings that are statements, as docstrings are."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]


def check_comments(name: str, text: str) -> Iterator[Finding]:
    """Yield the banned words in comments."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield from check_prose(name, token.start[0], token.string)


def check_messages(name: str, tree: ast.Module) -> Iterator[Finding]:
    """Yield the banned words in strings with several words; a single word may be an alias."""
    excluded = set(map(id, docstrings(tree)))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in excluded
            and node.value not in ALLOWED_TEXTS
            and " " in node.value.strip()
        ):
            yield from check_prose(name, node.lineno, node.value)


def check_names(name: str, tree: ast.Module) -> Iterator[Finding]:
    """Yield the names of definitions, parameters, variables and attributes with banned words."""
    for node in ast.walk(tree):
        for identifier in defined_names(node):
            parts = {part.lower() for part in _NAME_PARTS.findall(identifier)}
            if identifier in ALLOWED_NAMES:
                continue
            if parts & BANNED_IN_NAMES or identifier.lstrip("_") in BANNED_NAMES:
                line = getattr(node, "lineno", 1)
                yield Finding(name, line, f"the name {identifier!r} does not say what it is")


def defined_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.id if isinstance(node, ast.Name) else node.attr
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name


def check_sizes(name: str, text: str, tree: ast.Module) -> Iterator[Finding]:
    """Yield files and functions that are too long.

    Signatures and docstrings of the command line do not count: they are the options and the help
    text of a command.
    """
    lines = text.count("\n")
    if lines > LONGEST_FILE:
        yield Finding(name, 1, f"the file has {lines} lines, more than {LONGEST_FILE}")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = first_statement(node) if name.startswith("vaner/cli/") else node
            length = (node.end_lineno or node.lineno) - first.lineno + 1
            if length > LONGEST_FUNCTION:
                yield Finding(
                    name,
                    node.lineno,
                    f"{node.name} has {length} lines, more than {LONGEST_FUNCTION}",
                )


def first_statement(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    """Return the first statement of a function after its docstring."""
    has_docstring = ast.get_docstring(function) is not None and len(function.body) > 1
    return function.body[1 if has_docstring else 0]


@pytest.mark.parametrize("folder", folders())
def test_folder_is_clean(folder: str) -> None:
    findings = [finding for path in files(folder) for finding in check_file(path)]
    assert not findings, "\n".join(map(str, findings))


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ('"""What it was told."""', 1),
        ('"""Return the option `told`."""', 0),
        ("found = 1", 1),
        ("self.found = 1", 1),
        ("def f(one): ...", 1),
        ("not_found = 1", 0),
        ("# stands here", 1),
        ("# a stand-in", 0),
        ('print("it was told")', 1),
        ('alias = "kept"', 0),
        ("def _own(): ...", 1),
        ("isOwn = True", 1),
    ],
)
def test_banned_words_are_found(code: str, count: int) -> None:
    tree = ast.parse(code)
    checks = (
        *check_names("x", tree),
        *check_docstrings("x", tree),
        *check_comments("x", code),
        *check_messages("x", tree),
    )
    assert len(checks) == count


def test_generated_parts_of_pages_are_not_checked() -> None:
    text = "a\n<!-- results:begin -->\ntold\n<!-- results:end -->\ntold"
    [finding] = check_prose("x", 1, _GENERATED.sub(keep_lines, text))
    assert finding.line == 5


def test_comments_of_data_files_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    path = tmp_path / "data.toml"
    path.write_text(
        'phrases = ["apart from"]\n# stands here\nurl = "x#lies"  # lies here\n', "utf-8"
    )
    assert [finding.line for finding in check_file(path)] == [2, 3]


def test_long_lines_of_pages_are_found() -> None:
    prose, row = "word " * 30, f"| {'cell ' * 30}|"
    text = f"{prose}\n\n{row}\n\n```sh\n{prose}\n```\n{prose}\n"
    assert [finding.line for finding in check_line_lengths("x", text)] == [1, 8]


def test_long_functions_are_found() -> None:
    code = "def f():\n" + "    pass\n" * LONGEST_FUNCTION
    [finding] = check_sizes("x", code, ast.parse(code))
    assert "f has 61 lines" in finding.message


def option_help(command: str, option: str) -> str:
    """Return the help text of an option of the command line."""
    import typer

    from vaner.cli.app import app

    program: Any = typer.main.get_command(app)
    for name in command.split():
        program = program.commands[name]
    return next(p.help for p in program.params if option in p.opts)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("annotate", "--input-format"),
        ("annotate", "--format"),
        ("corpus convert", "--input-format"),
    ],
)
def test_help_lists_every_format(command: str, option: str) -> None:
    from vaner.formats import FORMATS

    text = option_help(command, option)
    is_output = option in ("--format", "--to")
    names = {f.name for f in FORMATS.values() if f.is_writable or not is_output}
    assert {name for name in names if not re.search(rf"\b{name}\b", text)} == set()


def test_server_lists_every_format() -> None:
    from vaner.formats import FORMATS
    from vaner.server.request import READABLE, QueryParams

    fields = QueryParams.model_fields
    inputs = set(READABLE)
    outputs = {f.name for f in FORMATS.values() if f.is_writable}
    for field, names in (("input_format", inputs), ("format", outputs)):
        text = fields[field].description or ""
        assert {name for name in names if not re.search(rf"\b{name}\b", text)} == set()


def test_page_lists_every_format() -> None:
    from vaner.formats import FORMATS

    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    assert {name for name in FORMATS if f"`{name}`" not in page} == set()


if __name__ == "__main__":
    names = sys.argv[1:] or folders()
    findings = [f for name in names for path in files(name.rstrip("/")) for f in check_file(path)]
    sys.exit("\n".join(map(str, findings)) or None)
