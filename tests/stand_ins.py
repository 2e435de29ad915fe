"""What the blocks of the documentation run against: everything small, nothing downloaded.

The blocks are run as they stand, by bash and by Python. Only what they ask for is smaller:

- ``vaner`` is the real program, called in this process, which has torch loaded already;
- every model of the package is a random tagger of two layers for Chemical and Disease, and every
  backbone a random LLaMA of two layers;
- a recipe is read and checked as it stands, and then trained for two updates, without a plot;
- every registered corpus has six documents of two mentions a split, in ``~/corpora``;
- the knowledge base ``open`` is made of a handful of concepts;
- a batch script is run as the first task of an array job would be, without SLURM.
"""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CLIENT = """\
#!{python} -IS
import base64, json, os, socket, sys
stdin = b"" if os.isatty(0) else sys.stdin.buffer.read()
asked = dict(argv=sys.argv[1:], cwd=os.getcwd(), env=dict(os.environ),
             stdin=base64.b64encode(stdin).decode())
with socket.socket(socket.AF_UNIX) as line:
    line.connect({place!r})
    line.sendall(json.dumps(asked).encode())
    line.shutdown(socket.SHUT_WR)
    with line.makefile("rb") as answer:
        code, out, err = json.load(answer)
sys.stdout.buffer.write(base64.b64decode(out))
sys.stdout.buffer.flush()
sys.stderr.buffer.write(base64.b64decode(err))
sys.exit(code)
"""

_ENVIRONMENT = ("HOME", "VANER_CORPORA", "VANER_CACHE", "COLUMNS")


class Shell:
    """Runs shell blocks, with the program in this process at the other end of their ``vaner``."""

    def __init__(self, folder: Path, home: Path, open_base: Path) -> None:
        self.folder, self.home, self.open_base = folder, home, open_base
        self._bin = Path(
            tempfile.mkdtemp(prefix="vaner-")
        )  # short: a socket's path may not be long
        self._socket = self._bin / "s"
        program = self._bin / "vaner"
        program.write_text(CLIENT.format(python=sys.executable, place=str(self._socket)))
        program.chmod(0o755)
        venv = folder / ".venv" / "bin"
        venv.mkdir(parents=True)
        (venv / "vaner").symlink_to(program)

    def close(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self._bin)

    def run(self, block: str) -> None:
        """Run a block; a command of it that fails fails the test."""
        environment = {
            **os.environ,
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "COLUMNS": "100",
            "SLURM_ARRAY_TASK_ID": "0",  # as the first task of an array job has it
        }
        with socket.socket(socket.AF_UNIX) as server, tempfile.TemporaryFile() as messages:
            server.bind(str(self._socket))
            server.listen()
            server.settimeout(0.02)
            with subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", block],
                cwd=self.folder, env=environment,
                stdin=subprocess.DEVNULL, stdout=messages, stderr=messages,
            ) as process:  # fmt: skip
                while process.poll() is None:
                    try:
                        line, _ = server.accept()
                    except TimeoutError:
                        continue
                    with line:
                        self._answer(line)
            self._socket.unlink()
            messages.seek(0)
            assert process.returncode == 0, f"{block}\n{messages.read().decode()}"

    def _answer(self, line: socket.socket) -> None:
        line.settimeout(None)
        with line.makefile("rb") as asking:
            asked = json.load(asking)
        code, out, err = self._call(asked)
        answer = [code, *(base64.b64encode(text).decode() for text in (out, err))]
        line.sendall(json.dumps(answer).encode())

    def _call(self, asked: Mapping[str, Any]) -> tuple[int, bytes, bytes]:
        """The program itself, as the caller would have it: its folder, its streams."""
        from vaner.cli.app import main

        arguments = list(asked["argv"])
        if arguments[:3] == ["kb", "build", "open"]:
            arguments[2:3] = [str(self.open_base), "--from", str(self.open_base.parent)]
        streams = [_stream(base64.b64decode(asked["stdin"])), _stream(), _stream()]
        code = 0
        with pytest.MonkeyPatch.context() as patch:
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            for name in _ENVIRONMENT:
                if name in asked["env"]:
                    patch.setenv(name, asked["env"][name])
            patch.chdir(asked["cwd"])
            try:
                main(arguments)
            except SystemExit as end:
                code = int(end.code or 0)
            except Exception as problem:  # a defect: the block fails, and says of what
                import traceback

                print("".join(traceback.format_exception(problem)), file=sys.stderr)
                code = 1
        for stream in streams[1:]:
            stream.flush()
        out, err = (stream.buffer.getvalue() for stream in streams[1:])  # type: ignore[attr-defined]
        return code, out, err


