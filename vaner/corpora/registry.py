"""The registered corpora and their views, read from ``registry.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from vaner.formats import suggest_format
from vaner.utils.names import suggest_name


@dataclass(frozen=True, slots=True)
class SplitInfo:
    """Facts about one split of a corpus.

    Args:
        file: name of the file in the corpus's folder.
        remote_file: name of the file under the corpus's URL; the same as `file` if empty.
        sha256: checksum of the downloaded file, in hex; empty if unknown.
        documents: number of documents; None if unknown.
        sentences: number of sentences; None if unknown.
        mentions: number of mentions, in total or by label of the file; None if unknown.
        nested: number of mention pairs in which one contains the other; None if unknown.
        crossing: number of mention pairs that overlap partially; None if unknown.
        wrong_offsets: number of mentions in the file whose offsets do not match their text. The
            loader leaves them out.
        in_train: corpus -> number of sentences of this split, of eight words or more, that are
            known to occur in the train split of that corpus.
        same_texts: corpus -> its splits that annotate the same texts as this split. The registry
            lists each pair once; `vaner.corpora.same_texts` looks it up in both directions.
    """

    file: str
    remote_file: str = ""
    sha256: str = ""
    documents: int | None = None
    sentences: int | None = None
    mentions: Mapping[str, int] | int | None = None
    nested: int | None = None
    crossing: int | None = None
    wrong_offsets: int = 0
    in_train: Mapping[str, int] = field(default_factory=dict)
    same_texts: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """Facts about a corpus or a view.

    Args:
        name: registered name.
        folder: folder below the corpora folder.
        types: label in the files -> entity type. A view lists only the labels it includes.
        splits: split -> facts about its file.
        license: license of the files, as their source states it.
        homepage: URL of the corpus's home page.
        url: where to download the corpus: a folder of files, or an archive; empty if it cannot be
            downloaded.
        archive: layout of the archive at `url`; empty for a folder of files.
        excluded_urls: files whose documents are excluded from the splits.
        default_type: entity type of tags that have no type in the downloaded files.
        unavailable: why the corpus cannot be downloaded, and what to do instead.
        substitute_test: split that replaces the test split of a corpus without one; empty if the
            corpus has a test split, or nothing to evaluate on.
        type_views: whether there is a view for each entity type, such as BioRED-Gene.
        caveat: what to know before you report a result on this corpus, in one line.
        view_of: name of the corpus whose files a view reads; empty for a corpus.
        excluded_labels: labels in those files that the view excludes.
    """

    name: str
    folder: str
    types: Mapping[str, str]
    splits: Mapping[str, SplitInfo]
    license: str
    homepage: str
    url: str = ""
    archive: str = ""
    excluded_urls: tuple[str, ...] = ()
    default_type: str = ""
    unavailable: str = ""
    substitute_test: str = ""
    type_views: bool = False
    caveat: str = ""
    view_of: str = ""
    excluded_labels: frozenset[str] = field(default_factory=frozenset)

    @property
    def entity_types(self) -> tuple[str, ...]:
        """Entity types the corpus annotates, sorted."""
        return tuple(sorted(set(self.types.values())))

    @property
    def base_corpus(self) -> str:
        """Name of the corpus whose files are read: for a view its corpus, else `name`."""
        return self.view_of or self.name

    @property
    def format(self) -> str:
        """Format of the files, a name in `vaner.formats.FORMATS`."""
        return suggest_format(next(iter(self.splits.values())).file)

    @property
    def file_names(self) -> dict[str, str]:
        """Split -> file name."""
        return {split: info.file for split, info in self.splits.items()}

    @property
    def evaluation_split(self) -> str:
        """Split for evaluation, never used for training or model selection; empty if none.

        >>> [REGISTRY[name].evaluation_split for name in ("BC5CDR", "CMeEE", "Tianchi-TCM")]
        ['test', 'devel', '']
        """
        return "test" if "test" in self.splits else self.substitute_test

    def mentions(self, split: str) -> dict[str, int] | int | None:
        """Return the expected number of mentions of a split.

        Args:
            split: one of `splits`.

        Returns:
            Mentions by entity type, or in total, or None if unknown.

        >>> REGISTRY["BC5CDR"].mentions("test")
        {'Chemical': 5385, 'Disease': 4424}
        >>> VIEWS["BC5CDR-chem"].mentions("test")
        {'Chemical': 5385}
        """
        by_label = self.splits[split].mentions
        if not isinstance(by_label, Mapping):
            return None if self.excluded_labels else by_label
        by_type: dict[str, int] = {}
        for label, type in self.types.items():
            by_type[type] = by_type.get(type, 0) + by_label.get(label, 0)
        return by_type


def _read() -> tuple[Mapping[str, CorpusInfo], Mapping[str, CorpusInfo]]:
    content = tomllib.loads((files("vaner.corpora") / "registry.toml").read_text("utf-8"))
    views = content.pop("views")
    corpora = {name: _corpus(name, entry) for name, entry in content.items()}
    return MappingProxyType(corpora), MappingProxyType(dict(_views(views, corpora)))


def _corpus(name: str, entry: dict[str, Any]) -> CorpusInfo:
    splits = {split: SplitInfo(**fields) for split, fields in entry.pop("splits").items()}
    excluded_urls = tuple(entry.pop("excluded_urls", ()))
    types = _types(entry.pop("types"))
    return CorpusInfo(name=name, types=types, splits=splits, excluded_urls=excluded_urls, **entry)


def _types(types: list[str] | dict[str, str]) -> Mapping[str, str]:
    """Return label -> entity type; in a list, each label is also the name of its type."""
    return types if isinstance(types, dict) else {label: label for label in types}


def _views(
    views: Mapping[str, Mapping[str, Any]], corpora: Mapping[str, CorpusInfo]
) -> Iterator[tuple[str, CorpusInfo]]:
    for name, entry in views.items():
        yield name, _view(name, corpora[entry["base_corpus"]], _types(entry["types"]))
    for info in corpora.values():
        for type in info.entity_types if info.type_views else ():
            types = {label: t for label, t in info.types.items() if t == type}
            yield f"{info.name}-{type}", _view(f"{info.name}-{type}", info, types)


def _view(name: str, base: CorpusInfo, types: Mapping[str, str]) -> CorpusInfo:
    excluded = frozenset(base.types.keys() - types.keys())
    return replace(base, name=name, types=types, view_of=base.name, excluded_labels=excluded)


REGISTRY, VIEWS = _read()
"""The corpora, and the views, which read the files of a corpus."""


def evaluation_split(name: str) -> str:
    """Return the evaluation split of a corpus, registered or not; empty if there is none.

    >>> evaluation_split("CMeEE"), evaluation_split("my_corpus/")
    ('devel', 'test')
    """
    info = lookup(name)
    return info.evaluation_split if info else "test"


def training_split(name: str) -> str:
    """Return the training split of a corpus, registered or not: ``train``, or a part of it.

    >>> training_split("GENIA-nested"), training_split("my_corpus/")
    ('train_partial', 'train')
    """
    info = lookup(name)
    return next((split for split in (info.splits if info else ()) if "train" in split), "train")


def lookup(name: str) -> CorpusInfo | None:
    """Return a registered corpus or view by its name, ignoring case; None if not registered.

    >>> lookup("bc5cdr-Chem").folder
    'BC5CDR'
    """
    folded = {key.casefold(): info for key, info in (*REGISTRY.items(), *VIEWS.items())}
    return folded.get(name.casefold())


def suggest_corpus(name: str) -> str:
    """Return the end of a message about an unknown name: where the names are, and a similar one.

    >>> suggest_corpus("NCBI")
    'see vaner corpus list. Did you mean NCBI-disease?'
    """
    return f"see vaner corpus list{suggest_name(name, (*REGISTRY, *VIEWS))}"
