"""XML with offsets of mentions: DDI, i2b2 and MAE. All texts are invented."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.formats.mentions import mentions
from vaner.errors import FormatError
from vaner.formats import FormatWarning, detect_format, read
from vaner.formats.skipped_records import SkippedRecordsWarning

Put = Callable[..., Path]

SENTENCES = """<sentence id="d1.s0" text="Zinc &amp; rat or hay fever.">
<entity id="d1.s0.e0" charOffset="0-3" type="drug" text="Zinc"/>
<entity id="d1.s0.e1" charOffset="7-9;18-22" type="D" text="rat fever"/>
<pair id="d1.s0.p0" e1="d1.s0.e0" e2="d1.s0.e1" ddi="true" type="effect"/>
<pair id="d1.s0.p1" e1="d1.s0.e0" e2="d1.s0.e1" ddi="false"/>
</sentence>
<sentence id="d1.s1" text="&#x1F600; Gout.">
<entity id="d1.s1.e0" charOffset="2-5" type="D" text="Gout"/>
</sentence>"""
DDI = f'<?xml version="1.0" encoding="UTF-8"?>\n<document id="d1">\n{SENTENCES}</document>'
TEXT = "Zinc & rat or hay fever.\n😀 Gout."
FOUND = [("Zinc", "drug", ((0, 4),)), ("rat fever", "D", ((7, 10), (18, 23)))]
FOUND += [("Gout", "D", ((27, 31),))]


@pytest.mark.parametrize("content", [DDI, f'<corpus source="us"><document id="d1">{SENTENCES}'])
@pytest.mark.parametrize("is_inclusive", [True, False])
def test_sentences_with_entities(put: Put, content: str, is_inclusive: bool) -> None:
    content += "</document></corpus>" if content.startswith("<corpus") else ""
    if not is_inclusive:
        for end, new in (("0-3", "0-4"), ("7-9;18-22", "7-10;18-23"), ("2-5", "2-6")):
            content = content.replace(f'"{end}"', f'"{new}"')
    path = put(content, "a.xml")
    assert detect_format(path) == "xml_standoff"
    with pytest.warns(SkippedRecordsWarning, match=r"left out: relation \(1\)$"):
        (document,) = read(path)
    assert (document.id, document.text) == ("d1", TEXT)
    assert document.metadata["sentences"] == ((0, 24), (25, 32))
    assert [(document.mention(s), s.type, s.pieces) for s in document.spans] == FOUND


@pytest.mark.parametrize(
    ("offsets", "message"),
    [("3-5", "is 'out' in the text but 'Gout' in the"), ("2", "'2' is not such as 0-6;9-12")],
)
def test_wrong_entities_name_their_document(put: Put, offsets: str, message: str) -> None:
    errors: list[FormatError] = []
    with pytest.warns(SkippedRecordsWarning):
        (document,) = read(put(DDI.replace("2-5", offsets), "a.xml"), on_error=errors.append)
    assert len(document.spans) == 2
    (error,) = map(str, errors)
    assert message in error and "document d1" in error


def make_tags(*tags: str) -> str:
    body = "\n".join(tags)
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<root>\n'
        f"<TEXT><![CDATA[\nDr. Rat has\nhay fever.\n]]></TEXT>\n<TAGS>\n{body}\n</TAGS>\n</root>\n"
    )


@pytest.mark.parametrize(
    ("name", "disease"),
    [
        # i2b2 2014, i2b2 2012, which counts from 1, and MAE
        (
            '<NAME id="P0" start="5" end="8" text="Rat" TYPE="DOCTOR" comment=""/>',
            '<D id="P1" start="13" end="22" text="hay fever"/>',
        ),
        (
            '<EVENT id="E0" start="6" end="9" text="Rat" type="DOCTOR"/>',
            '<D id="E1" start="14" end="23" text="hay fever"/>',
        ),
        (
            '<DOCTOR spans="5~8" text="Rat" id="D0"/>',
            '<D spans="13~16,17~22" text="hay fever" id="D1"/>',
        ),
    ],
)
def test_texts_with_tags(put: Put, name: str, disease: str) -> None:
    path = put(make_tags(name, disease), "note.xml")
    assert detect_format(path) == "xml_standoff"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        (document,) = read(path)
    assert (document.id, document.text) == ("note", "\nDr. Rat has\nhay fever.\n")
    assert mentions(document) == [("Rat", "DOCTOR"), ("hay fever", "D")]
    assert all("count from 1; converted" in str(warning.message) for warning in caught)
    assert len(caught) == ("EVENT" in name)


def test_what_tags_have_in_addition(put: Put) -> None:
    content = make_tags(
        '<D start="13" end="22" text="hay fever" polarity="NEG"/>',
        '<ASTHMA met="not met"/>',
        '<TLINK id="T1" fromID="E1" toID="E2" type="BEFORE"/>',
        '<NOTE spans="-1~-1" text=""/>',
    )
    with pytest.warns(FormatWarning) as caught:
        (document,) = read(put(content, "note.xml"))
    assert mentions(document) == [("hay fever", "D")]
    (message,) = [str(warning.message).partition(": left out: ")[2] for warning in caught]
    assert message == (
        "field polarity of a mention (1); annotation without offsets (2); relation (1)"
    )


GENIA = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE set SYSTEM "gpml.dtd">
<set>
<import resource="GENIAontology.daml" prefix="G"></import>
<article>
<articleinfo>
<bibliomisc>MEDLINE:7</bibliomisc>
</articleinfo>
<title>
<sentence><cons sem="G#DNA"><cons lex="p9" sem="G#protein">p9</cons> gene</cons></sentence>
</title>
<abstract>
<sentence>It has <cons lex="(AND old_form new_form)" sem="(AND G#name G#name)"><cons
lex="old*">old</cons> and <cons lex="new*">new</cons>
<cons lex="*form">forms</cons></cons>.</sentence>
<sentence>{mention} &lt; 2.</sentence>
</abstract>
</article>
</set>
"""


