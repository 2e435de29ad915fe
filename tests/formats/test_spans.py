"""Spans of files that disagree with the text. All texts are invented."""

from __future__ import annotations

import pytest

from vaner.formats import FormatWarning
from vaner.formats.spans import make_span
from vaner.text.documents import SpanError


def test_piece_that_is_one_character_off_is_moved():
    """Only where the file repeats the mention, and where just one move makes it agree."""
    text = "renal and hepatic failure"
    with pytest.warns(FormatWarning, match="'renal failure' .* was moved"):
        span = make_span(text, [(0, 5), (17, 24)], "Disease", quoted="renal failure")
    assert span.fragments == ((0, 5), (18, 25))
    for pieces, quoted in [
        ([(0, 5), (16, 23)], "renal failure"),  # two characters off
        ([(17, 24)], "failure"),  # in one piece: the file's offsets are wrong, not its gaps
        ([(0, 5), (17, 24)], "renal disease"),
    ]:
        with pytest.raises(SpanError, match="in the text but"):
            make_span(text, pieces, "Disease", quoted=quoted)
