"""The JavaScript of the page, run by node: it computes what Python computes."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import regex

from tests.browser.texts import TEXTS
from vaner.browser.build import write_program
from vaner.browser.javascript_patterns import translate_pattern
from vaner.calibration.calibration import read_calibration
from vaner.linking.abbreviations import find_abbreviations
from vaner.linking.consistency import make_consistent
from vaner.models.locate import list_embedded
from vaner.tagger.decoding import Decoder, Transitions
from vaner.tagger.onnx_runtime import load_exported_tagger
from vaner.tagger.recognizer import Tagger
from vaner.text.brackets import balance_brackets
from vaner.text.documents import Document, Span, filter_by_score
from vaner.text.normalize import normalize
from vaner.text.symbols import trim_symbols
from vaner.text.tags import TagScheme, TagSet
from vaner.text.variant_notation import join_protein_variants
from vaner.text.words import split_sentences, split_words

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")
MODEL = list_embedded()["biomedical"]

Compute = Callable[..., dict[str, Any]]

SIGNS = (
    "aAbBéßİıǅﬁ\u00ad\u200b\u200c\u200d\u034f\u0301\u0308 \t\n\r\x0b\x0c\x1c\x85\u2028\u2029"
    ".!?。！？()[]{}'\"“”»-–‐•*1230Ⅳ²½µΩKſ中文かガ\uff76\uff9eＡ１－（한글\u1100\u1161\u11a8ไทยعربيहिन्दी🏻👩👨‍👩‍👧🏴\U000e0067\U000e007f"
    "🇩🇪☺️\ufeff\u0600१۱𝐀𝟎\U0001f1e6\u0e33\u2060\ud800"
)
WORDS = (
    "E. coli Fig. et al. No. 5 type II vitamin B12 (CKD) chronic kidney disease [T2DM] type 2 "
    "diabetes 1. 49 EC 2. 3 p53 mRNA BRCA1 a.m. Dr. approx. 8q24. q1. 2 Methods: - item 1) x (a) y"
).split()


@pytest.fixture(scope="module")
def compute(tmp_path_factory: pytest.TempPathFactory) -> Compute:
    """Call as ``compute(texts=[…])``: the output of read_texts.mjs."""
    folder = tmp_path_factory.mktemp("page")
    model = tmp_path_factory.mktemp("model")
    shutil.copytree(MODEL / "int8", model, dirs_exist_ok=True)
    shutil.copyfile(MODEL / "calibration.json", model / "calibration.json")
    write_program(folder, model, "tested")
    (folder / "package.json").write_text('{"type": "module"}')
    script = Path(__file__).with_name("read_texts.mjs")

    def call(**given: Any) -> dict[str, Any]:
        result = subprocess.run(
            [str(NODE), str(script), str(folder)], input=json.dumps(given), capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert not result.returncode, result.stderr
        return dict(json.loads(result.stdout))

    return call


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return load_exported_tagger(MODEL / "int8")


def make_text(seed: int) -> str:
    """A random text of signs of many scripts, words with full stops, and any code points."""
    draw = random.Random(seed)
    kinds = draw.choices("swc", (45, 45, 10), k=draw.randint(1, 80))
    parts = {
        "s": lambda: draw.choice(SIGNS),
        "w": lambda: draw.choice(WORDS) + draw.choice([" ", "\n", "", "  ", ". ", ".\n"]),
        "c": lambda: chr(draw.randrange(0x110000)),
    }
    return "".join(parts[kind]() for kind in kinds)


def read_text(text: str, tagger: Tagger) -> dict[str, Any]:
    words = split_words(text)
    sentences = split_sentences(text, words)
    rows = [row for i, j in sentences for row in tagger.encoder.rows(text, words[i:j], "")]
    return {
        "normalized": normalize(text),
        "words": words,
        "sentences": sentences,
        "rows": [(row.input_ids, row.starts, row.ends, row.casing, row.window) for row in rows],
        "abbreviations": find_abbreviations(text),
    }


def test_texts_are_read_as_python_reads_them(compute: Compute, tagger: Tagger) -> None:
    texts = TEXTS + [make_text(seed) for seed in range(400)]
    read = compute(texts=texts)["texts"]
    for text, actual in zip(texts, read, strict=True):
        assert actual == json.loads(json.dumps(read_text(text, tagger))), ascii(text)


@pytest.mark.parametrize("scheme", TagScheme)
@pytest.mark.parametrize("types", [(), ("Chemical", "Disease")])
def test_mentions_are_decoded_with_their_probabilities(
    compute: Compute, scheme: TagScheme, types: tuple[str, ...]
) -> None:
    tag_set, draw = TagSet(scheme, types), np.random.default_rng(3)
    count = len(tag_set)
    learned = Transitions(*(draw.normal(size=size) for size in (count, (count, count), count)))
    decoder = Decoder(tag_set, learned)
    emissions = [draw.normal(size=(words, count)) * 2 for words in (1, 2, 7, 40)]
    start, between, end = (part.tolist() for part in decoder.transitions)
    transitions = {"start": start, "between": between, "end": end}
    given = [
        {"tags": tag_set.tags, "transitions": transitions, "emissions": scores.tolist()}
        for scores in emissions
    ]
    for actual, expected in zip(
        compute(decoders=given)["decoders"], decoder.decode(emissions), strict=True
    ):
        assert [tuple(mention[:3]) for mention in actual] == [chunk for chunk, _ in expected]
        probabilities = [probability for _, probability in expected]
        assert [mention[3] for mention in actual] == pytest.approx(probabilities)


def mark(text: str, *names: tuple[str, str, float]) -> Document:
    """A document in which the first occurrence of each name is a mention."""
    spans = [Span(text.index(n), text.index(n) + len(n), type, score) for n, type, score in names]
    return Document("1", text, tuple(sorted(spans)))


def test_names_are_consistent(compute: Compute) -> None:
    documents = [
        mark("Gout flare (GF) hurts. GF recurs.", ("Gout flare", "Disease", 0.9)),
        mark("Gout hurts. Gout recurs. 😀 Gout stays.", ("Gout", "Disease", 0.9)),
        mark("Gout hurts. Gout recurs. Gout stays.", ("Gout", "Disease", 1.0)),
        mark("Imatinib and imatinib in BREAST cancer; Breast cancer, breast cancer",
             ("imatinib", "Chemical", 0.9), ("Breast cancer", "Disease", 0.9)),
        mark("😀 as\u00adthma and asthma and as\u200bthma", ("as\u00adthma", "Disease", 0.8)),
        mark("CKD (chronic kidney disease) and CKD; İstanbul and İSTANBUL",
             ("chronic kidney disease", "Disease", 0.7), ("CKD", "Gene", 0.6),
             ("İstanbul", "Species", 0.9)),
        mark("\u00ad", ("\u00ad", "Gene", 0.5)),
        mark("Parkinson disease (PD) and programmed death ligand 1 (PD-L1). PD-L1 rose, PD rose.",
             ("Parkinson disease", "Disease", 0.7), ("programmed death ligand 1", "Gene", 0.6)),
        Document("1", "TP53, TP53 and TP53", (
            Span(0, 4, "Gene", 0.6), Span(6, 10, "Disease", 0.7), Span(6, 10, "Gene", 0.7))),
    ]  # fmt: skip
    given = [
        {
            "text": document.text,
            "spans": [(s.start, s.end, s.type, s.score) for s in document.spans],
            "min_scores": min_scores,
        }
        for min_scores in ({}, {"Disease": 0.65, "Gene": 0.65})
        for document in documents
    ]
    results = compute(documents=given)["documents"]
    for document, parameters, actual in zip([*documents, *documents], given, results, strict=True):
        expected = make_consistent(document, parameters["min_scores"]).spans
        assert [tuple(span[:3]) for span in actual] == [(s.start, s.end, s.type) for s in expected]
        assert [span[3] for span in actual] == pytest.approx([s.score for s in expected])


def test_ends_of_mentions_are_the_same(compute: Compute) -> None:
    draw, given, balanced, trimmed = random.Random(4), [], [], []
    for _ in range(3000):
        text = "".join(draw.choices("ab😀™° -+()[]（】\u200d👩", k=draw.randint(1, 9)))
        words = split_words(text)
        for first in range(len(words)):
            last = draw.randint(first + 1, len(words))
            given.append((text, first, last))
            balanced.append(list(balance_brackets(text, words, first, last)))
            trimmed.append(list(trim_symbols(text, words, first, last)))
    results = compute(mentions=given)
    assert results["mentions"] == balanced and results["trimmed"] == trimmed


def test_protein_variants_are_joined(compute: Compute) -> None:
    texts = (
        "😀 c.5266dupC p.(Gln1756Profs*74) and p.(R117H)",
        "p.(Gly551=), p.(?)",
        "c.1A>G,(p.(Ala1Val))",
        "c.2573T>G\u00a0\u2009– \u200b\x1c\u2028p.(Leu858Arg)",
    )
    draw, documents = random.Random(6), []
    for _ in range(400):
        text = draw.choice(texts)
        edges = [sorted(draw.sample(range(len(text) + 1), 2)) for _ in range(draw.randint(1, 4))]
        spans = {
            Span(start, end, draw.choice(("Variant", "Gene")), draw.choice((0.25, 0.5)))
            for start, end in edges
            if text[start:end].strip()
        }
        documents.append(Document("1", text, tuple(sorted(spans))))
    given = [(d.text, [(s.start, s.end, s.type, s.score) for s in d.spans]) for d in documents]
    for document, actual in zip(documents, compute(variants=given)["variants"], strict=True):
        spans = join_protein_variants(document).spans
        assert sorted(map(tuple, actual)) == [(s.start, s.end, s.type, s.score) for s in spans]


def test_scores_are_calibrated(compute: Compute) -> None:
    calibration = read_calibration(MODEL)
    assert calibration is not None
    scores = [(type, p) for type in ("Disease", "Unknown") for p in (0, 1e-9, 0.3, 0.97, 1)]
    expected = [calibration.score(type, p) for type, p in scores]
    assert compute(scores=scores)["scores"] == pytest.approx(expected)


def test_mentions_below_the_min_score_are_dropped(compute: Compute) -> None:
    calibration = read_calibration(MODEL)
    assert calibration is not None and calibration.min_scores
    types = sorted(calibration.types)
    words, names, scores = [], [], []
    for type in types:
        for hundredth in range(5, 100, 10):
            words.append(f"w{len(words)}")
            names.append(type)
            scores.append(hundredth / 100)
    text = " ".join(words)
    consistent = [False, True]
    spans = [
        Span(text.index(word), text.index(word) + len(word), type, calibration.score(type, p))
        for word, type, p in zip(words, names, scores, strict=True)
    ]
    document = Document("1", text, tuple(spans))
    options: list[dict[str, float]] = [{}, {"minScore": 0}, {"minScore": 0.3}]
    given = [
        [text, names, scores, {**option, "consistent": c}] for option in options for c in consistent
    ]
    results = compute(predictions=given)["predictions"]
    thresholds = [t for t in (calibration.min_scores, 0.0, 0.3) for _ in consistent]
    for actual, threshold in zip(results, thresholds, strict=True):
        expected = filter_by_score(document, threshold).spans
        assert [tuple(span[:3]) for span in actual] == [(s.start, s.end, s.type) for s in expected]
        assert [span[3] for span in actual] == pytest.approx([s.score for s in expected])


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?V1)[[a-z]--[aeiou]]++a", "mba an kka"),
        (r"(?P<first>\d{2})\s?+x", "12x ١٢\x85x 1x"),
        (r"\bno\b", "no né_no nono ノno"),
        (r"(?<!\p{Nd}\.)\p{Lu}(?=\()", "A( 1.B( C("),
        (r"\X", "e\u0301🇩🇪👩‍👩‍👧\r\n\u0600a"),
        (r"[^\W\d_]+", "ab_c1é²"),
    ],
)  # fmt: skip
def test_patterns_match_the_same_text(pattern: str, text: str) -> None:
    program = (
        "const [pattern, text] = JSON.parse(process.argv[1]);"
        "const matches = [...text.matchAll(new RegExp(pattern, 'gu'))].map(([match]) => match);"
        "process.stdout.write(JSON.stringify(matches));"
    )
    given = json.dumps([translate_pattern(pattern), text])
    result = subprocess.run([str(NODE), "-e", program, given], capture_output=True, check=True)
    expected = [match[0] for match in regex.finditer(pattern, text)]
    assert expected and json.loads(result.stdout) == expected
