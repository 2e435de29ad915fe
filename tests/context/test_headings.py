"""Headings that say something about the lines below them.

The marks are those of `tests.context.test_sentences`.
"""

from __future__ import annotations

import pytest

from tests.context.test_sentences import parse
from vaner.context import find_cues

TEXTS = [
    "Family history:\n- {f|Diabetes}\n- {f|Stroke}\n\n{Asthma} today.",
    "PMH:\n1. {h|HTN}\n2. {h|DM}\n3. {h|Gout}\nMedications: {aspirin}\n{metformin}",
    "Family History:\n\n{f|Diabetes}\n{f|Stroke}\nSOCIAL HISTORY\n{Alcohol abuse}",
    "Patient denies:\n- {n|Fever}\n- {n|Cough}\nPatient reports:\n- {Rash}",
    "History of present illness:\n{Asthma} and {gout}.",
    "HISTORY:\n{Cough}\n{Fever}",
    "Family history:\nHer mother had {f|cancer}. She has {asthma}.",
    "Family history:\nShe has no {n|asthma}.",
    "Rule out:\n{u|Sepsis}\n{u|Stroke}",
    "PAST MEDICAL HISTORY:\r\n{h|Asthma}\r\n{h|Gout}\r\n\r\nEXAM:\r\n{Rash}",
    "Family history:\t{f|Diabetes}\nDiagnosis:\t{Asthma}\n",
    "Plan:\n- {aspirin}\n- r/o {u|PE}\n- {heparin}",
    "No evidence of:\n* {n|fracture}\n* {n|dislocation}; {swelling} is present",
    "PMH:\n1. {h|HTN}\nShe came with {chest pain}.",
    "PMH:\n- {h|HTN}\n- {h|DM}\n  with {h|neuropathy}\nNow {cough}.",
    "Diagnoses:\n{Asthma}\n{Gout}",
    "PMH: {h|Asthma}\n{Gout}",
    "Call if you have:\n- {u|Fever}\n- {u|Bleeding}\n\nTake {aspirin}.",
    "Family history:\n{f|Asthma}, but she has {gout}\n{f|Stroke}",
]


@pytest.mark.parametrize("text", TEXTS)
def test_lines_below_a_heading(text: str) -> None:
    document, expected = parse(text)
    assert [{cue.attribute for cue in of_mention} for of_mention in find_cues(document)] == expected


def test_the_cue_is_in_the_heading() -> None:
    document, _ = parse("Family history:\n- {f|Asthma}")
    [[cue]] = find_cues(document)
    assert document.text[cue.start : cue.end] == "Family history"
