"""Sentences of many fields of research with annotations, made from templates and vocabularies.

They teach a model the names of fields that the corpora rarely cover (crops, livestock, pesticides,
rare diseases), and that instruments, programs, trials, scores, places and strains are no mentions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random

from experiments.distilled_biomedical.other_names import is_held_out
from experiments.templates import Entry, fill_template, read_vocabulary
from vaner.text.documents import Document

TYPES = ("Disease", "Chemical", "Gene", "Species", "Variant")
"""Types that the sentences annotate. The others are unknown."""

TEMPLATES = Path(__file__).with_name("templates")
"""Folder of files of sentences, each with a vocabulary: a name in braces is a slot of it. The name
of a type is any text of this type in all vocabularies."""

_SAMPLE = 10  # texts of a slot to look for one that is not yet in the sentence


def make_sentences(number: int, random: Random) -> Iterator[Document]:
    """Yield documents of one sentence, each made from a template.

    Args:
        number: number of sentences.
        random: source of random numbers.
    """
    templates = read_templates()
    for n in range(number):
        template, slots = random.choice(templates)
        used = set[str]()
        text, spans = fill_template(template, partial(_choose, random, slots, used))
        yield Document(f"sentence-{n}", text[:1].upper() + text[1:], tuple(spans))


def _choose(
    random: Random, slots: Mapping[str, Sequence[Entry]], used: set[str], slot: str
) -> Entry:
    """Return a text of a slot, another one than those used in the sentence where there is one."""
    unused = [
        entry
        for entry in random.sample(slots[slot], min(_SAMPLE, len(slots[slot])))
        if entry.text not in used
    ]
    entry = unused[0] if unused else random.choice(slots[slot])
    used.add(entry.text)
    return entry


def read_templates() -> list[tuple[str, dict[str, list[Entry]]]]:
    """Return each template with the texts of its slots."""
    vocabularies = {path.with_suffix(".txt"): slots for path, slots in _read_vocabularies()}
    of_type = {type: [entry for entry in read_entries() if entry.type == type] for type in TYPES}
    return [
        (template, slots | of_type)
        for path, slots in vocabularies.items()
        for template in path.read_text("utf-8").splitlines()
    ]


def read_entries() -> list[Entry]:
    """Return the different texts of all vocabularies."""
    slots = [slots for _, slots in _read_vocabularies()]
    return list(dict.fromkeys(entry for of in slots for texts in of.values() for entry in texts))


def _read_vocabularies() -> Iterator[tuple[Path, dict[str, list[Entry]]]]:
    """Yield each vocabulary, without the names that ../unseen_names scores.

    A slot that has no other name keeps them.
    """
    for path in sorted(TEMPLATES.glob("*.toml")):
        slots = read_vocabulary(path)
        yield (
            path,
            {
                slot: [entry for entry in texts if not is_held_out(entry.text)] or texts
                for slot, texts in slots.items()
            },
        )
