"""The settings of annotating, as a value that a command can send to the workers of a job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaner.formats.label_studio import with_model_name
from vaner.linking.abbreviations import add_abbreviations
from vaner.linking.options import LinkOptions
from vaner.linking.protocol import check_linker_types
from vaner.recognition.options import AnnotateOptions, LoadOptions
from vaner.recognition.recognizer import resolve_types
from vaner.text.documents import Document
from vaner.utils.provenance import get_package_version

if TYPE_CHECKING:
    from vaner.annotator import Annotator

AnnotateStream = Callable[[Iterable[Document]], Iterator[Document]]
"""A function that replaces the mentions of a stream of documents."""

PROVENANCE = "provenance"
"""Key of the metadata of a document that names what found its mentions."""

_NO_EFFECT = ("batch_size", "device")
"""Options that change the speed, but not the results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationSettings:
    """A model, knowledge bases, and the options of annotating; `load` makes a function of them.

    Args:
        load_options: which model, and how it runs.
        annotate_options: which mentions to return.
        link_options: which knowledge bases give identifiers to mentions.
        with_context: whether to find what sentences say about mentions, such as negations.
        with_abbreviations: whether the metadata of each document lists its abbreviations.
        with_provenance: whether the metadata of each document names what found its mentions.
    """

    load_options: LoadOptions = field(default_factory=LoadOptions)
    annotate_options: AnnotateOptions = field(default_factory=AnnotateOptions)
    link_options: LinkOptions = field(default_factory=LinkOptions)
    with_context: bool = False
    with_abbreviations: bool = False
    with_provenance: bool = False

    @property
    def model_name(self) -> str:
        """Name of the model, as written to output files."""
        return self.load_options.model_name

    def load(self, output_format: str) -> LoadedAnnotator:
        """Load the model and the knowledge base, which takes seconds.

        Args:
            output_format: name of the format that the documents are written in.

        Raises:
            VanerError: if the model or a knowledge base does not exist, or if they do not support
                an option or a type.
        """
        from vaner.annotator import Annotator

        linker = self.link_options.load()
        arguments = self.load_options.as_arguments()
        annotator = Annotator.from_pretrained(**arguments, linker=linker, context=self.with_context)
        if linker is not None:
            check_linker_types(linker, resolve_types(annotator, self.annotate_options.types))
        # A wrong option is an error now, not after the first documents.
        annotator.annotate([], **self.annotate_options.as_arguments())
        return LoadedAnnotator(self, annotator, output_format)

    def with_absolute_paths(self) -> AnnotationSettings:
        """Return the settings with paths that are valid in any working folder."""
        load, link = self.load_options, self.link_options
        return replace(
            self,
            load_options=replace(
                load, model=_absolute(load.model), selector=_absolute(load.selector)
            ),
            link_options=replace(
                link, kb=_absolute(link.kb, Path.is_file), link=_absolute(link.link, Path.is_file)
            ),
        )

    def as_manifest(self) -> dict[str, Any]:
        """Return the options that the results depend on, as the manifest of a job stores them."""
        stored = asdict(self.load_options) | asdict(self.link_options)
        stored |= asdict(self.annotate_options)
        added = {
            "candidates": self.link_options.candidates,
            "dtype": self.load_options.dtype,
            "revision": self.load_options.revision,
            "with_context": self.with_context,
            "with_abbreviations": self.with_abbreviations,
            "with_provenance": self.with_provenance,
        }  # they are in the manifest only if they are used, so that older jobs can be resumed
        stored = {name: value for name, value in stored.items() if name not in added}
        stored |= {name: value for name, value in added.items() if value}
        stored["types"] = list(stored["types"]) if stored["types"] else None
        return {name: value for name, value in stored.items() if name not in _NO_EFFECT}


class LoadedAnnotator:
    """An annotator with its options: a function on a stream of documents, see `AnnotateStream`.

    Args:
        settings: the settings.
        annotator: the annotator that they name.
        output_format: name of the format that the documents are written in.
    """

    def __init__(
        self,
        settings: AnnotationSettings,
        annotator: Annotator,
        output_format: str,
    ) -> None:
        self._settings, self._annotator = settings, annotator
        self._output_format = output_format

    @property
    def provenance(self) -> dict[str, str]:
        """What finds the mentions: names of the model and the knowledge base, version, form."""
        names = {
            "model": Path(self._settings.model_name).name,
            "selector": self._settings.load_options.selector,
            "kb": self._settings.link_options.kb,
            "link": self._settings.link_options.link,
            "vaner": get_package_version(),
            "form": self._annotator.form,
        }
        return {name: value for name, value in names.items() if value}

    def __call__(self, documents: Iterable[Document]) -> Iterator[Document]:
        arguments = self._settings.annotate_options.as_arguments()
        annotated = self._annotator.annotate(documents, **arguments)
        if self._settings.with_abbreviations:
            annotated = map(add_abbreviations, annotated)
        if self._settings.with_provenance:
            annotated = map(self._add_provenance, annotated)
        # Label Studio is the only format that names the model of each mention.
        if self._output_format == "label_studio":
            return with_model_name(annotated, self._settings.model_name)
        return annotated

    def _add_provenance(self, document: Document) -> Document:
        return replace(document, metadata={**document.metadata, PROVENANCE: self.provenance})


def _absolute(name: str | None, is_path: Callable[[Path], bool] = Path.is_dir) -> str | None:
    return str(Path(name).absolute()) if name is not None and is_path(Path(name)) else name
