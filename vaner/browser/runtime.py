"""The files of onnxruntime-web, which runs a model in a browser.

They are 14 MB of WebAssembly, so the package does not include them: npm downloads them to the cache
once, or the user names a file or folder.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from vaner.errors import VanerError
from vaner.utils.cache_folder import get_cache_folder
from vaner.utils.temporary_folder import temporary_folder

PACKAGE = "onnxruntime-web@1.30.0"
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
_SUBFOLDERS = (
    "",
    "dist",
    "package/dist",
    "onnxruntime-web/dist",
    "node_modules/onnxruntime-web/dist",
)
_ADVICE = f"give the file that `npm pack {PACKAGE}` downloads, with --runtime FILE"


def copy_runtime(target: Path, given: Path | None = None) -> None:
    """Copy the files of onnxruntime-web to a folder.

    Args:
        target: the folder to create.
        given: the package that npm downloads, unpacked or not, or a folder with the files. Default:
            the files in the cache; npm downloads them if there are none.

    Raises:
        VanerError: if they are missing.
    """
    if given is not None and given.is_file():
        _unpack(given, target)
        return
    folder = _find_files(given) if given is not None else _download()
    target.mkdir()
    for name in FILES:
        shutil.copyfile(folder / name, target / name)


def _find_files(given: Path) -> Path:
    for subfolder in _SUBFOLDERS:
        if all((given / subfolder / name).is_file() for name in FILES):
            return given / subfolder
    raise VanerError(f"{given}: contains no onnxruntime-web; {_ADVICE}", argument="runtime")


def _unpack(package: Path, target: Path) -> None:
    try:
        with tarfile.open(package) as archive:
            target.mkdir(parents=True)
            for name in FILES:
                content = archive.extractfile(f"package/dist/{name}")
                if content is None:
                    raise KeyError(name)
                with content, (target / name).open("wb") as copy:
                    shutil.copyfileobj(content, copy)
    except (tarfile.TarError, KeyError, EOFError) as error:
        message = f"{package}: is not the package onnxruntime-web; {_ADVICE}"
        raise VanerError(message, argument="runtime") from error


def _download() -> Path:
    """Return the folder of the files in the cache. If there is none, npm downloads them."""
    folder = get_cache_folder() / PACKAGE.replace("@", "-")
    if folder.is_dir():
        return folder
    npm = shutil.which("npm")
    if npm is None:
        raise VanerError(f"the page needs onnxruntime-web, and npm is not installed: {_ADVICE}")
    with temporary_folder(folder) as work:
        command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", str(work)]
        result = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        package = next(work.glob("*.tgz"), None)
        if result.returncode or package is None:
            reason = (result.stderr.strip() or "npm failed").splitlines()[-1]
            raise VanerError(f"onnxruntime-web cannot be downloaded ({reason}); {_ADVICE}")
        _unpack(package, work / "files")
        (work / "files").rename(folder)
    return folder
