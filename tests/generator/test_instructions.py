"""Tests of the instructions of the generator: templates, definitions, languages."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files

import pytest

from vaner.errors import VanerError
from vaner.generator.instructions import (
    MarkupInstruction,
    available_languages,
    build_instruction,
    detect_language,
)

DATA = tomllib.loads(files("vaner.generator").joinpath("definitions.toml").read_text("utf-8"))
BIOMEDICAL = ("protein", "DNA", "RNA", "cell_type", "cell_line")
GENERAL = ("Disease", "Chemical", "Gene", "Species")
CMEEE = tuple("微生物类 医疗设备 药物 医疗程序 临床表现 身体 医学检验项目 科室 疾病".split())
# Labels in the files of the Chinese corpora.
LABELS = {
    "CMeEE": "bod dis sym pro dru ite mic equ dep",
    "CCKS2017": "BODY CHECK SIGNS TREATMENT DISEASE",
    "CCKS2019": "解剖部位 疾病和诊断 药物 实验室检验 手术 影像检查",
    "cEHRNER": "解剖部位 疾病和诊断 症状 药物 实验室检验 手术 影像检查",
    "cMedQANER": "disease body symptom treatment crowd drug test physiology feature time "
    "department",
    "Tianchi-TCM": "症状 中药功效 人群 证候 药物性味 疾病 药物剂型 药物成分 "
    "食物分组 疾病分组 药品 食物 药品分组",
}


def test_render_lists_all_types() -> None:
    lines = build_instruction().render(["protein", "my type"]).splitlines()
    assert lines[1].startswith("protein: A protein or")
    assert lines[2] == "my type"  # a new type has no definition
    assert lines[-1] == "Sentence: "


def test_render_one_names_one_type() -> None:
    assert "\nmy type\n" in build_instruction().render_one("my type")
    assert "\nDNA: A gene or" in build_instruction().render_one("DNA")


def test_types_are_escaped_as_in_the_answer() -> None:
    assert "\nCL\\:0000084\n" in build_instruction().render(["CL:0000084"])
    assert "\n{type} {}\n" in build_instruction().render(["{type} {}"])


@pytest.mark.parametrize("language", available_languages())
@pytest.mark.parametrize("type", BIOMEDICAL + GENERAL + CMEEE)
def test_common_types_are_defined_in_every_language(language: str, type: str) -> None:
    assert dict(build_instruction(language=language).definitions)[type]


@pytest.mark.parametrize("corpus", LABELS)
def test_every_label_of_the_chinese_corpora_is_defined(corpus: str) -> None:
    instruction = build_instruction(corpus)
    assert detect_language(corpus) == "zh"
    assert instruction.listed == build_instruction(language="zh").listed
    assert set(LABELS[corpus].split()) <= set(dict(instruction.definitions))


def test_label_is_defined_by_the_published_name() -> None:
    assert "\nbod：身体：" in build_instruction("CMeEE-V2").render_one("bod")
    assert "\nbod: 身体: A part" in build_instruction("cmeee_v2", "en").render_one("bod")
    assert {
        d.partition("：")[0] for t, d in build_instruction("CMeEE").definitions if len(t) == 3
    } >= set(CMEEE)


def test_definitions_are_in_the_language_of_the_instruction() -> None:
    assert "crowd" in dict(build_instruction("cMedQANER").definitions)
    assert "crowd" not in dict(build_instruction("cMedQANER", "en").definitions)


def test_default_language_is_english() -> None:
    assert (
        build_instruction("NCBI-disease") == build_instruction() == build_instruction(language="en")
    )
    assert detect_language("V2") == "en"


def test_unknown_language_raises() -> None:
    with pytest.raises(VanerError, match="no instruction in the language 'xx'; available: en, zh"):
        build_instruction(language="xx")


@pytest.mark.parametrize("corpus", [None, "CMeEE"])
def test_instruction_survives_json(corpus: str | None) -> None:
    instruction = build_instruction(corpus)
    assert MarkupInstruction.from_dict(json.loads(json.dumps(instruction.to_dict()))) == instruction
    assert hash(instruction) == hash(build_instruction(corpus))


def test_template_without_its_fields_raises() -> None:
    good = {"listed": "{types}", "single": "{type}", "entry": "{type}{definition}"}
    with pytest.raises(VanerError, match=r"'x' must contain exactly the fields \{type\}"):
        MarkupInstruction(**good, bare="x")
    with pytest.raises(VanerError, match="Single '}'"):
        MarkupInstruction(**good, bare="}")
    with pytest.raises(VanerError, match="twice"):
        MarkupInstruction(**good, bare="{type}", definitions=(("a", "b"), ("a", "c")))


def test_every_section_of_the_definitions_is_used() -> None:
    assert set(DATA) == {"templates", "compact", "definitions", "corpora"}
    assert set(DATA["templates"]) == set(DATA["definitions"]) == set(available_languages())
    for name, settings in DATA["corpora"].items():
        assert set(settings) <= {"language", "labels", "definitions"}, name
        assert settings["language"] in available_languages()
        for language in available_languages():
            assert set(settings.get("labels", {}).values()) <= set(DATA["definitions"][language])


def test_every_definition_is_one_sentence() -> None:
    for language, stop in {"en": ".", "zh": "。"}.items():
        for type, text in DATA["definitions"][language].items():
            assert text.endswith(stop) and "\n" not in text, type
