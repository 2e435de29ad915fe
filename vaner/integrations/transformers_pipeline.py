"""The transformers pipeline ``vaner-ner``, which wraps the annotator.

    import vaner.integrations.transformers
    from transformers import pipeline

    recognize = pipeline("vaner-ner", model="runs/ncbi/seed-1/model")
    recognize("She had cystic fibrosis.")

The tasks ``token-classification`` and ``ner`` of transformers do the same for saved models.

The `Annotator` does all the work, so offsets are correct for every text, and no text is truncated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from typing import Any

from transformers import AutoModel, AutoModelForTokenClassification
from transformers.pipelines import PIPELINE_REGISTRY
from transformers.pipelines.base import Pipeline
from transformers.pipelines.token_classification import TokenClassificationPipeline

from vaner.backbones.base_model import BackboneModel
from vaner.formats.mention_details import write_details
from vaner.linking.options import LinkOptions
from vaner.text.documents import Document

TASK = "vaner-ner"
_BATCH = 32
_ITEMS = (str, list, Mapping)  # what the base class reads as one text, or as a list of texts
_OPTIONS = ("types", "corpus", "dataset", "overlaps", "consistency", "min_score", "min_precision")

Entity = dict[str, Any]
"""A mention with the keys of transformers' pipelines: entity_group, score, word, start, end."""


class VanerPipeline(Pipeline):
    """Finds mentions in texts.

    A call returns a list of mentions for a text, a list of such lists for a list of texts, and an
    iterator of them for a dataset or a generator of texts. Options of the pipeline or of a call are
    those of `Annotator.annotate`: ``types``, ``corpus``, ``overlaps``, ``consistency``,
    ``min_score``, ``min_precision`` and ``batch_size``. Options of the pipeline are also ``link``,
    a knowledge base that gives identifiers to the mentions, and ``candidates``, see
    `vaner.linking.options.LinkOptions`; and ``context``, see `vaner.annotator.Annotator`.
    """

    # Nothing else is loaded: the annotator loads the tokenizer of the model.
    _load_tokenizer: Any = False
    _load_image_processor: Any = False
    _load_video_processor: Any = False
    _load_feature_extractor: Any = False
    _load_processor: Any = False

    def __init__(
        self,
        model: Any,
        *,
        batch_size: int | None = None,
        link: str | None = None,
        candidates: int = 0,
        context: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(model=model, batch_size=batch_size or _BATCH, **options)
        from vaner.annotator import Annotator

        linker = LinkOptions(link=link, candidates=candidates).load()
        self.annotator = Annotator.from_model(
            model.eval(),
            self.device,
            batch_size=batch_size or _BATCH,
            linker=linker,
            context=context,
        )

    def __call__(self, inputs: Any, *args: Any, **options: Any) -> Any:
        if isinstance(inputs, (list, tuple)) and not inputs:
            return []  # the base class raises an error
        if isinstance(inputs, tuple):
            inputs = list(inputs)
        elif hasattr(inputs, "__iter__") and not isinstance(inputs, _ITEMS):
            inputs = (item for item in inputs)  # such as a column of a dataset
        return super().__call__(inputs, **options)  # type: ignore[no-untyped-call]

    def save_pretrained(self, save_directory: str | PathLike[str], **options: Any) -> None:
        """Save the model: the pipeline has nothing else, and no code of it is stored."""
        self.model.save_pretrained(save_directory, **options)

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Push the model to the Hub, see `vaner.annotator.Annotator.push_to_hub`."""
        return self.annotator.push_to_hub(repo_id, **options)

    def _sanitize_parameters(
        self, **options: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        if unknown := [name for name in options if name not in _OPTIONS]:
            raise TypeError(f"{TASK} has no option {unknown[0]}; it has {', '.join(_OPTIONS)}")
        return {}, options, {}

    def preprocess(self, input_: str | Document, **_: Any) -> str | Document:  # type: ignore[override]
        return input_

    def _forward(self, input_tensors: str | Document, **options: Any) -> Document:  # type: ignore[override]
        return next(self.annotator.annotate([input_tensors], **options))

    def postprocess(self, model_outputs: Document, **_: Any) -> list[Entity]:  # type: ignore[override]
        return entities(model_outputs)

    def get_iterator(
        self,
        inputs: Iterable[str | Document],
        num_workers: int,
        batch_size: int,
        preprocess_params: Mapping[str, Any],
        forward_params: Mapping[str, Any],
        postprocess_params: Mapping[str, Any],
    ) -> Iterator[list[Entity]]:
        """Yield the mentions of texts, in their order. The annotator forms the batches."""
        documents = self.annotator.annotate(
            _iterate(inputs), batch_size=batch_size, **forward_params
        )
        return (entities(document) for document in documents)


class TokenClassification(TokenClassificationPipeline):
    """The pipeline ``token-classification`` of transformers, which gives models of vaner to theirs.

    It reads subwords, and the models of this package read words. Other models are not affected.
    """

    _load_tokenizer: Any = None  # if there is one: models of this package need none

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """Return a `VanerPipeline` for a model of this package.

        Raises:
            ValueError: if another model has no tokenizer.
        """
        model = args[0] if args else options.pop("model", None)
        if not isinstance(model, BackboneModel):
            if options.get("tokenizer") is None:
                raise ValueError("the pipeline needs a tokenizer: pass tokenizer=…")
            return super().__new__(cls)
        options.pop("aggregation_strategy", None)  # a mention is always one entity
        return VanerPipeline(model, **options)


def entities(document: Document) -> list[Entity]:
    """Return the mentions of a document with the keys of transformers' pipelines.

    >>> from vaner.text.documents import Span
    >>> entities(Document("1", "asthma", (Span(0, 6, "Disease", 0.9),)))
    [{'entity_group': 'Disease', 'score': 0.9, 'word': 'asthma', 'start': 0, 'end': 6}]

    Mentions with identifiers and candidates have keys for them, as in JSON Lines.
    """
    return [
        {
            "entity_group": span.type,
            "score": span.score,
            "word": document.mention(span),
            "start": span.start,
            "end": span.end,
            **({"identifiers": list(span.identifiers)} if span.identifiers else {}),
            **write_details(document.text, span),
        }
        for span in document.spans
    ]


def _iterate(inputs: Any) -> Iterator[str | Document]:
    """Yield the items of an iterable, or of a torch dataset, which has only a length and items."""
    if hasattr(inputs, "__iter__"):
        yield from inputs
    else:
        yield from (inputs[i] for i in range(len(inputs)))


_MODELS: Any = (AutoModelForTokenClassification, AutoModel)  # taggers, generators

PIPELINE_REGISTRY.supported_tasks["token-classification"]["impl"] = TokenClassification
PIPELINE_REGISTRY.register_pipeline(
    TASK, pipeline_class=VanerPipeline, pt_model=_MODELS, type="text"
)
