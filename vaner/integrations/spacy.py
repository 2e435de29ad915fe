"""``nlp.add_pipe("vaner")``: the annotator as a component of spaCy.

    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("vaner", config={"model": "biomedical", "min_score": 0.5})
    doc = nlp("Metformin treats diabetes.")
    doc.ents                                    # mentions that do not overlap
    doc.spans["vaner"]                          # all mentions, including nested ones
    doc.ents[0]._.vaner_score, doc.ents[0].kb_id_
    doc.ents[0]._.candidates                    # concepts with probabilities, with "link"
    doc._.abbreviations                         # short forms; each has ._.long_form

The spans of spaCy start and end at token boundaries. A mention that does not is expanded or
contracted to entire tokens, as ``align`` says, and counted in `VanerComponent.aligned`. No mention
is dropped, and ``doc.spans["vaner"].attrs["offsets"]`` contains the original offsets.
"""

# Without `from __future__ import annotations`: spaCy reads the annotations of a factory to check
# its settings.
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from vaner.context.triggers import ATTRIBUTES
from vaner.linking.abbreviations import find_abbreviations
from vaner.linking.options import DEFAULT_CANDIDATES, LinkOptions
from vaner.recognition.options import AnnotateOptions, Form, LoadOptions
from vaner.text.documents import Document, resolve_overlaps
from vaner.text.documents import Span as Mention
from vaner.text.mention_details import Candidate
from vaner.utils.deprecation import warn_renamed

Align = Literal["expand", "contract"]

_LOAD, _ANNOTATE = LoadOptions(), AnnotateOptions()  # the defaults


