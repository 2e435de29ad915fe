"""XML of Knowtator and eHOST, and of Knowtator 2. All texts are invented."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.formats.mentions import mentions
from vaner.errors import FormatError
from vaner.formats import FormatWarning, detect_format, read
from vaner.formats.skipped_records import SkippedRecordsWarning

Put = Callable[..., Path]

TEXT = "Zinc in rats with hay or rat fever."
EHOST = """<?xml version="1.0" encoding="UTF-8"?>
<annotations textSource="a.txt">
  <annotation>
    <mention id="I1" />
    <annotator id="A">A person</annotator>
    <span start="0" end="4" />
    <spannedText>Zinc</spannedText>
  </annotation>
  <annotation>
    <mention id="I2" />
    <span start="18" end="21" />
    <span start="29" end="34" />
    <spannedText>hay ... fever</spannedText>
  </annotation>
  <classMention id="I1"><mentionClass id="CHEBI:27363">zinc</mentionClass></classMention>
  <classMention id="I2"><mentionClass id="Disease">hay fever</mentionClass></classMention>
</annotations>
"""
KNOWTATOR_2 = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<knowtator-project>
  <document id="a" text-file="a.txt">
    <annotation annotator="A" id="I1" type="identity">
      <class id="CHEBI:27363" label="zinc"/>
      <span end="4" id="S1" start="0">Zinc</span>
    </annotation>
    <annotation annotator="A" id="I2" type="identity">
      <class id="Disease" label="hay fever"/>
      <span end="21" id="S2" start="18">hay</span>
      <span end="34" id="S3" start="29">fever</span>
    </annotation>
    <graph-space id="relations"/>
  </document>
</knowtator-project>
"""


@pytest.mark.parametrize("content", [EHOST, KNOWTATOR_2])
@pytest.mark.parametrize("text", ["saved/a.txt", "corpus/a.txt", "txt/a.txt"])
def test_annotations_of_a_text(put: Put, content: str, text: str) -> None:
    put(TEXT, text)
    path = put(content, "saved/a.txt.knowtator.xml")
    for source in (path, path.parent):
        assert detect_format(source) == "knowtator"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            (document,) = read(source)
        assert (document.id, document.text) == ("a", TEXT)
        assert mentions(document) == [("Zinc", "CHEBI"), ("hay fever", "Disease")]
        zinc, fever = document.spans
        assert zinc.identifiers == ("CHEBI:27363",)
        assert (fever.identifiers, fever.fragments) == ((), ((18, 21), (29, 34)))


def test_what_annotations_have_in_addition(put: Put) -> None:
    put("\U0001f600 " + TEXT, "a.txt")
    unlocated = '<annotation><mention id="I3" /></annotation>\n  <classMention id="I1">'
    content = EHOST.replace('<classMention id="I1">', f'{unlocated}<hasSlotMention id="I4" />')
    # The emoji is two UTF-16 units.
    content = re.sub(r'(start|end)="(\d+)"', lambda m: f'{m[1]}="{int(m[2]) + 3}"', content)
    path = put(content, "a.xml")
    with pytest.warns(FormatWarning) as caught:
        (document,) = read(path)
    assert [text for text, _ in mentions(document)] == ["Zinc", "hay fever"]
    messages = sorted(str(warning.message).partition("a.xml: ")[2] for warning in caught)
    assert messages == [
        "left out: annotation without offsets (1); attribute or relation of a mention (1)",
        "the offsets of document a count UTF-16 units; converted",
    ]


def test_bad_annotations_and_missing_texts(put: Put) -> None:
    path = put(EHOST, "in/a.txt.knowtator.xml")
    with pytest.raises(FormatError, match=r"there is no a\.txt in its folder, or in a"):
        list(read(path))
    put(TEXT, "in/a.txt")
    for old, new, message in [
        ('start="0"', 'start="x"', "xml:8: the offsets of a span are not integers"),
        ("<spannedText>Zinc", "<spannedText>Gout", "document a: mention 0:4 .* but 'Gout'"),
        ("</annotations>", "", "broken XML"),
    ]:
        put(EHOST.replace(old, new), "in/a.txt.knowtator.xml")
        with pytest.raises(FormatError, match=message):
            list(read(path))
    second = '<document id="b" text-file="a.txt"/></knowtator-project>'
    put(KNOWTATOR_2.replace("</knowtator-project>", second), "in/b.xml")
    with pytest.raises(FormatError, match="has annotations of several texts"):
        list(read(path.parent / "b.xml"))
    (path.parent / "b.xml").unlink()
    errors: list[FormatError] = []
    put(EHOST.replace("<spannedText>Zinc", "<spannedText>Gout"), "in/a.txt.knowtator.xml")
    (document,) = read(path.parent, on_error=errors.append)
    assert mentions(document) == [("hay fever", "Disease")] and len(errors) == 1
    put("x", "in/b.csv")
    with pytest.warns(SkippedRecordsWarning, match=r"\.csv file \(1\)"):
        list(read(path.parent, on_error=errors.append))
