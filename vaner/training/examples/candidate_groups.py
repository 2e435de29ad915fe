"""Examples of a selector: a mention with wrong variants of it, or an error of a recognizer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from vaner.selector.candidates import Candidate, build_negatives, collect_candidates
from vaner.selector.encoding import CandidateEncoder, CandidateRow, find_context
from vaner.text.documents import Corpus, Document, Span
from vaner.text.words import Word, get_sentences, split_words
from vaner.training.examples.sentences import Coverage


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked about candidates, as the model's config has it.

    Args:
        asks: for every type of the model its instruction.
        types: the types of the model, in order.
    """

    asks: dict[str, str]
    types: tuple[str, ...]

    def row(
        self,
        encoder: CandidateEncoder,
        text: str,
        words: Sequence[Word],
        sentence: tuple[int, int],
        one: Candidate,
    ) -> CandidateRow:
        """The row of a candidate in its sentence."""
        return encoder.encode(
            text, words, sentence, one,
            instruction=self.asks[one.type], type_id=self.types.index(one.type),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GroupExample:
    """Candidates of one sentence that are read in one batch.

    Args:
        text: text of its document.
        words: words of the document.
        sentence: half-open range of those that are read.
        candidate: the mention, or what a recognizer took for one.
        right: all mentions of the sentence.
        types: types that the sentence is annotated with.
        length: sub-words of the candidate's row.
    """

    text: str
    words: Sequence[Word]
    sentence: tuple[int, int]
    candidate: Candidate
    right: frozenset[Candidate]
    types: tuple[str, ...]
    length: int

    @property
    def blank(self) -> bool:
        """Whether it is a recognizer's error: there is nothing right in it."""
        return self.candidate not in self.right

    def rows(
        self, encoder: CandidateEncoder, questions: Questions, number: int, draw: Random
    ) -> tuple[CandidateRow, ...]:
        """Its candidates, of whom the first may be right.

        Args:
            encoder: candidates to rows.
            questions: what is asked.
            number: how many wrong variants a mention has beside it.
            draw: which of them.
        """
        one, candidates = self.candidate, [self.candidate]
        if not self.blank:
            found = build_negatives(self.words, self.sentence, one, self.types, self.right)
            candidates += found.sample(number, draw)
        rows = [
            questions.row(encoder, self.text, self.words, self.sentence, each)
            for each in candidates
        ]
        others = tuple(
            questions.types.index(type)
            for type in self.types
            if type != one.type and one._replace(type=type) not in self.right
        )
        return (
            replace(
                rows[0], is_correct=not self.blank, excluded_types=() if self.blank else others
            ),
            *(replace(row, is_correct=False) for row in rows[1:]),
        )


def group_examples(
    corpus: Corpus,
    types: Sequence[str],
    encoder: CandidateEncoder,
    questions: Questions,
    proposals: Iterable[Document] = (),
) -> tuple[list[GroupExample], Coverage]:
    """A group for every mention, and one for every error among the proposals.

    Args:
        corpus: the sentences.
        types: types to judge.
        encoder: candidates to rows.
        questions: what is asked.
        proposals: the same documents with the mentions that a recognizer found; none if empty.
    """
    examples: list[GroupExample] = []
    mentions = 0
    proposed = list(proposals) or [document.with_spans(()) for document in corpus]
    for document, other in zip(corpus, proposed, strict=True):
        right = collect_candidates(document)
        own = sorted(one for one in right if one.type in types)
        wrong = sorted(one for one in collect_candidates(other) - right if one.type in types)
        mentions += len(own)
        examples += _groups(document, [*own, *wrong], right, tuple(types), encoder, questions)
    return examples, Coverage(mentions, {}, 0)


def with_variants(document: Document, types: Sequence[str], number: int) -> Document:
    """A document with its mentions of some types, and some wrong variants of each.

    They are the same ones every time, so that a model that is chosen by them is chosen by these.

    Args:
        document: the document.
        types: the types.
        number: how many variants of each mention; what is a variant of two stands once.
    """
    words, right = split_words(document.text), collect_candidates(document)
    sentences = get_sentences(document, words)
    spans = {span for span in document.spans if span.type in types}
    draw = Random(ascii(document.text))  # which may hold what no encoding has
    wrong: set[Candidate] = set()
    for one in sorted({Candidate.from_span(span) for span in spans}):
        found = build_negatives(words, find_context(words, sentences, one), one, types, right)
        wrong.update(found.sample(number, draw))
    return document.with_spans(sorted({*spans, *(Span(*one) for one in wrong)}))


def _groups(
    document: Document,
    candidates: Iterable[Candidate],
    right: frozenset[Candidate],
    types: tuple[str, ...],
    encoder: CandidateEncoder,
    questions: Questions,
) -> Iterator[GroupExample]:
    words = split_words(document.text)
    sentences = get_sentences(document, words)
    near: dict[tuple[int, int], frozenset[Candidate]] = {}
    for one in candidates:
        place = find_context(words, sentences, one)
        if place not in near:
            start, end = words[place[0]].start, words[place[1] - 1].end
            near[place] = frozenset(r for r in right if r.start < end and start < r.end)
        length = len(questions.row(encoder, document.text, words, place, one))
        yield GroupExample(document.text, words, place, one, near[place], types, length)
