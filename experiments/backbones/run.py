"""Try many architectures of transformers as backbones, with tiny random models.

    python -m experiments.backbones.run             # all, some minutes
    python -m experiments.backbones.run llama bert  # only these; the others keep their results
    python -m experiments.backbones.run --table     # only the table, from the stored results

The command writes ``results.json`` and the table in ``docs/backbones.md``. It exits with code 1 if
an architecture fails without a clear message, or if scores depend on the batch or on saving.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.backbones.architectures import ARCHITECTURES
from experiments.backbones.probe import Outcome, probe
from experiments.study_report import write_record
from vaner.utils.atomic_write import atomic_write
from vaner.utils.provenance import collect_provenance, get_commit

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "backbones.md"

_BLOCK = re.compile(r"(<!-- backbones:begin -->\n).*?(<!-- backbones:end -->)", re.S)
_HEADER = ("architecture", "batches", "layers see", "adapter", "all weights")
_LAYOUTS = {"packed": "packed", "padded": "padded", "single": "row by row", "refused": "refused"}


def make_table(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """Return a Markdown table of outcomes."""
    rows = [_HEADER, ("---",) * len(_HEADER)]
    for outcome in outcomes:
        layout = _LAYOUTS[outcome["layout"]]
        results = [_describe(outcome[name]) for name in ("lora", "full")]
        layers = ", ".join(outcome["layers"])
        rows.append((f"`{outcome['name']}`", layout, layers, *results))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _describe(result: str) -> str:
    """Return a result without the remedy, which is the same for many architectures."""
    reason = re.split(r"[;:] (?:use|set|change) ", result.removeprefix("refused: "))[0]
    return re.sub(r"^an? \S+ backbone:? ", "", reason).replace("|", "\\|")


def update_page(page: str, outcomes: Sequence[Mapping[str, Any]]) -> str:
    """Return the page with its table replaced."""
    return _BLOCK.sub(lambda match: f"{match[1]}{make_table(outcomes)}{match[2]}", page)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="model types; all if none is given")
    parser.add_argument("--table", action="store_true", help="try nothing; write the table")
    options = parser.parse_args(arguments)
    names = [] if options.table else options.names or list(ARCHITECTURES)
    known = json.loads(RESULTS.read_text("utf-8"))["outcomes"] if RESULTS.is_file() else []
    outcomes = {outcome["name"]: outcome for outcome in known}
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrong = [outcome for name in names if _report(outcome := probe(name), outcomes)]
    finally:
        logging.disable(logging.NOTSET)
    ordered = [outcomes[name] for name in ARCHITECTURES if name in outcomes]
    if names:
        content = {"outcomes": ordered, **collect_provenance()}
        write_record(content, RESULTS)
    with atomic_write(PAGE) as temporary:
        temporary.write_text(update_page(PAGE.read_text("utf-8"), ordered), "utf-8")
    return 1 if wrong else 0


def _report(outcome: Outcome, outcomes: dict[str, Any]) -> bool:
    """Print and store an outcome with the commit it is of; return whether it is wrong."""
    print(outcome.name, outcome.layout, outcome.lora, outcome.full, sep=" | ", flush=True)
    outcomes[outcome.name] = {**json.loads(json.dumps(asdict(outcome))), "commit": get_commit()}
    return outcome.is_wrong


if __name__ == "__main__":
    sys.exit(main())
