"""Runs the code blocks of the documentation and the README, and checks their commands and options.

The blocks of a page run from top to bottom in one folder, against the small stand-ins of
`tests.stand_ins`. A comment line that starts with ``# needs`` marks what cannot run in the tests,
and says why: in a shell block up to the next empty line, in a Python block up to its end.
A YAML block is a recipe. A block with a title is saved under that name.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise
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
NOT_RUN = {"", "text", "json", "console"}  # outputs and files
NEEDS = re.compile(r"# needs \S.*")

_BLOCK = re.compile(r"^```(\w*)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    title: str
    text: str


def read_blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [Block(*groups) for groups in _BLOCK.findall(text)]


def runnable_code(block: Block) -> str:
    """Return the code of a block without the lines that ``# needs`` excludes."""
    lines: list[str] = []
    is_excluded = False
    for line in block.text.splitlines():
        ends_here = block.language == "sh" and not line.strip()
        is_excluded = bool(NEEDS.fullmatch(line)) or (is_excluded and not ends_here)
        if not is_excluded:
            lines.append(line)
    return "\n".join(lines)


def test_every_block_names_its_language() -> None:
    for name, text in PAGES.items():
        for block in read_blocks(text):
            assert block.language in LANGUAGES | NOT_RUN, f"{name}: {block}"
        assert len(re.findall(r"^```", text, re.M)) == 2 * len(read_blocks(text)), name


def test_every_page_begins_with_a_command_and_its_output() -> None:
    pages = {name: text for name, text in PAGES.items() if re.fullmatch(r"docs/[^/]+\.md", name)}
    for name, text in pages.items():
        command, output = read_blocks(text)[:2]
        assert command.language in {"sh", "python"} and output.language in {"text", "json"}, name
        first_section = text.find("\n## ") % len(text)
        assert text.index("\n```") < first_section, name
    assert len(pages) > 20


def test_needs_comment_excludes_lines() -> None:
    text = "a\n# needs a GPU\nb\n\nc"
    assert runnable_code(Block("sh", "", text)) == "a\n\nc"
    assert runnable_code(Block("python", "", text)) == "a"
    assert runnable_code(Block("sh", "", "# not needed\nb")) == "# not needed\nb"


def test_nothing_installs_vaner_from_a_registry() -> None:
    """The name belongs to another project there: install the checkout or a wheel instead."""
    stranger = re.compile(r"pip install (?:-\S+ )*['\"]?vaner(?![\w-])|(?<![\w.])vaner\[[a-z,]+\]")
    folders = ("vaner", "docs", "tests", "experiments", "knowledge_bases", "benchmarks", "examples")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.[hjmptyc]*")]
    for path in [*files, *(path for path in ROOT.iterdir() if path.is_file())]:
        if path.is_file() and path != Path(__file__):
            text = path.read_text("utf-8", errors="ignore")
            assert not stranger.search(text), path
    assert stranger.search("pip install 'vaner" + "[serve]'") and stranger.search(
        "pip install vaner"
    )
    assert not stranger.search("pip install vaner-ner") and not stranger.search("vaner.docs[0]")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home folder with corpora and the sources of the knowledge base `open`."""
    folder = tmp_path_factory.mktemp("home")
    stand_ins.write_corpora(folder / "corpora")
    stand_ins.write_open_base(folder / "open")
    return folder


@pytest.fixture(scope="module")
def model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tiny model, renamed so that it knows the corpus BC5CDR by name."""
    folder = tmp_path_factory.mktemp("model") / "tiny"
    shutil.copytree(tiny_model, folder)
    config = folder / "config.json"
    config.write_text(config.read_text("utf-8").replace('"tiny"', '"BC5CDR"'), "utf-8")
    return folder


