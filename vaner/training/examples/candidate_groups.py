"""Training examples of a selector: a mention with wrong variants of it, or a recognizer's error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from vaner.selector.candidates import Candidate, build_negatives, collect_candidates
from vaner.selector.encoding import CandidateEncoder, CandidateRow, find_context, has_words
from vaner.text.documents import Corpus, Document, Span
from vaner.text.words import Word, get_sentences, split_words
from vaner.training.examples.sentences import Coverage


@dataclass(frozen=True, slots=True)
class SelectorPrompts:
    """The instructions of a selector, as its config has them.

    Args:
        instructions: the instruction for each type of the model.
        types: the types of the model, in order.
    """

    instructions: dict[str, str]
    types: tuple[str, ...]

    def encode(
        self,
        encoder: CandidateEncoder,
        text: str,
        words: Sequence[Word],
        sentence: tuple[int, int],
        candidate: Candidate,
    ) -> CandidateRow:
        """Return the row of a candidate in its sentence."""
        return encoder.encode(
            text, words, sentence, candidate,
            instruction=self.instructions[candidate.type], type_id=self.types.index(candidate.type),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GroupExample:
    """A candidate, and the wrong variants of it if it is a mention, read in one batch.

    Args:
        text: text of its document.
        words: the words of the document.
        sentence: half-open range of the words that are read.
        candidate: a gold mention, or a recognizer's error.
        gold: all mentions in the sentence.
        types: types that the sentence is annotated with.
        length: number of subwords of the candidate's row.
    """

    text: str
    words: Sequence[Word]
    sentence: tuple[int, int]
    candidate: Candidate
    gold: frozenset[Candidate]
    types: tuple[str, ...]
    length: int

    @property
    def is_negative(self) -> bool:
        """Whether the candidate is a recognizer's error."""
        return self.candidate not in self.gold

    def encode(
        self, encoder: CandidateEncoder, prompts: SelectorPrompts, negatives: int, rng: Random
    ) -> tuple[CandidateRow, ...]:
        """Return the rows of the candidates; only the first may be a gold mention.

        Args:
            encoder: encodes candidates.
            prompts: the instructions.
            negatives: number of wrong variants of a mention.
            rng: chooses the variants.
        """
        first, candidates = self.candidate, [self.candidate]
        if not self.is_negative:
            wrong = build_negatives(self.words, self.sentence, first, self.types, self.gold)
            candidates += wrong.sample(negatives, rng)
        rows = [
            prompts.encode(encoder, self.text, self.words, self.sentence, candidate)
            for candidate in candidates
        ]
        other_types = tuple(
            prompts.types.index(type)
            for type in self.types
            if type != first.type and first._replace(type=type) not in self.gold
        )
        is_gold = not self.is_negative
        return (
            replace(rows[0], is_correct=is_gold, excluded_types=other_types if is_gold else ()),
            *(replace(row, is_correct=False) for row in rows[1:]),
        )


def make_group_examples(
    corpus: Corpus,
    types: Sequence[str],
    encoder: CandidateEncoder,
    prompts: SelectorPrompts,
    proposals: Iterable[Document] = (),
) -> tuple[list[GroupExample], Coverage]:
    """Return an example for every mention, and for every error among the proposals.

    Args:
        corpus: the sentences.
        types: types to learn.
        encoder: encodes candidates.
        prompts: the instructions.
        proposals: the same documents with a recognizer's mentions; empty for none.
    """
    examples: list[GroupExample] = []
    mentions = 0
    proposed = list(proposals) or [document.with_spans(()) for document in corpus]
    for document, proposed_document in zip(corpus, proposed, strict=True):
        gold = collect_candidates(document)
        right = sorted(candidate for candidate in gold if candidate.type in types)
        errors = collect_candidates(proposed_document) - gold
        wrong = sorted(candidate for candidate in errors if candidate.type in types)
        mentions += len(right)
        examples += _make_groups(document, [*right, *wrong], gold, tuple(types), encoder, prompts)
    return examples, Coverage(mentions, {}, 0)


def add_variants(document: Document, types: Sequence[str], number: int) -> Document:
    """Return a document with its mentions of some types and some wrong variants of each.

    The variants depend on the text only, so that scores on them can be compared.

    Args:
        document: the document.
        types: the types.
        number: number of variants of each mention; a variant of two mentions is added once.
    """
    words, gold = split_words(document.text), collect_candidates(document)
    sentences = get_sentences(document, words)
    spans = {span for span in document.spans if span.type in types}
    rng = Random(ascii(document.text))  # a lone surrogate has no other encoding
    wrong: set[Candidate] = set()
    candidates = {Candidate.from_span(span) for span in spans}
    for candidate in sorted(item for item in candidates if has_words(words, item)):
        sentence = find_context(words, sentences, candidate)
        negatives = build_negatives(words, sentence, candidate, types, gold)
        wrong.update(negatives.sample(number, rng))
    return document.with_spans(sorted({*spans, *(Span(*candidate) for candidate in wrong)}))


def _make_groups(
    document: Document,
    candidates: Iterable[Candidate],
    gold: frozenset[Candidate],
    types: tuple[str, ...],
    encoder: CandidateEncoder,
    prompts: SelectorPrompts,
) -> Iterator[GroupExample]:
    words = split_words(document.text)
    sentences = get_sentences(document, words)
    gold_of_sentence: dict[tuple[int, int], frozenset[Candidate]] = {}
    for candidate in candidates:
        if not has_words(words, candidate):
            continue
        sentence = find_context(words, sentences, candidate)
        if sentence not in gold_of_sentence:
            start, end = words[sentence[0]].start, words[sentence[1] - 1].end
            gold_of_sentence[sentence] = frozenset(
                mention for mention in gold if mention.start < end and start < mention.end
            )
        length = len(prompts.encode(encoder, document.text, words, sentence, candidate))
        yield GroupExample(
            document.text, words, sentence, candidate, gold_of_sentence[sentence], types, length
        )
