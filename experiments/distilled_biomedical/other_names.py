"""Copies of training sentences in which names of knowledge bases replace mentions.

A name may be wrong for its sentence, and a name as an annotation would teach that it is right. The
student learns the teacher's probabilities instead, in which the annotations raise the odds of their
tags (`annotation_odds` of a source).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from zlib import crc32

from vaner.knowledge.base import KnowledgeBase
from vaner.knowledge.dense_recognition import find_replaceable, replace_names
from vaner.text.documents import Document
from vaner.training.examples.sentences import split_document

MAX_WORDS = 4
HELD_OUT = 10
"""One name in this number is never inserted: ../unseen_names scores with these names."""

RECENT_NAMES = {
    "Disease": (
        "COVID-19", "coronavirus disease 2019", "SARS-CoV-2 infection", "COVID-19 pneumonia",
        "long COVID", "post-acute COVID-19 syndrome", "MIS-C", "MERS", "mpox", "monkeypox",
        "Zika virus infection", "ZVD", "congenital Zika syndrome", "Ebola virus disease", "EVALI",
        "MASLD", "MASH", "NASH", "HFpEF", "ICANS", "cytokine release syndrome",
        "immune thrombotic thrombocytopenia", "NSCLC", "TNBC", "mCRPC",
    ),
    "Chemical": (
        "remdesivir", "molnupiravir", "nirmatrelvir", "Paxlovid", "semaglutide", "Ozempic",
        "Wegovy", "tirzepatide", "liraglutide", "empagliflozin", "dapagliflozin", "sacubitril",
        "apixaban", "edoxaban", "nivolumab", "pembrolizumab", "atezolizumab", "osimertinib",
        "sotorasib", "trastuzumab deruxtecan", "venetoclax", "ibrutinib", "ruxolitinib",
        "tofacitinib", "baricitinib", "lecanemab", "esketamine", "cannabidiol", "palbociclib",
        "olaparib", "bempedoic acid", "inclisiran", "dupilumab", "tocilizumab",
    ),
    "Gene": (
        "ACE2", "TMPRSS2", "PD-1", "PD-L1", "CTLA-4", "PCSK9", "C9orf72", "TREM2", "STING",
        "cGAS", "NLRP3", "TET2", "IDH1", "ASXL1", "FTO", "GLP-1R", "CD19", "BCMA",
    ),
    "Species": (
        "SARS-CoV-2", "severe acute respiratory syndrome coronavirus 2", "2019-nCoV", "SARS-CoV",
        "MERS-CoV", "Zika virus", "ZIKV", "monkeypox virus", "Ebola virus", "influenza A virus",
        "H5N1", "HIV-1", "HCV", "HBV", "HPV", "EBV", "RSV", "dengue virus", "Candida auris",
        "Clostridioides difficile",
    ),
}  # fmt: skip
"""Names that are frequent in text, but rare in the corpora and the bases, which are older."""

RECENT_SHARE = 0.05
"""Share of these names in the names of a type."""

_BINOMIAL = re.compile("[A-Z][a-z]+ [a-z]+")


def list_names(base: KnowledgeBase, type: str) -> list[str]:
    """Return the names of a type that are written like this in running text, in order.

    Names such as "Anemia, Sickle Cell" are left out, and species that are no binomials, most of
    which have catalog numbers.
    """
    names = {name for name, _, _ in base.names([type])}
    if type == "Species":
        names = set(filter(_BINOMIAL.fullmatch, names))
    return sorted(n for n in names if len(n.split()) <= MAX_WORDS and not set(n) & set(",;()[]"))


def add_recent_names(names: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return names of each type, with `RECENT_SHARE` of them from `RECENT_NAMES`."""
    extended = {}
    for type, of_type in names.items():
        recent = [name for name in RECENT_NAMES.get(type, ()) if not is_held_out(name)]
        copies = round(RECENT_SHARE * len(of_type) / len(recent)) if recent else 0
        extended[type] = [*of_type, *recent * copies]
    return extended


def is_held_out(name: str) -> bool:
    """Return whether a name is for scoring only."""
    return crc32(name.casefold().encode()) % HELD_OUT == 0


def insert_names(
    documents: Iterable[Document], names: Mapping[str, Sequence[str]], rng: Random
) -> Iterator[Document]:
    """Yield a copy of each sentence that has mentions of the types.

    A name of the same type replaces one mention, and each of the others with probability 0.5.

    Args:
        documents: documents of a training split.
        names: names of each type.
        rng: random number generator.
    """
    for document in documents:
        for sentence in split_document(document):
            mentions = [span for span in find_replaceable(sentence) if span.type in names]
            if mentions:
                always = rng.choice(mentions)
                chosen = [span for span in mentions if span is always or rng.random() < 0.5]
                inserted = {span: vary_case(rng.choice(names[span.type]), rng) for span in chosen}
                yield replace_names(sentence, inserted)


def vary_case(name: str, rng: Random) -> str:
    """Return a name in lower case or as it is, if each of its words begins with a capital letter.

    >>> sorted({vary_case("Lyme Disease", Random(seed)) for seed in range(9)})
    ['Lyme Disease', 'lyme disease']
    >>> vary_case("HIV Infections", Random(1))
    'HIV Infections'
    """
    return name.lower() if name.istitle() and rng.random() < 0.5 else name