def _stream(content: bytes = b"") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")


def wide_backbone(folder: Path, backbone: Path) -> Path:
    """The random backbone once more, so wide that bitsandbytes can quantise it: 64 in a block."""
    from transformers import LlamaConfig, LlamaModel

    shutil.copytree(backbone, folder)
    config = LlamaConfig.from_pretrained(backbone, hidden_size=64, intermediate_size=128)
    config.head_dim = 16
    LlamaModel(config).save_pretrained(folder)
    return folder


@contextmanager
def small_models(model: Path, backbone: Path, wide: Path) -> Iterator[None]:
    """Every model of the package, every backbone and every training as small as can be."""
    import vaner.backbones.base_model as base_model
    import vaner.backbones.locate as locate
    import vaner.backbones.saved_model as saved_model
    import vaner.models.locate
    import vaner.training.curves as curves
    import vaner.training.recipe.file as recipe_file

    usual_folder, usual_read = vaner.models.locate.locate_model, recipe_file.read_recipe
    embedded = {None, "biomedical", "disease-chemical"}

    def locate_model(name: Any = None) -> Path:
        return model if name in embedded else usual_folder(name)

    def find_stand_in(name: str, prefer: str | None = None) -> locate.LocatedBackbone:
        return locate.LocatedBackbone(wide if name == str(wide) else backbone, "folder")

    def read(path: str | Path) -> Any:
        recipe = usual_read(path)
        kind = recipe.model.model_copy(
            update={
                "backbone": str(wide if recipe.model.quantization else backbone),
                "layers": None,
                "frozen_layers": recipe.model.frozen_layers and 0,
                "max_subwords": 256,
            }
        )
        stages = [
            stage.model_copy(update={"steps": 2, "evaluate_every": 2, "batch_size": 2})
            for stage in recipe.stages
        ]
        return recipe.model_copy(
            update={"model": kind, "stages": stages, "seeds": [1], "precision": "fp32"}
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vaner.models.locate, "locate_model", locate_model)
        for module in (locate, saved_model, base_model):
            if hasattr(module, "locate_backbone"):
                patch.setattr(module, "locate_backbone", find_stand_in)
        patch.setattr(recipe_file, "read_recipe", read)
        patch.setattr(curves, "plot_curves", lambda *_: None)
        yield


def corpora(root: Path) -> Path:
    """A few invented documents for every split of every registered corpus."""
    from vaner.corpora import REGISTRY
    from vaner.formats import write
    from vaner.text.documents import Document, Span

    for info in REGISTRY.values():
        labels = [*info.types]
        for split, file in info.file_names.items():
            documents = []
            for number in range(6):
                one, two = (f"{word}{number}{split}" for word in ("alpha", "beta"))
                text = f"{one} was seen with {two} ."
                begin = text.index(two)
                spans = (
                    Span(0, len(one), labels[0]),
                    Span(begin, begin + len(two), labels[number % len(labels)]),
                )
                documents.append(Document(str(number), text, spans))
            place = root / info.folder / file
            place.parent.mkdir(parents=True, exist_ok=True)
            write(documents, place, info.format)
    return root


def open_base(folder: Path) -> Path:
    """A manifest of a base called open, and its file beside it."""
    folder.mkdir()
    names = [
        ("MESH:D003920", "Diabetes Mellitus", "Disease", ["diabetes"]),
        ("MESH:D001943", "Breast Neoplasms", "Disease", ["breast cancer"]),
        ("MESH:D003924", "Diabetes Mellitus, Type 2", "Disease", ["type 2 diabetes mellitus"]),
        ("MESH:D008687", "Metformin", "Chemical", []),
        ("HGNC:1100", "BRCA1", "Gene", ["breast cancer 1"]),
    ]
    lines = (
        json.dumps({"identifier": i, "name": n, "type": t, "synonyms": s}) for i, n, t, s in names
    )
    (folder / "names.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    manifest = folder / "open.toml"
    manifest.write_text(
        'name = "open"\ndescription = "Stand-in"\n\n[[sources]]\nname = "names"\n'
        'reader = "jsonl"\nfile = "names.jsonl"\nlicence = "CC0"\nhome = ""\nhow = "here"\n'
    )
    return manifest
