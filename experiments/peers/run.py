"""Trains and scores the peers on the same splits: python -m experiments.peers.run

    pip install -e '.[peers]'
    python -m experiments.peers.run                       # all runs: hours on a CPU
    python -m experiments.peers.run --only crfsuite       # one peer
    python -m experiments.peers.run --limit 200           # a test: minutes
    python -m experiments.peers.report                    # results.json and the tables

VANER_CORPORA is the folder of the corpora. Every run of a (peer, corpus, seed) writes a file to
--output, and finished runs are not repeated, so you can interrupt the command. --missing also skips
the runs in results.json. Peers select on devel; test is tagged once, after the selection. A corpus
without a test split is scored on devel, and peers select on a tenth of train.
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
from experiments.peers.scores import Clock, score_peer
from experiments.peers.sentences import Split
from experiments.peers.splits import Splits, load_splits
from experiments.study_report import write_record
from vaner.corpora import corpora_root, load
from vaner.errors import CorpusError, VanerError
from vaner.formats import write
from vaner.utils.provenance import collect_provenance

PEERS = {
    "crfsuite": Peer(crfsuite.train, package="python-crfsuite", is_seeded=False),
    "spacy": Peer(spacy_ner.train, package="spacy"),
    "minilm": Peer(minilm.train, package="transformers", tune=minilm.tune),
}
CORPORA = (
    "NCBI-disease", "BC5CDR", "BC2GM", "BC4CHEMD", "JNLPBA", "Linnaeus", "S800",
    "BioRED", "BioNLP13CG", "CRAFT",
)  # fmt: skip
SEEDS = (1, 2, 3)
TUNING_CORPUS = CORPORA[0]


def main() -> None:
    arguments = _arguments()
    try:
        corpora_root()
        for name in arguments.only:
            _check_package(name)
        corpora = _find_corpora(arguments.corpora)
        arguments.output.mkdir(parents=True, exist_ok=True)
        for name in arguments.only:
            for seed in arguments.seeds if PEERS[name].is_seeded else [None]:
                for corpus in corpora:
                    _run(name, corpus, seed, arguments)
    except VanerError as error:
        sys.exit(f"error: {error}")
    if not arguments.limit:
        report.collect(arguments.output)


def _run(name: str, corpus: str, seed: int | None, arguments: argparse.Namespace) -> None:
    """Train a peer on a corpus, score it on test, and write the record."""
    run = report.run_name({"peer": name, "corpus": corpus, "seed": seed})
    path = arguments.output / f"{run}.json"
    if path.is_file() or (arguments.missing and run in report.read_stored_runs()):
        return
    settings = _tune_settings(name, arguments)
    _log(f"{run} …")
    splits = load_splits(corpus)
    with TemporaryDirectory() as folder:
        task = _build_task(splits, seed, arguments, Path(folder), settings)
        clock = Clock()
        peer = PEERS[name].train(task)
        training = clock.read()
        devel_f1 = task.devel.f1(peer.tag(task.devel.words))
        test = Split.from_corpus(splits.test, arguments.limit)
        figures, predicted = score_peer(peer, test, task.train)
    record = {
        "peer": name,
        "corpus": corpus,
        "seed": seed,
        "settings": dict(peer.settings),
        "scored_on": f"{corpus} {splits.test.split}",
        "chosen_on": f"{corpus} {splits.devel.split}",
        "trained_on": f"{corpus} train",
        "devel_f1": devel_f1,
        "left_out": splits.left_out,
        "training": training,
        **figures,
        **_collect_provenance(PEERS[name].package),
    }
    # For comparisons with other systems, mention by mention. It contains the text of the corpus.
    write(predicted, arguments.output / f"{run}.predicted.jsonl")
    write_record(record, path)
    f1, seconds = record["test"]["micro"]["f1"], training["seconds"]
    _log(f"{run}: test F1 {100 * f1:.2f}, trained in {seconds:.0f} s")


def _tune_settings(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of a peer for all corpora, stored ones if there are any."""
    tune = PEERS[name].tune
    if tune is None:
        return {}
    for record in report.read_stored_runs().values() if arguments.missing else ():
        if record["peer"] == name:
            return dict(record["settings"])
    path = arguments.output / f"{name}-settings.json"
    if not path.is_file():
        _log(f"{name}: settings, on {TUNING_CORPUS} …")
        with TemporaryDirectory() as folder:
            splits = load_splits(TUNING_CORPUS)
            task = _build_task(splits, SEEDS[0], arguments, Path(folder), {})
            write_record(tune(task), path)
        _log(f"{name}: {path.read_text('utf-8')}")
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def _build_task(
    splits: Splits,
    seed: int | None,
    arguments: argparse.Namespace,
    folder: Path,
    settings: dict[str, Any],
) -> Task:
    train, devel = (
        Split.from_corpus(split, arguments.limit) for split in (splits.train, splits.devel)
    )
    return Task(train, devel, folder, seed or 0, arguments.threads, settings)


def _check_package(name: str) -> None:
    """Check that the package of a peer is installed, before runs that take hours."""
    try:
        metadata.version(PEERS[name].package)
    except metadata.PackageNotFoundError as error:
        raise VanerError(
            f"the peer {name} needs {PEERS[name].package}: pip install -e '.[peers]'"
        ) from error


def _find_corpora(names: Sequence[str] | None) -> list[str]:
    """Return the named corpora, which must be installed, or by default all installed ones."""
    corpora = []
    for name in names or CORPORA:
        try:
            corpora.append(load(name, "devel").name)
        except CorpusError as error:
            if names:
                raise
            _log(f"{name} is skipped: {error}")
    return corpora


def _collect_provenance(package: str) -> dict[str, Any]:
    provenance = collect_provenance()
    versions = provenance["versions"] | {package: metadata.version(package)}
    return provenance | {"versions": versions}


def _log(line: str) -> None:
    print(f"[{time.strftime('%d %H:%M:%S')}] {line}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.peers.run",
        description="Train the peers on the corpora and score them on test.",
    )
    parser.add_argument("--only", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument(
        "--corpora", nargs="+", metavar="NAME", help="by default all installed ones"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--output", type=Path, default=Path("runs/peers"))
    parser.add_argument("--threads", type=int, default=1, help="for training")
    parser.add_argument("--missing", action="store_true",
                        help="skip the runs in results.json")  # fmt: skip
    parser.add_argument("--limit", type=int, help="documents of each split, for a test")
    arguments = parser.parse_args()
    if arguments.limit:
        arguments.output = arguments.output / f"limit-{arguments.limit}"
    return arguments


if __name__ == "__main__":
    main()
