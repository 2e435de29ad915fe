"""Dictionary matching: compared with a naive reference, with spelling rules, and from the cache."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.knowledge.bases import CONCEPTS, write_base
from tests.knowledge.canonical_text import canonical_text
from vaner.errors import KnowledgeError, VanerError
from vaner.knowledge import lexicon
from vaner.knowledge.hash_tables import HashTable
from vaner.knowledge.lexicon import Lexicon
from vaner.knowledge.lexicon_tables import build_tables
from vaner.knowledge.matcher import Matcher, identify
from vaner.knowledge.name_forms import WORD, _character_kind
from vaner.knowledge.spelling_rules import RULES, SpellingRules, generate_spellings, parse_rules
from vaner.text.documents import Document, Span

ANY = SpellingRules(case="fold", plural=False, min_length=1, common="match")
CASED = SpellingRules(case="keep", plural=False, min_length=1, common="match")

PIECES = st.sampled_from([*"aabbcA", "é", "e\u0301", "ß", "-", " ", "  ", "(", "'", "1", "糖", "α"])
NAMES = st.lists(PIECES, min_size=1, max_size=5).map("".join)
TEXTS = st.lists(st.one_of(PIECES, NAMES), max_size=16).map("".join)


def find_naively(
    text: str, names: list[tuple[str, str, str]], rules: Mapping[str, SpellingRules]
) -> list[tuple[int, int, str, tuple[str, ...]]]:
    """Find every spelling by string search, then select the leftmost and longest of each type."""
    canonical = canonical_text(text)
    kinds = [_character_kind(char) if char != " " else -1 for char in canonical.text()]

    def is_boundary(at: int) -> bool:
        return at in (0, len(kinds)) or not kinds[at - 1] == kinds[at] == WORD

    matches: dict[tuple[str, int, int], set[str]] = {}
    for name, type, identifier in names:
        for spelling, case in generate_spellings(name, rules[type]):
            searched, begin = canonical.text(case=case), -1
            while (begin := searched.find(spelling, begin + 1)) >= 0:
                end = begin + len(spelling)
                if is_boundary(begin) and is_boundary(end):
                    matches.setdefault((type, begin, -end), set()).add(identifier)
    selected, last = [], ("", 0)
    for (type, begin, end), identifiers in sorted(matches.items()):
        if type != last[0] or begin >= last[1]:
            last = type, -end
            offsets = int(canonical.starts[begin]), int(canonical.ends[-end - 1])
            selected.append((*offsets, type, tuple(sorted(identifiers))))
    return sorted(selected)


def to_tuples(spans: list[Span]) -> list[tuple[int, int, str, tuple[str, ...]]]:
    return [(s.start, s.end, s.type, s.identifiers) for s in spans]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(NAMES, st.sampled_from(["F", "K"]), st.sampled_from(["X:1", "X:2"])),
             min_size=1, max_size=8),
    st.lists(TEXTS, min_size=1, max_size=3),
)  # fmt: skip
@example([("a b c", "F", "X:1"), ("a b", "F", "X:1"), ("b", "F", "X:2")], ["a b cc", "a b", "c"])
@example([("b-(", "F", "X:1"), ("A", "K", "X:1")], ["b - ( a A", "b", "("])
def test_matches_are_those_of_a_naive_reference(
    names: list[tuple[str, str, str]], texts: list[str]
) -> None:
    rules = {"F": ANY, "K": CASED}
    matcher = Matcher(Lexicon(("F", "K"), build_tables(names, ("F", "K"), rules)))
    expected = [find_naively(text, names, rules) for text in texts]
    assert [to_tuples(matcher.find(text)) for text in texts] == expected
    together = list(matcher.annotate(texts))
    assert [to_tuples(list(document.spans)) for document in together] == expected
    assert [document.text for document in together] == texts


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    return Matcher.open(write_base(tmp_path_factory.mktemp("kb") / "ten.parquet"), cache=False)


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("Type 2 diabetes , diabetes mellitus", ["Type 2 diabetes", "diabetes mellitus"]),
        ("CAT scans of a cat; catalases; CATALASE", ["CAT", "CATALASE"]),
        ("TNF-α and TNFα, tnf, TNF - alpha", ["TNF-α", "TNFα", "TNF - alpha"]),
        ("Crohn’s disease, CROHN DISEASES", ["Crohn’s disease", "CROHN DISEASES"]),
        ("all with ALL lead; ALLs", ["ALL", "ALLs"]),
        ("2-Butanols of humans", ["2-Butanols", "humans"]),
        ("他有糖尿病。", ["糖尿病"]),
        ("prediabetes diabetes_x diabetes-free", ["diabetes", "diabetes"]),
        ("die\u0301abetes Metformi\u0301n\u0301 x", ["Metformi\u0301n\u0301"]),
        ("", []),
        ("type 2\ndiabetes and diabetes\r\nmellitus", ["type 2\ndiabetes", "diabetes\r\nmellitus"]),
        ("- diabetes\n- mellitus\r\n– human", ["diabetes", "human"]),
        ("diabetes\n \nmellitus", ["diabetes"]),
        ("diabetes\r\n\r\nmellitus", ["diabetes"]),
        ("\ud800 Metformin", ["Metformin"]),
    ],
)
def test_spelling_rules_are_applied(matcher: Matcher, text: str, mentions: list[str]) -> None:
    spans = matcher.find(text, [t for t in matcher.types if t != "Gene" or "diab" not in text])
    assert [text[span.start : span.end] for span in spans] == mentions
    assert all(span.score is None for span in spans)


def test_overlapping_names_of_different_types_are_found(matcher: Matcher) -> None:
    text = "diabetes mellitus and DIF"
    assert to_tuples(matcher.find(text)) == [
        (0, 8, "Gene", ("HGNC:99",)),
        (0, 17, "Disease", ("MESH:D003920",)),
        (22, 25, "Gene", ("HGNC:11892", "HGNC:99")),
    ]
    (best,) = matcher.annotate([text], overlaps="best")
    assert [(s.start, s.type) for s in best.spans] == [(0, "Disease"), (22, "Gene")]
    assert [s.type for s in matcher.find(text, ["Disease"])] == ["Disease"]
    with pytest.raises(KnowledgeError, match=r"has no type Drug; it has Chemical, Disease"):
        matcher.find(text, ["Drug"])


def test_matcher_named_is_deprecated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    path = write_base(tmp_path / "ten.parquet").path
    with pytest.warns(DeprecationWarning, match=r"Matcher.named is now called Matcher.from_name"):
        assert Matcher.named(str(path)).types == Matcher.from_name(str(path)).types


def test_old_names_of_rules_are_read() -> None:
    with pytest.warns(DeprecationWarning, match="rule shortest is now called min_length"):
        assert parse_rules(["Gene.shortest=5"])["Gene"].min_length == 5


@pytest.mark.parametrize(("name", "count"), [("α糖", 2), ("糖", 0), ("a-b", 0), ("a-b 1", 1)])
def test_short_names_are_excluded(name: str, count: int) -> None:
    assert len(list(generate_spellings(name, SpellingRules(plural=False)))) == count


def test_common_words_are_excluded_in_singular_and_plural() -> None:
    assert [list(generate_spellings(name, RULES["Disease"])) for name in ("strain", "Strains")] == [
        [],
        [],
    ]
    (spelling,) = generate_spellings("Strains", SpellingRules(common="case"))
    assert spelling == ("Strains", True)


def test_rules_of_a_type_can_be_changed(tmp_path: Path) -> None:
    base = write_base(tmp_path / "ten.parquet")
    free = {
        **RULES,
        "Gene": SpellingRules(case="fold"),
        "Chemical": SpellingRules(common="match", min_length=2),
    }
    spans = Matcher.open(base, rules=free, cache=False).find("a cat and PB, Pb, lead")
    assert [(span.start, span.type) for span in spans] == [
        (2, "Gene"), (14, "Chemical"), (18, "Chemical"),
    ]  # fmt: skip


def test_long_texts_and_batches_have_the_same_matches(
    matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "We gave metformin for type  2 - diabetes ; ALL died. " * 40
    expected = matcher.find(text)
    assert len(expected) == 4 * 40  # diabetes is also a gene in the test base
    documents = [Document(str(i), text[53 * i : 53 * i + 53]) for i in range(40)]
    monkeypatch.setattr("vaner.knowledge.matcher._CHARACTERS_PER_BATCH", 100)
    monkeypatch.setattr("vaner.knowledge.matcher._OVERLAP", 40)
    assert matcher.find(text) == expected
    annotated = list(matcher.annotate(iter(documents)))
    assert [d.id for d in annotated] == [d.id for d in documents]
    assert [s.shift(53 * i) for i, d in enumerate(annotated) for s in d.spans] == expected


def test_annotation_is_lazy(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaner.knowledge.matcher._CHARACTERS_PER_BATCH", 100)
    read: list[int] = []

    def texts() -> object:
        for number in range(1000):
            read.append(number)
            yield "metformin"

    next(matcher.annotate(texts()))  # type: ignore[arg-type]
    assert len(read) < 20


def test_identify_adds_identifiers(matcher: Matcher) -> None:
    text = "Metformins cat DIF type 2 and diabetes, Aspirin -"
    spans = [
        Span(0, 10, "Chemical", 0.5),
        Span(11, 14, "Gene"),  # a cat is not a catalase
        Span(15, 18, "Gene"),
        Span(19, 38, "Disease", fragments=((19, 25), (30, 38))),
        Span(30, 38, "Disease", identifiers=("MINE:1",)),
        Span(30, 38, "Species"),
        Span(40, 47, "Chemical"),
        Span(48, 49, "Chemical"),
    ]
    (identified,) = matcher.identify([Document("d", text, spans)])
    assert list(identified.spans) == spans
    dif, none = ("HGNC:11892", "HGNC:99"), ()
    assert [span.identifiers for span in identified.spans] == [
        ("MESH:D008687",), none, dif, ("MESH:D003924",), ("MINE:1",), none, none, none,
    ]  # fmt: skip
    assert identified.spans[0].score == 0.5
    assert list(identify([], matcher)) == []


def test_the_cache_is_used_and_repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    base = write_base(tmp_path / "ten.parquet")
    expected = Matcher.open(base).find("diabetes and metformin")
    (folder,) = (tmp_path / "cache" / "matchers").iterdir()
    build = lexicon.build_tables
    calls: list[int] = []

    def counting(*arguments: object) -> object:
        calls.append(1)
        return build(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(lexicon, "build_tables", counting)

    def check(builds: int) -> None:
        calls.clear()
        assert Matcher.open(base).find("diabetes and metformin") == expected
        assert len(calls) == builds

    check(0)
    assert folder.stat().st_mode == folder.parent.stat().st_mode  # other users can read it
    keys = folder / "prefixes_keys.npy"
    content = bytearray(keys.read_bytes())
    content[-9] ^= 1
    for damage in (bytes(content), content[:-20], b""):
        keys.write_bytes(damage)
        check(1)
        check(0)
    for about in ("", "[]", json.dumps({"about": {}, "files": {}})):
        (folder / "about.json").write_text(about)
        check(1)
    Matcher.open(base, rules={**RULES, "Gene": ANY})
    assert len(list(folder.parent.iterdir())) == 2
    assert not any(
        np.load(path, allow_pickle=False).dtype.hasobject for path in folder.glob("*.npy")
    )
    monkeypatch.setenv("VANER_CACHE", "/dev/null/nowhere")
    check(1)


def test_names_that_cannot_be_matched_are_left_out(tmp_path: Path) -> None:
    names = [("x " * 300, "A", "X:1"), ("a\U0010ffffb", "A", "X:2"), ("--", "A", "X:3")]
    tables = build_tables([*names, ("fine name", "A", "X:4")], ("A",), {"A": ANY})
    matches = Matcher(Lexicon(("A",), tables)).find("x x x a\U0010ffffb fine name")
    assert [span.identifiers for span in matches] == [("X:4",)]
    nothing = Matcher(Lexicon(("A",), build_tables(names, ("A",), {"A": ANY})))
    assert nothing.find("x x x") == []


def test_a_crowded_hash_table_finds_every_key() -> None:
    top = np.uint64(1 << 63)
    keys = np.concatenate([np.arange(1, 500, dtype="u8"), np.arange(500, dtype="u8") + top])
    keys[-1] = np.iinfo(np.uint64).max
    table = HashTable.build(keys, np.arange(len(keys), dtype=np.int32))
    assert table.lookup(keys).tolist() == list(range(len(keys)))
    assert (table.lookup(keys[5:-5] + np.uint64(1 << 40)) == -1).all()


def test_the_matcher_has_all_types(matcher: Matcher) -> None:
    assert set(matcher.types) == {concept.type for concept in CONCEPTS}


def test_old_matchers_are_removed_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VANER_CACHE", str(tmp_path / "cache"))
    base = write_base(tmp_path / "ten.parquet")
    folder = tmp_path / "cache" / "matchers"
    folder.mkdir(parents=True)
    other = folder / f"ten-more-{'0' * 16}"
    for number, path in enumerate([other, *(folder / f"ten-{d * 16}" for d in "abcdef")]):
        path.mkdir()
        os.utime(path, (number, number))
    left, fresh = folder / f".ten-{'a' * 16}-x", folder / f".ten-{'a' * 16}-y"
    left.mkdir()
    os.utime(left, (0, 0))
    fresh.mkdir()  # of a running process
    Matcher.open(base)
    remaining = {path.name for path in folder.iterdir()}
    [new] = (
        n for n in remaining if n.startswith("ten-") and n != other.name and len(set(n[4:])) > 1
    )
    assert {n for n in remaining if n.startswith("ten-")} == {
        new, other.name, f"ten-{'d' * 16}", f"ten-{'e' * 16}", f"ten-{'f' * 16}",
    }  # fmt: skip
    assert fresh.name in remaining and left.name not in remaining


def test_a_matcher_is_pickled_and_refuses_what_is_no_text(tmp_path: Path) -> None:
    matcher = Matcher.open(write_base(tmp_path / "base.parquet", CONCEPTS))
    documents = [Document("1", "gout and asthma")]
    copied = pickle.loads(pickle.dumps(matcher))
    assert list(copied.annotate(documents)) == list(matcher.annotate(documents))
    for text in ("asthma", documents[0]):
        with pytest.raises(TypeError, match="annotate takes a list of texts, and this is one"):
            matcher.annotate(text)  # type: ignore[arg-type]
    with pytest.raises(VanerError, match="types is of type int; give names"):
        matcher.annotate(["asthma"], types=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="text 0 is None; texts are strings or documents"):
        list(matcher.annotate([None]))  # type: ignore[list-item]
