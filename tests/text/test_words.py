"""Words, sentences and windows cover a text exactly once."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaner.text.documents import Document
from vaner.text.normalize import normalize
from vaner.text.words import get_sentences, split_sentences, split_windows, split_words

# Letters, marks, scripts without spaces, emoji, controls, surrogates: anything goes.
TEXTS = st.text(st.characters(), max_size=200) | st.text(
    st.sampled_from("aB1 .-(\n\r\t\u0301é高ก😀\u200d👩\x00\x1c\u2028א\ud800"), max_size=200
)


def pieces(text: str) -> list[str]:
    return [text[w.start : w.end] for w in split_words(text)]


@given(TEXTS)
@settings(deadline=None)
def test_each_visible_character_is_in_exactly_one_word(text: str) -> None:
    covered = [i for word in split_words(text) for i in range(word.start, word.end)]
    assert covered == sorted(set(covered))
    missing = set(range(len(text))) - set(covered)
    assert all(text[i].isspace() or not normalize(text[i]) for i in missing)
    assert all(piece.strip() for piece in pieces(text))


@given(TEXTS)
@settings(deadline=None)
def test_sentences_cover_all_words_in_order(text: str) -> None:
    words = split_words(text)
    sentences = split_sentences(text, words)
    assert [i for first, last in sentences for i in range(first, last)] == list(range(len(words)))


@given(st.lists(st.integers(1, 6), max_size=80), st.integers(6, 20), st.integers(0, 5))
def test_windows_fit_and_keep_each_word_once(lengths: list[int], limit: int, overlap: int) -> None:
    windows = split_windows(lengths, limit, overlap)
    indices = [i for w in windows for i in range(w.keep_start, w.keep_end)]
    assert indices == list(range(len(lengths)))
    for w in windows:
        assert sum(lengths[w.start : w.end]) <= limit
        assert w.start <= w.keep_start <= w.keep_end <= w.end


def test_word_longer_than_the_limit_is_rejected() -> None:
    with pytest.raises(ValueError, match="no word longer"):
        split_windows([9], limit=8, overlap=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("non-steroidal", ["non", "-", "steroidal"]),
        ("IL-2Rα/β", ["IL", "-", "2Rα", "/", "β"]),
        ("p.Gly12Val", ["p", ".", "Gly12Val"]),
        ("高血压IL2", ["高", "血", "压", "IL2"]),
        ("cafe\u0301s", ["cafe\u0301s"]),
        ("a 👩‍👩‍👧 b", ["a", "👩‍👩‍👧", "b"]),
        ("🇩🇪🇫🇷🇮", ["🇩🇪", "🇫🇷", "🇮"]),
        ("🇩\u0301🇪🇫\u200d👩", ["🇩\u0301", "🇪🇫\u200d", "👩"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("x\x00y", ["x", "\x00", "y"]),
        ("\u00adas\u00adth\u200bma\u2060.", ["as\u00adth\u200bma", "."]),
        ("ＩＬ－２", ["ＩＬ", "－", "２"]),
    ],
)
def test_split_words(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One is here. Two is there.", 2),
        ("Seen in E. coli and S. aureus (Fig. 2). It grew.", 2),
        ("Given by Smith et al. It failed.", 1),  # joining is preferred to splitting
        ("It rose to 3.5 mg. 12 died.", 2),
        ("Title without a stop\n\nThe abstract.", 2),
        ("Did it work? Yes! (It did.) Good.", 4),
        ("患者发热。咳嗽三天。", 2),
        ("hard-wrapped line\ngoes on here.", 1),
        ("Problems:\n- asthma\n- gout\n  * COPD\n1) lupus\n(b) flu", 6),
        ("He had diabetes (type\n2) and gout - no\nflu; a fall of\n10-20 mg.", 1),
        ("Asthma\nGout\r\nBreast cancer\n1. COPD\nPLAN: aspirin\nMetformin 5 mg", 7),
        ("A title without a stop\nThe abstract is longer than its title and says more.", 2),
        ("Wrapped lines are filled as far as the next\nBRCA1 allows, and the gene goes on.", 1),
        ("The tumours were of the type that is called type\n2 and grew in three of four mice.", 1),
        ("Gout\fFlu\u2029mumps\u2028of the old", 3),
        ("Give vit. D and Vit. B12 to No. 5, as St. John's wort. It helps.", 2),
        ("Fever: no. Gout: yes. Flu - no.\nNo. He has asthma of grade No.\n5.", 5),
        ("Drs. Ito and Mr. Ott saw pv. Tabaci, serov. Typhi, Chr. 7 and ver. B2. It grew.", 2),
        ("The enzyme (EC 1. 1. 1. 49) and EC 1.1. 1.5 rose by 2. 4-fold. It fell.", 2),
        ("Found c. 1093-1G>T, c. (12_34)del, p. Val600Glu and 8q24. 1. It grew.", 2),
        ("It rose to 3.5. 12 mice died in 2005. 35 were fed at 5 m. 3 ran.", 4),
        ("Cited on 263-281. 12 mice, 12, 499-503. 15. Elder, J. has MS. The end.", 5),
        ("Up at 4 a.m. 5 ran 50 mu m. (It ran.) P < 0. 05. Then E. C. 1. 1. 1. 5. It fell.", 6),
        ("He had hepatitis\nB and IL-\nA, as in Fig.\n2 and St.\nJohn's wort.", 1),
        ("Hepatitis\nB, vitamin\nB12, type\nII and v. Willebrand disease.", 1),
        ("Hepatitis\nAsthma\nAllergy type\nGout", 4),
        ("He was in hospital for years, with type 2\ndiabetes\nmellitus.\n\nIt went.", 2),
        ("He was in hospital for years, with chronic\n\nkidney disease.\n\nIt went.", 2),
        # lines of a few words each are a list of terms
        ("diabetes\n\nasthma\r\n\r\ngout", 3),
        ("diabetes\nasthma (mild)\ngout", 3),
        ("diabetes\nmellitus", 1),
        ("fever,\ncough,\nrash,\ngout", 1),
        ("chronic kidney\ndisease of\nthe elderly\nof the\ntown", 1),
        ("It was seen in e.\nA blot.\nCells in Ca.\nThe end.", 4),
        # rows of a table have the same number of tabs
        ("drug\ttarget\nimatinib\tABL1\nerlotinib\tEGFR", 6),
        ("drug\ttarget\r\nimatinib\tABL1\r\n", 4),
        ("\tdrug\ttype 2\nabl1\tyes\t\n", 4),
        ("He\thad\ttype\t2\ndiabetes\tand\ttook\tinsulin\ttoday.", 1),
        ("type 2\tdiabetes", 1),
        ("1.\tHe had chronic kidney\ndisease, and took insulin.", 2),  # "1." is a sentence
        ("\tHe had type 2\n\tdiabetes.", 1),
        ("# Gout\n# Diabetes\n## insulin\n#CHF\n#2 asthma", 5),
        ("He was bed\n#unclear", 1),
    ],
)
def test_split_sentences(text: str, count: int) -> None:
    assert len(split_sentences(text, split_words(text))) == count


def test_many_brackets_take_linear_time() -> None:
    text = "(" * 100_000 + ")" * 100_000  # a quadratic algorithm takes a quarter of an hour
    assert split_sentences(text, split_words(text)) == [(0, 200_000)]


def test_sentences_of_the_source_are_used() -> None:
    text = "A. B c. D"
    document = Document("d", text, metadata={"sentences": ((0, 2), (3, 9))})
    words = split_words(text)
    sentences = [text[words[i].start : words[j - 1].end] for i, j in get_sentences(document, words)]
    assert sentences == ["A.", "B c. D"]


@pytest.mark.parametrize("corpus", ["NCBI-disease", "BC5CDR", "BC2GM", "JNLPBA", "s800"])
def test_corpus_tokens_are_not_split(corpus: str) -> None:
    root = os.environ.get("VANER_CORPORA")
    if not root or not (Path(root) / corpus).is_dir():
        pytest.skip("needs the corpora: set VANER_CORPORA")
    lines = (Path(root) / corpus / "devel.tsv").read_text("utf-8").splitlines()
    tokens = [line.split("\t")[0] for line in lines if line]
    assert all(len(split_words(token)) == 1 for token in tokens)


@pytest.mark.parametrize("foreign", [["It was.", "He slept."], [[0, 15, 24]], 2, [[0, None]]])
def test_foreign_sentences_metadata_is_ignored(foreign: object) -> None:
    text = "It was E. coli. He slept."
    words = split_words(text)
    document = Document("1", text, metadata={"sentences": foreign})
    assert get_sentences(document, words) == split_sentences(text, words)
