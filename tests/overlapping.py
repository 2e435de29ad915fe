"""Random mentions that nest, cross, coincide or are discontinuous, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from vaner.formats.spans import merge_pieces
from vaner.text.documents import Document, Span

TYPES = ("Disease", "Anatomy", "疾病", "cell_line")


@st.composite
def spans_of(
    draw: st.DrawFn,
    text: str,
    *,
    pieces: bool = True,
    scores: bool = False,
    identifiers: bool = False,
    most: int = 9,
) -> list[Span]:
    """Draw mentions of a text, many of which share a start or an end."""
    if not text.strip():
        return []
    edges = draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=7))
    edge = st.sampled_from(edges) | st.integers(0, len(text))
    kinds = st.sampled_from(TYPES[: draw(st.integers(1, len(TYPES)))])
    spans: list[Span] = []
    for _ in range(draw(st.integers(0, most))):
        number = draw(st.sampled_from([2, 2, 2, 4, 6])) if pieces else 2
        cuts = sorted(draw(edge) for _ in range(number))
        parts = tuple(zip(cuts[::2], cuts[1::2], strict=True))
        if all(start < end and text[start:end].strip() for start, end in parts):
            parts = tuple(merge_pieces(text, parts))  # readers do, see make_span
            spans.append(Span(
                cuts[0], cuts[-1], draw(kinds),
                draw(st.none() | st.floats(0, 1)) if scores else None,
                tuple(draw(st.lists(st.sampled_from(["MESH:D1", "7"]), max_size=2)))
                if identifiers else (),
                parts if len(parts) > 1 else (),
            ))  # fmt: skip
    return spans


@st.composite
def documents(
    draw: st.DrawFn,
    text: st.SearchStrategy[str],
    *,
    pieces: bool = True,
    scores: bool = False,
    identifiers: bool = False,
) -> Document:
    """Draw a document with mentions that overlap in every way."""
    body = draw(text)
    spans = spans_of(body, pieces=pieces, scores=scores, identifiers=identifiers)
    return Document(draw(st.text("abcdef012", min_size=1, max_size=6)), body, tuple(draw(spans)))
