"""Compares the CRF with pytorch-crf: python -m benchmarks.crf [--device cuda]

Measures the loss with its gradient, and decoding, for random emissions over a grid of tags, words
and rows of different lengths. Both implementations run in turn in one process, on one thread of a
CPU or on a GPU. The result is the fastest of several runs, and the ratio. Before measuring, the
benchmark checks that both give the same loss, gradient and score of the best path. It writes
crf.json and the plot crf.png.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch
import torchcrf
from torch import Tensor

from experiments.study_report import write_record
from vaner.tagger.crf import CRF
from vaner.utils.provenance import collect_provenance

TAGS = (3, 5, 9, 17, 33)
WORDS = (16, 64, 128, 512)
ROWS = (1, 16, 64)
OUTPUT = Path(__file__).with_suffix(".json")


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    device = torch.device(arguments.device)
    records = []
    for tags, words, rows in product(arguments.tags, arguments.words, arguments.rows):
        record = compare(tags, words, rows, device, arguments.times)
        records.append(record)
        print(describe(record), flush=True)
    if arguments.output:
        write_record(
            {"device": str(device), "grid": records, **collect_provenance()}, arguments.output
        )
        draw(records, arguments.output.with_suffix(".png"))


def compare(tags: int, words: int, rows: int, device: torch.device, times: int) -> dict[str, Any]:
    """Return the milliseconds of both implementations, and the ratio."""
    ours, theirs = CRF(tags).to(device), torchcrf.CRF(tags, batch_first=True).to(device)
    theirs.load_state_dict(ours.state_dict())
    emissions = torch.randn(rows, words, tags, device=device, requires_grad=True)
    gold = torch.randint(0, tags, (rows, words), device=device)
    lengths = torch.tensor([words - row % 5 * words // 8 for row in range(rows)], device=device)
    mask = torch.arange(words, device=device) < lengths.unsqueeze(1)

    def learn(crf: torch.nn.Module) -> tuple[Tensor, Tensor]:
        emissions.grad = None
        loss = crf(emissions, gold, mask)
        loss.backward()
        assert emissions.grad is not None
        return loss.detach(), emissions.grad

    def decode(crf: Any) -> list[list[int]]:
        with torch.no_grad():
            paths: list[list[int]] = crf.decode(emissions, mask)
        return paths

    for first, second in zip(learn(ours), learn(theirs), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-3)
    # By another order of the same additions another path may be the best by a rounding.
    best = [_score(theirs, emissions, decode(crf), mask) for crf in (ours, theirs)]
    torch.testing.assert_close(*best, rtol=1e-5, atol=1e-3)
    record: dict[str, Any] = {"tags": tags, "words": words, "rows": rows}
    for name, does in (("loss", learn), ("decoding", decode)):
        ours_ms, theirs_ms = _fastest((partial(does, ours), partial(does, theirs)), times)
        ratio = theirs_ms / ours_ms
        record[name] = {"vaner_ms": ours_ms, "pytorch_crf_ms": theirs_ms, "ratio": ratio}
    return record


@torch.no_grad()
def _score(crf: Any, emissions: Tensor, paths: list[list[int]], mask: Tensor) -> Tensor:
    gold = torch.zeros(mask.shape, dtype=torch.long, device=mask.device)
    gold[mask] = torch.tensor([tag for path in paths for tag in path], device=mask.device)
    loss: Tensor = crf(emissions, gold, mask, reduction="none")
    return loss


def _fastest(pair: tuple[Callable[[], Any], Callable[[], Any]], times: int) -> Iterator[float]:
    """Return the fastest time of each in milliseconds. They run in turn."""
    best = [float("inf")] * len(pair)
    for _ in range(times):
        for i, run in enumerate(pair):
            _wait()
            start = time.perf_counter()
            run()
            _wait()
            best[i] = min(best[i], 1e3 * (time.perf_counter() - start))
    return iter(best)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def describe(record: dict[str, Any]) -> str:
    ratios = "; ".join(
        f"{name} {record[name]['pytorch_crf_ms']:.2f} / {record[name]['vaner_ms']:.2f} ms ="
        f" {record[name]['ratio']:.1f}"
        for name in ("loss", "decoding")
    )
    return f"{record['tags']:2} tags, {record['words']:3} words, {record['rows']:2} rows: {ratios}"


def draw(records: list[dict[str, Any]], output: Path) -> None:
    """Plot the ratios by number of words, with a line for each number of tags and rows."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    colours = pyplot.get_cmap("viridis")
    tags = sorted({record["tags"] for record in records})
    all_rows = sorted({record["rows"] for record in records})
    styles = dict(zip(all_rows, (":", "--", "-"), strict=False))
    for axis, name in zip(axes, ("loss", "decoding"), strict=True):
        for number, style in product(tags, styles):
            line = [o for o in records if (o["tags"], o["rows"]) == (number, style)]
            axis.plot(
                [o["words"] for o in line], [o[name]["ratio"] for o in line], styles[style],
                color=colours(tags.index(number) / len(tags)),
                label=f"{number} tags" if style == max(styles) else None,
            )  # fmt: skip
        axis.axhline(1, color="grey", linewidth=0.8)
        axis.set(xscale="log", yscale="log", xlabel="words", title=_TITLES[name])
        words = sorted({o["words"] for o in records})
        axis.set_xticks(words, words)
        axis.set_yticks((1, 2, 5, 10, 20, 50), ("1", "2", "5", "10", "20", "50"))
        axis.minorticks_off()
    axes[0].set_ylabel("pytorch-crf's time / ours")
    axes[0].legend(fontsize=8, title="(dotted 1, dashed 16, solid 64 rows)", title_fontsize=7)
    figure.savefig(output, dpi=130)


_TITLES = {"loss": "loss and gradient", "decoding": "decoding"}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.crf", description="The CRF against pytorch-crf."
    )
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tags", type=int, nargs="+", default=TAGS)
    parser.add_argument("--words", type=int, nargs="+", default=WORDS)
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--times", type=int, default=5, help="runs of which the fastest counts")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
