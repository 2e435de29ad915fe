"""``nlp.add_pipe("vaner")``: the annotator as a component of spaCy.

    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("vaner", config={"model": "biomedical", "min_score": 0.5})
    doc = nlp("Metformin treats diabetes.")
    doc.ents                                    # mentions that do not overlap
    doc.spans["vaner"]                          # all of them, nested ones too
    doc.ents[0]._.vaner_score, doc.ents[0].kb_id_

spaCy's spans begin and end where its tokens do. A mention that does not is made longer, to whole
tokens, or shorter, as ``align`` says, and counted in `VanerComponent.aligned`. None is left out,
and where each one really lies stands in ``doc.spans["vaner"].attrs["offsets"]``.
"""

# Without the annotations of the future: spaCy checks a factory's settings by them.
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from vaner.recognition.options import AnnotateOptions, LoadOptions
from vaner.text.documents import Document, resolve_overlaps
from vaner.text.documents import Span as Mention

Align = Literal["expand", "contract"]


class VanerComponent:
    """Fills ``doc.ents`` and ``doc.spans``.

    Args:
        name: of the component.
        model: embedded name, folder or Hub id; the embedded default if None.
        selector: folder or Hub id of a selector to put behind it.
        kb: knowledge base whose identifiers mentions get that are names in it. The first one is
            the span's ``kb_id_``, all are ``span._.vaner_identifiers``.
        types: to find; all that are known if None.
        dataset: corpus that the texts are from.
        min_score: leave out mentions that are less probable, in [0, 1].
        align: mentions that begin or end inside a token get all of it (``expand``) or none of it
            (``contract``; all of it where nothing would be left).
        spans_key: of ``doc.spans``.
        overwrite_ents: put ours in place of entities that earlier components found and that
            overlap them; these stay if False. In ``doc.spans`` there are all of ours anyway.
        batch_size: most sentences read at once.
        device: ``auto``, ``cpu``, ``cuda`` …

    Attributes:
        aligned: ``exact``, ``expanded``, ``contracted`` -> mentions so far; of discontinuous ones,
            ``hull`` counts those that got all from their first to their last token.
    """

    def __init__(self, name: str, **settings: Any) -> None:
        self.name = name
        self.aligned: Counter[str] = Counter()
        self._settings = settings
        self._align: Align = settings["align"]
        self._key: str = settings["spans_key"]
        from vaner.annotator import Annotator

        load_options = LoadOptions(
            model=settings["model"],
            selector=settings["selector"],
            device=settings["device"],
            batch_size=settings["batch_size"],
        )
        self._annotator = Annotator.from_pretrained(**load_options.as_arguments())
        types = settings["types"]
        self._options = AnnotateOptions(
            types=None if types is None else tuple(types),
            corpus=settings["dataset"],
            min_score=settings["min_score"],
        )
        self._matcher = _matcher(settings["kb"]) if settings["kb"] is not None else None

    def __reduce__(self) -> tuple[Any, ...]:
        """By its settings: each process of ``nlp.pipe(n_process=2)`` loads the model itself."""
        return _again, (self.name, self._settings)

    def __call__(self, doc: Doc) -> Doc:
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 0) -> Iterator[Doc]:
        """Fill many documents, in their order, as a stream.

        Args:
            stream: the documents.
            batch_size: of spaCy's documents; ours are made of sentences.
        """
        waiting: deque[Doc] = deque()

        def texts() -> Iterator[Document]:
            for number, doc in enumerate(stream):
                waiting.append(doc)
                yield Document(str(number), doc.text)

        for found in self._find(texts()):
            yield self._fill(waiting.popleft(), found.spans)

    def _find(self, texts: Iterable[Document]) -> Iterator[Document]:
        found = self._annotator.annotate(texts, **self._options.as_arguments())
        return found if self._matcher is None else self._matcher.identify(found)

    def _fill(self, doc: Doc, mentions: Iterable[Mention]) -> Doc:
        placed = [(mention, self._place(doc, mention)) for mention in mentions]
        doc.spans[self._key] = SpanGroup(
            doc,
            name=self._key,
            spans=[span for _, span in placed],
            attrs={
                "scores": [mention.score for mention, _ in placed],
                "identifiers": [list(mention.identifiers) for mention, _ in placed],
                "offsets": [[list(piece) for piece in mention.pieces] for mention, _ in placed],
            },
        )
        doc.ents = self._entities(doc, placed)
        return doc

    def _place(self, doc: Doc, mention: Mention) -> Span:
        """The span of a mention, on whole tokens."""
        given: dict[str, Any] = {"label": mention.type}
        if mention.identifiers:
            given["kb_id"] = mention.identifiers[0]
        span = doc.char_span(mention.start, mention.end, **given)
        how = "hull" if mention.is_discontinuous else "exact"
        if span is None and self._align == "contract":
            how = "contracted"
            span = doc.char_span(mention.start, mention.end, alignment_mode="contract", **given)
        if span is None:
            how = "expanded"
            span = doc.char_span(mention.start, mention.end, alignment_mode="expand", **given)
        assert span is not None  # a mention is not blank: it touches a token
        self.aligned[how] += 1
        return span

    def _entities(self, doc: Doc, placed: list[tuple[Mention, Span]]) -> list[Span]:
        """Of ours those that do not overlap, the most probable ones, and those already there."""
        spans: dict[Mention, Span] = {}
        for mention, span in sorted(placed, key=lambda one: -(one[0].score or 0.0)):
            whole = replace(mention, start=span.start_char, end=span.end_char, fragments=())
            spans.setdefault(whole, span)  # of two that became one, the likelier
        ours = [spans[mention] for mention in resolve_overlaps(spans)]
        there = list(doc.ents)
        if self._settings["overwrite_ents"]:
            return [*ours, *_apart(there, ours)]
        return [*there, *_apart(ours, there)]


