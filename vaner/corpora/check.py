"""Find problems in a corpus: wrong counts, broken tags, repeated sentences."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations, permutations, product
from pathlib import Path

from vaner.corpora.common_texts import base_corpus, shared_texts
from vaner.corpora.expected_counts import find_differences
from vaner.corpora.folders import has_split, is_one_corpus
from vaner.corpora.loader import corpora_root, load, split_file
from vaner.corpora.registry import CorpusInfo, lookup
from vaner.corpora.repeated_sentences import is_long, sentence_key, sentence_keys
from vaner.corpora.statistics import count_cut_words, count_duplicates, count_overlapping_pairs
from vaner.errors import CorpusError, FormatError
from vaner.formats import FormatWarning
from vaner.formats.companions import describe_saved_dataset
from vaner.formats.quotes import FoldedQuoteWarning
from vaner.formats.skipped_records import SkippedRecordsWarning
from vaner.text.documents import Corpus, Document

SPLITS = ("train", "devel", "test")

_MIN_CUT_WORDS = 3

TextKeys = Sequence[tuple[str, ...]]
"""For each document of a split, the keys of its sentences."""


@dataclass(slots=True)
class Findings:
    """Results of a check.

    Args:
        problems: what makes evaluation results wrong and is not listed in the registry: skipped
            records, unexpected counts, held-out sentences in train.
        notes: other observations.
        long_sentences: split -> keys of its long sentences and how often each occurs, for
            comparison with other corpora.
        texts: split -> its documents of several sentences, as tuples of sentence keys.
        source_ids: split -> ids of the documents that its texts are parts of.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    long_sentences: dict[str, Counter[str]] = field(default_factory=dict)
    texts: dict[str, frozenset[tuple[str, ...]]] = field(default_factory=dict)
    source_ids: dict[str, frozenset[str]] = field(default_factory=dict)


def available_splits(name: str, root: str | Path | None = None) -> list[str]:
    """Return the splits of a corpus whose files exist.

    Args:
        name: registered name, folder with one file per split, or file.
        root: folder of the registered corpora; ``VANER_CORPORA`` if None.

    Raises:
        CorpusError: if no split exists.
    """
    info = lookup(name)
    if info is not None:
        folder = corpora_root(root)
        splits = [split for split in info.splits if split_file(info, split, folder)]
        if not splits:
            raise CorpusError(f"corpus {info.name}: no files in {folder / info.folder}")
        return splits
    path = Path(name)
    if not path.is_dir() or is_one_corpus(path):
        return ["all"]
    splits = [split for split in SPLITS if has_split(path, split)]
    if not splits:
        reason = describe_saved_dataset(path) or f"no file for any split ({', '.join(SPLITS)})"
        raise CorpusError(f"{name}: {reason}")
    return splits


def check_corpus(
    name: str,
    root: str | Path | None = None,
    format: str | None = None,
    *,
    encoding: str = "utf-8",
    columns: str | None = None,
    text_column: str | None = None,
) -> Findings:
    """Read every split of a corpus and report its problems.

    Args:
        name: registered name, folder with one file per split, or file.
        root: folder of the registered corpora; ``VANER_CORPORA`` if None.
        format: format of the files; detected from name and content if None.
        encoding: encoding of the files.
        columns: columns of token and tag in CoNLL files.
        text_column: column or field with the text, in tables and tasks of Label Studio.

    Raises:
        CorpusError: if the corpus does not exist.
        FormatError: if a file cannot be read at all.
    """
    info, findings = lookup(name), Findings()
    keys: dict[str, TextKeys] = {}
    mentions = 0
    for split in available_splits(name, root):
        reading = partial(
            load, name, split, root=root, format=format,
            encoding=encoding, columns=columns, text_column=text_column,
        )  # fmt: skip
        corpus = _load(name, split, reading, findings)
        if corpus is None:
            continue
        keys[split] = [tuple(sentence_keys(document)) for document in corpus]
        mentions += sum(len(document.spans) for document in corpus)
        if info is not None:
            _compare_with_registry(info, corpus, corpora_root(root), findings)
        _check_split(corpus, keys[split], findings)
    if not mentions and any(keys.values()):
        findings.problems.append(
            "the corpus contains no mentions; check the format with --input-format, or see vaner "
            "corpus convert"
        )
    if info is not None:
        folder = corpora_root(root)
        missing = (split for split in info.splits if not split_file(info, split, folder))
        findings.notes += [f"{split}: the file is missing" for split in missing]
        findings.notes += [
            f"{line}; do not train on one and evaluate on the other" for line in shared_texts(info)
        ]
    _note_short_repetitions(keys, findings)
    _compare_splits(info, findings)
    return findings


