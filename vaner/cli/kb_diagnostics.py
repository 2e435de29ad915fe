"""``vaner kb related`` and ``vaner kb check``: training names of a base, and leaks in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaner.cli.messages import print_message, print_result
from vaner.cli.options import BaseOption, CorporaOption, JsonOption, TypesOption, split_types
from vaner.display.text import format_count
from vaner.errors import VanerError

if TYPE_CHECKING:
    from vaner.knowledge.leakage import LeakCheck
    from vaner.text.documents import Corpus

HELD_OUT = ("devel", "test")


def related(
    text: Annotated[
        str, typer.Option("--text", "-t", help='A sentence. Example: --text "BRCA1 is a granin."')
    ],
    kb: BaseOption = "open",
    types: TypesOption = None,
    positives: Annotated[int, typer.Option(min=1, help="Maximum number of names per type.")] = 10,
    negatives: Annotated[
        int,
        typer.Option(
            min=0, help="Maximum number of negative examples (names of other types) per type."
        ),
    ] = 5,
    as_json: JsonOption = False,
) -> None:
    """List the names that share rare words or letters with a sentence.

    These are the names from which dense recognition examples are made in training.

    Example: `vaner kb related --types Disease --text "BRCA1 is a granin."`
    """
    from vaner.knowledge.base import open_base
    from vaner.knowledge.related_names import RelatedNames

    base = open_base(kb)
    type_names = base.resolve_types(split_types(types))
    names = RelatedNames(base)
    pools = {
        type: names.find_pools([text], type, positives, negatives)[0]
        for type in type_names or base.types
    }
    if as_json:
        print_result(json.dumps({t: p._asdict() for t, p in pools.items()}, ensure_ascii=False))
        return
    for type, pool in pools.items():
        print_result(f"{type}: {'; '.join(pool.positives) or 'no related names'}")
        if pool.negatives:
            print_result(f"  negative examples: {'; '.join(pool.negatives)}")


def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Name of a knowledge base, path of its file, or a *_dev.jsonl file published with "
            "VANER.",
        ),
    ],
    corpora: CorporaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a knowledge base for annotations of dev and test splits; exit code 1 if there are any.

    There are two checks. The first compares the sources of the base with the files of the corpora.
    The second counts the names that occur only in held-out annotations and contain the extra spaces
    of a tokenizer, and compares this number with the number for random pieces of the same
    sentences.

    Example: `vaner kb check open --corpora ~/corpora`
    """
    from vaner.corpora import corpora_root
    from vaner.knowledge.leakage import check_annotations, find_corpus_files

    root = corpora_root(corpora)
    names, sources = _names(name)
    results = []
    for train, held_out in _splits(root):
        # The names are read once for each split: they are too many to keep in memory.
        results.append(check_annotations(names(), train, held_out))
        if not as_json:
            _print_result(results[-1])
    if not results:
        raise VanerError(f"{root}: contains no registered corpus with a train and a held-out split")
    leaked_sources = list(find_corpus_files(sources, _checksums(root)))
    if as_json:
        content = {
            "provenance": leaked_sources,
            "telltale": [result.to_dict() for result in results],
        }
        print_result(json.dumps(content, ensure_ascii=False, indent=1))
    else:
        for line in leaked_sources:
            print_result(f"LEAK: {line}")
        if sources and not leaked_sources:
            print_result("sources: none is a held-out file of an available corpus")
    leaks = sum(result.is_suspicious for result in results) + len(leaked_sources)
    print_message(f"found {format_count(leaks, 'leak')}" if leaks else "found no leak")
    if leaks:
        raise typer.Exit(1)


def _print_result(result: LeakCheck) -> None:
    print_result(str(result))
    if result.is_suspicious:
        print_result(f"  examples: {'; '.join(result.examples)}")


def _names(name: str) -> tuple[Any, Any]:
    """Return a function that iterates over the names, and the sources."""
    from vaner.knowledge.base import open_base
    from vaner.knowledge.sources import vaner_jsonl

    if name.endswith(".jsonl"):
        if not Path(name).is_file():
            raise VanerError(f"{name}: no such file")
        names = [concept.name for concept in vaner_jsonl.read(name)]
        return (lambda: iter(names)), ()
    base = open_base(name)
    return (lambda: (spelling for spelling, _, _ in base.names())), base.sources.values()


def _splits(root: Path) -> Iterator[tuple[Corpus, Corpus]]:
    """Yield the train split with each held-out split, for every registered corpus."""
    from vaner.corpora import REGISTRY, load, split_file

    for info in REGISTRY.values():
        available = {split for split in info.splits if split_file(info, split, root)}
        if "train" not in available:
            continue
        train = load(info.name, "train", root=root)
        for split in HELD_OUT:
            if split in available:
                yield train, load(info.name, split, root=root)


def _checksums(root: Path) -> dict[str, str]:
    """Return corpus and split by the SHA-256 of the held-out files of all registered corpora."""
    from vaner.corpora import REGISTRY, split_file
    from vaner.corpora.download import compute_sha256

    checksums = {}
    for info in REGISTRY.values():
        for split in info.splits:
            path = split_file(info, split, root)
            if split != "train" and path is not None:
                checksums[compute_sha256(path)] = f"{info.name} {split}"
    return checksums
