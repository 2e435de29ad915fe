"""The workers that annotate the batches of the queue: processes, or the annotator of this process.

A process can be killed when a text takes too long. An annotator in memory cannot: it serves tests
and small programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import NamedTuple, Protocol

from vaner.annotator import Annotator
from vaner.knowledge.matcher import Matcher
from vaner.recognition.options import AnnotateOptions, LoadOptions
from vaner.server.worker import Loaded, WorkerProcess
from vaner.tagger.onnx_runtime import count_cores
from vaner.text.documents import Document

Identify = Callable[[Iterable[Document]], Iterator[Document]]
LoadAnnotator = Callable[[], Annotator]


class ModelInfo(NamedTuple):
    """What the server needs to know of a model that other processes load."""

    kind: str
    types: tuple[str, ...]
    zero_shot: bool
    has_selector: bool


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
        identify: adds identifiers to mentions; it can be pickled.
        threads: number of threads of numerical libraries in the process.
    """

    def __init__(self, load: LoadAnnotator, identify: Identify | None, threads: int) -> None:
        super().__init__(partial(_load_model, load, identify), threads)

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


def start_workers(
    load: LoadAnnotator, identify: Identify | None, number: int
) -> tuple[list[ModelProcess], ModelInfo]:
    """Start processes that load a model, and wait for the first one.

    Raises:
        VanerError: if the model cannot be loaded.
    """
    threads = max(1, count_cores() // number)
    workers = [ModelProcess(load, identify, threads) for _ in range(number)]
    workers[0].prepare()  # alone: an error is reported once
    for worker in workers[1:]:
        worker.start()
    info: ModelInfo = workers[0].info
    return workers, info


def annotate_batch(
    annotator: Annotator,
    identify: Identify | None,
    documents: Sequence[Document],
    options: AnnotateOptions,
) -> list[Document]:
    """Return annotated documents, with identifiers if there is a function that adds them."""
    annotated = annotator.annotate(documents, **options.as_arguments())
    return list(annotated if identify is None else identify(annotated))


def describe_model(annotator: Annotator) -> ModelInfo:
    """Return what the server needs to know of an annotator."""
    return ModelInfo(
        annotator.kind, annotator.types, annotator.zero_shot, annotator.selector is not None
    )


def load_annotator(options: LoadOptions) -> Annotator:
    """Load a model; a function of a module, which a process can be started with."""
    return Annotator.from_pretrained(**options.as_arguments())


def add_identifiers(kb: str, documents: Iterable[Document]) -> Iterator[Document]:
    """Add the identifiers of a knowledge base to mentions; it is opened at the first call."""
    return _open_matcher(kb).identify(documents)


@cache
def _open_matcher(kb: str) -> Matcher:
    return Matcher.from_name(kb)


def _load_model(load: LoadAnnotator, identify: Identify | None) -> Loaded:
    """Load a model in a process; raise the errors of the knowledge base now."""
    if identify is not None:
        list(identify([]))
    annotator = load()
    return Loaded(partial(annotate_batch, annotator, identify), describe_model(annotator))
