"""BioCreative gene mentions: both editions and errors. All texts are invented."""

from __future__ import annotations

import pytest

from tests.formats.mentions import mentions
from vaner.errors import FormatError
from vaner.formats import FormatWarning, detect_format, read


def test_genetag(put):
    put("@@1|1 3|Abc ( e )\n@@1|0 0|wrong\n@@1|9 4|The\n", "Gold.format")
    path = put("@@1/CD The/DT Abc(d)/NN gene/NN ./. \n@@2/CD No/DT\n", "s.test")
    errors = []
    first, second = read(path, on_error=errors.append)
    assert detect_format(path) == "genetag"
    assert first.text == "The Abc(d) gene ."
    assert first.spans == ()
    assert len(errors) == 3
    for tokens in ("1 4", "1 3", "7 12"):  # its tokens, or others and a text that occurs once
        put(f"@@1|{tokens}|Abc ( d )\n", "Gold.format")
        assert mentions(next(read(path))) == [("Abc(d)", "GENE")]
    put("@@1|7 7|e\n", "Gold.format")
    with pytest.raises(FormatError, match=r"Gold.format:1: mention is 'nothing' in sentence @@1"):
        next(read(path))
    assert second.text == "No"


def test_genetag_warns_about_mentions_of_other_sentences(put):
    put("P1|0 3|BRCA\nP2|0 1|p5\nP2|0 2|p53\nP3|0 1|ab\n", "GENE.eval")
    path = put("P1 BRCA.\n", "test.in")
    with pytest.warns(FormatWarning, match=r"GENE\.eval: mentions of sentences that .*test\.in: 3"):
        (document,) = read(path, "genetag")
    assert mentions(document) == [("BRCA", "GENE")]


def test_genetag_of_biocreative_two(put):
    put("P1|3 5|p53\n", "two/GENE.eval")
    assert mentions(next(read(put("P1 The p53 gene.\n", "two/train.in"), "genetag"))) == [
        ("p53", "GENE")
    ]


def test_a_file_of_mentions_is_not_a_file_of_sentences(put):
    path = put("P1|0 3|BRCA\nP2|0 1|p5\n", "test.format")
    with pytest.raises(FormatError, match=r"test\.format:1: is a mention; give the file of sent"):
        list(read(path, "genetag"))
