"""Which files of a folder are the splits of a corpus, or one corpus together.

No two corpora name them alike: ``dev.tsv``, ``NCBIdevelopset_corpus.txt``,
``CDR_DevelopmentSet.PubTator.txt``, ``bionlp-devel/``.
"""

from __future__ import annotations

import re
from pathlib import Path

from vaner.errors import CorpusError, FormatError
from vaner.formats import detect_format, get_suffix, has_known_suffix

SPLIT_NAMES = {
    "train": ("train", "training"),
    "devel": ("devel", "dev", "valid", "validation", "develop", "development"),
    "test": ("test", "testing"),
}


def is_one_corpus(folder: Path) -> bool:
    """Whether a folder is itself a corpus: brat, or files of one kind of which none is a split."""
    if _kind(folder) == "brat":
        return True
    splits = (
        named_after(folder, split) or any(map(_marked_up, _named_besides(folder, split)))
        for split in SPLIT_NAMES
    )
    return not any(splits) and (_kind(folder) == "text" or bool(single_files(folder)))


def has_split(folder: Path, split: str) -> bool:
    """Whether a folder has a file named after a split."""
    return bool(named_after(folder, split) or _named_besides(folder, split))


def split_in(folder: Path, split: str) -> Path:
    """The file of a split.

    Raises:
        CorpusError: where there is none, or more than one.
    """
    found = named_after(folder, split) or _named_besides(folder, split)
    if not found:
        names = SPLIT_NAMES.get(split, (split,))
        raise CorpusError(
            f"{folder}: no file for split {split!r} (looked for {'.*, '.join(names)}.*); if it "
            "holds a file for each document, make one of them: vaner corpus convert"
        )
    if len(found) > 1:
        raise CorpusError(
            f"{folder}: more than one file for split {split!r}: "
            f"{', '.join(file.name for file in found)}; name the file itself"
        )
    return found[0]


def single_files(path: Path) -> list[Path]:
    """The files of a folder that is no format by itself, where all end in the same way."""
    if not path.is_dir() or _kind(path):
        return []
    files = [
        file
        for file in sorted(path.iterdir())
        if file.is_file() and not file.name.startswith((".", "README", "LICEN"))
    ]
    alike = len({get_suffix(file) for file in files}) == 1
    return files if alike and all(map(has_known_suffix, files)) else []


def named_after(folder: Path, split: str) -> list[Path]:
    """The files named after a split and nothing else; where there is none, those that begin so."""
    names = SPLIT_NAMES.get(split, (split,))
    begun = [f for f in sorted(folder.iterdir()) if f.name.split(".")[0].casefold() in names]
    whole = [f for f in begun if Path(f.name.removesuffix(".gz")).stem.casefold() in names]
    return whole or begun


def _named_besides(folder: Path, split: str) -> list[Path]:
    """The files that have the name of a split, as a word or before "set", anywhere in their own."""
    word = "|".join(map(re.escape, SPLIT_NAMES.get(split, (split,))))
    named = re.compile(f"(?:{word})[-_ ]?set(?![a-z])|(?<![a-z])(?:{word})(?![a-z])", re.IGNORECASE)
    return [
        file
        for file in sorted(folder.iterdir())
        if named.search(file.name) and (file.is_dir() or has_known_suffix(file))
    ]


def _marked_up(file: Path) -> bool:
    """Whether a file is more than text: a note may be called "blood test.txt"."""
    try:
        return detect_format(file) != "text"
    except FormatError:
        return False


def _kind(folder: Path) -> str | None:
    """Format of a folder as a whole; None where only its files have one."""
    try:
        return detect_format(folder)
    except FormatError:
        return None
