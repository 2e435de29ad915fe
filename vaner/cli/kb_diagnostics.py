"""``vaner kb related`` and ``vaner kb check``: what a base would teach, and whether it may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vaner.cli.messages import print_message
from vaner.cli.options import BaseOption, CorporaOption, JsonOption, TypesOption, split_types
from vaner.display.text import counted
from vaner.errors import VanerError

if TYPE_CHECKING:
    from vaner.knowledge.leakage import TellTale
    from vaner.text.documents import Corpus

HELD_OUT = ("devel", "test")


def related(
    text: Annotated[
        str, typer.Option("--text", "-t", help='A sentence: --text "BRCA1 is a granin."')
    ],
    kb: BaseOption = "open",
    types: TypesOption = None,
    positives: Annotated[int, typer.Option(min=1, help="Most names of a type.")] = 10,
    negatives: Annotated[
        int, typer.Option(min=0, help="Most names of other types, as counter-examples.")
    ] = 5,
    as_json: JsonOption = False,
) -> None:
    """Names that share rare words or letters with a sentence: what dense recognition draws from.

    Example: `vaner kb related --types Disease --text "BRCA1 is a granin."`
    """
    from vaner.knowledge.base import open_base
    from vaner.knowledge.related_names import RelatedNames

    base = open_base(kb)
    wanted = split_types(types)
    base.check_types(wanted)
    names = RelatedNames(base)
    pools = {
        type: names.pools([text], type, positives, negatives)[0] for type in wanted or base.types
    }
    if as_json:
        typer.echo(json.dumps({t: p._asdict() for t, p in pools.items()}, ensure_ascii=False))
        return
    for type, pool in pools.items():
        typer.echo(f"{type}: {'; '.join(pool.positives) or 'nothing related'}")
        if pool.negatives:
            typer.echo(f"  and as counter-examples: {'; '.join(pool.negatives)}")


def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Name of a base, path of its file, or a *_dev.jsonl of VANER's published data.",
        ),
    ],
    corpora: CorporaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for annotations of dev and test splits in a base; exit code 1 if there are any.

    Two ways: by where its sources come from, and by the tell-tale spaces of a tokeniser in names
    that only a held-out annotation has, beside random pieces of the same sentences.

    Example: `vaner kb check open --corpora ~/corpora`
    """
    from vaner.corpora import corpora_root
    from vaner.knowledge.leakage import of_a_corpus, telltale

    root = corpora_root(corpora)
    names, sources = _names(name)
    found = []
    for train, held_out in _splits(root):
        # One pass over the names of a base for each split: they are many, and are not kept.
        found.append(telltale(names(), train, held_out))
        if not as_json:
            _tell(found[-1])
    if not found:
        raise VanerError(f"no registered corpus with train and held-out splits lies in {root}")
    strangers = list(of_a_corpus(sources, _checksums(root)))
    if as_json:
        content = {"provenance": strangers, "telltale": [each.to_dict() for each in found]}
        typer.echo(json.dumps(content, ensure_ascii=False, indent=1))
    else:
        for line in strangers:
            typer.echo(f"LEAK: {line}")
        if sources and not strangers:
            typer.echo("by provenance: no source is a held-out file of a corpus at hand")
    leaks = sum(each.suspicious for each in found) + len(strangers)
    print_message(f"{counted(leaks, 'leak')} found" if leaks else "no leak found")
    if leaks:
        raise typer.Exit(1)


def _tell(found: TellTale) -> None:
    typer.echo(str(found))
    if found.suspicious:
        typer.echo(f"  such as: {'; '.join(found.examples)}")


def _names(name: str) -> tuple[Any, Any]:
    """What gives the names, anew each time, and the sources."""
    from vaner.knowledge.base import open_base
    from vaner.knowledge.sources import vaner_jsonl

    if name.endswith(".jsonl"):
        if not Path(name).is_file():
            raise VanerError(f"{name}: there is no such file")
        kept = [concept.name for concept in vaner_jsonl.read(name)]
        return (lambda: iter(kept)), ()
    base = open_base(name)
    return (lambda: (each for each, _, _ in base.names())), base.sources.values()


def _splits(root: Path) -> Iterator[tuple[Corpus, Corpus]]:
    """Train beside each held-out split of every registered corpus that is there."""
    from vaner.corpora import REGISTRY, load, split_file

    for info in REGISTRY.values():
        there = {split for split in info.splits if split_file(info, split, root)}
        if "train" not in there:
            continue
        train = load(info.name, "train", root=root)
        for split in HELD_OUT:
            if split in there:
                yield train, load(info.name, split, root=root)


def _checksums(root: Path) -> dict[str, str]:
    """SHA-256 of the held-out files of every registered corpus -> what they are."""
    from vaner.corpora import REGISTRY, split_file
    from vaner.corpora.download import compute_sha256

    found = {}
    for info in REGISTRY.values():
        for split in info.splits:
            path = split_file(info, split, root)
            if split != "train" and path is not None:
                found[compute_sha256(path)] = f"{info.name} {split}"
    return found
