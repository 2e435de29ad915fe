"""Short texts with names: names alone, titles, questions, and lines of clinical notes.

Corpora consist of abstracts and articles; people also annotate such texts. The names are those of
knowledge bases, and abbreviations of clinical notes. The patterns are not those of ../unseen_names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from experiments.distilled_biomedical.other_names import vary_case
from experiments.templates import fill_template
from vaner.text.documents import Document

PATTERNS = (
    "PMH: none.",
    "Allergies: none known.",
    "Meds: see list.",
    "He has a car and a dog.",
    "What is new this week?",
    "Seen in clinic on Monday by Dr. Smith.",
    "{Disease}",
    "{Disease} in children",
    "{Disease}: a review",
    "{Disease} and {Disease}",
    "Symptoms of {Disease}",
    "Risk factors for {Disease}",
    "What causes {Disease}?",
    "How is {Disease} treated?",
    "He has {Disease}.",
    "My mother had {Disease} last year.",
    "{Disease} is a disease of the young.",
    "Vaccines against {Disease} are safe.",
    "She was diagnosed with {Disease} in 2015.",
    "The patient died of {Disease}.",
    "History of {Disease}.",
    "No signs of {Disease}.",
    "Denies {Disease}, {Disease} or {Disease}.",
    "Admitted with {Disease}.",
    "Diagnosis: {Disease}",
    "Impression: {Disease}, stable.",
    "PMH: {Note}, {Note}, {Note}.",
    "PMH: {Note}, {Disease}.",
    "Past medical history: {Note}, {Disease} and {Note}.",
    "65M with {Note}, {Note} and {Disease}.",
    "He was admitted for {Note} in March.",
    "Family history of {Note}.",
    "{Chemical}",
    "{Chemical} and {Chemical}",
    "Side effects of {Chemical}",
    "Is {Chemical} safe in pregnancy?",
    "Take {Chemical}.",
    "{Chemical} 20 mg daily.",
    "Meds: {Chemical} 500 mg BID, {Chemical} 10 mg daily, {Chemical}.",
    "Allergies: {Chemical}, {Chemical}",
    "Started on {Chemical}.",
    "{Chemical} was stopped after two days.",
    "He takes {Chemical} for {Disease}.",
    "{Chemical} for {Disease}",
    "{Chemical} for {Note}",
    "{Chemical} in the treatment of {Disease}",
    "{Disease} caused by {Chemical}",
    "{Gene}",
    "{Gene} and {Gene}",
    "{Gene} is mutated.",
    "The {Gene} gene",
    "Mutations of {Gene} cause {Disease}.",
    "{Gene} in {Disease}",
    "The role of {Gene} in {Disease}",
    "{Chemical} inhibits {Gene}.",
    "Knockdown of {Gene}",
    "{Variant}",
    "{Gene} {Variant}",
    "The {Gene} {Variant} mutation",
    "{Variant} and {Variant} in {Gene}",
    "{Variant} was found in two patients.",
    "{Gene} {Variant} in {Disease}",
    "{Species}",
    "{Species} and {Species}",
    "Cultures grew {Species}.",
    "{Species} was found in stool.",
    "Growth of {Species} at 37 degrees",
    "Draft genome of {Species}",
    "{Chemical} is active against {Species}.",
)
"""Texts, most with places for names of types; "Note" is a disease as clinical notes write it."""

NOTE_DISEASES = """
    HTN HLD DM DM2 T2DM T1DM IDDM NIDDM CAD CHF HFrEF HFpEF MI NSTEMI STEMI ACS AF AFib PAF SVT
    VT PVD PAD AAA CVA TIA SAH SDH ICH DVT PE VTE PH COPD OSA ARDS ILD IPF CAP HAP URI TB GERD
    PUD IBS IBD UC GIB SBO NASH NAFLD HCC HBV HCV CKD ESRD AKI ARF UTI BPH PCOS RA OA SLE DJD
    PMR MS ALS PD AD ADHD PTSD OCD MDD GAD TBI RLS AML CML CLL ALL NHL MM MDS NSCLC SCLC RCC GBM
    ITP TTP DIC HUS HIT MRSA HIV AIDS MERS SARS hypertension hyperlipidemia obesity gout asthma
    depression anxiety anemia hypothyroidism sepsis
""".split()
"""Diseases as clinical notes write them."""


def make_short_texts(
    names: Mapping[str, Sequence[str]], copies: int, rng: Random
) -> Iterator[Document]:
    """Yield each of `PATTERNS` this many times, with names and their annotations.

    Args:
        names: names of each type.
        copies: number of texts of each pattern.
        rng: random number generator.
    """
    choices = {**names, "Note": NOTE_DISEASES}

    def choose(type: str) -> tuple[str, str]:
        name = rng.choice(choices[type])
        written = name if type == "Variant" else vary_case(name, rng)
        return written, "Disease" if type == "Note" else type

    for number, pattern in enumerate(PATTERNS * copies):
        text, spans = fill_template(pattern, choose)
        yield Document(str(number), text, tuple(spans))