def _told(span: Span, what: str) -> Any:
    """A score, or identifiers, of the likeliest mention at a span; None where there is none.

    They lie with the group of spans: what spaCy keeps for a span itself it keeps for its extent,
    and two mentions of different types may have the same.
    """
    place = (span.start, span.end, span.label)
    found = [
        (attrs["scores"][i] or 0.0, -i, attrs[what][i])
        for group in span.doc.spans.values()
        if "offsets" in (attrs := group.attrs) and what in attrs
        for i, one in enumerate(group)
        if (one.start, one.end, one.label) == place
    ]
    return max(found)[-1] if found else None


Span.set_extension("vaner_score", getter=lambda span: _told(span, "scores"), force=True)
Span.set_extension("vaner_identifiers", getter=lambda span: _told(span, "identifiers"), force=True)


def _apart(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The spans that have no token in common with others."""
    taken = {token.i for other in others for token in other}
    return [span for span in spans if taken.isdisjoint(range(span.start, span.end))]


def _matcher(kb: str) -> Any:
    from vaner.knowledge.matcher import Matcher

    return Matcher.from_name(kb)


def _again(name: str, settings: dict[str, Any]) -> VanerComponent:
    return VanerComponent(name, **settings)


@Language.factory(
    "vaner",
    assigns=["doc.ents", "doc.spans", "token.ent_iob", "token.ent_type"],
    default_config={
        "model": LoadOptions().model,
        "selector": LoadOptions().selector,
        "kb": None,
        "types": AnnotateOptions().types,
        "dataset": AnnotateOptions().corpus,
        "min_score": AnnotateOptions().min_score,
        "align": "expand",
        "spans_key": "vaner",
        "overwrite_ents": False,
        "batch_size": LoadOptions().batch_size,
        "device": LoadOptions().device,
    },
)
def make_vaner(
    nlp: Language,
    name: str,
    model: str | None,
    selector: str | None,
    kb: str | None,
    types: list[str] | None,
    dataset: str | None,
    min_score: float,
    align: Align,
    spans_key: str,
    overwrite_ents: bool,
    batch_size: int,
    device: str,
) -> VanerComponent:
    """The component, with the settings of `VanerComponent`; spaCy keeps them in its config."""
    return VanerComponent(
        name, model=model, selector=selector, kb=kb, types=types, dataset=dataset,
        min_score=min_score, align=align, spans_key=spans_key, overwrite_ents=overwrite_ents,
        batch_size=batch_size, device=device,
    )  # fmt: skip
