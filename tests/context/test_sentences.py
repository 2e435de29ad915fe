"""What sentences say about mentions, on sentences written for this test.

``{asthma}`` is a mention about which its sentence says nothing; the letters before the bar say what
it says: n(egated), u(ncertain), h(istorical), f(amily).
"""

from __future__ import annotations

import re

import pytest

from vaner.context import find_cues
from vaner.text.documents import Document, Span

LETTERS = {"n": "negated", "u": "uncertain", "h": "historical", "f": "family"}
_MENTION = re.compile(r"\{(?:([nuhf]+)\|)?([^{}]+)\}")

SENTENCES = """
No {n|fever} was noted.
There is no evidence of {n|pneumonia} or {n|pleural effusion}.
She denies {n|chest pain}, {n|cough} and {n|dyspnea}.
He denied {n|nausea} but reports {vomiting}.
Without evidence of {n|fracture}, {n|dislocation} or {n|effusion} but with {swelling}.
The scan showed no {n|tumor}; a {cyst} was seen in the left kidney.
No {n|rash}, has {fever}.
There was no increase in {tumor} size.
Nitric oxide (NO) is high in {asthma}, and no {n|eczema} was seen. NO is low in {gout}.
Nitric oxide was measured. {n|NO} was not detected.
Nitric oxide was measured, but {n|NO synthase} was not detected.
We lack effective {drugs} for {malaria}.
Doses are not yet determined in {neonates}, and markers have not yet been identified in {gout}.
No change in the {aneurysm} since the last scan.
The drug reduced not only {pain} but also {swelling}.
The trial was not limited to {asthma}.
Metformin was not associated with {lactic acidosis}.
There was no association between {obesity} and {gout}.
The culture was negative for {n|tuberculosis}.
{n|Appendicitis} was ruled out by ultrasound.
{n|Myocardial infarction} has been ruled out.
Ruled out {n|pulmonary embolism}.
CT to rule out {u|pulmonary embolism}.
r/o {u|sepsis}
{u|Meningitis} cannot be ruled out.
We cannot exclude {u|lymphoma}.
{u|Malignancy} could not be excluded.
{u|Malignancy} cannot be completely excluded.
{u|Malignancy} cannot be definitively ruled out.
{n|Malignancy} was definitively ruled out.
{n|Metastases} were not yet seen.
{n|Seizures} were not observed.
The source of {sepsis} was not identified.
The cause of {fever} is unclear, and {n|meningitis} was ruled out.
No cause of {fever} was found.
{n|Hepatomegaly} is absent.
In the absence of {n|infection}, antibiotics were stopped.
The patient is free of {n|metastases}.
Neither {n|edema} nor {n|ascites} was found.
The child never had {n|measles}.
He doesn't have {n|diabetes}.
She can’t have {n|malaria}, however {dengue} is proven.
Lack of {n|jaundice} was reassuring.
Patients without {n|hypertension} had fewer {strokes}.
He failed to show {n|ataxia}.
Possible {u|pneumonia} in the right lower lobe.
{u|Cirrhosis} is suspected.
Findings suggestive of {u|sarcoidosis}.
The lesion may be a {u|melanoma}, although {nevus} was the first reading.
She was evaluated for {u|celiac disease}.
Return if {u|fever} or {u|bleeding} occurs.
He is at risk for {u|falls}.
It is unclear whether {u|asthma} caused this.
Probable {u|Alzheimer disease}.
Concern for {u|stroke}; the {migraine} is old.
History of {h|asthma}.
PMH: {h|stroke}, {h|gout}
Past medical history of {h|hepatitis}, now presents with {jaundice}.
He has a history of {h|depression} and is admitted with {chest pain}.
No history of {nh|diabetes}.
She had {h|measles} in childhood.
A two-day history of {cough}.
The natural history of {hepatitis C} is not known.
Status post {h|myocardial infarction} in 2010.
He had {h|cancer} ten years ago.
Previously described {porphyria} cases were reviewed.
Her mother had {f|breast cancer}.
Her mother had {f|breast cancer} and she has {asthma}.
Family history of {f|colon cancer}.
FAMILY HISTORY: {f|diabetes}, {f|hypertension}
There is no family history of {nf|epilepsy}.
{f|Gout} in his father and {f|asthma} in her sister.
Two brothers and a paternal uncle have {f|hemophilia}.
The patient has {diabetes}, and her mother has {f|asthma}.
His mother denies {n|fever} and {n|cough}.
Mother reports {vomiting} since yesterday.
He was brought in by his mother with {croup}.
She lives with her husband and has {anemia}.
The family physician treated {bronchitis}.
A first-degree relative had {f|melanoma}.
{Asthma} is common. No {n|eczema} was seen. {Hay fever} is frequent.
Her sister may have {uf|lupus}.
The patient denies a history of {nh|seizures}.
No abnormality other than a small {cyst}.
No {n|diarrhea}, which excludes {n|colitis}.
Is {u|asthma} the cause?
{Gram-negative sepsis} was treated.
Half-sister with {f|cystic fibrosis}.
History of present illness: The patient has {pneumonia} and {fever}.
HISTORY OF THE PRESENT ILLNESS: 45 year old man with {asthma}.
History of presenting complaint: {cough}.
HPI: {pneumonia}.
Interval history: {fever} and {cough}.
History and physical: {pneumonia}.
A case history of {porphyria}.
Social history: {alcohol abuse}. PMH: {h|gout}
Patient No 5 had {asthma}.
There is no 5 mm {n|nodule}.
No. 5 patient had {asthma}.
No 5-HT {n|syndrome} and no 21-hydroxylase {n|deficiency}.
She has without doubt {asthma}.
No wonder he has {asthma}, and not surprisingly {eczema}.
There were no deaths from {malaria}.
There was no statistically significant difference in {asthma}.
Patients with {asthma}, not controlled by steroids.
None of the patients with {asthma} died.
No vaccine against {malaria} exists.
Patient w/o {n|fever}.
He doesnt have {n|asthma}.
{n|Fever}: negative
{n|Fever}: absent
{n|Fever}: no. {Hypertension}: yes.
{n|Fever}: no, {cough}: yes
{Pain}: no {n|radiation}.
{n|Diabetes}: No
{Asthma}: yes, {n|diabetes}: no.
{Asthma}: positive, {n|gout}: negative
{n|Smoking}: never
{u|Sepsis}: possible
{h|Gout}: resolved
{Pain} has not resolved.
| {n|Diabetes} | No | | {Hypertension} | Yes | | {n|Gout} | No |
{n|Chest pain}: denies
{n|Chest pain}: denies, {cough}: yes
{Chest pain}: denies {n|radiation}.
{n|Allergies}: none
{n|Allergies}: none. {Asthma}: yes.
Of 20 patients with {COVID-19}, none developed {n|ARDS}.
Of 20 patients with {COVID-19}, none died.
None of 20 patients had {n|sepsis}.
Culture: negative for {n|tuberculosis}.
Not known to have {n|asthma}.
{n|Malaria} has not been detected.
Triple-negative {breast cancer} was treated.
{Pain} and absent reflexes in {n|neuropathy}.
{u|Pneumonia} unlikely.
{u|Asthma} was thought unlikely.
This is unlikely to be {u|asthma}.
The cause is likely {u|influenza}.
?{u|pneumonia}
Monitor for {u|bleeding}.
The possibility of {u|lymphoma} was discussed.
Should the patient develop {u|fever}, call.
Ibuprofen if needed for {pain}.
May 2012: {asthma}.
Mother-to-child transmission of {HIV}.
Brought in by mother for {fever}.
Per mother, {fever} since Monday.
Mother called about {fever}.
His wife found him with {seizures}.
Parents of children with {autism} were asked.
Parent compound of {aspirin}.
Sister chromatid exchange in {lymphoma}.
Maternal grandfather had {f|colon cancer}. FHx: {f|asthma}
Patients with or without {diabetes} were included.
With (or without) {diabetes}.
In the presence or absence of {hypertension}, mortality was equal.
Whether or not he has {u|sepsis} is unclear.
She has not yet developed {n|diabetes}.
He was ruled out for {n|myocardial infarction}.
{n|Embolism} excluded.
She no longer has {n|seizures}.
She no longer requires insulin for {diabetes}.
She does not deny {chest pain}.
Not without risk of {u|bleeding}.
Lung cancer in never smokers with {asthma}.
A woman in no acute distress with {psoriasis}.
Denies {n|chest pain}, endorses {nausea}.
Denies {n|fever}, admits to {cough}.
No {n|fever}, +{cough}, +{headache}.
No {n|fever}. +{cough}.
There is no {n|mass}, and there is a {cyst}.
Nobody has {n|diabetes}.
No {n|effusion}, cannot exclude {u|pneumonia}.
The absence of {n|fever} does not exclude {u|infection}.
Unable to exclude {u|fracture}.
{n|Appendix abscess} was not visualized.
Negative family history for {nf|cancer}.
Aspirin does not prevent {stroke}.
There was no evidence of an effect on {stroke}.
A history of {h|smoking} was associated with {cancer}.
Absence of {n|fever} is associated with {sepsis}.
Mice lack {n|T cells}.
{u|Pneumonia} likely; {u|failure} less likely.
Operate as soon as possible for {appendicitis}.
Since May she has had {asthma}.
Differential: {u|pneumonia}
Former smoker with {COPD}.
Aspirin and ibuprofen: the former caused {asthma}.
Remote monitoring of {asthma}.
Remote {h|infarction}.
Clinical history: {cough}.
A clinical history of {h|asthma}.
Compared to prior CT, the {effusion} is larger.
Prior {h|stroke}.
History: {cough}.
Surgical history: {h|appendicitis}.
Pertinent negatives: {n|fever}, {n|cough}.
Call if she does have {u|fever}.
No {n|cough}, does have {fever}.
No deficiency of vitamin D. He has {asthma}.
The previously seen {nodule} is stable.
{Pain} not relieved by {morphine}.
The evolutionary history of {hepatitis B}.
The mother of the patient had {f|asthma}, the patient has {gout}.
A mother of three with {asthma}.
FH: {f|asthma}
"""

