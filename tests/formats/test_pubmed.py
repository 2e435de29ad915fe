"""PubMed XML: titles, abstracts and encodings. All texts are invented."""

from __future__ import annotations

import gzip

import pytest

from vaner.formats import read, write
from vaner.formats.skipped_records import SkippedRecordsWarning

PUBMED = """<?xml version="1.0"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://example.org/p.dtd">
<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID Version="1">11</PMID><Article>
<ArticleTitle>Ca<sup>2+</sup> in <i>Mus <b>minor</b></i> &lt;5&#176;.</ArticleTitle>
<Abstract><AbstractText Label="AIM">H<sub>2</sub>O.</AbstractText><AbstractText>Let
<mml:math xmlns:mml="m"><mml:mi>x</mml:mi><mml:mo>=</mml:mo></mml:math>1.</AbstractText>
</Abstract></Article><CommentsCorrectionsList><CommentsCorrections><PMID>99</PMID>
</CommentsCorrections></CommentsCorrectionsList></MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>12</PMID><Article><ArticleTitle>Only.</ArticleTitle>
</Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"""


def test_pubmed(put):
    first, second = read(put(gzip.compress(PUBMED.encode()), "p.xml.gz"))
    assert first.id == "11"
    assert first.text == "Ca2+ in Mus minor <5°.\nAIM: H2O. Let x=1."
    assert (second.id, second.text) == ("12", "Only.")


def test_xml_in_another_encoding_is_read_as_declared(put):
    content = PUBMED.replace('"1.0"', '"1.0" encoding="latin-1"', 1).replace("Only", "Hüfte")
    assert list(read(put(content, "p.xml", "latin-1"), "pubmed"))[1].text == "Hüfte."


ARTICLE = """<PubmedArticle><MedlineCitation><PMID>{}</PMID><Article><ArticleTitle>{}</ArticleTitle>
{}</Article>{}</MedlineCitation></PubmedArticle>"""
OTHERS = """<OtherAbstract Type="Publisher" Language="ger"><AbstractText>Husten.</AbstractText>
</OtherAbstract><OtherAbstract Type="AIDS" Language="eng"><AbstractText Label="AIM">Cough.
</AbstractText></OtherAbstract>"""


def test_other_abstract_is_read_if_it_is_the_only_one(put):
    abstract = "<Abstract><AbstractText>Fever.</AbstractText></Abstract>"
    articles = (
        ARTICLE.format(1, "One.", "", OTHERS),
        ARTICLE.format(2, "Two.", abstract, OTHERS),
        ARTICLE.format(
            3, "Three.", "", OTHERS.partition("</OtherAbstract>")[0] + "</OtherAbstract>"
        ),
    )
    content = f"<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>"
    with pytest.warns(SkippedRecordsWarning, match=r"a further abstract of an article \(3\)"):
        first, second, third = read(put(content, "p.xml"))
    assert first.text == "One.\nAIM: Cough."
    assert first.metadata["other_abstract"] == {"type": "AIDS", "language": "eng"}
    assert second.text == "Two.\nFever." and "other_abstract" not in second.metadata
    assert third.text == "Three.\nHusten."
    assert third.metadata["other_abstract"]["language"] == "ger"


def test_title_in_the_original_language_replaces_a_placeholder(put):
    vernacular = "<VernacularTitle>Der Husten.</VernacularTitle>"
    articles = (
        ARTICLE.format(1, "[Not Available].", vernacular, ""),
        ARTICLE.format(2, "[Cough].", vernacular, ""),
        ARTICLE.format(3, "[Not Available].", "", OTHERS),
    )
    content = f"<PubmedArticleSet>{''.join(articles)}</PubmedArticleSet>"
    with pytest.warns(SkippedRecordsWarning, match=r"a further abstract of an article \(1\)"):
        texts = [document.text for document in read(put(content, "p.xml"))]
    assert texts == ["Der Husten.", "[Cough].", "AIM: Cough."]


def test_wrapped_lines_are_joined(put, tmp_path):
    abstract = "<Abstract><AbstractText>It\n  hurts.\n</AbstractText></Abstract>"
    article = ARTICLE.format(1, "Gout in\n      men<sup>2</sup>.\n", abstract, "")
    documents = list(read(put(f"<PubmedArticleSet>{article}</PubmedArticleSet>", "p.xml")))
    assert [d.text for d in documents] == ["Gout in men2.\nIt hurts."]
    write(documents, tmp_path / "p.pubtator")
    lines = (tmp_path / "p.pubtator").read_text().split()
    assert lines == ["1|t|Gout", "in", "men2.", "1|a|It", "hurts."]
