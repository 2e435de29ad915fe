"""Copies of training sentences in which other variants of the same form replace the variants.

Few variants are annotated, and a model that has seen "V600E" should recognize "T790M". The numbers,
amino acids and nucleotides of each variant are drawn anew, and everything else stays: "p.Arg58fs"
may become "p.Leu31fs", and "c.463-6T>G" may become "c.918-2C>A".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from random import Random

from vaner.knowledge.dense_recognition import find_replaceable, replace_names
from vaner.text.documents import Document
from vaner.training.examples.sentences import split_document

AMINO_ACIDS = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly",
    "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser",
    "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val",
}  # fmt: skip
FULL_NAMES = (
    "alanine", "arginine", "asparagine", "aspartic acid", "cysteine", "glutamine", "glutamic acid",
    "glycine", "histidine", "isoleucine", "leucine", "lysine", "methionine", "phenylalanine",
    "proline", "serine", "threonine", "tryptophan", "tyrosine", "valine",
)  # fmt: skip
_DIGITS = re.compile(r"\d+")
_NUCLEOTIDE = re.compile(r"(?<![A-Za-z])[ACGT](?![A-Za-z])")
_SUBSTITUTION = re.compile(r"((?:p\.\(?)?)([A-Z])(\d+)([A-Z])(\)?)")
_SHORT_NAME = re.compile("|".join(AMINO_ACIDS.values()))
_FULL_NAME = re.compile("|".join(FULL_NAMES))
_DATABASE = re.compile(r"rs\d+")


def vary_variants(
    documents: Iterable[Document], type: str, copies: int, rng: Random
) -> Iterator[Document]:
    """Yield copies of the sentences that have variants.

    Args:
        documents: documents of a training split.
        type: entity type of the variants.
        copies: number of copies of each sentence.
        rng: random number generator.
    """
    for document in documents:
        for sentence in split_document(document):
            variants = [span for span in find_replaceable(sentence) if span.type == type]
            for number in range(copies if variants else 0):
                names = {span: vary_name(sentence.mention(span), rng) for span in variants}
                copy = replace_names(sentence, names)
                yield Document(f"{sentence.id}-{number}", copy.text, copy.spans)


def vary_name(name: str, rng: Random) -> str:
    """Return another variant of the same form.

    >>> vary_name("no form", Random(1))
    'no form'
    """
    if match := _SUBSTITUTION.fullmatch(name):
        start, before, number, after, end = match.groups()
        letters = "ACGT" if before in "ACGT" and after in "ACGT" else "".join(AMINO_ACIDS)
        before, after = rng.sample(letters, 2)
        return f"{start}{before}{_vary_number(number, rng)}{after}{end}"
    if not _DATABASE.fullmatch(name):
        name = _NUCLEOTIDE.sub(lambda _: rng.choice("ACGT"), name)
        name = _SHORT_NAME.sub(lambda _: rng.choice(list(AMINO_ACIDS.values())), name)
        name = _FULL_NAME.sub(lambda _: rng.choice(FULL_NAMES), name)
    return _DIGITS.sub(lambda match: _vary_number(match.group(), rng), name)


def _vary_number(number: str, rng: Random) -> str:
    """Return a number with as many digits, or one fewer or more if it has two or three."""
    digits = len(number) + (rng.choice((-1, 0, 0, 1)) if len(number) in (2, 3) else 0)
    return str(rng.randrange(10 ** (digits - 1), 10**digits))
