"""What is wrong with a corpus: counts that differ, broken tags, sentences that stand twice."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, permutations, product
from pathlib import Path

from vaner.corpora.common_texts import shared_texts
from vaner.corpora.expected_counts import differences
from vaner.corpora.folders import has_split, is_one_corpus
from vaner.corpora.loader import corpora_root, load, split_file
from vaner.corpora.registry import CorpusInfo, lookup
from vaner.corpora.repeated_sentences import key_length, sentence_key, sentence_keys
from vaner.corpora.statistics import nesting
from vaner.errors import CorpusError, FormatError
from vaner.formats import FormatWarning
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Corpus, Document

SPLITS = ("train", "devel", "test")

LONG = 8
"""Words from which a sentence is long: where it recurs it is a leak. Headings recur freely."""

Texts = Sequence[tuple[str, ...]]
"""Keys of the sentences of each document."""


@dataclass(slots=True)
class Findings:
    """What a check found.

    Args:
        problems: what makes figures wrong and the registry does not know: lost records, other
            counts, held-out sentences in train.
        notes: what is worth knowing.
        long: split -> its sentences of `LONG` words or more, by their keys, and how often they are
            there; to compare with other corpora.
        texts: split -> its texts of several sentences, by the keys of these; likewise.
        sources: split -> names of the documents that its texts are parts of.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    long: dict[str, Counter[str]] = field(default_factory=dict)
    texts: dict[str, frozenset[tuple[str, ...]]] = field(default_factory=dict)
    sources: dict[str, frozenset[str]] = field(default_factory=dict)


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
        folder = corpora_root(root)
        found = [split for split in info.splits if split_file(info, split, folder)]
        if not found:
            raise CorpusError(f"corpus {info.name}: no file of it in {folder / info.folder}")
        return found
    path = Path(name)
    if not path.is_dir() or is_one_corpus(path):
        return ["all"]
    found = [split for split in SPLITS if has_split(path, split)]
    if not found:
        raise CorpusError(f"{name}: no file for a split here ({', '.join(SPLITS)})")
    return found


def check(name: str, root: str | Path | None = None, format: str | None = None) -> Findings:
    """Read every split of a corpus and say what is wrong with it.

    Args:
        name: registered name, folder with one file a split, or file.
        root: where registered corpora lie; ``VANER_CORPORA`` if None.
        format: format of the files; told by name and content if None.

    Raises:
        CorpusError: where it is not found; FormatError: where a file leaves no way on.
    """
    info, found = lookup(name), Findings()
    splits: dict[str, Texts] = {}
    mentions = 0
    for split in available_splits(name, root):
        corpus = _read(name, split, root, format, found)
        if corpus is None:
            continue
        if not corpus.documents:
            found.problems.append(f"{split}: there is no document in it")
        if info is not None:
            _compare(info, corpus, corpora_root(root), found)
        splits[split] = [tuple(sentence_keys(document)) for document in corpus]
        found.texts[split] = frozenset(text for text in splits[split] if len(text) > 1)
        mentions += sum(len(document.spans) for document in corpus)
        found.sources[split] = frozenset(text.source_id for text in corpus if text.source_id)
        found.notes += _repeated(corpus, splits[split])
        found.notes += _shape(corpus)
        found.long[split] = Counter(
            key for text in splits[split] for key in text if key_length(key) >= LONG
        )
    if not mentions and any(splits.values()):
        found.problems.append(
            "there is no mention in it: is it what was meant? See --from, and vaner corpus convert"
        )
    if info is not None:
        folder = corpora_root(root)
        absent = (split for split in info.splits if not split_file(info, split, folder))
        found.notes += [f"{split}: the file is not there" for split in absent]
        found.notes += [
            f"{told}: never learn from one and score the other" for told in shared_texts(info)
        ]
    _short_repetitions(splits, found)
    _within(info, found)
    return found


def check_across(checked: Mapping[str, Findings]) -> Findings:
    """Sentences of `LONG` words or more, and longer texts, that several corpora have.

    One in the train split of one and a held-out split of another is a problem where the two are
    mixed, unless the registry knows of it. In two train or two held-out splits it is noted: a
    model chosen by one of the latter has been shown the other.

    Args:
        checked: name of each corpus, as `check` takes it -> what `check` found. Of a corpus and
            its views only the first is looked at: they have the same sentences.
    """
    found = Findings()
    corpora: dict[str, tuple[CorpusInfo | None, Findings]] = {}
    for name, own in checked.items():
        info = lookup(name)
        corpora.setdefault(info.base_corpus if info else name, (info, own))
    for (one, (_, first)), (other, (_, second)) in combinations(corpora.items(), 2):
        for kind in (_training, _held_out):
            for a, b in product(kind(first.long), kind(second.long)):
                found.notes += _in_both(f"{one} {a}", f"{other} {b}", first, second, a, b)
    for (one, (_, first)), (other, (info, second)) in permutations(corpora.items(), 2):
        for split in _held_out(second.long):
            known = info.splits[split].in_train.get(one, 0) if info else 0
            number = _in_train(first, second, split)
            train = " and ".join(_training(first.long))
            _leak(f"{other} {split}", f"{one} {train}", number, known, found)
    return found


