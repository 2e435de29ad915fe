"""Tables with which the JavaScript of the page reads text exactly as Python does.

The patterns, word lists and limits of the modules that split text are exported as they are, under
their names, so that a change in Python changes the page too.
"""

from __future__ import annotations

import sys
import unicodedata
from types import ModuleType
from typing import Any

import regex
from tokenizers import Tokenizer

from vaner.backbones import encoding
from vaner.browser.javascript_patterns import translate_pattern, write_set
from vaner.calibration import temperature
from vaner.linking import abbreviations, consistency
from vaner.text import normalize, sentence_boundaries, variant_notation, words
from vaner.text.brackets import BRACKETS

_MODULES = (
    words, normalize, sentence_boundaries, encoding, abbreviations, consistency, variant_notation,
)  # fmt: skip
_PREDICATES = ("isupper", "islower", "istitle", "isdigit", "isalpha", "isalnum", "isspace")
_CODES = range(sys.maxunicode + 1)


def build_text_tables() -> dict[str, Any]:
    """Return the tables that do not depend on a model, as JSON values.

    Returns:
        A dictionary with the patterns (``{"pattern": …}``), lists and numbers of each module, the
        characters for which the methods of `str` are true, and the foldings of `str.casefold`.
    """
    characters = [chr(code) for code in _CODES]
    word_characters = [c for c in characters if regex.match(r"[\p{L}\p{M}\p{N}]", c)]
    return {
        **{module.__name__.rpartition(".")[2]: _export_module(module) for module in _MODULES},
        "characters": {
            **{name: write_set(filter(getattr(str, name), characters)) for name in _PREDICATES},
            "LMN": write_set(word_characters),
            "symbol": write_set(c for c in characters if unicodedata.category(c) == "So"),
        },
        "casefold": {c: c.casefold() for c in characters if c.casefold() != c},
        "clip": temperature._CLIP,
        "brackets": BRACKETS,
    }


def build_tokenizer_tables(tokenizer: Tokenizer) -> dict[str, Any]:
    """Return how a BERT tokenizer changes and splits characters, as JSON values.

    Args:
        tokenizer: a tokenizer with the normalizer and the splitter of BERT.

    Returns:
        ``accents``, ``dropped``, ``spaced``, ``punctuation``: sets of characters for JavaScript.
        ``changed``: character -> what is read for it, where that is not its canonical decomposition
        without accents.
    """
    characters = [chr(code) for code in _CODES if not 0xD800 <= code < 0xE000 and code != ord("|")]
    read = tokenizer.normalizer.normalize_str("|".join(characters)).split("|")
    pairs = list(zip(characters, read, strict=True))
    accents = regex.compile(r"\p{Mn}")
    split = tokenizer.pre_tokenizer.pre_tokenize_str
    return {
        "accents": write_set(accents.findall("".join(characters))),
        "dropped": write_set(c for c, text in pairs if not text),
        "spaced": write_set(c for c, text in pairs if text == f" {c} "),
        "changed": {
            c: text
            for c, text in pairs
            if text not in ("", f" {c} ")
            and text != accents.sub("", unicodedata.normalize("NFD", c))
        },
        "punctuation": write_set(
            c for c in regex.findall(r"[\p{P}\p{S}]", "".join(characters)) + ["|"]
            if len(split(f"a{c}a")) == 3
        ),
    }  # fmt: skip


def _export_module(module: ModuleType) -> dict[str, Any]:
    """Return the constants of a module that JSON can hold, without leading underscores."""
    values = {name.lstrip("_"): _export(value) for name, value in vars(module).items()}
    return {name: value for name, value in values.items() if value is not None}


def _export(value: object) -> Any:
    if isinstance(value, regex.Pattern):
        return {"pattern": translate_pattern(value.pattern)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, dict) and all(isinstance(item, tuple) for item in value.values()):
        return {key: [_export(item) for item in items] for key, items in value.items()}
    return value if isinstance(value, int | float) else None
