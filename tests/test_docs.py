"""What the documentation and the README show is so: their blocks are run, their commands exist.

The blocks of a page are run from top to bottom in one folder, against what `tests.stand_ins` has.
What cannot be run here says why, to the reader as well: a comment line that begins with ``# needs``
stands before it, in shell blocks up to the next empty line, in Python for the rest of the block. A
yaml block is a recipe; one with a title is the file of that name.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from tests import stand_ins
from vaner.cli.app import app
from vaner.training.recipe.file import read_recipe

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text("utf-8")
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
READMES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for folder in ("experiments", "knowledge_bases", "benchmarks")
    for path in sorted((ROOT / folder).rglob("README.md"))
}
LANGUAGES = {"sh", "python", "yaml"}
NOT_RUN = {"", "text", "json", "console"}  # what is shown: outputs, files
NEEDED = re.compile(r"# needs \S.*")

GIVEN = {"texts": ["Metformin treats diabetes."]}
"""Names that a page may use without having made them."""

TAGGER = """\
name: tagger
model: {backbone: minilm-l6, lora: null}
stages: [{sources: [{corpus: NCBI-disease}]}]
dev: [{corpus: NCBI-disease}]
"""
"""A recipe that the README speaks of."""

_BLOCK = re.compile(r"^```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    title: str
    text: str


def blocks(text: str) -> list[Block]:
    return [Block(*found) for found in _BLOCK.findall(text)]


def runnable(block: Block) -> str:
    """A block without what it says that it cannot run here."""
    kept: list[str] = []
    left_out = False
    for line in block.text.splitlines():
        ended = block.language == "sh" and not line.strip()
        left_out = bool(NEEDED.fullmatch(line)) or (left_out and not ended)
        if not left_out:
            kept.append(line)
    return "\n".join(kept)


def test_every_block_says_what_it_is() -> None:
    for name, text in PAGES.items():
        for block in blocks(text):
            assert block.language in LANGUAGES | NOT_RUN, f"{name}: {block}"
        assert len(re.findall(r"^```", text, re.M)) == 2 * len(blocks(text)), name


def test_what_is_not_run_says_why() -> None:
    text = "a\n# needs a GPU\nb\n\nc"
    assert runnable(Block("sh", "", text)) == "a\n\nc"
    assert runnable(Block("python", "", text)) == "a"
    assert runnable(Block("sh", "", "# not needed\nb")) == "# not needed\nb"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's home: corpora, and a cache with the open base in it."""
    folder = tmp_path_factory.mktemp("home")
    stand_ins.corpora(folder / "corpora")
    stand_ins.open_base(folder / "open")
    return folder


@pytest.fixture(scope="module")
def model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model, with a corpus that it may be told a text is from."""
    folder = tmp_path_factory.mktemp("model") / "tiny"
    shutil.copytree(tiny_model, folder)
    config = folder / "config.json"
    config.write_text(config.read_text("utf-8").replace('"tiny"', '"BC5CDR"'), "utf-8")
    return folder


@pytest.fixture(scope="module")
def wide_backbone(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stand_ins.wide_backbone(tmp_path_factory.mktemp("wide") / "backbone", tiny_backbone)


@pytest.fixture
def page_folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a reader sits: a clone's examples and experiments, and some texts of one's own."""
    from vaner.formats import write
    from vaner.text.documents import Document, Span

    folder = tmp_path / "here"
    folder.mkdir()
    for name in ("examples", "experiments"):
        (folder / name).symlink_to(ROOT / name)
    text = "Metformin treats diabetes."
    documents = [Document("1", text, (Span(0, 9, "Chemical"), Span(17, 25, "Disease")))]
    write(documents, folder / "abstracts.pubtator", "pubtator")
    write(documents, folder / "my_corpus.jsonl", "jsonl")
    write(documents, folder / "notes.txt.gz", "lines")
    write(documents, folder / "notes.txt", "lines")
    (folder / "tagger.yaml").write_text(TAGGER)
    (folder / "notes").mkdir()
    (folder / "notes" / "one.txt").write_text(text)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VANER_CORPORA", str(home / "corpora"))
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.heavy
@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if blocks(text)])
def test_the_blocks_of_a_page_run(
    name: str,
    page_folder: Path,
    home: Path,
    model: Path,
    tiny_backbone: Path,
    wide_backbone: Path,
    request: pytest.FixtureRequest,
) -> None:
    shell = stand_ins.Shell(page_folder, home, home / "open" / "open.toml")
    request.addfinalizer(shell.close)
    names: dict[str, Any] = {"__name__": "page", "__builtins__": builtins, **GIVEN}
    made: set[str] = set()
    with stand_ins.small_models(model, tiny_backbone, wide_backbone):
        for block in blocks(PAGES[name]):
            if needs_open(block.text) and "open" not in made:
                made.add("open")
                shell.run("vaner kb build open --quiet")
            if block.language == "yaml":
                check_recipe(block, page_folder)
            elif block.language == "sh" and runnable(block).strip():
                shell.run(runnable(block))
            elif block.language == "python":
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(runnable(block), f"{name}: block", "exec"), names)