class VanerComponent:
    """Sets ``doc.ents`` and ``doc.spans``.

    Args:
        name: name of the component.
        load_options: which model, and how it runs.
        annotate_options: which mentions to return.
        link_options: which knowledge bases give identifiers to mentions. The first identifier of a
            span is its ``kb_id_``, all are ``span._.vaner_identifiers``; the concepts that it may
            refer to are ``span._.candidates``.
        context: whether to find what sentences say about mentions: ``span._.negated``,
            ``span._.uncertain``, ``span._.historical`` and ``span._.family`` are then the spans of
            the words that say it, or None.
        align: how to align mentions that start or end within a token: ``expand`` includes the
            token; ``contract`` excludes it, unless the mention has no other token.
        spans_key: key of the mentions in ``doc.spans``.
        overwrite_ents: whether mentions replace overlapping entities of earlier components in
            ``doc.ents``; if False, the earlier entities stay. ``doc.spans`` contains all mentions
            in both cases.
        hub: options for the Hub: ``cache_dir``, ``local_files_only``.

    Attributes:
        aligned: number of mentions so far that were ``exact``, ``expanded`` or ``contracted``.
            ``hull`` counts discontinuous mentions, which become the tokens from their first to
            their last one.
    """

    def __init__(
        self,
        name: str,
        *,
        load_options: LoadOptions,
        annotate_options: AnnotateOptions,
        link_options: LinkOptions,
        context: bool,
        align: Align,
        spans_key: str,
        overwrite_ents: bool,
        hub: Mapping[str, Any],
    ) -> None:
        from vaner.annotator import Annotator

        self.name = name
        self.aligned: Counter[str] = Counter()
        self._settings: dict[str, Any] = {
            "load_options": load_options, "annotate_options": annotate_options,
            "link_options": link_options, "context": context, "align": align,
            "spans_key": spans_key, "overwrite_ents": overwrite_ents, "hub": hub,
        }  # fmt: skip
        self._options = annotate_options
        self._align, self._key, self._overwrite = align, spans_key, overwrite_ents
        self._annotator = Annotator.from_pretrained(
            **load_options.as_arguments(), linker=link_options.load(), context=context, **hub
        )
        # A wrong option is an error now, not at the first document.
        self._annotator.annotate([], **annotate_options.as_arguments())

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the settings: each process of ``nlp.pipe(n_process=2)`` loads its model."""
        return _restore, (self.name, self._settings)

    def __call__(self, doc: Doc) -> Doc:
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 0) -> Iterator[Doc]:
        """Annotate documents as a stream, in their order.

        Args:
            stream: the documents.
            batch_size: ignored; the batches of the annotator consist of sentences.
        """
        waiting: deque[Doc] = deque()

        def documents() -> Iterator[Document]:
            for number, doc in enumerate(stream):
                waiting.append(doc)
                yield Document(str(number), doc.text)

        for document in self._annotator.annotate(documents(), **self._options.as_arguments()):
            yield self._set_mentions(waiting.popleft(), document.spans)

    def _set_mentions(self, doc: Doc, mentions: Iterable[Mention]) -> Doc:
        aligned = [(mention, self._align_to_tokens(doc, mention)) for mention in mentions]
        doc.spans[self._key] = SpanGroup(
            doc,
            name=self._key,
            spans=[span for _, span in aligned],
            attrs={
                "scores": [mention.score for mention, _ in aligned],
                "identifiers": [list(mention.identifiers) for mention, _ in aligned],
                "context": [list(map(list, mention.context)) for mention, _ in aligned],
                "candidates": [list(map(list, mention.candidates)) for mention, _ in aligned],
                "tokens": [[span.start, span.end, span.label_] for _, span in aligned],
                "offsets": [[list(piece) for piece in mention.pieces] for mention, _ in aligned],
            },
        )
        doc.ents = self._select_entities(doc, aligned)
        return doc

    def _align_to_tokens(self, doc: Doc, mention: Mention) -> Span:
        """Return the span of a mention, which consists of entire tokens."""
        options: dict[str, Any] = {"label": mention.type}
        if mention.identifiers:
            options["kb_id"] = mention.identifiers[0]
        span = doc.char_span(mention.start, mention.end, **options)
        alignment = "hull" if mention.is_discontinuous else "exact"
        if span is None and self._align == "contract":
            alignment = "contracted"
            span = doc.char_span(mention.start, mention.end, alignment_mode="contract", **options)
        if span is None:
            alignment = "expanded"
            span = doc.char_span(mention.start, mention.end, alignment_mode="expand", **options)
        assert span is not None  # a mention is not blank, so it overlaps a token
        self.aligned[alignment] += 1
        return span

    def _select_entities(self, doc: Doc, aligned: list[tuple[Mention, Span]]) -> list[Span]:
        """Return the best mentions that do not overlap, and entities of earlier components."""
        spans: dict[Mention, Span] = {}
        for mention, span in sorted(aligned, key=lambda pair: -(pair[0].score or 0.0)):
            key = replace(mention, start=span.start_char, end=span.end_char, fragments=())
            spans.setdefault(key, span)  # the most probable of mentions with the same tokens
        mentions = [spans[mention] for mention in resolve_overlaps(spans)]
        earlier = list(doc.ents)
        if self._overwrite:
            return [*mentions, *_without_overlaps(earlier, mentions)]
        return [*earlier, *_without_overlaps(mentions, earlier)]


def _attribute(span: Span, name: str) -> Any:
    """Return the score or another detail of the most probable mention at a span, if any.

    They are stored with the span group: spaCy stores attributes of a span by its offsets, and two
    mentions of different types may have the same offsets. Spans may be added to the group later.
    """
    key = (span.start, span.end, span.label_)
    values = [
        (attrs["scores"][i] or 0.0, -i, attrs[name][i])
        for group in span.doc.spans.values()
        if "tokens" in (attrs := group.attrs) and name in attrs
        for i, (first, last, type) in enumerate(attrs["tokens"])
        if (first, last, type) == key
    ]
    return max(values, key=lambda value: value[:2])[-1] if values else None


def _list_candidates(span: Span) -> list[Candidate]:
    return [Candidate(*values) for values in _attribute(span, "candidates") or ()]


def _find_cue(span: Span, attribute: str) -> Span | None:
    """Return the words that give a mention an attribute; None if it does not have it."""
    for name, start, end in _attribute(span, "context") or ():
        if name == attribute:
            return span.doc.char_span(start, end, alignment_mode="expand")
    return None


def _list_abbreviations(doc: Doc) -> list[Span]:
    """Return the short forms that a text defines; each has its ``long_form``."""
    spans = []
    for pair in find_abbreviations(doc.text):
        short = doc.char_span(pair.short_start, pair.short_end, alignment_mode="expand")
        assert short is not None  # it is not blank
        spans.append(short)
    return spans


def _find_long_form(span: Span) -> Span | None:
    """Return the long form of an abbreviation, where the text defines it; None for other spans."""
    for pair in find_abbreviations(span.doc.text):
        short, long_form = (
            span.doc.char_span(start, end, alignment_mode="expand")
            for start, end in ((pair.short_start, pair.short_end), (pair.long_start, pair.long_end))
        )
        if short is not None and (short.start, short.end) == (span.start, span.end):
            return long_form
    return None


Span.set_extension("vaner_score", getter=lambda span: _attribute(span, "scores"), force=True)
Span.set_extension(
    "vaner_identifiers", getter=lambda span: _attribute(span, "identifiers"), force=True
)
Span.set_extension("candidates", getter=_list_candidates, force=True)
for _name in ATTRIBUTES:
    Span.set_extension(_name, getter=partial(_find_cue, attribute=_name), force=True)
if not Doc.has_extension("abbreviations"):  # that of scispaCy has the same form
    Doc.set_extension("abbreviations", getter=_list_abbreviations)
if not Span.has_extension("long_form"):
    Span.set_extension("long_form", getter=_find_long_form)


def _without_overlaps(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return the spans that share no token with the others."""
    tokens = {token.i for other in others for token in other}
    return [span for span in spans if tokens.isdisjoint(range(span.start, span.end))]


