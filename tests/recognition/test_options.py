"""The declared options: they are those of the annotator, with the same defaults everywhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from vaner.annotator import Annotator
from vaner.recognition.options import AnnotateOptions, LoadOptions, declaration


@pytest.mark.parametrize(
    ("options", "method"),
    [(LoadOptions(), Annotator.from_pretrained), (AnnotateOptions(), Annotator.annotate)],
)
def test_options_are_arguments_with_the_same_defaults(
    options: LoadOptions | AnnotateOptions, method: Callable[..., Any]
) -> None:
    parameters = inspect.signature(method).parameters
    for name, value in options.as_arguments().items():
        assert parameters[name].default == value, name


@pytest.mark.parametrize("options", [LoadOptions, AnnotateOptions])
def test_every_option_has_a_description(options: type[LoadOptions | AnnotateOptions]) -> None:
    for name in options.__dataclass_fields__:
        assert declaration(options, name).description.endswith(".")


def test_the_server_and_spacy_have_the_same_defaults() -> None:
    pytest.importorskip("spacy", reason="spaCy is not installed")
    from spacy.language import Language

    from vaner.integrations import spacy as integration
    from vaner.server.request import AnnotateParams

    component = Language.get_factory_meta("vaner").default_config
    assert integration.VanerComponent is not None
    for name in ("overlaps", "min_score", "min_precision"):
        default = declaration(AnnotateOptions, name).default
        assert AnnotateParams.model_fields[name].default == default
        assert component.get(name, default) == default


def test_a_limit_of_the_server_is_that_of_the_declaration() -> None:
    from vaner.server.request import AnnotateParams

    schema = AnnotateParams.model_json_schema()["properties"]["min_score"]
    declared = declaration(AnnotateOptions, "min_score")
    number, null = schema["anyOf"]
    assert (number["minimum"], number["maximum"]) == (declared.minimum, declared.maximum)
    assert null == {"type": "null"} and schema["default"] is declared.default is None
    assert schema["description"] == declared.description
