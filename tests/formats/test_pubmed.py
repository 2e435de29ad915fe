"""PubMed XML: titles, abstracts and encodings. All texts are invented."""

from __future__ import annotations

import gzip

from vaner.formats import read

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
    assert first.text == "Ca2+ in Mus minor <5°.\nAIM: H2O. Let\nx=1."
    assert (second.id, second.text) == ("12", "Only.")


def test_xml_in_another_encoding_is_read_as_declared(put):
    content = PUBMED.replace('"1.0"', '"1.0" encoding="latin-1"', 1).replace("Only", "Hüfte")
    assert list(read(put(content, "p.xml", "latin-1"), "pubmed"))[1].text == "Hüfte."