CASES = [line for line in SENTENCES.strip().splitlines() if line]


def parse(line: str) -> tuple[Document, list[set[str]]]:
    """Return a document without the marks of a line, and what it says about each mention."""
    text, spans, expected, position = "", [], [], 0
    for match in _MENTION.finditer(line):
        text += line[position : match.start()]
        spans.append(Span(len(text), len(text) + len(match[2]), "Disease"))
        expected.append({LETTERS[letter] for letter in match[1] or ""})
        text += match[2]
        position = match.end()
    return Document("1", text + line[position:], tuple(spans)), expected


def test_there_are_many_sentences() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("line", CASES)
def test_sentence(line: str) -> None:
    document, expected = parse(line)
    cues = find_cues(document)
    assert [{cue.attribute for cue in of_mention} for of_mention in cues] == expected
    for cue in (cue for of_mention in cues for cue in of_mention):
        assert document.text[cue.start : cue.end].strip()


@pytest.mark.parametrize(
    "text", ["with\u00adout fever", "de\u00adnies fever", "n\u200bo fever", "Ｎｏ fever"]
)
def test_invisible_characters_in_a_phrase(text: str) -> None:
    document = Document("1", text, (Span(len(text) - 5, len(text), "Disease"),))
    [cues] = find_cues(document)
    assert [cue.attribute for cue in cues] == ["negated"]


@pytest.mark.parametrize("value", [["No fever."], 2, [[0, None]], [[0, 9]]])
def test_sentences_of_other_programs_are_ignored(value: object) -> None:
    document = Document("1", "No fever.", (Span(3, 8, "Disease"),), {"sentences": value})
    [cues] = find_cues(document)
    assert [cue.attribute for cue in cues] == ["negated"]
