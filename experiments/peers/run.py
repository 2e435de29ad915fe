"""Peers on the same splits under the same scorer: python -m experiments.peers.run

    pip install -e '.[peers]'
    python -m experiments.peers.run                       # all of it: hours on a CPU
    python -m experiments.peers.run --only crfsuite       # one peer
    python -m experiments.peers.run --limit 200           # to try it out: minutes
    python -m experiments.peers.report                    # results.json and the tables

The corpora lie where VANER_CORPORA says. Every run of a (peer, corpus, seed) leaves a file in
--output; those that are there are not run again, so it can be stopped at any time. --missing leaves
out those too that results.json has from elsewhere. Peers choose on devel; test is tagged once,
after the choice.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from experiments.peers import crfsuite, minilm, report, spacy_ner
from experiments.peers.peer import Peer, Task
from experiments.peers.scores import Clock, judged
from experiments.peers.sentences import Split
from experiments.study_report import keep
from vaner.corpora import corpora_root, load, sentence_keys
from vaner.errors import CorpusError, VanerError
from vaner.formats import write
from vaner.text.documents import Corpus
from vaner.training.data.held_out import without
from vaner.utils.provenance import collect_provenance

PEERS = {
    "crfsuite": Peer(crfsuite.learn, package="python-crfsuite", seeded=False),
    "spacy": Peer(spacy_ner.learn, package="spacy"),
    "minilm": Peer(minilm.learn, package="transformers", settle=minilm.settle),
}
CORPORA = ("NCBI-disease", "BC5CDR", "BC2GM", "BC4CHEMD", "JNLPBA", "Linnaeus", "S800")
SEEDS = (1, 2, 3)
SETTLED_ON = CORPORA[0]


def main() -> None:
    arguments = _arguments()
    try:
        corpora_root()
        for name in arguments.only:
            _check(name)
        corpora = _there(arguments.corpora)
        arguments.output.mkdir(parents=True, exist_ok=True)
        for name in arguments.only:
            for seed in arguments.seeds if PEERS[name].seeded else [None]:
                for corpus in corpora:
                    _run(name, corpus, seed, arguments)
    except VanerError as error:
        sys.exit(f"error: {error}")
    if not arguments.limit:
        report.collect(arguments.output)


def _run(name: str, corpus: str, seed: int | None, arguments: argparse.Namespace) -> None:
    """Train a peer on a corpus, tag its test split, and keep what came out."""
    place = arguments.output / report.run_name({"peer": name, "corpus": corpus, "seed": seed})
    result = place.with_name(f"{place.name}.json")
    if result.is_file() or (arguments.missing and place.name in report.kept()):
        return
    settings = _settled(name, arguments)
    _say(f"{place.name} …")
    with TemporaryDirectory() as folder:
        task = _task(corpus, seed, arguments, Path(folder), settings)
        clock = Clock()
        learnt = PEERS[name].learn(task)
        training = clock.read()
        devel_f1 = task.devel.f1(learnt.tag(task.devel.words))
        test = Split.of(load(corpus, "test"), arguments.limit)
        figures, predicted = judged(learnt, test, task.train)
    record = {
        "peer": name,
        "corpus": corpus,
        "seed": seed,
        "settings": dict(learnt.settings),
        "chosen_on": f"{corpus} devel",
        "trained_on": f"{corpus} train",
        "devel_f1": devel_f1,
        "left_out": _without_test(corpus)[1],
        "training": training,
        **figures,
        **_provenance(PEERS[name].package),
    }
    # Kept to compare with other systems, mention by mention; it holds the corpus's text.
    write(predicted, place.with_name(f"{place.name}.predicted.jsonl"))
    keep(record, result)
    f1, seconds = record["test"]["micro"]["f1"], training["seconds"]
    _say(f"{place.name}: test F1 {100 * f1:.2f}, trained in {seconds:.0f} s")


def _settled(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """What a peer chose once for all corpora; chosen now if nothing is kept."""
    settle = PEERS[name].settle
    if settle is None:
        return {}
    elsewhere = report.kept().values() if arguments.missing else ()
    for record in elsewhere:
        if record["peer"] == name:
            return dict(record["settings"])
    place = arguments.output / f"{name}-settings.json"
    if not place.is_file():
        _say(f"{name}: settings, on {SETTLED_ON} …")
        with TemporaryDirectory() as folder:
            keep(settle(_task(SETTLED_ON, SEEDS[0], arguments, Path(folder), {})), place)
        _say(f"{name}: {place.read_text('utf-8')}")
    content: dict[str, Any] = json.loads(place.read_text("utf-8"))
    return content


def _task(
    corpus: str,
    seed: int | None,
    arguments: argparse.Namespace,
    folder: Path,
    settings: dict[str, Any],
) -> Task:
    known, _ = _without_test(corpus)
    train, devel = (Split.of(one, arguments.limit) for one in (known, load(corpus, "devel")))
    return Task(train, devel, folder, seed or 0, arguments.threads, settings)


def _without_test(corpus: str) -> tuple[Corpus, int]:
    """Train without the sentences that stand in test, as vaner itself trains; and their number."""
    keys = {key for document in load(corpus, "test") for key in sentence_keys(document)}
    return without(load(corpus, "train"), keys)


def _check(name: str) -> None:
    """Say now, not after hours, that a peer cannot run."""
    try:
        metadata.version(PEERS[name].package)
    except metadata.PackageNotFoundError as error:
        raise VanerError(
            f"the peer {name} needs {PEERS[name].package}: pip install -e '.[peers]'"
        ) from error


def _there(names: Sequence[str] | None) -> list[str]:
    """The corpora to run: those asked for, which must be there, else all that are there."""
    found = []
    for name in names or CORPORA:
        try:
            found.append(load(name, "devel").name)
        except CorpusError as error:
            if names:
                raise
            _say(f"{name} is left out: {error}")
    return found


def _provenance(package: str) -> dict[str, Any]:
    found = collect_provenance()
    return found | {"versions": found["versions"] | {package: metadata.version(package)}}


def _say(line: str) -> None:
    print(f"[{time.strftime('%d %H:%M:%S')}] {line}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.peers.run",
        description="Train peers on the corpora, score them on test, and keep the figures.",
    )
    parser.add_argument("--only", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--corpora", nargs="+", metavar="NAME", help="all that are there if none")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--output", type=Path, default=Path("runs/peers"))
    parser.add_argument("--threads", type=int, default=1, help="for training, where a peer can")
    parser.add_argument("--missing", action="store_true",
                        help="no run that results.json has already")  # fmt: skip
    parser.add_argument("--limit", type=int, help="documents of each split, to try it out")
    arguments = parser.parse_args()
    if arguments.limit:
        arguments.output = arguments.output / f"limit-{arguments.limit}"
    return arguments


if __name__ == "__main__":
    main()
