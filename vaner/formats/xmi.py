"""UIMA CAS XMI, as INCEpTION and other UIMA programs write it: a file per document.

The CAS as JSON of INCEpTION is read as well.

It needs the package `dkpro-cassis`. The type system is read from ``TypeSystem.xml`` in the folder
of the file; without one, the annotations of the file itself show which types there are.

Mentions are annotations with offsets. Their type is the feature ``value``, ``label`` or ``type``,
or else the name of the annotation's type. Tokens, sentences, parts of speech and other layers of
tokens are not mentions. Relations between annotations are counted.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from vaner.formats.companions import iterate_files
from vaner.formats.file_names import TYPE_SYSTEM, write_document_files
from vaner.formats.identifiers import join_identifiers, split_identifiers
from vaner.formats.losses import FRAGMENTS, UNTYPED, Losses, count_scores, replace_surrogates
from vaner.formats.skipped_records import SkipCounts, warn_skipped_records
from vaner.formats.source import InputFile, MalformedError, OnError, open_bytes
from vaner.formats.spans import make_span
from vaner.text.documents import Document, Span
from vaner.text.words import get_sentences, split_words
from vaner.utils.distribution import describe_install

if TYPE_CHECKING:
    from cassis import Cas, TypeSystem

NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
SENTENCE = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Sentence"
TOKEN = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token"
SUFFIX = ".xmi"
RELATION = "relation"
FEATURE = "a further feature of a mention"
EMPTY = "annotation of no characters"
CONTROL_CHARACTER = "control character written as U+FFFD, the format cannot hold it"

_LABELS = ("value", "label", "type", "entityType", "category", "Category", "Label", "Type")
_IDENTIFIERS = ("identifier", "identifiers", "conceptId", "cui")
_ID = "id"
_NO_MENTIONS = re.compile(
    r"(^uima\.)|\.(segmentation|lexmorph|syntax|metadata|morph|structure|transform|coref)\.|"
    r"(Token|Sentence|Paragraph|Document\w*|Section|Chunk|Lemma|POS|Stem|LayerDefinition|"
    r"FeatureDefinition|CASMetadata|TagsetDescription|TagDescription)$"
)
_RELATION_FEATURES = {"Governor", "Dependent", "governor", "dependent", "source", "target"}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CAS, _XMI_ID = "{http:///uima/cas.ecore}", "{http://www.omg.org/XMI}id"
_NAMESPACE = re.compile(r"\{http:///(.*)\.ecore\}(.+)")


def read(
    path: str | Path, *, encoding: str = "utf-8", on_error: OnError | None = None
) -> Iterator[Document]:
    """Read a file as a document, named after the file, or each ``.xmi`` file of a folder.

    Args:
        path: file or folder.
        encoding: ignored, XML declares its encoding itself.
        on_error: see `vaner.formats.read`.

    Raises:
        FormatError: if `dkpro-cassis` is missing, or a file is broken.
    """
    for file in iterate_files(InputFile(path, on_error), SUFFIX):
        skipped = SkipCounts()
        with file.guard():
            yield _to_document(_load_cas(file), file, skipped)
        warn_skipped_records(file, skipped)


def _load_cas(file: InputFile) -> Cas:
    """Load a file with its type system."""
    cassis = _import_cassis(file)
    with open_bytes(file) as stream:
        content = stream.read()
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _load_json(file, content, cassis)
    try:
        root = fromstring(content, forbid_dtd=True)  # also refuses what cassis would expand
    except DefusedXmlException:
        raise file.error("declares entities or a DTD, which is not allowed") from None
    except (ParseError, ValueError, LookupError) as error:
        raise file.error(f"broken XML: {error}", getattr(error, "position", (None,))[0]) from None
    path = file.path.with_name(TYPE_SYSTEM)
    try:
        if file.data is None and not file.is_stdin and path.is_file():
            types = cassis.load_typesystem(path)
        else:
            types = _infer_types(root, cassis)
        source = io.BytesIO(_index_annotations(root, content))
        with warnings.catch_warnings():  # about types that are not annotations, and not read
            warnings.simplefilter("ignore")
            cas: Cas = cassis.load_cas_from_xmi(source, typesystem=types, lenient=True)
    except Exception as error:  # cassis raises errors of many types for broken files
        message = f"cannot be read as UIMA CAS XMI: {type(error).__name__}: {error}"
        raise file.error(message, getattr(error, "lineno", None)) from None
    return cas


def _load_json(file: InputFile, content: bytes, cassis: Any) -> Cas:
    """Load a CAS in JSON, as INCEpTION writes it, with its type system."""
    try:
        cas: Cas = cassis.load_cas_from_json(io.StringIO(content.decode("utf-8-sig")))
    except Exception as error:  # cassis raises errors of many types for broken files
        message = f"cannot be read as UIMA CAS JSON: {type(error).__name__}: {error}"
        raise file.error(message, getattr(error, "lineno", None)) from None
    return cas


def _import_cassis(file: InputFile) -> Any:
    try:
        import cassis
    except ImportError:
        message = "looks like UIMA CAS XMI; to read it: " + describe_install("inception")
        raise file.error(message) from None
    return cassis


def _infer_types(root: Element, cassis: Any) -> TypeSystem:
    """Return the types of the annotations of a file, all of whose features are strings."""
    types: TypeSystem = cassis.TypeSystem()
    for element in root:
        match = _NAMESPACE.match(element.tag)
        if not match or "begin" not in element.attrib or "end" not in element.attrib:
            continue
        name = f"{match[1].replace('/', '.')}.{match[2]}"
        if name.startswith("uima."):
            continue
        if not types.contains_type(name):
            types.create_type(name, "uima.tcas.Annotation")
        type = types.get_type(name)
        for feature in element.attrib:
            is_new = feature not in ("begin", "end", "sofa") and "}" not in feature
            if is_new and type.get_feature(feature) is None:
                types.create_feature(type, feature, "uima.cas.String")
    return types


def _index_annotations(root: Element, content: bytes) -> bytes:
    """Return a file with an index of its annotations, without which cassis does not find them."""
    if root.find(f"{_CAS}View") is not None:
        return content
    sofa = root.find(f"{_CAS}Sofa")
    number = "" if sofa is None else sofa.get(_XMI_ID, "")
    members = [element.get(_XMI_ID, "") for element in root if "begin" in element.attrib]
    root.append(Element(f"{_CAS}View", {"sofa": number, "members": " ".join(members)}))
    return tostring(root)


def _to_document(cas: Cas, file: InputFile, skipped: SkipCounts) -> Document:
    text = cas.sofa_string
    if text is None:
        raise MalformedError("there is no text: the sofa has no sofaString")
    spans, sentences = list[Span](), list[tuple[int, int]]()
    for annotation in cas.select_all_annotations():
        name = annotation.type.name
        features = {feature.name for feature in annotation.type.all_features}
        if not {"begin", "end"} <= features:
            continue
        if name == SENTENCE and annotation.begin < annotation.end:
            sentences.append((annotation.begin, annotation.end))
        if _NO_MENTIONS.search(name):
            continue
        if features & _RELATION_FEATURES:
            skipped[RELATION] += 1
            continue
        if annotation.begin is not None and annotation.begin == annotation.end:
            skipped[EMPTY] += 1
            continue
        short_name = name.rpartition(".")[2]
        with file.guard(location=f"{short_name} with the id {annotation.xmiID}"):
            spans.append(_make_span(text, annotation, features))
            others = _count_other_features(annotation, features)
            skipped.update({FEATURE: others} if others else {})
    metadata = {"sentences": tuple(sorted(sentences))} if sentences else {}
    spans.sort(key=lambda span: (span.start, -span.end))  # the outer mention first
    return Document(file.stem, text, tuple(spans), metadata)


def _count_other_features(annotation: Any, features: set[str]) -> int:
    """Count the features of a mention with a value that are neither type nor identifier."""
    given = {name for name in features if getattr(annotation, name, None) not in (None, "")}
    used = {"begin", "end", "sofa"}
    used |= {next((name for name in _LABELS if name in given), ""), *_find_identifiers(given)}
    return len(given - used)


def _find_identifiers(features: set[str]) -> list[str]:
    """Return the features with identifiers; `id` counts only alone, as it may be a number."""
    return [name for name in _IDENTIFIERS if name in features] or [_ID] * (_ID in features)


def _read_strings(value: Any) -> list[str]:
    """Return the strings of a feature, which may be an array of them."""
    values = getattr(value, "elements", None) or [value]
    return [item for item in values if isinstance(item, str)]


def _make_span(text: str, annotation: Any, features: set[str]) -> Span:
    labels = (getattr(annotation, name) for name in _LABELS if name in features)
    given = {name for name in features if getattr(annotation, name, None) not in (None, "")}
    values = [v for n in _find_identifiers(given) for v in _read_strings(getattr(annotation, n))]
    identifiers = dict.fromkeys(name for value in values for name in split_identifiers(value))
    label = next((value for value in labels if isinstance(value, str) and value), None)
    pieces = [(annotation.begin, annotation.end)]
    type = label or annotation.type.name.rpartition(".")[2]
    return make_span(text, pieces, type, identifiers=identifiers)


def write_folder(documents: Iterable[Document], folder: Path, losses: Losses) -> Iterator[Document]:
    """Write a file per document and the type system, and yield each document.

    Raises:
        FormatError: if `dkpro-cassis` is missing.
    """
    cassis = _import_cassis(InputFile(folder))
    types = _make_types(cassis)
    folder.mkdir(parents=True, exist_ok=True)
    types.to_xml(folder / TYPE_SYSTEM)

    def render(document: Document, losses: Losses) -> str:
        return str(_make_cas(document, types, cassis, losses).to_xmi())

    yield from write_document_files(documents, folder, SUFFIX, render, losses)


def _make_types(cassis: Any) -> TypeSystem:
    """Return the types of DKPro Core that are written, which INCEpTION has as well."""
    types: TypeSystem = cassis.TypeSystem()
    for name in (SENTENCE, TOKEN, NAMED_ENTITY):
        types.create_type(name, "uima.tcas.Annotation")
    for feature in ("value", "identifier"):
        types.create_feature(types.get_type(NAMED_ENTITY), feature, "uima.cas.String")
    return types


def _make_cas(document: Document, types: TypeSystem, cassis: Any, losses: Losses) -> Cas:
    """Return a document with its sentences, words and mentions."""
    text = _replace_forbidden(document.text, losses)
    cas: Cas = cassis.Cas(typesystem=types)
    cas.sofa_string, cas.sofa_mime = text, "text/plain"
    make_sentence, make_token = types.get_type(SENTENCE), types.get_type(TOKEN)
    words = split_words(text)
    for first, end in get_sentences(document, words):
        cas.add(make_sentence(begin=words[first].start, end=words[end - 1].end))
    for word in words:
        cas.add(make_token(begin=word.start, end=word.end))
    make_entity = types.get_type(NAMED_ENTITY)
    count_scores(document.spans, losses)
    for span in document.spans:
        losses[FRAGMENTS] += span.is_discontinuous
        losses[UNTYPED] += not span.type
        joined = join_identifiers(span.identifiers, losses)
        identifier = _replace_forbidden(joined, losses) or None
        label = _replace_forbidden(span.type, losses)
        cas.add(make_entity(begin=span.start, end=span.end, value=label, identifier=identifier))
    return cas


def _replace_forbidden(text: str, losses: Losses) -> str:
    """Return text of the same length without characters that XML cannot hold."""
    clean, count = _FORBIDDEN.subn("\ufffd", replace_surrogates(text, losses))
    losses[CONTROL_CHARACTER] += count
    return clean