def _restore(name: str, settings: dict[str, Any]) -> VanerComponent:
    return VanerComponent(name, **settings)


@Language.factory(
    "vaner",
    assigns=["doc.ents", "doc.spans", "token.ent_iob", "token.ent_type"],
    default_config={
        "model": _LOAD.model,
        "revision": _LOAD.revision,
        "cache_dir": None,
        "local_files_only": False,
        "selector": _LOAD.selector,
        "kb": None,
        "link": None,
        "candidates": DEFAULT_CANDIDATES,
        "context": False,
        "types": _ANNOTATE.types,
        "corpus": _ANNOTATE.corpus,
        "dataset": None,
        "consistency": _ANNOTATE.consistency,
        "min_score": _ANNOTATE.min_score,
        "min_precision": _ANNOTATE.min_precision,
        "align": "expand",
        "spans_key": "vaner",
        "overwrite_ents": False,
        "batch_size": _LOAD.batch_size,
        "device": _LOAD.device,
        "form": _LOAD.form,
    },
)
def make_vaner(
    nlp: Language,
    name: str,
    model: str | None,
    revision: str | None,
    cache_dir: str | None,
    local_files_only: bool,
    selector: str | None,
    kb: str | None,
    link: str | None,
    candidates: int,
    context: bool,
    types: list[str] | str | None,
    corpus: str | None,
    dataset: str | None,
    consistency: bool,
    min_score: float | None,
    min_precision: float | None,
    align: Align,
    spans_key: str,
    overwrite_ents: bool,
    batch_size: int,
    device: str,
    form: Form | None,
) -> VanerComponent:
    """Return the component for the settings in a config of spaCy.

    Args:
        nlp: the pipeline.
        name: name of the component.
        model, revision, selector, batch_size, device, form: see the class `LoadOptions`.
        types, corpus, consistency, min_score, min_precision: see the class `AnnotateOptions`.
        dataset: former name of `corpus`.
        cache_dir, local_files_only: options for the Hub. The token is that of HF_TOKEN.
        kb, link, candidates: see `vaner.linking.options.LinkOptions`.
        context, align, spans_key, overwrite_ents: see `VanerComponent`.
    """
    if dataset is not None:
        warn_renamed("setting dataset of the spaCy component", "corpus")
        corpus = corpus or dataset
    load_options = LoadOptions(
        model=model, revision=revision, selector=selector, batch_size=batch_size, device=device,
        form=form,
    )  # fmt: skip
    return VanerComponent(
        name,
        load_options=load_options,
        annotate_options=AnnotateOptions(
            types=(types,) if isinstance(types, str) else None if types is None else tuple(types),
            corpus=corpus, consistency=consistency, min_score=min_score,
            min_precision=min_precision,
        ),
        link_options=LinkOptions(kb=kb, link=link, candidates=0 if link is None else candidates),
        context=context,
        align=align,
        spans_key=spans_key,
        overwrite_ents=overwrite_ents,
        hub={"cache_dir": cache_dir, "local_files_only": local_files_only},
    )  # fmt: skip
