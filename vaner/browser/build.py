"""Builds the page: a folder of files that any web server can serve."""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import vaner
from vaner.backbones.encoding import TOKENIZER_FILE, read_tokenizer
from vaner.browser.runtime import copy_runtime
from vaner.browser.text_tables import build_text_tables, build_tokenizer_tables
from vaner.calibration.calibration import CALIBRATION_FILE, read_calibration
from vaner.display.html.style import MARKS, scope_colors
from vaner.display.type_looks import find_look
from vaner.errors import ModelError
from vaner.tagger.exported_forms import MODEL_FILE, TRANSITIONS_FILE, read_config
from vaner.tagger.onnx_runtime import load_exported_tagger
from vaner.tagger.onnx_weights import write_full_precision_graph
from vaner.utils.atomic_write import apply_umask
from vaner.utils.temporary_folder import replace_folder, temporary_folder

MODEL_FOLDER = "model"
"""Folder of the page with the model, which Python can load too."""

_PARTS = {"normalizer": "BertNormalizer", "pre_tokenizer": "BertPreTokenizer", "model": "WordPiece"}


def write_page(
    exported: Path, target: Path, *, source: Path | None = None, runtime: Path | None = None
) -> None:
    """Write a page that annotates in the browser.

    Args:
        exported: folder of an exported model.
        target: the folder to create. An existing one is replaced.
        source: folder of the model that was exported, with its name and calibration.
        runtime: see `vaner.browser.runtime.copy_runtime`.

    Raises:
        ModelError: if the model has a tokenizer that the page cannot run.
        VanerError: if onnxruntime-web is missing.
    """
    source = source or exported
    check_tokenizer(exported)
    with temporary_folder(target) as temporary:
        work = temporary / "page"
        (work / MODEL_FOLDER).mkdir(parents=True)
        copy_runtime(work / "onnxruntime", runtime)
        _write_model(exported, source, work / MODEL_FOLDER)
        write_program(work, work / MODEL_FOLDER, source.name)
        apply_umask(work)
        replace_folder(work, target)


def write_program(folder: Path, model: Path, name: str) -> None:
    """Write the program of the page: HTML, style, JavaScript, and the tables that it reads.

    Args:
        folder: folder of the page.
        model: folder of an exported model.
        name: name of the model to show.
    """
    for path in Path(str(files("vaner") / "browser" / "page")).iterdir():
        shutil.copyfile(path, folder / path.name)
    style = scope_colors(":root") + MARKS + (folder / "page.css").read_text("utf-8")
    (folder / "page.css").write_text(style, "utf-8")
    _write_json(folder / "model.json", describe_model(model, name))
    _write_json(folder / "tables.json", build_text_tables())


def describe_model(folder: Path, name: str) -> dict[str, Any]:
    """Return what the page needs to run an exported model, as JSON values.

    Args:
        folder: folder of the exported model.
        name: name to show.

    Raises:
        ModelError: if an instruction leaves too few subwords for the words.
    """
    tagger = load_exported_tagger(folder)
    prompts, encoder = tagger.prompts, tagger.encoder
    tokenizer = read_tokenizer(folder)
    content = json.loads((folder / TOKENIZER_FILE).read_text("utf-8"))["model"]
    vocabulary = sorted(content["vocab"].items(), key=lambda item: item[1])
    calibration = read_calibration(folder)
    passes = prompts.passes(prompts.types, None)
    for instruction, _ in passes:
        encoder.room(instruction)  # raises an error if it leaves too few subwords
    start, between, end = tagger.transitions
    return {
        "name": name,
        "version": vaner.__version__,
        "types": prompts.types,
        "looks": {type: find_look(type) for type in prompts.types},
        "tags": prompts.tag_set.tags,
        "transitions": {
            "start": start.tolist(),
            "between": between.tolist(),
            "end": end.tolist(),
        },
        "passes": [
            {"instruction": encoder.frame(instruction)[0], "types": types}
            for instruction, types in passes
        ],
        "after": encoder.frame("")[1],
        "max_subwords": encoder.max_subwords,
        "temperature": calibration.all_types.temperature if calibration else 1,
        "temperatures": (
            {type: fit.temperature for type, fit in calibration.types.items()}
            if calibration
            else {}
        ),
        "min_scores": calibration.min_scores if calibration else {},
        "vocabulary": [token for token, _ in vocabulary],
        "unknown": content["vocab"][content["unk_token"]],
        "prefix": content["continuing_subword_prefix"],
        "max_word": content["max_input_chars_per_word"],
        "tokenizer": build_tokenizer_tables(tokenizer),
    }


def _write_model(exported: Path, source: Path, folder: Path) -> None:
    """Write the model with 8-bit weights and arithmetic in full precision."""
    write_full_precision_graph(exported / MODEL_FILE, folder / MODEL_FILE)
    for name in (TRANSITIONS_FILE, TOKENIZER_FILE):
        shutil.copyfile(exported / name, folder / name)
    for name in (CALIBRATION_FILE, "README.md"):
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    config = read_config(exported)
    if config.get("precision") == "int8":
        config["precision"] = "int8 weights"
    _write_json(folder / "config.json", config)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), "utf-8")


def check_tokenizer(folder: Path) -> None:
    """Check that the page's JavaScript can do what a tokenizer does.

    Args:
        folder: folder with the ``tokenizer.json``.

    Raises:
        ModelError: if it cannot, or if the file is missing or broken.
    """
    read_tokenizer(folder)
    content = json.loads((folder / TOKENIZER_FILE).read_text("utf-8"))
    for part, expected in _PARTS.items():
        actual = (content.get(part) or {}).get("type")
        if actual != expected:
            raise ModelError(
                f"{folder}: a page runs models with a WordPiece tokenizer (BERT); the {part} of "
                f"this tokenizer is {actual}"
            )
