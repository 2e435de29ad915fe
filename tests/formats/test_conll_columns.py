"""CoNLL files whose token is not first or whose tag is not last. All texts are invented."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from tests.formats.mentions import mentions
from vaner.corpora import load
from vaner.corpora.check import check_corpus
from vaner.errors import FormatError, VanerError
from vaner.formats import FormatWarning, detect_format, read

CONLLU = """# sent_id = 1
# text = Colds hurt, don't they?
1\tColds\tcold\tNOUN\tNNS\t_\t2\tnsubj\t_\t{colds}
2\thurt\thurt\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No
3\t,\t,\tPUNCT\t,\t_\t2\tpunct\t_\t_
4-5\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
4\tdo\tdo\tAUX\tVB\t_\t2\taux\t_\tSpaceAfter=No
5\tn't\tnot\tPART\tRB\t_\t2\tadvmod\t_\t_
5.1\tgone\t_\t_\t_\t_\t_\t_\t_\t_
6\tthey\tthey\tPRON\tPRP\t_\t2\tnsubj\t_\tSpaceAfter=No
7\t?\t?\tPUNCT\t?\t_\t2\tpunct\t_\t_

# newdoc
1\tMigraine\tmigraine\tNOUN\tNN\t_\t0\troot\t_\t{migraine}
2\tpain\tpain\tNOUN\tNN\t_\t0\troot\t_\t{pain}
"""


@pytest.mark.parametrize("form", ["NE={}", "name={}|Gloss=x", "SpaceAfter=Yes|{}", "Entity={}"])
def test_conllu_with_tag_in_misc(put, form):
    tags = {"colds": "S-Dis", "migraine": "B-Dis", "pain": "I-Dis"}
    path = put(CONLLU.format(**{key: form.format(tag) for key, tag in tags.items()}), "a.conllu")
    assert detect_format(path) == "conll"
    first, second = read(path)
    assert (first.text, second.text) == ("Colds hurt, don't they?", "Migraine pain")
    assert mentions(first) == [("Colds", "Dis")]
    assert mentions(second) == [("Migraine pain", "Dis")]
    assert len(first.metadata["tokens"]) == 7


@pytest.mark.parametrize(
    "rows",
    [
        "1\tRabies\trabies\tN\tNN\t_\t2\tn\t_\tB-Dis\n2\tkills\tkill\tV\tVB\t_\t0\tr\t_\tO\n\n"
        "1\tFlu\tflu\tN\tNN\t_\t0\tr\t_\tB-Dis\n",
        "1\tRabies\tB-Dis\n1\tkills\tO\n2\tFlu\tB-Dis\n",
        "S1 Rabies B-Dis\nS1 kills O\nS2 Flu B-Dis\n",
        "7\t1\tRabies\tB-Dis\n7\t2\tkills\tO\n8\t1\tFlu\tB-Dis\n",
        "1\tRabies\tNN\tB-Dis\n2\tkills\tVB\tO\n1\tFlu\tNN\tB-Dis\n",
        "#FORMAT=x\n\n#Text=Rabies kills\n1-1\t0-6\tRabies\tB-Dis\n1-2\t7-12\tkills\tO\n\n"
        "#Text=Flu\n2-1\t13-16\tFlu\tB-Dis\n",
        "0\t6\tRabies\tB-Dis\n7\t12\tkills\tO\n\n14\t17\tFlu\tB-Dis\n",
        "Rabies\tB-Dis\tNN\nkills\tO\tVB\n\nFlu\tB-Dis\tNN\n",
        "B-Dis\t0\t6\tRabies\tRabies\tNN\tB-NP\nO\t7\t12\tkills\tkill\tVB\tB-VP\n\n"
        "B-Dis\t0\t3\tFlu\tFlu\tNN\tB-NP\n",
        "B-Dis\tRabies\tB-NP\nO\tkills\tB-VP\n\nB-Dis\tFlu\tB-NP\n",
    ],
)
def test_columns_are_recognized(put, rows):
    path = put(rows, "a.tsv")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        documents = list(read(path, "conll"))
    assert [document.text for document in documents] == ["Rabies kills", "Flu"]
    assert [mentions(document) for document in documents] == [[("Rabies", "Dis")], [("Flu", "Dis")]]
    if "\t" in rows:
        assert detect_format(path) == "conll"


def test_comments_and_hash_tokens(put):
    rows = "# id = 1\n# text = # asthma B\n#\tO\nasthma\tB-Dis\n\n# a remark\n#\tO\n#x\tB-Dis\n"
    first, second = read(put(rows, "a.tsv"))
    assert (first.text, second.text) == ("# asthma", "# #x")


def test_named_columns(put):
    path = put("a\tcold\tB-Dis\tB-X\nb\tgone\tO\tO\n", "a.tsv")
    (document,) = read(path, columns="token=2,tag=3")
    assert mentions(document) == [("cold", "Dis")]
    (document,) = read(path, columns="token=2")
    assert mentions(document) == [("cold", "X")]
    with pytest.raises(FormatError, match="no column 7"):
        list(read(path, columns="tag=7"))
    for wrong in ("token", "token=0", "word=1", "token=2,tag=2"):
        with pytest.raises(VanerError, match="columns"):
            list(read(path, columns=wrong))


def test_only_numbers_are_reported(put):
    path = put("1\tB-Dis\n2\tO\n", "a.tsv")
    with pytest.warns(FormatWarning, match="every token is a number"):
        list(read(path))


def test_further_tags_are_reported(put):
    path = put("IL-2\tB-DNA\tB-protein\tB-NP\tO\ngene\tI-DNA\tO\tI-NP\tB-X\n", "a.tsv")
    with pytest.warns(
        FormatWarning,
        match=r"tags in column 2, 3 are not read; .* --columns token=1,tag=2, .*2\+3\+5",
    ):
        assert [mentions(document) for document in read(path)] == [[("gene", "X")]]
    assert mentions(*read(path, columns="tag=2")) == [("IL-2 gene", "DNA")]


def test_tags_in_several_columns_are_nested_mentions(put):
    rows = "1\tIL-2\tB-DNA\tB-protein\tNN\n2\tgene\tI-DNA\tO\tNN\n3\tp9\tB-X\tB-X\tNN\n"
    path = put(rows, "a.tsv")
    (document,) = read(path, columns="token=2,tag=3+4")
    assert mentions(document) == [("IL-2 gene", "DNA"), ("p9", "X"), ("IL-2", "protein")]
    assert document.metadata["columns"] == (("NN",),) * 3
    with pytest.raises(FormatError, match="there is no column 9, the row has 5 columns"):
        list(read(path, columns="token=2,tag=3+9"))
    for columns in ("token=2,tag=2+3", "tag=3+3", "token=1+2", "tag=3+"):
        with pytest.raises(VanerError, match=r"columns .*: (a column is named|expected their)"):
            list(read(path, columns=columns))


def test_several_tags_in_a_cell_are_an_error(put):
    with pytest.raises(FormatError, match=r":2: 'B-DNA\|B-protein' has several tags"):
        list(read(put("the\tO\nIL-2\tB-DNA|B-protein\n", "a.tsv")))


@pytest.mark.parametrize("name", ["a.tsv", "a.txt"])
def test_spaces_after_the_tag_do_not_count(put, name):
    path = put("hay\tB-Dis \nfever\tI-Dis \nhurts\tO \n", name)
    assert [mentions(document) for document in read(path)] == [[("hay fever", "Dis")]]


def test_no_break_spaces_do_not_separate_cells(put):
    path = put("5\u00a0mg O\nhay\u00a0fever B-Dis\n", "a.txt")
    assert [mentions(document) for document in read(path)] == [[("hay\u00a0fever", "Dis")]]


def test_signs_for_spaces(put):
    path = put("Gout\tB-Dis\t-\n,\tO\t+\nflu\tB-Dis\t-\n.\tO\t-\n", "a.conll")
    (document,) = read(path)
    assert document.text == "Gout, flu."
    assert mentions(document) == [("Gout", "Dis"), ("flu", "Dis")]


@pytest.mark.parametrize("single", ["S", "U", "W", "w"])  # BMES, BILOU, BMEWO
def test_letters_of_schemes(put, single):
    rows = f"acute B-Dis\nrenal M-Dis\nfailure E-Dis\nor O\nflu {single}-Dis\n"
    path = put(rows, "a.txt")
    assert detect_format(path) == "conll"
    (document,) = read(path)
    assert mentions(document) == [("acute renal failure", "Dis"), ("flu", "Dis")]


def test_testa_and_testb_are_devel_and_test(tmp_path: Path) -> None:
    for name in ("train", "testa", "testb"):
        (tmp_path / f"{name}.tsv").write_text(f"{name}\tB-Dis\n")
    assert load(str(tmp_path), "devel").documents[0].text == "testa"
    assert load(str(tmp_path), "test").documents[0].text == "testb"


def test_mentions_without_a_type_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("Flu\tB\nhurts\tO\n")
    assert any("without a type: 1" in note for note in check_corpus(str(path)).notes)


def test_mentions_in_brackets_have_a_warning(put):
    cells = {
        "colds": "Entity=(1-animal-1-)|SpaceAfter=No",
        "migraine": "Entity=(2-x",
        "pain": "Entity=2)",
    }
    path = put(CONLLU.format(**cells), "a.conllu")
    message = r"a\.conllu: mentions in brackets, such as Entity=\(1-animal-1-\), are not read"
    with pytest.warns(FormatWarning, match=message):
        documents = list(read(path))
    assert [mentions(document) for document in documents] == [[], []]


@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("token", ["Go\rut", "x" * 140_000, '"' + "x" * 140_000 + '"'])
def test_table_with_an_unusual_cell(put, delimiter, token):
    lines = (("word", "tag"), (token, "B-D"), ("hurts", "O"))
    path = put("".join(f"{delimiter.join(cells)}\n" for cells in lines), "a.csv")
    assert detect_format(path) == "conll"
    (document,) = read(path)
    assert mentions(document) == [(token.strip('"'), "D")]
