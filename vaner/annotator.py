"""Documents in, documents out: the trained tagger as a reader of text.

Text -> words -> sentences -> rows -> batches -> emissions -> Viterbi and marginals -> spans with
scores, in the caller's own offsets. Every step is one that training uses too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from vaner.batching import by_length, collate
from vaner.documents import Document, Span, best_of_overlapping
from vaner.encoding import Encoder, Row
from vaner.errors import ModelError, VanerError
from vaner.modeling.finding import find
from vaner.modeling.storage import resolve
from vaner.modeling.tagger import VanerForTokenClassification
from vaner.tagging import Scheme, decode
from vaner.words import Word, sentences_of, split_words

Overlaps = Literal["keep", "best"]

DEFAULT_MODEL = "biomedical"

# Rows gathered before they are sorted by length and answered: memory stays bounded by this and
# not by the input, and there is enough to choose from for batches with little padding.
_ROWS_AT_ONCE = 16
_POSITIONS_A_BATCH = 8192


@dataclass(slots=True)
class _Sentence:
    """A sentence asked for one type, or for all at once, while its windows come in.

    Args:
        words: its words.
        types: the types asked for; more than one where the tags carry the type.
        found: where its mentions are put.
        emissions: tag scores of the windows so far.
    """

    words: Sequence[Word]
    types: tuple[str, ...]
    found: list[Span]
    emissions: list[Tensor] = field(default_factory=list)


class _Piece(NamedTuple):
    """A row to be answered, and the sentence it is a window of."""

    sentence: _Sentence
    row: Row

    @property
    def last(self) -> bool:
        return self.row.window.end == len(self.sentence.words)


class _End(NamedTuple):
    """Follows the last piece of a document."""

    document: Document
    found: list[Span]


class Annotator:
    """Finds entities in text.

    Args:
        model: a trained tagger.
        encoder: the encoder it was trained with.
        device: ``auto`` takes a GPU where there is one.
        batch_size: most rows in a batch.
        autocast: compute in this dtype where it is safe; the weights' own if None.

    Raises:
        VanerError: for a device that this machine does not have.

    >>> annotator = Annotator.from_pretrained()  # doctest: +SKIP
    >>> annotator("Metformin treats diabetes.").spans  # doctest: +SKIP
    (Span(start=0, end=9, type='Chemical', ...), Span(start=17, end=25, type='Disease', ...))
    """

    kind = "model"

    def __init__(
        self,
        model: VanerForTokenClassification,
        encoder: Encoder,
        *,
        device: str = "auto",
        batch_size: int = 32,
        autocast: torch.dtype | None = None,
    ) -> None:
        self.device = _device(device)
        self.model: VanerForTokenClassification = model
        if not getattr(model.backbone, "is_quantized", False):  # quantised weights cannot be moved
            torch.nn.Module.to(model, self.device)
        self.encoder = encoder
        self.batch_size = batch_size
        self._autocast = autocast

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path | None = None,
        *,
        device: str = "auto",
        batch_size: int = 32,
        **options: Any,
    ) -> Annotator:
        """Load a saved model.

        Args:
            name_or_path: embedded model, folder or Hub id; the embedded default if None.
            device: ``auto``, ``cpu``, ``cuda`` …
            batch_size: most rows in a batch.
            options: for `VanerForTokenClassification.from_pretrained`, e.g. ``quantization``.

        Raises:
            VanerError: for a device that this machine does not have.
            ModelError: where the model or its backbone is not found or not complete.
        """
        wanted = str(_device(device))  # a wrong one is told now and not after the loading
        folder = model_folder(name_or_path)
        model = VanerForTokenClassification.from_pretrained(folder, device=wanted, **options)
        tokenizer = folder
        if not (folder / "tokenizer.json").is_file():
            tokenizer = find(model.config.backbone, model.config.backbone_origin).folder
        if "quantization" not in options:
            model.merge_adapter()
        encoder = Encoder.from_folder(tokenizer, model.config.max_subwords)
        return cls(model.train(False), encoder, device=wanted, batch_size=batch_size)

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types the model finds."""
        return tuple(self.model.config.types)

    @property
    def scheme(self) -> Scheme:
        """How the model's tags spell a mention."""
        return Scheme(self.model.config.scheme)

    def __call__(self, text: str | Document, types: Sequence[str] | None = None) -> Document:
        """Annotate one text."""
        return next(self.annotate([text], types))

    def annotate(
        self,
        texts_or_documents: Iterable[str | Document],
        types: Sequence[str] | None = None,
        *,
        batch_size: int | None = None,
        dataset: str | None = None,
        overlaps: Overlaps = "keep",
    ) -> Iterator[Document]:
        """Annotate many texts, in the order given, as a stream.

        Args:
            texts_or_documents: texts, or documents, whose own spans are replaced.
            types: types to find; all the model knows if None.
            batch_size: most rows in a batch.
            dataset: corpus name to put into the instruction, for text from a corpus that the
                model was trained on.
            overlaps: types are found one by one, so mentions of different types may overlap.
                ``keep`` them all, or of those that overlap the most probable, ``best``.

        Yields:
            The documents with spans sorted by offset, scores from the CRF's marginals.

        Raises:
            VanerError: for a type the model was not trained to find.
        """
        wanted = self._checked(types)
        size = batch_size or self.batch_size
        for chunk in _chunks(
            self._pieces(texts_or_documents, wanted, dataset), size * _ROWS_AT_ONCE
        ):
            for document, found in self._answer(chunk, size):
                kept = best_of_overlapping(found) if overlaps == "best" else found
                yield document.with_spans(sorted(kept))

    def _checked(self, types: Sequence[str] | None) -> tuple[str, ...]:
        wanted = tuple(dict.fromkeys(types)) if types is not None else self.types
        unknown = [type for type in wanted if type not in self.types]
        if unknown:
            raise VanerError(
                f"the model does not find {', '.join(unknown)}; it finds {', '.join(self.types)}"
            )
        return wanted

    def _pieces(
        self, source: Iterable[str | Document], types: Sequence[str], dataset: str | None
    ) -> Iterator[_Piece | _End]:
        """All documents as one stream of rows, with a mark after each document."""
        config = self.model.config
        # In joint mode one pass finds them all.
        asked = [(None, tuple(types))] if config.joint else [(type, (type,)) for type in types]
        passes = [(config.instruction_for(type, dataset), own) for type, own in asked]
        for number, item in enumerate(source):
            document = item if isinstance(item, Document) else Document(str(number), item)
            words = split_words(document.text)
            found: list[Span] = []
            for first, last in sentences_of(document, words):
                own = words[first:last]
                for instruction, together in passes:
                    sentence = _Sentence(own, together, found)
                    for row in self.encoder.rows(document.text, own, instruction):
                        yield _Piece(sentence, row)
            yield _End(document, found)

    def _answer(
        self, chunk: Sequence[_Piece | _End], batch_size: int
    ) -> Iterator[tuple[Document, list[Span]]]:
        pieces = [item for item in chunk if isinstance(item, _Piece)]
        for piece, emissions in zip(pieces, self._emissions(pieces, batch_size), strict=True):
            window = piece.row.window
            kept = emissions[window.keep_start - window.start : window.keep_end - window.start]
            piece.sentence.emissions.append(kept)
        self._decode([piece.sentence for piece in pieces if piece.last], batch_size)
        for item in chunk:
            if isinstance(item, _End):
                yield item.document, item.found

    @torch.inference_mode()
    def _emissions(self, pieces: Sequence[_Piece], batch_size: int) -> list[Tensor]:
        """Tag scores of each row. *Shape:* (W, C) each, fp32."""
        answers: list[Tensor] = [torch.empty(0)] * len(pieces)
        autocast = (
            torch.autocast(self.device.type, self._autocast) if self._autocast else nullcontext()
        )
        lengths = [len(piece.row) for piece in pieces]
        for batch in by_length(lengths, batch_size, _POSITIONS_A_BATCH):
            tensors = collate([pieces[i].row for i in batch])
            with autocast:
                logits = self.model(**{k: v.to(self.device) for k, v in tensors.items()}).logits
            for i, scores in zip(batch, logits.float(), strict=True):
                answers[i] = scores[: len(pieces[i].row.starts)]
        return answers

    @torch.inference_mode()
    def _decode(self, sentences: Sequence[_Sentence], batch_size: int) -> None:
        """Read the mentions off the emissions of whole sentences, windows stitched."""
        stitched = [torch.cat(sentence.emissions) for sentence in sentences]
        crf, tags = self.model.crf, self.model.config.tag_set
        for batch in by_length([len(s) for s in stitched], 8 * batch_size, 8 * _POSITIONS_A_BATCH):
            emissions = pad_sequence([stitched[i] for i in batch], batch_first=True)
            lengths = torch.tensor([len(stitched[i]) for i in batch], device=emissions.device)
            mask = torch.arange(emissions.shape[1], device=emissions.device) < lengths[:, None]
            chunks = [decode(tags.names(path)) for path in crf.decode(emissions, mask)]
            scores = crf.span_probabilities(emissions, mask, chunks)
            for i, row, values in zip(batch, chunks, scores, strict=True):
                sentence = sentences[i]
                sentence.found.extend(
                    Span(
                        sentence.words[c.start].start,
                        sentence.words[c.end - 1].end,
                        c.type or sentence.types[0],
                        p,
                    )
                    for c, p in zip(row, values, strict=True)
                    if not c.type or c.type in sentence.types
                )


def model_folder(name_or_path: str | Path | None = None) -> Path:
    """The folder of an embedded model, a local one, or one from the Hub."""
    name = str(DEFAULT_MODEL if name_or_path is None else name_or_path)
    embedded = Path(str(files("vaner") / "models" / name))
    if not Path(name).is_dir() and (embedded / "config.json").is_file():
        return embedded
    if name_or_path is None:
        raise ModelError("this installation has no embedded model; name another", argument="model")
    return resolve(name)


def _device(name: str | torch.device) -> torch.device:
    """The device of that name, once something could be put there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        known = "auto, cpu, cuda, cuda:1, mps"
        raise VanerError(f"no device is called {name!r}; there are {known} …") from None
    try:
        torch.ones(1, device=device).item()  # torch has another exception for each kind
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as problem:
        reason = re.split(r"\n|\. ", str(problem).strip())[0]
        raise VanerError(f"device {name} cannot be used here ({reason}); try cpu") from None
    return device


def _chunks(items: Iterable[_Piece | _End], size: int) -> Iterator[list[_Piece | _End]]:
    chunk: list[_Piece | _End] = []
    for item in items:
        chunk.append(item)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