def check_across_corpora(checked: Mapping[str, Findings]) -> Findings:
    """Report the long sentences and texts that several corpora have in common.

    A sentence in the train split of one corpus and in a held-out split of another is a problem if
    the two are mixed in training, unless the registry lists it. A sentence in two train splits or
    in two held-out splits is a note: model selection on one of the latter has seen the other.

    Args:
        checked: name of each corpus, as passed to `check_corpus` -> its findings. Of a corpus and
            its views only the first is used, because they have the same sentences.
    """
    findings = Findings()
    corpora: dict[str, tuple[CorpusInfo | None, Findings]] = {}
    for name, corpus_findings in checked.items():
        corpora.setdefault(base_corpus(name), (lookup(name), corpus_findings))
    for (name, (_, first)), (other, (_, second)) in combinations(corpora.items(), 2):
        for select in (_train_splits, _held_out_splits):
            for split, other_split in product(
                select(first.long_sentences), select(second.long_sentences)
            ):
                names = f"{name} {split}", f"{other} {other_split}"
                findings.notes += _describe_overlap(names, (first, split), (second, other_split))
    for (name, (_, first)), (other, (info, second)) in permutations(corpora.items(), 2):
        for split in _held_out_splits(second.long_sentences):
            known = info.splits[split].in_train.get(name, 0) if info else 0
            leaked = _count_leaked(first, second, split)
            train = " and ".join(_train_splits(first.long_sentences))
            _add_leak(f"{other} {split}", f"{name} {train}", leaked, known, findings)
    return findings


def _load(
    name: str, split: str, reading: Callable[..., Corpus], findings: Findings
) -> Corpus | None:
    """Load a split and add the problems of its records; None if it cannot be used."""
    errors: list[FormatError] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FormatWarning)
        try:
            corpus = reading(on_error=errors.append)
        except CorpusError as error:  # a label that is not in the registry
            if lookup(name) is None:
                raise
            findings.problems.append(f"{split}: {error}")
            return None
    findings.problems += [str(error) for error in errors]
    for warning in caught:
        if issubclass(warning.category, SkippedRecordsWarning | FoldedQuoteWarning):
            findings.notes.append(str(warning.message))
        elif issubclass(warning.category, FormatWarning):
            findings.problems.append(str(warning.message))
    if not corpus.documents:
        findings.problems.append(f"{split}: contains no documents")
    return corpus


def _check_split(corpus: Corpus, keys: TextKeys, findings: Findings) -> None:
    """Add what is known of one split without looking at the others."""
    split = corpus.split
    findings.texts[split] = frozenset(text for text in keys if len(text) > 1)
    findings.source_ids[split] = frozenset(doc.source_id for doc in corpus if doc.source_id)
    findings.long_sentences[split] = Counter(key for text in keys for key in text if is_long(key))
    if repeated := len(corpus) - len({document.id for document in corpus}):
        findings.notes.append(f"{split}: documents with the id of an earlier one: {repeated:,}")
    findings.notes += _describe_repeated_texts(corpus, keys)
    findings.notes += _describe_overlapping_mentions(corpus)
    cut, mentions = count_cut_words(corpus), sum(len(document.spans) for document in corpus)
    if cut >= _MIN_CUT_WORDS and cut > mentions / 2:  # 2% in the registered corpora
        findings.problems.append(
            f"{split}: mentions that begin or end inside a word: {cut:,} of {mentions:,}; their "
            "ends may be inclusive, or their offsets may count something else than characters"
        )


def _compare_with_registry(
    info: CorpusInfo, corpus: Corpus, root: Path, findings: Findings
) -> None:
    path = split_file(info, corpus.split, root)
    if path is not None and path.name != info.file_names[corpus.split]:
        findings.notes.append(
            f"{corpus.split}: read from {path.name}; the registry has the counts of "
            f"{info.file_names[corpus.split]}"
        )
        return
    findings.problems += [f"{corpus.split}: {line}" for line in find_differences(info, corpus)]


def _describe_repeated_texts(corpus: Corpus, keys: TextKeys) -> Iterator[str]:
    """Describe the texts that occur repeatedly in a split, and their inconsistent annotation."""
    counts = Counter(keys)
    repeated = sum(count - 1 for count in counts.values())
    if not repeated:
        return
    annotations: dict[tuple[str, ...], set[object]] = {}
    for document, text in zip(corpus, keys, strict=True):
        if counts[text] > 1:
            annotations.setdefault(text, set()).add(_mention_keys(document))
    inconsistent = sum(len(variants) > 1 for variants in annotations.values())
    line = f"{corpus.split}: {repeated:,} of {len(keys):,} texts repeat an earlier one"
    yield line + (f"; annotated inconsistently: {inconsistent:,}" if inconsistent else "")


