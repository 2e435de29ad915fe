"""Clinical notes with annotations, made from templates and a vocabulary.

They teach a model the abbreviations of notes (HTN, SOB), that procedures (CABG) are no mentions,
and that the value of a laboratory test is not a part of its name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import regex

from vaner.text.documents import Document, Span

TYPES = ("Disease", "Chemical", "Gene", "Variant", "CellLine", "CellType")
"""Types that the notes annotate. The others are unknown: "patient" is Species in some corpora."""

TEMPLATES = """
PMH: {disease}, {disease}, {disease}
PMHx: {disease}, {disease} s/p {procedure}, {disease}
Past medical history: {disease}, {disease}, {disease}, {disease}.
PMH significant for {disease}, {disease} and {disease}.
PMH {disease} {disease} {disease}
PSH: {procedure}, {procedure}
{person} with {disease}, {disease} and {disease} p/w {symptom} x 3 days.
{person} w/ hx of {disease}, {disease}, presenting to {place} with {symptom} and {symptom}.
{person} with h/o {disease} (on {drug}), {disease} s/p {procedure} c/b {disease}, here for f/u.
{person} admitted to {place} for {disease}, now s/p {procedure}.
CC: {symptom}
CC: {symptom}, {symptom}
HPI: {person} c/o {symptom} x2 wks, assoc w/ {symptom}. No {symptom} or {symptom}.
Denies {symptom}, {symptom}, {symptom}.
ROS: neg for {symptom}/{symptom}, + {symptom}.
ROS positive for {symptom}; negative for {symptom}, {symptom}
Meds: {drug} {dose} {times}, {drug} {dose} {times}, {drug} {dose} {times}.
Home meds: {drug}, {drug}, {drug}
{drug} {dose} {route} {times}
{drug} {dose} {route} {times}, {drug} {dose} {times}
- {drug} {dose} {route} {times}
Started on {drug} and {drug} for {disease}.
Given {drug} {dose} {route} x1 in {place} for {symptom}, with good effect.
Continue {drug}, hold {drug} given {symptom}.
D/c {drug}, switch to {drug} {dose} {times}.
Allergies: {drug} ({allergy}), {drug}
Allergies: NKDA
All: {drug} -> {allergy}
Labs: {result} {value}, {result} {value}, {result} {value}, {result} {value}.
Labs: {result} {value} {result} {value} {result} {value}
{result} {value}, {result} {value} (baseline {value}), {result} {value}
{result} {value} -> {value}, {result} {value}
{result} of {value}, {result} wnl
Labs notable for {result} {value} and {result} {value}; {study} pending.
VS: T 98.4 HR 88 BP 132/78 RR 16 SpO2 97% RA
VS: BP 110/60, HR 102, T 101.2, O2 sat 93% on 2L NC
PE: {exam}, {exam}, {exam}. Ext: no {symptom}.
Exam: {exam}. {exam}, {exam}
Gen: {exam}. CV: {exam}. Lungs: {exam}. Abd: {exam}, {exam}.
{study}: no acute process. {study} wnl.
{study} c/w {disease}. No evidence of {disease}.
{study} neg for {disease}; {study} shows {disease}.
{study} ordered, r/o {disease} vs {disease}.
Imp: {disease}, likely 2/2 {disease}.
A/P: {person} with {disease} admitted for {disease}.
# {disease}: continue {drug} {dose} {times}, trend {result}
# {disease}
# {symptom}: r/o {disease}, {study} and {result} in AM
1. {disease} - {drug} {dose} {times}, f/u w/ {service}
2. {disease}: stable on {drug}
3) {disease}, s/p {procedure}. {service} following.
{disease} ppx: {drug} {route}
Plan: {study}, {drug}, {service} consult, NPO after MN.
Dx: {disease}; {disease}
Discharge dx: {disease}, {disease}
FHx: mother w/ {disease}, father {disease} at 60.
FH: neg for {disease}, {disease}
SHx: denies tob/EtOH/IVDU, lives with spouse.
f/u {service} in 2 wks, RTC prn.
D/c to {place} on {drug} x 7 days.
s/p {procedure} POD#2, tolerating PO, pain controlled with {drug}.
Pt seen in {place}, {exam}, no {symptom}. {study} reviewed.
Worsening {symptom} likely due to {disease} exacerbation vs {disease}.
Will r/o {disease} with {study}; if neg, d/c home on {drug} {dose} {times}.
{disease} on {drug}, last {result} {value}.
{disease} well controlled, {disease} not at goal: increase {drug} to {dose} {times}.
""".strip().splitlines()
"""Lines of notes. A name in braces is a part of the vocabulary; `result` is any laboratory test."""

VOCABULARY = Path(__file__).with_name("vocabulary.toml")

_SLOT = regex.compile(r"(\{\w+\})")
_VALUES = 200  # different numbers of laboratory tests


class Entry(NamedTuple):
    """A text of the vocabulary.

    Attributes:
        text: what the note says.
        type: the type of the mention; empty for what is not one.
    """

    text: str
    type: str = ""


def make_notes(number: int, random: Random) -> Iterator[Document]:
    """Yield notes of one to four lines, each made from a template.

    Args:
        number: number of notes.
        random: source of random numbers.
    """
    vocabulary = read_vocabulary()
    for note in range(number):
        text, spans = "", list[Span]()
        for template in random.sample(TEMPLATES, random.randint(1, 4)):
            text += "\n" if text else ""
            for part in _SLOT.splititer(template):  # text, slot, text, slot, … text
                name = part.strip("{}")
                entry = random.choice(vocabulary[name]) if part != name else Entry(part)
                if entry.type:
                    spans.append(Span(len(text), len(text) + len(entry.text), entry.type))
                text += entry.text
        yield Document(f"note-{note}", text, tuple(spans))


def read_vocabulary() -> dict[str, list[Entry]]:
    """Return slot -> its texts; `result` has the laboratory tests, and `value` some numbers.

    >>> Entry("HTN", "Disease") in read_vocabulary()["disease"]
    True
    """
    content = tomllib.loads(VOCABULARY.read_text("utf-8"))
    slots = {slot: [Entry(text) for text in texts] for slot, texts in content["others"].items()}
    for slot, group in content["mentions"].items():
        slots[slot] = [Entry(text, group["type"]) for text in group["texts"]]
    slots["result"] = [
        Entry(text, group["type"])
        for group in content["results"].values()
        for text in group["texts"]
    ]
    numbers = Random(1)
    slots["value"] = [
        Entry(f"{numbers.uniform(0.1, 15):.1f}" if n % 2 else str(numbers.randint(10, 400)))
        for n in range(_VALUES)
    ]
    return slots