def _read(
    name: str, split: str, root: str | Path | None, format: str | None, found: Findings
) -> Corpus | None:
    """A split, and what is wrong with its records; None where there is no using it."""
    bad: list[FormatError] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FormatWarning)
        try:
            corpus = load(name, split, root=root, format=format, on_error=bad.append)
        except CorpusError as problem:  # a label that is not registered
            if lookup(name) is None:
                raise
            found.problems.append(f"{split}: {problem}")
            return None
    found.problems += [str(problem) for problem in bad]
    for warning in caught:
        if issubclass(warning.category, SkippedRecordsWarning):
            found.notes.append(str(warning.message))
        elif issubclass(warning.category, FormatWarning):
            found.problems.append(str(warning.message))
    return corpus


def _compare(info: CorpusInfo, corpus: Corpus, root: Path, found: Findings) -> None:
    path = split_file(info, corpus.split, root)
    if path is not None and path.name != info.file_names[corpus.split]:
        found.notes.append(
            f"{corpus.split}: read from {path.name}; the registry's counts are those of "
            f"{info.file_names[corpus.split]}"
        )
        return
    found.problems += [f"{corpus.split}: {line}" for line in differences(info, corpus)]


def _repeated(corpus: Corpus, texts: Texts) -> Iterator[str]:
    """Texts that stand more than once in a split, and those annotated in several ways there."""
    number = Counter(texts)
    repeated = sum(times - 1 for times in number.values())
    if not repeated:
        return
    answers: dict[tuple[str, ...], set[object]] = {}
    for document, text in zip(corpus, texts, strict=True):
        if number[text] > 1:
            answers.setdefault(text, set()).add(_mentions(document))
    unlike = sum(len(found) > 1 for found in answers.values())
    line = f"{corpus.split}: {repeated:,} of {len(texts):,} texts repeat an earlier one"
    yield line + (f"; annotated in more than one way: {unlike:,}" if unlike else "")


def _shape(corpus: Corpus) -> Iterator[str]:
    """Mentions that no sequence of tags can spell side by side."""
    pairs = [nesting(document.spans) for document in corpus]
    nested, crossing = (sum(kind) for kind in zip(*pairs, strict=True)) if pairs else (0, 0)
    discontinuous = sum(span.is_discontinuous for document in corpus for span in document.spans)
    if nested or crossing:
        texts = sum(any(pair) for pair in pairs)
        yield (
            f"{corpus.split}: pairs of mentions in {texts:,} of {len(corpus):,} texts: "
            f"{nested:,} nested, {crossing:,} crossing"
        )
    if discontinuous:
        yield f"{corpus.split}: discontinuous mentions: {discontinuous:,}"


def _mentions(document: Document) -> tuple[tuple[str, str], ...]:
    """The mentions of a text, comparable to those of the same text cut in other tokens."""
    return tuple(sorted((s.type, sentence_key(document.mention(s))) for s in document.spans))


def _short_repetitions(splits: Mapping[str, Texts], found: Findings) -> None:
    """Note how many short sentences of the held-out splits also stand in train."""
    train = {key for split in _training(splits) for text in splits[split] for key in text}
    for split in _held_out(splits):
        keys = [key for text in splits[split] for key in text]
        short = sum(key in train and key_length(key) < LONG for key in keys)
        if short:
            found.notes.append(f"{split}: {_stand(short, 'short')} in train too")


def _within(info: CorpusInfo | None, found: Findings) -> None:
    """Long sentences, and documents, in two splits of a corpus."""
    held_out = _held_out(found.long)
    for split in held_out:
        known = info.splits[split].in_train.get(info.base_corpus, 0) if info else 0
        _leak(split, "train", _in_train(found, found, split), known, found)
    for one, other in combinations(held_out, 2):
        found.notes += _in_both(one, other, found, found, one, other)
    for one, other in combinations(found.sources, 2):
        # No problem by itself: a corpus may count its documents anew in each split.
        if shared := len(found.sources[one] & found.sources[other]):
            found.notes.append(f"{one} and {other}: {shared:,} document names (doc_id) in both")


def _in_both(
    one: str, other: str, first: Findings, second: Findings, a: str, b: str
) -> Iterator[str]:
    """What split `a` of one corpus and split `b` of another have in common, under their names."""
    shared = len(first.long[a].keys() & second.long[b].keys())
    whole = len(first.texts[a] & second.texts[b])
    if shared:
        texts = f"; whole texts of several sentences: {whole:,}" if whole else ""
        yield f"{_stand(shared)} in both {one} and {other}{texts}"


def _leak(split: str, train: str, number: int, known: int, found: Findings) -> None:
    """Sort a number of held-out sentences that stand in train: known to the registry or not."""
    if number:
        line = f"{split}: {_stand(number)} in {train} too"
        if number > known:
            line += f", of which the registry knows {known:,}" if known else ""
            found.problems.append(line)
        else:
            found.notes.append(f"{line}, as the registry knows")


def _in_train(train: Findings, held_out: Findings, split: str) -> int:
    """How many long sentences of a held-out split stand in train."""
    keys = set[str]().union(*(train.long[name] for name in _training(train.long)))
    return sum(number for key, number in held_out.long[split].items() if key in keys)


def _stand(number: int, kind: str = "long") -> str:
    return f"{number:,} {kind} {'sentence stands' if number == 1 else 'sentences stand'}"


def _training(splits: Mapping[str, object]) -> list[str]:
    return [split for split in splits if split.startswith("train")]


def _held_out(splits: Mapping[str, object]) -> list[str]:
    return [split for split in splits if not split.startswith("train")]
