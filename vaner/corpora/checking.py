"""What is wrong with a corpus: counts that differ, broken tags, texts that stand twice."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vaner.corpora.loading import corpora_root, detect_folder, load
from vaner.corpora.registry import lookup
from vaner.documents import Corpus, Document
from vaner.errors import CorpusError, FormatError
from vaner.formats import FormatWarning

SPLITS = ("train", "devel", "test")

# A repeated heading ("Methods .") is no leak. 60 letters are a sentence; data/README counts so too.
_LONG = 60


@dataclass(slots=True)
class Findings:
    """What a check found.

    Args:
        problems: what makes figures wrong: lost records, other counts, test text in train.
        notes: what is worth knowing.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def available_splits(name: str, root: str | Path | None = None) -> list[str]:
    """Splits of a corpus whose files are there.

    Args:
        name: registered name, folder with one file a split, or file.
        root: where registered corpora lie; ``VANER_CORPORA`` if None.

    Raises:
        CorpusError: where there is none.
    """
    info = lookup(name)
    if info is not None:
        folder = corpora_root(root) / info.folder
        found = [split for split, file in info.splits.items() if (folder / file).is_file()]
        if not found:
            raise CorpusError(f"corpus {info.name}: no file of it in {folder}")
        return found
    path = Path(name)
    if not path.is_dir() or detect_folder(path) == "brat":
        return ["all"]
    found = [split for split in SPLITS if _there(name, split)]
    if not found:
        raise CorpusError(f"{name}: no file for a split here ({', '.join(SPLITS)})")
    return found


def _there(folder: str, split: str) -> bool:
    from vaner.corpora.loading import _split_file

    try:
        return bool(_split_file(Path(folder), split))
    except CorpusError:
        return False


def check(name: str, root: str | Path | None = None, format: str | None = None) -> Findings:
    """Read every split of a corpus and say what is wrong with it."""
    found = Findings()
    info = lookup(name)
    corpora: dict[str, Corpus] = {}
    for split in available_splits(name, root):
        corpora[split] = _read(name, split, root, format, found)
    for split, corpus in corpora.items():
        expected = info.mentions.get(split) if info else None
        number = corpus.counts().total()
        if expected is not None and number != expected:
            found.problems.append(f"{split}: {number} mentions, the registry has {expected}")
        found.notes += _repeated(split, corpus)
    for split in info.splits if info else ():
        if split not in corpora:
            found.notes.append(f"{split}: the file is not there")
    _leaks(corpora, found)
    return found


def _read(
    name: str, split: str, root: str | Path | None, format: str | None, found: Findings
) -> Corpus:
    bad: list[FormatError] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FormatWarning)
        corpus = load(name, split, root=root, format=format, on_error=bad.append)
    found.problems += [str(problem) for problem in bad]
    for warning in caught:
        if issubclass(warning.category, FormatWarning):
            found.problems.append(str(warning.message))
    return corpus


def _repeated(split: str, corpus: Corpus) -> Iterator[str]:
    texts = Counter(_key(document) for document in corpus)
    repeated = sum(number - 1 for number in texts.values())
    if repeated:
        yield f"{split}: {repeated} of {len(corpus)} texts repeat an earlier one"
    answers: dict[str, set[object]] = {}
    for document in corpus:
        answers.setdefault(_key(document), set()).add(frozenset(document.spans))
    unlike = sum(len(found) > 1 for found in answers.values())
    if unlike:
        yield f"{split}: {unlike} texts stand in it with different mentions"


def _leaks(corpora: Mapping[str, Corpus], found: Findings) -> None:
    """Texts of training that are also held out, to choose by or to score on."""
    train = {_key(document) for split in _training(corpora) for document in corpora[split]}
    for split in corpora.keys() - set(_training(corpora)):
        shared = [_key(d) for d in corpora[split] if _key(d) in train]
        long = sum(len(text) >= _LONG for text in shared)
        of = f"of {len(corpora[split])} texts also stand in train"
        if long:
            found.problems.append(f"{split}: {long} {of}, with {_LONG} characters or more")
        if len(shared) > long:
            found.notes.append(f"{split}: {len(shared) - long} {of}, shorter than {_LONG}")


def _training(corpora: Mapping[str, Corpus]) -> Sequence[str]:
    return [split for split in corpora if split.startswith("train")]


def _key(document: Document) -> str:
    return " ".join(document.text.split())
