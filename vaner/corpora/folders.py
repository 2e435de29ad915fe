"""Find the split files in a folder, or recognize a folder as one corpus without splits.

Corpora use different file names: ``dev.tsv``, ``NCBIdevelopset_corpus.txt``,
``CDR_DevelopmentSet.PubTator.txt``, ``bionlp-devel/``.
"""

from __future__ import annotations

import re
from pathlib import Path

from vaner.errors import CorpusError, FormatError
from vaner.formats import detect_format, get_suffix, has_known_suffix
from vaner.formats.companions import is_companion

SPLIT_NAMES = {
    "train": ("train", "training"),
    "devel": ("devel", "dev", "val", "valid", "validation", "develop", "development", "testa"),
    "test": ("test", "testing", "testb"),
}
"""Split -> the names that it has in files, and on the command line."""


def resolve_split(split: str) -> str:
    """Return the name of a split for one of its other names; other names are returned unchanged.

    >>> resolve_split("Validation"), resolve_split("train_partial")
    ('devel', 'train_partial')
    """
    folded = split.casefold()
    return next((name for name, names in SPLIT_NAMES.items() if folded in names), split)


def is_one_corpus(folder: Path) -> bool:
    """Whether a folder is one corpus: in brat format, or files of one format without a split."""
    format = _folder_format(folder)
    if format == "brat":
        return True
    splits = (
        files_named_after(folder, split) or any(map(_has_markup, _files_mentioning(folder, split)))
        for split in SPLIT_NAMES
    )
    return not any(splits) and (format is not None or bool(document_files(folder)))


def has_split(folder: Path, split: str) -> bool:
    """Whether a folder has a file named after a split."""
    return bool(files_named_after(folder, split) or _files_mentioning(folder, split))


def find_split(folder: Path, split: str) -> Path:
    """Return the file of a split.

    Raises:
        CorpusError: if there is no such file, or more than one.
    """
    files = files_named_after(folder, split) or _files_mentioning(folder, split)
    if not files:
        names = SPLIT_NAMES.get(split, (split,))
        others = [name for name in SPLIT_NAMES if has_split(folder, name)]
        existing = f"; it has {', '.join(others)}" if others else ""
        raise CorpusError(
            f"{folder}: no file for split {split!r} (expected {'.*, '.join(names)}.*){existing}; "
            "if the folder has one file per document, merge them with vaner corpus convert"
        )
    if len(files) > 1:
        raise CorpusError(
            f"{folder}: more than one file for split {split!r}: "
            f"{', '.join(file.name for file in files)}; give the path of the file instead"
        )
    return files[0]


def document_files(path: Path) -> list[Path]:
    """Return the files of a folder with one file per document; empty for any other path.

    All files must have the same suffix, that of a known format.
    """
    if not path.is_dir() or _folder_format(path):
        return []
    files = [
        file
        for file in sorted(path.iterdir())
        if file.is_file() and not file.name.startswith(".") and not is_companion(file)
    ]
    has_one_suffix = len({get_suffix(file) for file in files}) == 1
    return files if has_one_suffix and all(map(has_known_suffix, files)) else []


def is_corpus_file(name: str, folder: Path) -> bool:
    """Return whether a file of a folder is one of its splits or documents."""
    files = [*document_files(folder)]
    for split in SPLIT_NAMES:
        files += files_named_after(folder, split) or _files_mentioning(folder, split)
    return name in {file.name for file in files}


def files_named_after(folder: Path, split: str) -> list[Path]:
    """Return the files with the name of a split, or else those that start with it and a dot."""
    names = SPLIT_NAMES.get(split, (split,))
    prefixed = [f for f in sorted(folder.iterdir()) if f.name.split(".")[0].casefold() in names]
    exact = [f for f in prefixed if Path(f.name.removesuffix(".gz")).stem.casefold() in names]
    return exact or prefixed


def _files_mentioning(folder: Path, split: str) -> list[Path]:
    """Return the files with the name of a split, as a word or before "set", in their names."""
    names = "|".join(map(re.escape, SPLIT_NAMES.get(split, (split,))))
    pattern = re.compile(
        f"(?:{names})[-_ ]?set(?![a-z])|(?<![a-z])(?:{names})(?![a-z])", re.IGNORECASE
    )
    return [
        file
        for file in sorted(folder.iterdir())
        if pattern.search(file.name) and (file.is_dir() or has_known_suffix(file))
    ]


def _has_markup(file: Path) -> bool:
    """Whether a file is more than plain text: a document may be called "blood test.txt"."""
    try:
        return detect_format(file) != "text"
    except FormatError:
        return False


def _folder_format(folder: Path) -> str | None:
    """Return the format of a folder as a unit; None if only its files have a format."""
    try:
        return detect_format(folder)
    except FormatError:
        return None
