"""Documents in, documents out: what finds mentions, and what sorts the right from the wrong.

torch and transformers are imported only where something needs them: an exported model does not.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vaner.calibration.calibration import Calibration, describe_unreached, read_calibration
from vaner.errors import ModelError, VanerError
from vaner.hub.training_record import list_training_splits, read_training_record
from vaner.models.load import load_recognizer
from vaner.models.locate import locate_model
from vaner.recognition.recognizer import Recognizer, resolve_types
from vaner.text.documents import Document, Overlaps, filter_by_score, resolve_overlaps
from vaner.utils.deprecation import renamed_argument, warn_renamed

if TYPE_CHECKING:
    import torch

    from vaner.backbones.base_model import BackboneModel
    from vaner.selector.selector import Selector

logger = logging.getLogger(__name__)


class Annotator:
    """Finds entities in text.

    Args:
        recognizer: what finds mentions: a `Tagger`, a `Generator`, or the dictionary of a knowledge
            base, `vaner.knowledge.matcher.Matcher`.
        selector: what drops those that are wrong, and says how probable the others are; nothing
            is dropped if None.
        calibration: what makes the recognizer's scores probabilities that can be trusted; a
            selector, whose scores come in their place, brings its own.

    >>> annotator = Annotator.from_pretrained()  # doctest: +SKIP
    >>> annotator("Metformin treats diabetes.").spans  # doctest: +SKIP
    (Span(start=0, end=9, type='Chemical', ...), Span(start=17, end=25, type='Disease', ...))
    """

    @renamed_argument("proposer", "recognizer")
    def __init__(
        self,
        recognizer: Recognizer,
        selector: Selector | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.recognizer = recognizer
        self.selector = selector
        self._calibration = calibration
        self._warned = set[str]()  # each message once
        self._source: Path | BackboneModel | None = None  # what the recognizer was made of
        self._folder: Path | None = None  # where its files are, if it is saved

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path | None = None,
        *,
        selector: str | Path | None = None,
        device: str = "auto",
        batch_size: int = 32,
        calibrated: bool = True,
        quantization: Literal["nf4"] | None = None,
        **options: Any,
    ) -> Annotator:
        """Load a saved model, in its fastest form: exported, if it is and the CPU is to be used.

        Args:
            name_or_path: embedded model, folder or Hub id; the embedded default if None.
            selector: folder or Hub id of a selector to put behind it.
            device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda`` …
            batch_size: most sentences in a batch.
            calibrated: whether its scores are made what `vaner calibrate` found out, if it did;
                else they are as the model computes them.
            quantization: ``nf4`` loads the backbone of an adapter in 4 bits, as it was trained.
            options: for `from_pretrained` of the model.

        Raises:
            VanerError: for a device that this machine does not have.
            ModelError: where the model or its backbone is not found or not complete.
        """
        folder = locate_model(name_or_path)
        if quantization is not None:
            options["quantization"] = quantization
        recognizer = load_recognizer(folder, device, batch_size, **options)
        annotator = cls(recognizer, calibration=read_calibration(folder) if calibrated else None)
        annotator._source = annotator._folder = folder
        if selector is not None:
            from vaner.selector.selector import Selector

            annotator.selector = Selector.from_pretrained(
                selector, device=device, batch_size=batch_size, calibrated=calibrated
            )
        return annotator

    @classmethod
    def from_model(
        cls, model: BackboneModel, device: str | torch.device = "auto", *, batch_size: int = 32
    ) -> Annotator:
        """An annotator of a model that is in memory, in evaluation mode; it is used as it is.

        Raises:
            ModelError: where it is of no kind that finds mentions.
        """
        from vaner.backbones.saved_model import select_device
        from vaner.models.torch_models import build_recognizer

        folder = Path(model.name_or_path or "")
        annotator = cls(
            build_recognizer(model, folder, select_device(device), batch_size),
            calibration=read_calibration(folder) if model.name_or_path else None,
        )
        annotator._source = model
        annotator._folder = folder if model.name_or_path else None
        return annotator

    @classmethod
    def of(cls, *args: Any, **kwargs: Any) -> Annotator:
        """Deprecated: the old name of `from_model`."""
        warn_renamed("Annotator.of", "Annotator.from_model")
        return cls.from_model(*args, **kwargs)

    @property
    def proposer(self) -> Recognizer:
        """Deprecated: the old name of `recognizer`."""
        warn_renamed("Annotator.proposer", "Annotator.recognizer")
        return self.recognizer

    @property
    def learnt_from(self) -> frozenset[str]:
        """Deprecated: the old name of `training_corpora`."""
        warn_renamed("Annotator.learnt_from", "Annotator.training_corpora")
        return self.training_corpora

    @property
    def kind(self) -> str:
        """What messages call it."""
        return self.recognizer.kind

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types that are found."""
        return self.recognizer.types

    @property
    def calibration(self) -> Calibration | None:
        """What the scores are calibrated by: the selector's, if there is one."""
        return self._calibration if self.selector is None else self.selector.calibration

    @property
    def form(self) -> str | None:
        """What computes, PyTorch or an exported form, and how exactly; None where nothing does."""
        return self.recognizer.form

    @property
    def zero_shot(self) -> bool:
        """Whether other types may be asked for too."""
        return self.recognizer.zero_shot

    @property
    def corpora(self) -> Mapping[str, Sequence[str]]:
        """The corpora that `annotate` accepts as ``corpus`` -> the types that each annotates."""
        return self.recognizer.corpora

    @property
    def datasets(self) -> Mapping[str, Sequence[str]]:
        """The corpora, by the former name of this attribute."""
        warn_renamed("Annotator.datasets", "Annotator.corpora")
        return self.corpora

    @property
    def training_corpora(self) -> frozenset[str]:
        """The corpora, by name, that the model and the selector are known to have learnt from.

        Raises:
            ModelError: where the record of the model's training is damaged.
        """
        record = read_training_record(self._folder) if self._folder else {}
        selected = self.selector.corpora if self.selector else ()
        return frozenset(
            (*(name for name, _ in list_training_splits(record)), *self.corpora, *selected)
        )

    def push_to_hub(self, repo: str, **options: Any) -> str:
        """Put the model that finds mentions on the Hub, with a card, and give its address.

        What is pushed is the folder that it was loaded from; a selector is pushed by itself.

        Args:
            repo: the repository: ``name``, or ``owner/name``.
            options: ``private``, ``token``, ``message``, ``backbone``, ``results``,
                ``license``: see `vaner.hub.repository.push`.

        Raises:
            HubError: where the Hub cannot be reached or refuses.
            ModelError: where the annotator was not made of a model.
        """
        from vaner.hub.push import push_folder, push_model

        if self._source is None:
            raise ModelError(f"this annotator was put together of a {self.kind}; push its model")
        if isinstance(self._source, Path):
            return push_folder(self._source, repo, **options)
        return push_model(self._source, repo, **options)

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Reason -> gold mentions of these types that cannot be found, whatever is proposed."""
        return self.recognizer.unreachable(document, types)

    def __call__(self, text: str | Document, types: Sequence[str] | None = None) -> Document:
        """Annotate one text."""
        return next(self.annotate([text], types))

    @renamed_argument("dataset", "corpus")
    def annotate(
        self,
        texts_or_documents: Iterable[str | Document],
        types: Sequence[str] | None = None,
        *,
        corpus: str | None = None,
        overlaps: Overlaps = "keep",
        min_score: float = 0.0,
        min_precision: float | None = None,
        **options: Any,
    ) -> Iterator[Document]:
        """Annotate many texts, in the order given, as a stream.

        Args:
            texts_or_documents: texts, or documents, whose own spans are replaced.
            types: types to find; all that are known if None.
            corpus: name of the corpus that the texts are from, for the instruction; one that the
                model was trained on (`corpora`).
            overlaps: mentions of different types may overlap, and a generator's may nest.
                ``keep`` them all, or of those that overlap the most probable, ``best``.
            min_score: leave out mentions that are less probable, in [0, 1].
            min_precision: leave out the least probable mentions of each type, so many that of
                the others this share was right on devel, as `vaner calibrate` found. Without
                `types` those that did not reach it are left out.
            options: for the recognizer, such as ``batch_size``.

        Yields:
            The documents with spans sorted by offset. The scores are the recognizer's, or the
            selector's where there is one.

        Raises:
            VanerError: for a type that is not found, and for a precision that is not known of or
                was not reached.
        """
        wanted = resolve_types(self, types)
        least: float | Mapping[str, float] = min_score
        if min_precision is not None:
            own = self.thresholds(types, min_precision)
            wanted = tuple(own)
            least = {type: max(min_score, threshold) for type, threshold in own.items()}
        found = self.recognizer.annotate(texts_or_documents, wanted, corpus=corpus, **options)
        return self._finished(found, least, overlaps)

    def thresholds(self, types: Sequence[str] | None, precision: float) -> Mapping[str, float]:
        """For each type the lowest score from which on this share was right on devel.

        Args:
            types: the types; if None, those that it was reached for, and a warning tells which it
                was not.
            precision: the share, in [0, 1].

        Raises:
            VanerError: where it is not known, or was not reached.
        """
        if self.calibration is None:
            raise VanerError(
                f"the {self.kind} has no calibration, which a precision needs: make one with "
                "vaner calibrate"
            )
        requested = resolve_types(self, types)
        unreached = self.calibration.unreached_types(requested, precision)
        reached = tuple(type for type in requested if type not in unreached)
        if types is None and unreached and reached:
            message = describe_unreached(unreached, precision)
            if message not in self._warned:
                logger.warning("%s: left out", message)
                self._warned.add(message)
            requested = reached
        return self.calibration.thresholds(requested, precision)

    def _finished(
        self,
        proposed: Iterator[Document],
        least: float | Mapping[str, float],
        overlaps: Overlaps,
    ) -> Iterator[Document]:
        if self._calibration is not None:
            proposed = map(self._calibration.apply, proposed)
        for document in proposed if self.selector is None else self.selector.select(proposed):
            document = filter_by_score(document, least)
            if overlaps == "best":
                document = document.with_spans(sorted(resolve_overlaps(document.spans)))
            yield document


def __getattr__(name: str) -> Any:
    """Return a public function of this module by its former name."""
    if name == "model_folder":
        warn_renamed("vaner.annotator.model_folder", "locate_model")
        return locate_model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
