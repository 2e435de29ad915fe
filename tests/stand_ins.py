"""Small stand-ins for models, corpora and knowledge bases, to run the documentation's code blocks.

bash and Python run the blocks without changes, and nothing is downloaded:

- ``vaner`` is the real program, called in this process, where torch is already imported.
- Every embedded model is a random tagger with two layers for Chemical and Disease, and every
  backbone is a random LLaMA with two layers.
- A recipe is read and validated, then trained for two updates, without a plot.
- Every split of a registered corpus, in ``~/corpora``, has six documents with two mentions each.
- The knowledge base ``open`` has a handful of concepts.
- A batch script runs like the first task of an array job, without SLURM.
"""

from __future__ import annotations

import base64
import importlib
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
request = dict(argv=sys.argv[1:], cwd=os.getcwd(), env=dict(os.environ),
               stdin=base64.b64encode(stdin).decode())
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({address!r})
    connection.sendall(json.dumps(request).encode())
    connection.shutdown(socket.SHUT_WR)
    with connection.makefile("rb") as response:
        code, out, err = json.load(response)
sys.stdout.buffer.write(base64.b64decode(out))
sys.stdout.buffer.flush()
sys.stderr.buffer.write(base64.b64decode(err))
sys.exit(code)
"""

_ENVIRONMENT = ("HOME", "VANER_CORPORA", "VANER_CACHE", "COLUMNS")


class Shell:
    """Runs shell blocks. Their ``vaner`` is a client of the program in this process.

    Args:
        folder: the working folder of the blocks.
        home: their home folder.
        open_base: the manifest that replaces the one of the knowledge base ``open``.
    """

    def __init__(self, folder: Path, home: Path, open_base: Path) -> None:
        self.folder, self.home, self.open_base = folder, home, open_base
        # The path of a socket must be short.
        self._bin = Path(tempfile.mkdtemp(prefix="vaner-"))
        self._socket = self._bin / "s"
        program = self._bin / "vaner"
        program.write_text(CLIENT.format(python=sys.executable, address=str(self._socket)))
        program.chmod(0o755)
        for name in ("python", "python3"):  # a machine may have only one of them
            interpreter = self._bin / name
            interpreter.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
            interpreter.chmod(0o755)
        venv = folder / ".venv" / "bin"
        venv.mkdir(parents=True)
        (venv / "vaner").symlink_to(program)

    def close(self) -> None:
        """Remove the temporary folder."""
        shutil.rmtree(self._bin)

    def run(self, block: str) -> None:
        """Run a block; fail the test if one of its commands fails."""
        environment = {
            **os.environ,
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "COLUMNS": "100",
            "SLURM_ARRAY_TASK_ID": "0",  # the first task of an array job
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
                        connection, _ = server.accept()
                    except TimeoutError:
                        continue
                    with connection:
                        self._answer(connection)
            self._socket.unlink()
            messages.seek(0)
            assert process.returncode == 0, f"{block}\n{messages.read().decode()}"

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(None)
        with connection.makefile("rb") as stream:
            request = json.load(stream)
        code, out, err = self._call(request)
        response = [code, *(base64.b64encode(text).decode() for text in (out, err))]
        connection.sendall(json.dumps(response).encode())

    def _call(self, request: Mapping[str, Any]) -> tuple[int, bytes, bytes]:
        """Call the program with the arguments, working folder, environment and input of a client.

        Returns:
            The exit code, standard output and standard error.
        """
        from vaner.cli.app import main

        arguments = list(request["argv"])
        if arguments[:3] == ["kb", "build", "open"]:
            arguments[2:3] = [str(self.open_base), "--from", str(self.open_base.parent)]
        streams = [_stream(base64.b64decode(request["stdin"])), _stream(), _stream()]
        code = 0
        with pytest.MonkeyPatch.context() as patch:
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            for name in _ENVIRONMENT:
                if name in request["env"]:
                    patch.setenv(name, request["env"][name])
            patch.chdir(request["cwd"])
            try:
                main(arguments)
            except SystemExit as end:
                code = int(end.code or 0)
            except Exception as error:  # a bug in vaner: show its traceback
                import traceback

                print("".join(traceback.format_exception(error)), file=sys.stderr)
                code = 1
        for stream in streams[1:]:
            stream.flush()
        out, err = (stream.buffer.getvalue() for stream in streams[1:])  # type: ignore[attr-defined]
        return code, out, err


def _stream(content: bytes = b"") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")


def save_wide_backbone(folder: Path, backbone: Path) -> Path:
    """Save a random backbone wide enough for bitsandbytes, which quantizes blocks of 64 weights."""
    from transformers import LlamaConfig, LlamaModel

    shutil.copytree(backbone, folder)
    config = LlamaConfig.from_pretrained(backbone, hidden_size=64, intermediate_size=128)
    config.head_dim = 16
    LlamaModel(config).save_pretrained(folder)
    return folder


@contextmanager
def small_models(model: Path, backbone: Path, wide_backbone: Path) -> Iterator[None]:
    """Replace every embedded model and backbone by a small one, and shorten every training.

    Args:
        model: folder of the tagger that replaces the embedded models.
        backbone: folder of the backbone that replaces all others.
        wide_backbone: folder of the backbone for recipes with quantization.
    """
    import vaner.models.locate
    import vaner.training.recipe.file
    from vaner.backbones import locate
    from vaner.training import curves

    # A module that is imported while a function is replaced would keep the replacement.
    for name in ("annotator", "hub.push", "training.crossfit", "training.train"):
        importlib.import_module(f"vaner.{name}")
    locate_model = vaner.models.locate.locate_model
    locate_backbone = locate.locate_backbone
    read_recipe = vaner.training.recipe.file.read_recipe

    def locate_small_model(name: Any = None, **hub: Any) -> Path:
        is_embedded = name in {None, "biomedical", "disease-chemical"}
        return model if is_embedded else locate_model(name, **hub)

    def locate_small_backbone(
        name: str, prefer: str | None = None, **hub: Any
    ) -> locate.LocatedBackbone:
        is_wide = name == str(wide_backbone)
        return locate.LocatedBackbone(wide_backbone if is_wide else backbone, "folder")

    def read_short_recipe(
        path: str | Path, revision: str | None = None, changes: Mapping[str, Any] | None = None
    ) -> Any:
        recipe = read_recipe(path, revision, changes)
        settings = recipe.model.model_copy(
            update={
                "backbone": str(wide_backbone if recipe.model.quantization else backbone),
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
            update={"model": settings, "stages": stages, "seeds": [1], "precision": "fp32"}
        )

    with pytest.MonkeyPatch.context() as patch:
        for original, small in (
            (locate_model, locate_small_model),
            (locate_backbone, locate_small_backbone),
            (read_recipe, read_short_recipe),
        ):
            _replace_everywhere(patch, original, small)
        patch.setattr(curves, "plot_curves", lambda *_: None)
        yield


def _replace_everywhere(patch: pytest.MonkeyPatch, original: Any, replacement: Any) -> None:
    """Replace a function in every module of vaner that has imported it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("vaner"):
            for attribute, value in list(vars(module).items()):
                if value is original:
                    patch.setattr(module, attribute, replacement)


def write_corpora(root: Path) -> Path:
    """Write a few invented documents for every split of every registered corpus.

    Returns:
        The folder that contains them.
    """
    from vaner.corpora import REGISTRY
    from vaner.formats import write
    from vaner.text.documents import Document, Span

    for info in REGISTRY.values():
        labels = [*info.types]
        for split, file in info.file_names.items():
            documents = []
            for number in range(6):
                first, second = (f"{word}{number}{split}" for word in ("alpha", "beta"))
                text = f"{first} was seen with {second} ."
                start = text.index(second)
                spans = (
                    Span(0, len(first), labels[0]),
                    Span(start, start + len(second), labels[number % len(labels)]),
                )
                documents.append(Document(str(number), text, spans))
            path = root / info.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            write(documents, path, info.format)
    return root


def write_open_base(folder: Path) -> Path:
    """Write a manifest of a knowledge base called open, and its file; return the manifest."""
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
        'reader = "jsonl"\nfile = "names.jsonl"\nlicense = "CC0"\n'
        'homepage = ""\ninstructions = "written for the tests"\n'
    )
    return manifest