@pytest.fixture(scope="module")
def wide_backbone(tiny_backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stand_ins.save_wide_backbone(tmp_path_factory.mktemp("wide") / "backbone", tiny_backbone)


@pytest.fixture
def page_folder(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with what readers have in a checkout, and nothing else."""
    folder = tmp_path / "page"
    folder.mkdir()
    for name in ("examples", "experiments"):
        (folder / name).symlink_to(ROOT / name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("VANER_CORPORA", str(home / "corpora"))
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.heavy
@pytest.mark.parametrize("name", [name for name, text in PAGES.items() if read_blocks(text)])
def test_blocks_of_page_run(
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
    names: dict[str, Any] = {"__name__": "page", "__builtins__": builtins}
    has_open_base = False
    with stand_ins.small_models(model, tiny_backbone, wide_backbone):
        for block in read_blocks(PAGES[name]):
            if needs_open_base(block.text) and not has_open_base:
                has_open_base = True
                shell.run("vaner kb build open --quiet")
            if block.language == "yaml":
                check_recipe(block, page_folder, tiny_backbone)
            elif block.language == "sh" and runnable_code(block).strip():
                shell.run(runnable_code(block))
            elif block.language == "python":
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(runnable_code(block), f"{name}: block", "exec"), names)


def needs_open_base(text: str) -> bool:
    """Return whether a block requires the knowledge base `open`."""
    return bool(re.search(r"--kb open|open_base\(\"open\"\)|vaner kb (match|related)", text))


def check_recipe(block: Block, folder: Path, backbone: Path) -> None:
    """Save a recipe, with folders for the backbones that it names as ./NAME, and read it."""
    for name in re.findall(r"backbone: \./(\S+)", block.text):
        (folder / name).symlink_to(backbone)
    path = folder / (block.title or "untitled.yaml")
    path.write_text(block.text, "utf-8")
    assert read_recipe(path).stages


def shown_predictions(page: str) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return the texts that a page annotates with the default model, and the mentions it shows.

    A mention is its start, its end, its type, its words and its score.
    """
    shown = []
    blocks = read_blocks(page)
    for command, output in pairwise(blocks):
        text = re.search(r'vaner annotate --text "([^"]+)"\n', command.text)
        if text and output.text.startswith("text\nstart  end  type"):
            lines = (re.split(r"  +", line.strip()) for line in output.text.splitlines()[2:])
            shown.append((text[1], [tuple(line) for line in lines]))
        elif output.language == "json" and '"documents"' in output.text:
            for item in json.loads(output.text)["documents"]:
                names = ("start", "end", "type", "text", "score")
                rows = [tuple(str(span[name]) for name in names) for span in item["spans"]]
                shown.append((item["text"], rows))
    return shown


@pytest.mark.heavy
def test_pages_show_predictions_of_embedded_model() -> None:
    from vaner.annotator import Annotator

    annotator = Annotator.from_pretrained(device="cpu")
    pages = {name: shown_predictions(text) for name, text in PAGES.items()}
    assert len([name for name, shown in pages.items() if shown]) >= 5
    for name, shown in pages.items():
        for text, rows in shown:
            document = annotator(text)
            types = {row[2] for row in rows}
            predicted = [span for span in document.spans if span.type in types]
            places = [(str(s.start), str(s.end), s.type, document.mention(s)) for s in predicted]
            assert [row[:4] for row in rows] == places, name
            scores = [float(row[4]) for row in rows]
            assert scores == pytest.approx([span.score for span in predicted], abs=0.002), name


def test_page_shows_minimum_scores_of_embedded_model() -> None:
    from vaner.calibration.calibration import read_calibration
    from vaner.models.locate import locate_model

    calibration = read_calibration(locate_model())
    assert calibration is not None
    page = " ".join(PAGES["docs/choosing.md"].split())
    listed = page.split("drops names with a lower mean score in a document for ")[1].split(". ")[
        0:2
    ]
    groups = re.findall(r"([\w, ]+?) \((0\.\d+)\)", ". ".join(listed))
    shown = {
        type: float(score) for types, score in groups for type in re.findall(r"[A-Z]\w+", types)
    }
    assert shown == calibration.min_scores


def shown_scores(page: str) -> dict[str, list[float]]:
    """Return the percentages of each row of the first output of `vaner evaluate` on a page."""
    table = next(b.text for b in read_blocks(page) if "strict unless stated otherwise" in b.text)
    rows = (re.split(r"  +", line) for line in table.splitlines()[2:])
    return {name: [float(value) for value in values[:3]] for name, *values in rows if values}


def recorded_scores(result: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return the percentages of a record of results, as `vaner evaluate` names its rows."""
    rows = {**result["types"], "micro": result["micro"], "unseen": result["unseen"]}
    return {
        name: [round(100 * row[key], 2) for key in ("precision", "recall", "f1")]
        for name, row in rows.items()
        if row is not None
    }


def test_pages_show_recorded_scores() -> None:
    def read_json(name: str) -> Any:
        return json.loads((ROOT / name).read_text("utf-8"))

    (default,) = (
        run
        for run in read_json("benchmarks/forms.json")["runs"]
        if (run["model"], run["form"], run["test"]) == ("biomedical", "int8", "BC5CDR")
    )
    (llama,) = read_json("experiments/ncbi_disease/results.json")["seeds"]
    pages = {
        "docs/results.md": default,
        "docs/methods.md": llama["scores"]["NCBI-disease test"],
    }
    for name, result in pages.items():
        shown, recorded = shown_scores(PAGES[name]), recorded_scores(result)
        assert {row: shown[row] for row in recorded} == recorded, name


def test_page_shows_recorded_accuracy_of_linking() -> None:
    record = json.loads((ROOT / "experiments" / "linking" / "results.json").read_text("utf-8"))
    accuracy = {
        (row["gold"], row.get("embedded", False)): f"{100 * row['accuracy@1']['value']:.1f}"
        for row in record["rows"]
        if row["type"] == "Disease"
    }
    page = " ".join(PAGES["docs/knowledge.md"].split())
    shown = re.findall(r"from ([\d.]+)% to ([\d.]+)% of (\S+ test)", page)
    assert {name for *_, name in shown} == {"BC5CDR test", "NCBI-disease test"}
    for plain, embedded, name in shown:
        assert (plain, embedded) == (accuracy[name, False], accuracy[name, True]), name


@pytest.mark.corpora
def test_page_shows_scores_of_embedded_model() -> None:
    from vaner.annotator import Annotator
    from vaner.corpora import load
    from vaner.evaluation.evaluate import evaluate

    result = evaluate(
        Annotator.from_pretrained(device="cpu"), load("NCBI-disease", "devel"), bootstrap=0
    )
    scores = result.report.micro  # Disease is the only type
    expected = [100 * value for value in (scores.precision, scores.recall, scores.f1)]
    shown = shown_scores(PAGES["docs/evaluating.md"])
    for name in ("Disease", "micro"):
        assert shown[name] == pytest.approx(expected, abs=0.3), name


def test_recipes_in_readmes_are_valid(tmp_path: Path) -> None:
    for text in READMES.values():
        for block in read_blocks(text):
            if block.language == "yaml":
                check_recipe(block, tmp_path, tmp_path)


def documented_commands() -> list[str]:
    """Return the calls of vaner in shell blocks and in inline code, including those not run."""
    texts = [*PAGES.values(), *READMES.values()]
    code = [b.text for text in texts for b in read_blocks(text) if b.language == "sh"]
    code += [call for text in texts for call in re.findall(r"`(vaner [^`]+)`", text)]
    pattern = r"(?:^|[ /(\"'])vaner ((?:kb |corpus )?[a-z]+[^\n|#]*)"
    joined = "\n".join(code).replace("\\\n", " ")
    return sorted(set(re.findall(pattern, joined, re.M)))


def test_documented_commands_and_options_exist() -> None:
    program = typer.main.get_command(app)
    for line in documented_commands():
        words, command = line.split(), program
        while words and hasattr(command, "commands"):
            name = words.pop(0)
            assert name in command.commands, line
            command = command.commands[name]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
        options = re.findall(r"(?<!\S)(--?[a-z][\w-]*)", " ".join(words))
        assert set(options) <= known, f"vaner {line}: {sorted(set(options) - known)}"
    assert len(documented_commands()) > 30


def test_documented_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    texts = [*PAGES.values(), *READMES.values()]
    documented = {n for text in texts for n in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.M)}
    assert documented and documented <= targets


@pytest.fixture
def docs_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the modules in docs/ importable, as mkdocs does."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    yield
    for name in ("docstring_examples", "reference", "repository_pages"):
        sys.modules.pop(name, None)


def test_references_contain_every_command_and_field(docs_modules: None) -> None:
    import reference

    page = reference.render_commands()

    def walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield name, command
        for subname, subcommand in getattr(command, "commands", {}).items():
            yield from walk(f"{name} {subname}", subcommand)

    for name, command in walk("vaner", typer.main.get_command(app)):
        assert name == "vaner" or re.search(rf"^#+ {name}$", page, re.M)
        for option in (o for p in command.params for o in p.opts if o.startswith("--")):
            assert f"`{option}`" in page
    recipes = reference.render_recipes()
    from vaner.training.recipe.schema import Recipe

    for part, schema in {"Recipe": (full := Recipe.model_json_schema()), **full["$defs"]}.items():
        section = recipes.partition(f"## {part}\n")[2].partition("\n## ")[0]
        assert all(f"| `{field}` |" in section for field in schema["properties"])


def test_docstring_examples_are_fenced(docs_modules: None) -> None:
    pytest.importorskip("griffe")
    import docstring_examples

    assert docstring_examples.fence_examples("A.\n\n>>> f(1)  # doctest: +SKIP\n2\n\nB.") == (
        "A.\n\n```pycon\n>>> f(1)\n2\n```\n\nB."
    )


def test_page_includes_tables_of_repository_files(docs_modules: None) -> None:
    import repository_pages as pages

    line = "[The table](../experiments/README.md) <!-- include: experiments/README.md {} -->"
    table = pages.complete_page(line.format("results"), "results.md")
    assert table.startswith("| experiment |") and "embedded_biomedical" in table
    assert "](embedded" not in table  # a folder without a page is not a link
    with pytest.raises(ValueError, match="has no part nothing"):
        pages.complete_page(line.format("nothing"), "results.md")


def test_links_to_repository_files_lead_to_their_pages(docs_modules: None) -> None:
    import repository_pages as pages

    markdown = "[p](peers) [s](https://x.org)"
    rewritten = pages.rewrite_links(markdown, "experiments/README.md", "a.md")
    assert rewritten == "[p](studies/peers.md) [s](https://x.org)"
    for page in ("results.md", "studies/mix.md"):  # links to pages stay as they are
        links = "[a](claims.md) [b](x.md#y)"
        assert pages.complete_page(links, page) == links
    markdown = "[m](../experiments/mix/README.md#a) [d](formats.md)"
    rewritten = "[m](studies/mix.md#a) [d](formats.md)"
    assert pages.complete_page(markdown, "methods.md") == rewritten
