"""The annotator: text in, entities out. It combines a recognizer, a calibration and a selector.

torch and transformers are imported only if the model needs them: an exported model does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.backbones.hub_errors import pop_hub_options
from vaner.calibration.calibration import Calibration, read_calibration
from vaner.context import add_context
from vaner.errors import ModelError
from vaner.hub.training_record import list_training_splits, read_training_record
from vaner.linking.consistency import make_consistent
from vaner.linking.protocol import MentionLinker, check_linker_types
from vaner.models.load import load_recognizer
from vaner.models.locate import list_embedded, locate_model
from vaner.recognition.annotator_properties import AnnotatorProperties
from vaner.recognition.former_names import FormerNames
from vaner.recognition.frames import FrameAnnotator
from vaner.recognition.language_warning import LanguageWarning
from vaner.recognition.options import (
    AnnotateOptions,
    Dtype,
    Form,
    LoadOptions,
    Quantization,
    check_options,
)
from vaner.recognition.recognizer import Recognizer, resolve_corpus, resolve_types
from vaner.recognition.score_thresholds import ScoreThresholds, Thresholds
from vaner.text.documents import Document, Overlaps, filter_by_score, resolve_overlaps
from vaner.text.inputs import check_texts
from vaner.text.variant_notation import join_protein_variants
from vaner.utils.deprecation import renamed_argument, warn_renamed

if TYPE_CHECKING:
    import torch

    from vaner.backbones.base_model import BackboneModel
    from vaner.selector.selector import Selector


class Annotator(AnnotatorProperties, FrameAnnotator, ScoreThresholds, FormerNames):
    """Finds entities in text.

    Args:
        recognizer: finds mentions: a `Tagger`, a `Generator`, or the dictionary of a knowledge
            base, `vaner.knowledge.matcher.Matcher`.
        selector: rejects wrong mentions, and replaces the scores of the others. Default: no
            mention is rejected.
        calibration: turns the recognizer's scores into probabilities. A selector has a separate
            calibration, as its scores replace those of the recognizer.
        linker: gives identifiers to the mentions, such as `vaner.linking.linker.Linker`, or a
            dictionary for exact names, `vaner.knowledge.matcher.Matcher`.
        context: whether to find what sentences say about mentions, such as negations; see
            `vaner.context`.

    Raises:
        VanerError: if the linker knows none of the types that the recognizer finds.

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
        linker: MentionLinker | None = None,
        context: bool = False,
    ) -> None:
        if isinstance(recognizer, str | Path):
            raise TypeError(f"to load a model, use Annotator.from_pretrained({str(recognizer)!r})")
        if linker is not None and not recognizer.zero_shot:
            check_linker_types(linker, recognizer.types)
        self.recognizer, self.selector = recognizer, selector
        self.linker, self.context = linker, context
        self._calibration = calibration
        self._warned = set[str]()  # each message once
        self._language = LanguageWarning()
        self._source: Path | BackboneModel | None = None  # the model, to push it
        self._folder: Path | None = None  # folder of a saved model

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path | None = None,
        *,
        revision: str | None = None,
        selector: str | Path | None = None,
        linker: MentionLinker | None = None,
        context: bool = False,
        device: str | None = "auto",
        batch_size: int = 32,
        calibrated: bool = True,
        quantization: Quantization | None = None,
        dtype: Dtype | torch.dtype | None = None,
        form: Form | None = None,
        **options: Any,
    ) -> Annotator:
        """Load a saved model. On a CPU its exported form is used, if there is one.

        That of the default model needs neither PyTorch nor the weights of its backbone.

        Args:
            name_or_path: embedded name, folder or Hub id. Default: the embedded model
                ``biomedical``.
            revision: branch, tag or commit on the Hub. It can also follow the id: ``me/name@v1``.
            selector: folder or Hub id of a selector.
            linker, context: see `Annotator`.
            device: ``auto`` or None (a GPU if there is one), ``cpu``, ``cuda`` …
            batch_size: maximum number of sentences in a batch.
            calibrated: whether scores are calibrated, if `vaner calibrate` was run for the model.
            quantization: ``nf4`` loads the backbone of an adapter in 4 bits, as it was trained.
            dtype: ``bf16`` or ``fp32``, the number format of the backbone; see `LoadOptions`.
            form: ``pytorch``, or an exported form, ``int8`` or ``fp32``; see `vaner export`.
                Default: on a CPU an exported form, if there is one.
            options: ``backbone``, and for the Hub: ``token``, ``cache_dir``, ``local_files_only``.

        Raises:
            VanerError: if this machine does not have the device.
            ModelError: if the model or its backbone is missing or incomplete.
        """
        check_options(LoadOptions, batch_size=batch_size, quantization=quantization, form=form)
        hub = pop_hub_options(options)
        folder = locate_model(name_or_path, revision=revision, **hub)
        given = {"quantization": quantization, "dtype": dtype}
        options |= {name: value for name, value in given.items() if value is not None}
        recognizer = load_recognizer(folder, device, batch_size, form=form, **options, **hub)
        calibration = read_calibration(folder) if calibrated else None
        annotator = cls(recognizer, calibration=calibration, linker=linker, context=context)
        annotator._source = annotator._folder = folder
        annotator._language.is_enabled = folder in list_embedded().values()
        if selector is not None:
            from vaner.selector.selector import Selector

            annotator.selector = Selector.from_pretrained(
                selector, device=device, batch_size=batch_size, calibrated=calibrated, **hub
            )
        return annotator

    @classmethod
    def from_model(
        cls,
        model: BackboneModel,
        device: str | torch.device = "auto",
        *,
        batch_size: int = 32,
        linker: MentionLinker | None = None,
        context: bool = False,
    ) -> Annotator:
        """Return the annotator of a model in memory.

        Args:
            model: a model in evaluation mode. It is not copied.
            device: the device to move it to.
            batch_size: maximum number of sentences in a batch.
            linker, context: see `Annotator`.

        Raises:
            ModelError: if the model is not a recognizer.
        """
        from vaner.backbones.saved_model import select_device
        from vaner.models.torch_models import build_recognizer

        folder = Path(model.name_or_path or "")
        annotator = cls(
            build_recognizer(model, folder, select_device(device), batch_size),
            calibration=read_calibration(folder) if model.name_or_path else None,
            linker=linker,
            context=context,
        )
        annotator._source = model
        annotator._folder = folder if model.name_or_path else None
        return annotator

    def __repr__(self) -> str:
        """Return the model, its form and its types: ``Annotator(model='biomedical', ...)``."""
        embedded = {folder: name for name, folder in list_embedded().items()}
        name = "" if self._folder is None else f"={embedded.get(self._folder, str(self._folder))!r}"
        form = f", form={self.form!r}" if self.form else ""
        return f"{type(self).__name__}({self.kind}{name}{form}, types={self.types!r})"

    @property
    def calibration(self) -> Calibration | None:
        """The calibration of the scores: that of the selector, if there is one."""
        return self._calibration if self.selector is None else self.selector.calibration

    @property
    def training_corpora(self) -> frozenset[str]:
        """The names of the corpora that the model and the selector were trained on, as recorded.

        Raises:
            ModelError: if the record of the model's training is damaged.
        """
        record = read_training_record(self._folder) if self._folder else {}
        recorded = (name for name, _ in list_training_splits(record))
        of_selector = self.selector.corpora if self.selector else ()
        return frozenset((*recorded, *self.corpora, *of_selector))

    def push_to_hub(self, repo: str, **options: Any) -> str:
        """Push the recognizer's model to the Hub, with a model card.

        The folder that the model was loaded from is pushed. A selector is pushed separately.

        Args:
            repo: the repository: ``name`` or ``owner/name``.
            options: see `vaner.hub.repository.push`.

        Returns:
            The address of the repository.

        Raises:
            HubError: if the Hub cannot be reached, or rejects the request.
            ModelError: if the annotator was created from a recognizer, not from a model.
        """
        from vaner.hub.push import push_folder, push_model

        if self._source is None:
            raise ModelError(
                f"this annotator was created from a {self.kind} in memory; push its model instead"
            )
        if isinstance(self._source, Path):
            return push_folder(self._source, repo, **options)
        return push_model(self._source, repo, **options)

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Count the gold mentions of these types that can never be predicted, by reason."""
        return self.recognizer.unreachable(document, types)

    def __call__(
        self, text: str | Document, types: str | Sequence[str] | None = None, **options: Any
    ) -> Document:
        """Annotate one text, with the options of `annotate`.

        Raises:
            TypeError: if it is neither a text nor a document.
        """
        if not isinstance(text, str | Document):
            given = "None" if text is None else f"of type {type(text).__name__}"
            raise TypeError(f"the text is {given}; for many texts use annotate(texts)")
        return next(self.annotate([text], types, **options))

    @renamed_argument("dataset", "corpus")
    def annotate(
        self,
        texts_or_documents: Iterable[str | Document],
        types: str | Sequence[str] | None = None,
        *,
        corpus: str | None = None,
        overlaps: Overlaps = "keep",
        consistency: bool = True,
        min_score: float | None = None,
        min_precision: float | None = None,
        **options: Any,
    ) -> Iterator[Document]:
        """Annotate texts as a stream, in their order.

        Args:
            texts_or_documents: texts, or documents, whose spans are replaced.
            types: entity types to find, or one of them. Upper and lower case are the same.
                Default: all that the recognizer finds.
            corpus: name of the corpus that the texts are from, for the instruction. It must be one
                of `corpora`.
            overlaps: ``keep`` all mentions, or the most probable of overlapping ones, ``best``.
            consistency: see `vaner.linking.consistency.make_consistent`.
            min_score: minimum score of a mention, in [0, 1]. Default: `min_scores`, of the mean of
                a name in a document if it is made consistent.
            min_precision: sets a threshold for each type that reached this precision on the dev
                set of `vaner calibrate`. Without `types`, other types are left out.
            options: for the recognizer, such as ``batch_size``.

        Yields:
            The documents with sorted spans, scores of the recognizer or the selector, identifiers
            of the linker, and the context of the mentions if it is requested.

        Raises:
            VanerError: if a type cannot be found, or if a requested precision is unknown or was not
                reached, or if an option is outside its limits.
            TypeError: if the texts are one text, a table, or no texts.
        """
        check_texts(texts_or_documents)
        check_options(LoadOptions, batch_size=options.get("batch_size", 1))
        check_options(
            AnnotateOptions, overlaps=overlaps, consistency=consistency, min_score=min_score,
            min_precision=min_precision,
        )  # fmt: skip
        types = None if types is None else resolve_types(self, types)
        corpus = resolve_corpus(self, corpus)
        thresholds = self._choose_thresholds(types, min_score, min_precision)
        types = thresholds.types or resolve_types(self, types)
        documents = self.recognizer.annotate(texts_or_documents, types, corpus=corpus, **options)
        selected = self._select(documents, thresholds, overlaps, consistency)
        linked = selected if self.linker is None else self.linker.identify(selected)
        return map(add_context, linked) if self.context else linked

    def _select(
        self,
        documents: Iterator[Document],
        thresholds: Thresholds,
        overlaps: Overlaps,
        consistency: bool,
    ) -> Iterator[Document]:
        """Calibrate, select, make consistent and filter the mentions of each document."""
        documents = map(join_protein_variants, documents)
        if self._calibration is not None:
            documents = map(self._calibration.apply, documents)
        if self.selector is not None:
            documents = self.selector.select(documents)
        apply_min_scores = make_consistent if consistency else filter_by_score
        documents = (apply_min_scores(document, thresholds.of_names) for document in documents)
        for document in self._language.watch(documents):
            document = filter_by_score(document, thresholds.of_mentions)
            if overlaps == "best":
                document = document.with_spans(sorted(resolve_overlaps(document.spans)))
            yield document


def __getattr__(name: str) -> Any:
    """Return a public function of this module by its former name."""
    if name == "model_folder":
        warn_renamed("vaner.annotator.model_folder", "locate_model")
        return locate_model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
