"""Drawings of a report, as SVG that stands in the page itself and takes its colours."""

from __future__ import annotations

from collections.abc import Iterator

from vaner.calibration.reliability import Bin, Reliability
from vaner.evaluation.bootstrap import Interval

_SIZE, _EDGE = 300, 44  # of a square plot, and what its axes take left and below, in pixels
_WIDE = 160  # of a bar


def reliability_plot(now: Reliability, before: Reliability | None) -> str:
    """The share of right mentions over their probability; on the diagonal it is what it says.

    Args:
        now: the scores as they are.
        before: the scores before calibration, where they are calibrated.
    """
    whole = _SIZE + _EDGE + 12
    told = f"Of {now.mentions} mentions, calibration error {100 * now.error:.1f} %"
    parts = [
        f'<svg class="plot" viewBox="0 0 {whole} {whole}" width="{whole}" height="{whole}" '
        f'role="img" aria-label="Reliability diagram. {told}">',
        *_axes(),
        *(_curve(before.bins, "before") if before else ()),
        *_curve(now.bins, "now"),
        "</svg>",
    ]
    return "\n".join(parts)


def _axes() -> Iterator[str]:
    left, right = _x(0), _x(1)
    yield f'<path class="rule" d="M{left} {_y(0)}H{right}M{left} {_y(0)}V{_y(1)}"/>'
    yield f'<path class="ideal" d="M{left} {_y(0)}L{right} {_y(1)}"/>'
    for tenth in range(0, 11, 2):
        at = tenth / 10
        yield f'<text x="{_x(at)}" y="{_y(0) + 16}" text-anchor="middle">{at:g}</text>'
        yield f'<text x="{left - 6}" y="{_y(at) + 4}" text-anchor="end">{at:g}</text>'
        yield f'<path class="grid" d="M{left} {_y(at)}H{right}"/>'
    middle = _x(0.5)
    yield f'<text x="{middle}" y="{_y(0) + 34}" text-anchor="middle">score (probability)</text>'
    yield (
        f'<text transform="translate(12 {_y(0.5)}) rotate(-90)" text-anchor="middle">'
        "share of right mentions</text>"
    )


def _curve(bins: tuple[Bin, ...], name: str) -> Iterator[str]:
    points = [(_x(one.probability), _y(one.precision)) for one in bins]
    line = "L".join(f"{x} {y}" for x, y in points)
    yield f'<path class="curve {name}" d="M{line}"/>'
    for one, (x, y) in zip(bins, points, strict=True):
        told = f"{one.mentions} mentions of {one.low:.2f} to {one.high:.2f}: "
        told += f"mean {one.probability:.3f}, right {one.precision:.3f}"
        # A square and a circle: colours are never alone.
        if name == "now":
            shape = f'<circle cx="{x}" cy="{y}" r="4"/>'
        else:
            shape = f'<rect x="{round(x - 3.5, 1)}" y="{round(y - 3.5, 1)}" width="7" height="7"/>'
        yield f'<g class="point {name}"><title>{told}</title>{shape}</g>'


def _x(share: float) -> float:
    return round(_EDGE + share * _SIZE, 1)


def _y(share: float) -> float:
    return round(8 + (1 - share) * _SIZE, 1)


def bar(share: float, interval: Interval | None) -> str:
    """A figure as a bar, with its interval as a line across the bar's end."""
    end = round(share * _WIDE, 1)
    line = ""
    if interval is not None:
        low, high = (round(value * _WIDE, 1) for value in (interval.low, interval.high))
        line = f'<path class="whisker" d="M{low} 7H{high}M{low} 4V10M{high} 4V10"/>'
    return (
        f'<svg class="bar" viewBox="0 0 {_WIDE} 14" width="{_WIDE}" height="14" aria-hidden="true">'
        f'<rect class="rest" width="{_WIDE}" height="14"/>'
        f'<rect class="value" width="{end}" height="14"/>{line}</svg>'
    )
