"""Clinical notes that are made from templates, and those that models are scored on."""

from __future__ import annotations

from random import Random

from experiments.clinical_notes.make_notes import TYPES, capitalize, make_notes, read_slots
from experiments.clinical_notes.run import read_notes


def test_notes_have_mentions_of_the_vocabulary_at_their_offsets() -> None:
    entries = {entry for of_slot in read_slots().values() for entry in of_slot}
    notes = list(make_notes(200, Random(1)))
    mentions = {(note.mention(span), span.type) for note in notes for span in note.spans}
    assert mentions <= entries | {(capitalize(text), type) for text, type in entries}
    assert {type for _, type in mentions} == set(TYPES)
    assert not any("{" in note.text or "}" in note.text for note in notes)
    assert notes == list(make_notes(200, Random(1))) != list(make_notes(200, Random(2)))
    procedure = next(note for note in notes if "CABG" in note.text)
    assert not any("CABG" in procedure.mention(span) for span in procedure.spans)


def test_scored_notes_are_none_of_the_made_ones() -> None:
    splits = read_notes()
    lines = {line for n in make_notes(2000, Random(1)) for line in n.text.splitlines()}
    for corpus in splits.values():
        assert len(corpus.documents) == 30 and set(corpus.types) <= set(TYPES)
        for document in corpus.documents:
            assert not {"[", "]("} & set(document.text)
            assert not lines & set(document.text.splitlines())
