"""Texts in other languages are recognized; no kind of English is."""

from __future__ import annotations

import pytest

from vaner.recognition.language_warning import LanguageWarning
from vaner.text.documents import Document
from vaner.text.language import is_not_english

ENGLISH = [
    "Metformin treats diabetes.",
    "68M c/o CP, SOB. Hx HTN, DM2. ASA 81 mg daily, metoprolol 25 mg BID. CXR neg. D/c home.",
    "IL-2, IL-4, IL-6, TNF-α, IFN-γ, GM-CSF, VEGF-A, PDGF-BB, CCL2, CCL5, CXCL8 and CXCL10.",
    "Müller et al. and García et al. described naïve patients with Sjögren syndrome in São Paulo.",
    "WE TREATED TEN PATIENTS WITH ASPIRIN. NO PATIENT HAD SE OR DIED WITHIN THE YEAR.",
    "ATGCGTACGATCGATCGATCGACTAGCTAGCTAGCATCG",
    "x y z 1 2 3",
    "",
]
OTHERS = [
    "Die Behandlung mit Metformin wurde bei Patienten mit Diabetes untersucht und half sehr.",
    "Le traitement par la metformine a été étudié chez des patients atteints de diabète de type 2.",
    "El tratamiento con metformina se estudió en pacientes con diabetes y mostró una reducción.",
    "Il trattamento con metformina è stato studiato in pazienti con diabete e ha mostrato effetti.",
    "O tratamento com metformina foi estudado em pacientes com diabetes e mostrou uma redução.",
    "Leczenie metforminą badano u pacjentów z cukrzycą typu drugiego i wykazano obniżenie glukozy.",
    "Metformin tedavisi tip iki diyabetli hastalarda incelendi ve kan şekerinde düşüş gösterildi.",
    "Лечение метформином изучалось у пациентов с диабетом второго типа.",
    "高血压患者服用阿司匹林三个月后血压明显下降,未见不良反应,咳嗽症状消失。",
    "メトホルミンによる治療は2型糖尿病患者において検討され、血糖値の低下を示した。",
]


@pytest.mark.parametrize("text", ENGLISH)
def test_english(text: str) -> None:
    assert not is_not_english(text)


@pytest.mark.parametrize("text", OTHERS)
def test_other_languages(text: str) -> None:
    assert is_not_english(text)


def test_there_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    texts = [Document(str(i), text) for i, text in enumerate([*ENGLISH, *OTHERS])]
    assert list(LanguageWarning(True).watch(texts)) == texts
    [message] = caplog.messages
    assert message.startswith(f"document {len(ENGLISH)}: the text does not seem to be English")
    caplog.clear()
    assert list(LanguageWarning().watch(texts)) == texts and not caplog.messages