def needs_open(text: str) -> bool:
    """Whether a block takes for granted that the open base is built."""
    return bool(re.search(r"--kb open|open_base\(\"open\"\)|vaner kb (match|related)", text))


def check_recipe(block: Block, folder: Path) -> None:
    path = folder / (block.title or "shown.yaml")
    path.write_text(block.text, "utf-8")
    assert read_recipe(path).stages


def test_the_first_page_shows_what_the_embedded_model_answers() -> None:
    from vaner.annotator import Annotator
    from vaner.backbones.locate import EMBEDDED

    if find_spec(EMBEDDED["minilm-l6"].module) is None:
        pytest.skip("the weights of the default model are not installed")
    shown = next(b.text for b in blocks(PAGES["docs/index.md"]) if b.language == "text")
    document = Annotator.from_pretrained(device="cpu")("Metformin treats diabetes.")
    rows = [f"{s.start} {s.end} {s.type} {document.mention(s)}" for s in document.spans]
    lines = [line.split() for line in shown.splitlines()[2:]]
    assert [" ".join(line[:4]) for line in lines] == rows
    scores = [float(line[-1]) for line in lines]
    assert scores == pytest.approx([span.score for span in document.spans], abs=0.002)


def test_a_recipe_that_is_shown_elsewhere_is_one(tmp_path: Path) -> None:
    for text in READMES.values():
        for block in blocks(text):
            if block.language == "yaml":
                check_recipe(block, tmp_path)


def commands() -> list[str]:
    """Calls of vaner in the shell blocks and in the running text, also of what is not run."""
    texts = [*PAGES.values(), *READMES.values()]
    shown = [b.text for text in texts for b in blocks(text) if b.language == "sh"]
    shown += [call for text in texts for call in re.findall(r"`(vaner [^`]+)`", text)]
    pattern = r"(?:^|[ /(\"'])vaner ((?:kb |corpus )?[a-z]+[^\n|#]*)"
    joined = "\n".join(shown).replace("\\\n", " ")
    return sorted(set(re.findall(pattern, joined, re.M)))


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
    assert len(commands()) > 30


def test_make_targets_that_are_shown_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    shown = [*PAGES.values(), *READMES.values()]
    named = {name for text in shown for name in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.M)}
    assert named and named <= targets


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The modules under docs/, importable as mkdocs imports them."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    yield
    for name in ("doctests", "elsewhere", "reference"):
        sys.modules.pop(name, None)


def test_the_references_name_every_command_and_every_field(making: None) -> None:
    import reference

    page = reference.commands()

    def walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield name, command
        for own, below in getattr(command, "commands", {}).items():
            yield from walk(f"{name} {own}", below)

    for name, command in walk("vaner", typer.main.get_command(app)):
        assert name == "vaner" or re.search(rf"^#+ {name}$", page, re.M)
        for option in (o for p in command.params for o in p.opts if o.startswith("--")):
            assert f"`{option}`" in page
    recipes = reference.recipes()
    from vaner.training.recipe.schema import Recipe

    for part, schema in {"Recipe": (full := Recipe.model_json_schema()), **full["$defs"]}.items():
        section = recipes.partition(f"## {part}\n")[2].partition("\n## ")[0]
        assert all(f"| `{field}` |" in section for field in schema["properties"])


def test_examples_in_docstrings_are_code(making: None) -> None:
    pytest.importorskip("griffe")
    import doctests

    assert doctests.fenced("A.\n\n>>> f(1)  # doctest: +SKIP\n2\n\nB.") == (
        "A.\n\n```pycon\n>>> f(1)\n2\n```\n\nB."
    )


def test_tables_and_links_from_elsewhere(making: None) -> None:
    import elsewhere

    asked = "[The table](../experiments/README.md) <!-- include: experiments/README.md {} -->"
    table = elsewhere.completed(asked.format("results"), "results.md")
    assert table.startswith("| experiment |") and "embedded_biomedical" in table
    assert "](embedded" not in table  # a folder that has no page is no link
    link = elsewhere.relinked("[p](peers) [s](https://x.org)", "experiments/README.md", "a.md")
    assert link == "[p](studies/peers.md) [s](https://x.org)"
    with pytest.raises(ValueError, match="no part"):
        elsewhere.completed(asked.format("nothing"), "results.md")
    for page in ("results.md", "studies/mix.md"):  # links that lead to pages already
        assert (
            elsewhere.completed("[a](claims.md) [b](x.md#y)", page) == "[a](claims.md) [b](x.md#y)"
        )
    out = "[m](../experiments/mix/README.md#a) [d](formats.md)"
    assert elsewhere.completed(out, "methods.md") == "[m](studies/mix.md#a) [d](formats.md)"