def test_mentions_in_the_text_of_genia(put: Put) -> None:
    path = put(GENIA.format(mention='<cons sem="(OR G#DNA G#protein)">IL-1 or -2</cons>'), "g.xml")
    assert detect_format(path) == "xml_standoff"
    with pytest.warns(SkippedRecordsWarning, match=r"mention of several types \(1\)"):
        (document,) = read(path)
    assert document.id == "7"
    assert document.text == "p9 gene\nIt has old and new\nforms. IL-1 or -2 < 2."
    assert mentions(document) == [
        ("p9", "protein"), ("p9 gene", "DNA"), ("old and new\nforms", "name")
    ]  # fmt: skip
    assert document.metadata["sentences"] == ((0, 7), (8, 33), (34, 49))


def test_bad_mentions_of_genia(put: Put) -> None:
    path = put(GENIA.format(mention='<cons sem="G#DNA"></cons>'), "g.xml")
    with pytest.raises(FormatError, match=r"document 7: mention 34:34 \(DNA\) is empty"):
        list(read(path))
    errors: list[FormatError] = []
    (document,) = read(path, on_error=errors.append)
    assert len(document.spans) == 3 and len(errors) == 1
    path = put(GENIA.format(mention="<w>" * 200 + "</w>" * 200), "g.xml")
    with pytest.raises(FormatError, match="nested deeper than 100"):
        list(read(path))


def test_other_xml_is_an_error(put: Put) -> None:
    path = put("<corpus><text>Gout.</text></corpus>", "a.xml")
    with pytest.raises(FormatError, match="its format is unknown: it looks like XML with the root"):
        detect_format(path)
    with pytest.raises(
        FormatError, match="<corpus> begins with neither <sentence>, <document>, <article> nor"
    ):
        list(read(path, "xml_standoff"))
