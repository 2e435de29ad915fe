"""Damage files of every kind and check each error: python -m benchmarks.fuzzing

Recipes, records of models, knowledge bases, files of documents, exported forms, and the folders of
taggers, selectors, generators and interrupted trainings are damaged at random, but reproducibly,
and read as the commands read them. Right is a result, or one `VanerError` whose message is one line
without control characters. Anything else is a failure: a traceback, a crash, more than a line, or a
read that does not end. The failures are printed with the seed that repeats them, and the counts are
written to fuzzing.json.

    python -m benchmarks.fuzzing --kinds recipes taggers --inputs 1000
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.fuzz_inputs import KINDS, Attempt
from vaner.errors import VanerError, to_single_line

OUTPUT = Path(__file__).with_suffix(".json")
SECONDS = 60
"""Longest time of an input; a slow machine needs seconds for some."""
CHUNK = 500
"""Inputs in a process, which is replaced because a damaged file may have left memory behind."""

SHARES: Mapping[str, float] = {
    "recipes": 0.25, "records": 0.245, "knowledge bases": 0.1, "manifests": 0.05, "documents": 0.25,
    "exported forms": 0.05, "taggers": 0.03, "selectors": 0.01, "generators": 0.01,
    "runs": 0.005,
}  # fmt: skip
"""The part of all inputs that each kind gets: those that are read fastest get most."""


class Failure(NamedTuple):
    """An input with a wrong outcome.

    Attributes:
        kind: kind of input.
        seed: seed that repeats it.
        outcome: ``traceback``, ``several lines``, ``hang`` or ``crash``.
        details: the end of the traceback, or the message.
    """

    kind: str
    seed: int
    outcome: str
    details: str


def run_attempt(attempt: Attempt, seed: int) -> tuple[str, str]:
    """Run an attempt, and return its outcome with details.

    Args:
        attempt: damages a file and reads it.
        seed: seed of the damage.

    Returns:
        ``read``, ``refused``, ``several lines`` or ``traceback``, and the message.
    """
    try:
        attempt(random.Random(seed))
    except VanerError as error:
        message = str(error)
        is_single = message == to_single_line(message)
        return ("refused" if is_single else "several lines"), message
    except Exception:  # any of them is a finding
        return "traceback", traceback.format_exc()
    return "read", ""


def run_kind(kind: str, seeds: range) -> Iterator[tuple[int, str, str]]:
    """Yield seed, outcome and details of each input of a kind.

    The inputs run in processes that are forked from this one, so that a crash or a hang ends only
    one of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        attempt = KINDS[kind](Path(folder))
        waiting = seeds
        while waiting:
            context = multiprocessing.get_context("fork")
            receiver, sender = context.Pipe(duplex=False)
            arguments = (attempt, waiting[:CHUNK], sender)
            process = context.Process(target=_run_chunk, args=arguments, daemon=True)
            process.start()
            sender.close()
            finished = 0
            try:
                for _ in waiting[:CHUNK]:
                    if not receiver.poll(SECONDS):
                        yield waiting[finished], "hang", f"longer than {SECONDS} s"
                        finished += 1
                        break
                    yield receiver.recv()
                    finished += 1
            except EOFError:
                process.join()
                yield waiting[finished], "crash", f"exit code {process.exitcode}"
                finished += 1
            process.kill()
            process.join()
            waiting = waiting[finished:]


def _run_chunk(attempt: Attempt, seeds: range, sender: Connection) -> None:
    # Messages of libraries are not what is tested here.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    for seed in seeds:
        sender.send((seed, *run_attempt(attempt, seed)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="number of inputs of all kinds")
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--seed", type=int, default=0, help="seed of the first input")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)  # a forked process has no other threads
    total = sum(SHARES[kind] for kind in arguments.kinds)
    results: dict[str, Any] = {}
    failures: list[Failure] = []
    for kind in arguments.kinds:
        number = round(arguments.inputs * SHARES[kind] / total)
        outcomes, start = Counter[str](), time.monotonic()
        for seed, outcome, details in run_kind(
            kind, range(arguments.seed, arguments.seed + number)
        ):
            outcomes[outcome] += 1
            if outcome not in ("read", "refused"):
                failures.append(Failure(kind, seed, outcome, details))
                print(f"{kind}, seed {seed}: {outcome}\n{details[-1500:]}", flush=True)
        seconds = round(time.monotonic() - start, 1)
        results[kind] = {"inputs": number, **outcomes, "seconds": seconds}
        print(f"{kind}: {results[kind]}", flush=True)
        _write(results, arguments.output)
    print(f"{sum(r['inputs'] for r in results.values()):,} inputs, {len(failures)} failures")
    raise SystemExit(bool(failures))


def _write(results: Mapping[str, Any], output: Path) -> None:
    from vaner.utils.provenance import collect_provenance

    record = {"kinds": results, **collect_provenance()}
    output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