def _mention_keys(document: Document) -> tuple[tuple[str, str], ...]:
    """Return the mentions of a text in a form that ignores tokenization."""
    return tuple(sorted((s.type, sentence_key(document.mention(s))) for s in document.spans))


def _describe_overlapping_mentions(corpus: Corpus) -> Iterator[str]:
    """Describe mentions that tags cannot represent, without a type, or annotated twice."""
    pairs = [count_overlapping_pairs(document.without_duplicates().spans) for document in corpus]
    nested, crossing = (sum(counts) for counts in zip(*pairs, strict=True)) if pairs else (0, 0)
    discontinuous = sum(span.is_discontinuous for document in corpus for span in document.spans)
    if nested or crossing:
        texts = sum(any(pair) for pair in pairs)
        yield (
            f"{corpus.split}: pairs of mentions in {texts:,} of {len(corpus):,} texts: "
            f"{nested:,} nested, {crossing:,} crossing"
        )
    if untyped := sum(not span.type for document in corpus for span in document.spans):
        yield f"{corpus.split}: mentions without a type: {untyped:,}; name it with --rename =TYPE"
    if duplicates := count_duplicates(corpus):
        yield f"{corpus.split}: mentions that repeat another one: {duplicates:,}; each counts once"
    if discontinuous:
        yield f"{corpus.split}: discontinuous mentions: {discontinuous:,}"


def _note_short_repetitions(keys: Mapping[str, TextKeys], findings: Findings) -> None:
    """Note how many short sentences of the held-out splits also occur in train."""
    train = {key for split in _train_splits(keys) for text in keys[split] for key in text}
    for split in _held_out_splits(keys):
        short = sum(key in train and not is_long(key) for text in keys[split] for key in text)
        if short:
            findings.notes.append(f"{split}: {_count(short, 'short')} also in train")


def _compare_splits(info: CorpusInfo | None, findings: Findings) -> None:
    """Report long sentences and documents that occur in two splits of a corpus."""
    held_out = _held_out_splits(findings.long_sentences)
    for split in held_out:
        known = info.splits[split].in_train.get(info.base_corpus, 0) if info else 0
        leaked = _count_leaked(findings, findings, split)
        _add_leak(split, "train", leaked, known, findings)
    for split, other in combinations(held_out, 2):
        findings.notes += _describe_overlap((split, other), (findings, split), (findings, other))
    for split, other in combinations(findings.source_ids, 2):
        # Not a problem by itself: a corpus may number its documents separately in each split.
        if shared := len(findings.source_ids[split] & findings.source_ids[other]):
            findings.notes.append(f"{split} and {other}: {shared:,} document ids (doc_id) in both")


def _describe_overlap(
    names: tuple[str, str], first: tuple[Findings, str], second: tuple[Findings, str]
) -> Iterator[str]:
    """Describe the sentences and texts that two splits have in common."""
    (findings, split), (other_findings, other_split) = first, second
    sentences = len(
        findings.long_sentences[split].keys() & other_findings.long_sentences[other_split].keys()
    )
    texts = len(findings.texts[split] & other_findings.texts[other_split])
    if sentences:
        suffix = f"; complete texts of several sentences: {texts:,}" if texts else ""
        yield f"{_count(sentences)} in both {names[0]} and {names[1]}{suffix}"


def _add_leak(split: str, train: str, leaked: int, known: int, findings: Findings) -> None:
    """Add held-out sentences that occur in train: a note if the registry lists them all."""
    if not leaked:
        return
    line = f"{split}: {_count(leaked)} also in {train}"
    if leaked > known:
        findings.problems.append(f"{line} (the registry lists {known:,})" if known else line)
    else:
        findings.notes.append(f"{line} (listed in the registry)")


def _count_leaked(train: Findings, held_out: Findings, split: str) -> int:
    """Count the long sentences of a held-out split that occur in train."""
    sentences = train.long_sentences
    keys = set[str]().union(*(sentences[name] for name in _train_splits(sentences)))
    return sum(number for key, number in held_out.long_sentences[split].items() if key in keys)


def _count(number: int, length: str = "long") -> str:
    return f"{number:,} {length} sentence{'' if number == 1 else 's'}"


def _train_splits(splits: Mapping[str, object]) -> list[str]:
    return [split for split in splits if split.startswith("train")]


def _held_out_splits(splits: Mapping[str, object]) -> list[str]:
    return [split for split in splits if not split.startswith("train")]
