"""The workers that annotate the batches of the queue: processes, or the annotator of this process.

A process can be killed when a text takes too long. An annotator in memory cannot: it serves tests
and small programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple, Protocol

from vaner.annotator import Annotator
from vaner.calibration.calibration import Calibration
from vaner.linking.options import LinkOptions
from vaner.recognition.options import AnnotateOptions, LoadOptions
from vaner.server.worker import Loaded, WorkerProcess
from vaner.tagger.onnx_runtime import count_cores
from vaner.text.documents import Document

LoadAnnotator = Callable[[], Annotator]


class ModelInfo(NamedTuple):
    """What the server needs to know of a model that other processes load.

    Args:
        kind: the noun that messages use for it.
        types: the types that it finds.
        zero_shot: whether it also finds other types.
        has_selector: whether a selector rejects mentions.
        linked_types: the types whose mentions get identifiers.
        calibration: the precision that each type reached, if it was measured.
        has_context: whether mentions get their context, such as negations.
        corpora: the training corpora whose guidelines it can follow -> their types.
        min_scores: type -> the minimum score that is used by default.
    """

    kind: str
    types: tuple[str, ...]
    zero_shot: bool
    has_selector: bool
    form: str | None
    linked_types: tuple[str, ...] = ()
    calibration: Calibration | None = None
    has_context: bool = False
    corpora: Mapping[str, Sequence[str]] = MappingProxyType({})
    min_scores: Mapping[str, float] = MappingProxyType({})


class BatchWorker(Protocol):
    """Annotates batches."""

    @property
    def load_seconds(self) -> float:
        """Seconds that the worker took to start."""
        ...

    @property
    def is_prepared(self) -> bool:
        """Whether the worker can annotate."""
        ...

    def prepare(self) -> None:
        """Wait until the worker can annotate."""
        ...

    def annotate(
        self,
        documents: Sequence[Document],
        options: AnnotateOptions,
        is_abandoned: Callable[[], bool],
    ) -> list[Document]:
        """Return annotated documents, in their order. Give up when they are abandoned."""
        ...

    def kill(self) -> None:
        """End the worker."""
        ...


class InMemoryWorker:
    """Annotates with a function of this process. It cannot be stopped.

    Args:
        annotate: function that annotates documents with some options, in their order.
    """

    load_seconds, is_prepared = 0.0, True

    def __init__(
        self, annotate: Callable[[Sequence[Document], AnnotateOptions], Iterable[Document]]
    ) -> None:
        self._annotate = annotate

    def prepare(self) -> None:
        """Do nothing: the annotator is loaded."""

    def annotate(
        self,
        documents: Sequence[Document],
        options: AnnotateOptions,
        is_abandoned: Callable[[], bool],
    ) -> list[Document]:
        """Return annotated documents, in their order."""
        return list(self._annotate(documents, options))

    def kill(self) -> None:
        """Do nothing."""


class ModelProcess(WorkerProcess):
    """A process with a model, which annotates batches.

    Args:
        load: loads the annotator. It can be pickled.
        threads: number of threads of numerical libraries in the process.
    """

    def __init__(self, load: LoadAnnotator, threads: int) -> None:
        super().__init__(partial(_load_model, load), threads)

    def annotate(
        self,
        documents: Sequence[Document],
        options: AnnotateOptions,
        is_abandoned: Callable[[], bool],
    ) -> list[Document]:
        """Return annotated documents, in their order.

        Raises:
            WorkerError: if they are abandoned, or if the process ended.
            VanerError: if the model cannot annotate with these options.
        """
        annotated: list[Document] = self.call(documents, options, is_abandoned=is_abandoned)
        return annotated


def start_workers(load: LoadAnnotator, number: int) -> tuple[list[ModelProcess], ModelInfo]:
    """Start processes that load a model, and wait for the first one.

    Raises:
        VanerError: if the model cannot be loaded.
    """
    threads = max(1, count_cores() // number)
    workers = [ModelProcess(load, threads) for _ in range(number)]
    workers[0].prepare()  # alone: an error is reported once
    for worker in workers[1:]:
        worker.start()
    info: ModelInfo = workers[0].info
    return workers, info


def annotate_batch(
    annotator: Annotator, documents: Sequence[Document], options: AnnotateOptions
) -> list[Document]:
    """Return annotated documents."""
    return list(annotator.annotate(documents, **options.as_arguments()))


def describe_model(annotator: Annotator) -> ModelInfo:
    """Return what the server needs to know of an annotator."""
    return ModelInfo(
        annotator.kind,
        annotator.types,
        annotator.zero_shot,
        annotator.selector is not None,
        annotator.form,
        annotator.linker.types if annotator.linker else (),
        annotator.calibration,
        annotator.context,
        {name: tuple(types) for name, types in annotator.corpora.items()},
        annotator.min_scores,
    )


def load_annotator(options: LoadOptions, link_options: LinkOptions, context: bool) -> Annotator:
    """Load a model; a function of a module, which a process can be started with."""
    linker = link_options.load()  # first: an error should not wait for the model
    return Annotator.from_pretrained(**options.as_arguments(), linker=linker, context=context)


def _load_model(load: LoadAnnotator) -> Loaded:
    """Load a model, and the knowledge bases that it links to, in a process."""
    annotator = load()
    return Loaded(partial(annotate_batch, annotator), describe_model(annotator))
