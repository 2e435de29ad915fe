"""Documents in, documents out: what finds mentions, and what sorts the right from the wrong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch

from vaner.documents import Document, at_least, best_of_overlapping
from vaner.encoding import Encoder
from vaner.errors import ModelError, VanerError
from vaner.generation.generator import VanerForGeneration
from vaner.generation.prompts import PromptEncoder
from vaner.modeling.finding import find
from vaner.modeling.on_backbone import OnBackbone
from vaner.modeling.storage import model_type, resolve
from vaner.modeling.tagger import VanerForTokenClassification
from vaner.proposers.generator import Generator
from vaner.proposers.proposer import Proposer, checked_types
from vaner.proposers.tagger import Tagger

Overlaps = Literal["keep", "best"]

DEFAULT_MODEL = "biomedical"

Model = TypeVar("Model", bound=OnBackbone)


class Annotator:
    """Finds entities in text.

    Args:
        proposer: what finds mentions: a `Tagger`, a `Generator`, or the dictionary of a knowledge
            base, `vaner.knowledge.matching.Matcher`.

    >>> annotator = Annotator.from_pretrained()  # doctest: +SKIP
    >>> annotator("Metformin treats diabetes.").spans  # doctest: +SKIP
    (Span(start=0, end=9, type='Chemical', ...), Span(start=17, end=25, type='Disease', ...))
    """

    def __init__(self, proposer: Proposer) -> None:
        self.proposer = proposer

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
            device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda`` …
            batch_size: most sentences in a batch.
            options: for `from_pretrained` of the model, e.g. ``quantization``.

        Raises:
            VanerError: for a device that this machine does not have.
            ModelError: where the model or its backbone is not found or not complete.
        """
        wanted = on_device(device)  # a wrong one is told now and not after the loading
        return cls(load_proposer(model_folder(name_or_path), wanted, batch_size, **options))

    @property
    def kind(self) -> str:
        """What messages call it."""
        return self.proposer.kind

    @property
    def types(self) -> tuple[str, ...]:
        """The entity types that are found."""
        return self.proposer.types

    @property
    def zero_shot(self) -> bool:
        """Whether other types may be asked for too."""
        return self.proposer.zero_shot

    @property
    def datasets(self) -> Mapping[str, Sequence[str]]:
        """Corpora that the model may be told a text is from -> the types they annotate."""
        model = getattr(self.proposer, "model", None)
        return dict(model.config.datasets) if model is not None else {}

    def unreachable(self, document: Document, types: Sequence[str]) -> Counter[str]:
        """Reason -> gold mentions of these types that cannot be found, whatever is proposed."""
        return self.proposer.unreachable(document, types)

    def __call__(self, text: str | Document, types: Sequence[str] | None = None) -> Document:
        """Annotate one text."""
        return next(self.annotate([text], types))

    def annotate(
        self,
        texts_or_documents: Iterable[str | Document],
        types: Sequence[str] | None = None,
        *,
        dataset: str | None = None,
        overlaps: Overlaps = "keep",
        min_score: float = 0.0,
        **options: Any,
    ) -> Iterator[Document]:
        """Annotate many texts, in the order given, as a stream.

        Args:
            texts_or_documents: texts, or documents, whose own spans are replaced.
            types: types to find; all that are known if None.
            dataset: corpus name to put into the instruction, for text from a corpus that the
                model was trained on.
            overlaps: mentions of different types may overlap, and a generator's may nest.
                ``keep`` them all, or of those that overlap the most probable, ``best``.
            min_score: leave out mentions that are less probable, in [0, 1].
            options: for the proposer, such as ``batch_size``.

        Yields:
            The documents with spans sorted by offset, with scores.

        Raises:
            VanerError: for a type that is not found.
        """
        wanted = checked_types(self, types)
        for document in self.proposer.annotate(
            texts_or_documents, wanted, dataset=dataset, **options
        ):
            if min_score > 0:
                document = at_least(document, min_score)
            if overlaps == "best":
                document = document.with_spans(sorted(best_of_overlapping(document.spans)))
            yield document


def load_proposer(
    folder: Path, device: torch.device, batch_size: int, **options: Any
) -> Tagger | Generator:
    """A saved model, ready to find mentions.

    Raises:
        ModelError: where it is not complete, or of no kind that finds mentions.
    """
    kind = model_type(folder)
    known = (VanerForTokenClassification, VanerForGeneration)
    if kind not in [model.config_class.model_type for model in known]:
        raise ModelError(f"{folder} is of a {kind} model, not of a saved vaner model")
    if kind == VanerForGeneration.config_class.model_type:
        generator = _loaded(VanerForGeneration, folder, device, options)
        prompts = PromptEncoder.from_folder(
            _tokenizer(generator, folder), generator.config.max_subwords
        )
        return Generator(generator, prompts, device=device, batch_size=batch_size)
    tagger = _loaded(VanerForTokenClassification, folder, device, options)
    encoder = Encoder.from_folder(_tokenizer(tagger, folder), tagger.config.max_subwords)
    return Tagger(tagger, encoder, device=device, batch_size=batch_size)


def _loaded(
    kind: type[Model], folder: Path, device: torch.device, options: Mapping[str, Any]
) -> Model:
    model = kind.from_pretrained(folder, device=str(device), **options)
    if "quantization" not in options:
        model.merge_adapter()
    model.train(False)
    return model


def _tokenizer(model: OnBackbone, folder: Path) -> Path:
    """The folder of the model's tokenizer: its own, or the backbone's."""
    if (folder / "tokenizer.json").is_file():
        return folder
    return find(model.config.backbone, model.config.backbone_origin).folder


def model_folder(name_or_path: str | Path | None = None) -> Path:
    """The folder of an embedded model, a local one, or one from the Hub."""
    name = str(DEFAULT_MODEL if name_or_path is None else name_or_path)
    embedded = Path(str(files("vaner") / "models" / name))
    if not Path(name).is_dir() and (embedded / "config.json").is_file():
        return embedded
    if name_or_path is None:
        raise ModelError("this installation has no embedded model; name another", argument="model")
    return resolve(name)


def on_device(name: str | torch.device) -> torch.device:
    """The device of that name, once something could be put there; ``auto`` takes a GPU if any.

    Raises:
        VanerError: where there is none, or nothing can be put there.
    """
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
