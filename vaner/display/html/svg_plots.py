"""Draws the plots of a report as inline SVG, in the colors of the page."""

from __future__ import annotations

from collections.abc import Iterator

from vaner.calibration.reliability import Bin, Reliability
from vaner.display.text import format_count
from vaner.evaluation.bootstrap import Interval

_SIZE, _MARGIN = 300, 44  # of the plot, and of its axes on the left and below, in pixels
_BAR_WIDTH = 160  # pixels


def reliability_plot(now: Reliability, before: Reliability | None) -> str:
    """Return a reliability diagram: the share of correct mentions over their score.

    Args:
        now: the reliability of the scores.
        before: the reliability before calibration, or None.
    """
    size = _SIZE + _MARGIN + 12
    label = f"Of {format_count(now.mentions, 'mention')}, calibration error {100 * now.error:.1f} %"
    parts = [
        f'<svg class="plot" viewBox="0 0 {size} {size}" width="{size}" height="{size}" '
        f'role="img" aria-label="Reliability diagram. {label}">',
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
        "share of correct mentions</text>"
    )


def _curve(bins: tuple[Bin, ...], name: str) -> Iterator[str]:
    points = [(_x(bin.probability), _y(bin.precision)) for bin in bins]
    line = "L".join(f"{x} {y}" for x, y in points)
    yield f'<path class="curve {name}" d="M{line}"/>'
    for bin, (x, y) in zip(bins, points, strict=True):
        title = f"{format_count(bin.mentions, 'mention')} of {bin.low:.2f} to {bin.high:.2f}: "
        title += f"mean {bin.probability:.3f}, right {bin.precision:.3f}"
        # The shapes differ too, for readers who cannot distinguish the colors.
        if name == "now":
            shape = f'<circle cx="{x}" cy="{y}" r="4"/>'
        else:
            shape = f'<rect x="{round(x - 3.5, 1)}" y="{round(y - 3.5, 1)}" width="7" height="7"/>'
        yield f'<g class="point {name}"><title>{title}</title>{shape}</g>'


def _x(share: float) -> float:
    return round(_MARGIN + share * _SIZE, 1)


def _y(share: float) -> float:
    return round(8 + (1 - share) * _SIZE, 1)


def bar(share: float, interval: Interval | None) -> str:
    """Return a bar for a figure in [0, 1], with its interval as a whisker."""
    end = round(share * _BAR_WIDTH, 1)
    line = ""
    if interval is not None:
        low, high = (round(value * _BAR_WIDTH, 1) for value in (interval.low, interval.high))
        line = f'<path class="whisker" d="M{low} 7H{high}M{low} 4V10M{high} 4V10"/>'
    return (
        f'<svg class="bar" viewBox="0 0 {_BAR_WIDTH} 14" width="{_BAR_WIDTH}" height="14" '
        'aria-hidden="true">'
        f'<rect class="rest" width="{_BAR_WIDTH}" height="14"/>'
        f'<rect class="value" width="{end}" height="14"/>{line}</svg>'
    )
