"""``vaner calibrate``, and what annotate and evaluate make of its file."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import Run
from tests.selector.test_selector import build, saved
from vaner.annotator import Annotator
from vaner.calibration.calibration import (
    CALIBRATION_FILE,
    Calibration,
    read_calibration,
    write_calibration,
)
from vaner.calibration.temperature import scale_probability
from vaner.formats import write
from vaner.tagger.exported_forms import cached_form_folder
from vaner.text.documents import Document, filter_by_score

TEXTS = [
    f"{drug} is given to {number} patients with {disease} of the {gene} gene."
    for number, drug in enumerate(("Metformin", "Aspirin", "Ramipril", "Ibuprofen", "Insulin"))
    for disease in ("asthma", "type 2 diabetes mellitus", "gout", "breast cancer")
    for gene in ("BRCA1", "TP53")
]


@pytest.fixture(scope="module")
def model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the model, and write a corpus with two thirds of its mentions."""
    home = tmp_path_factory.mktemp("calibrate")
    folder = Path(shutil.copytree(tiny_model, home / "model"))
    annotated = list(Annotator.from_pretrained(folder, device="cpu").annotate(TEXTS))
    gold = [
        Document(
            str(i), document.text, tuple(s for j, s in enumerate(document.spans) if (i + j) % 3)
        )
        for i, document in enumerate(annotated)
    ]
    assert sum(len(document.spans) for document in annotated) > 100
    for split in ("train", "devel", "test"):
        (home / "mine").mkdir(exist_ok=True)
        write(gold, home / "mine" / f"{split}.jsonl", "jsonl")
    return folder


@pytest.fixture
def calibrated(model: Path, run: Run, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    done = run("calibrate", folder, "--corpus", model.parent / "mine", "--device", "cpu", "-q")
    assert done.code == 0, done
    assert re.search(
        r"^all +\d+ +\d\d\.\d\d +\d\.\d{3} +\d+\.\d\d +\d+\.\d\d +\d+$", done.out, re.M
    )
    assert f"calibration written to {folder / CALIBRATION_FILE}" in done.err
    return folder


def test_calibration_changes_only_scores(model: Path, calibrated: Path) -> None:
    calibration = read_calibration(calibrated)
    assert calibration is not None
    raw = Annotator.from_pretrained(model, device="cpu")
    calibrated_model = Annotator.from_pretrained(calibrated, device="cpu")
    without = Annotator.from_pretrained(calibrated, device="cpu", calibrated=False)
    annotators = (raw, calibrated_model, without)
    for first, second, third in zip(
        *(annotator.annotate(TEXTS, min_score=0) for annotator in annotators), strict=True
    ):
        assert first.spans == second.spans == third.spans
        for a, b, c in zip(first.spans, second.spans, third.spans, strict=True):
            assert a.score is not None and a.score == c.score
            assert b.score == scale_probability(a.score, calibration.temperature(a.type))
    assert calibrated_model.calibration == calibration and without.calibration is None


def test_mentions_below_the_min_score_of_their_type_are_dropped(
    model: Path, calibrated: Path, run: Run, tmp_path: Path
) -> None:
    calibration = read_calibration(calibrated)
    assert calibration is not None
    every = list(Annotator.from_pretrained(calibrated, device="cpu").annotate(TEXTS, min_score=0))
    scores = sorted(s.score or 0 for d in every for s in d.spans if s.type == "Disease")
    middle = scores[len(scores) // 2]
    fits = {type: replace(fit, min_score=0.0) for type, fit in calibration.types.items()}
    fits["Disease"] = replace(fits["Disease"], min_score=middle)
    write_calibration(replace(calibration, types=fits), calibrated)
    annotator = Annotator.from_pretrained(calibrated, device="cpu")
    expected = [filter_by_score(document, {"Disease": middle}) for document in every]
    assert list(annotator.annotate(TEXTS)) == expected != every
    assert list(annotator.annotate(TEXTS, min_score=0)) == every  # a given one replaces it
    lower = list(annotator.annotate(TEXTS, min_score=scores[1]))
    assert lower == [filter_by_score(document, scores[1]) for document in every]
    assert list(annotator.annotate(TEXTS, min_precision=0.0)) == every
    without = Annotator.from_pretrained(calibrated, device="cpu", calibrated=False)
    assert sum(len(d.spans) for d in without.annotate(TEXTS)) == sum(len(d.spans) for d in every)

    options = ("evaluate", "--model", calibrated, "--corpus", model.parent / "mine", "-q")
    for given, documents in (((), expected), (("--min-score", 0), every)):
        path = tmp_path / f"{len(given)}.json"
        done = run(*options, "--split", "devel", "--device", "cpu", *given, "--json", path)
        assert done.code == 0, done
        counts = json.loads(path.read_text())["micro"]
        assert counts["tp"] + counts["fp"] == sum(len(document.spans) for document in documents)
        assert ("best F1 on this split" in done.out) <= bool(given)
    default, all_scores = (json.loads((tmp_path / f"{n}.json").read_text()) for n in (0, 2))
    assert default["min_scores"] == {"Disease": middle} and "min_score" not in default
    assert all_scores["min_score"] == 0 and "min_scores" not in all_scores


def test_a_model_in_memory_is_calibrated(calibrated: Path) -> None:
    from vaner.tagger.model import VanerForTokenClassification

    model = VanerForTokenClassification.from_pretrained(calibrated).eval()
    assert Annotator.from_model(model, "cpu").calibration == read_calibration(calibrated)


def test_an_exported_form_stays_valid(calibrated: Path) -> None:
    before = cached_form_folder(calibrated)
    (calibrated / CALIBRATION_FILE).unlink()
    assert cached_form_folder(calibrated) == before


def test_the_calibration_is_pushed_and_in_the_card(calibrated: Path) -> None:
    from vaner.backbones.file_names import CARD_FILE
    from vaner.hub.repository import collect_files

    files = collect_files(calibrated, "me/mine", backbone="somebody/backbone")
    assert files[CALIBRATION_FILE] == calibrated / CALIBRATION_FILE
    card = files[CARD_FILE]
    assert isinstance(card, bytes)
    assert "calibrated on mine devel (40 of 40 documents)" in card.decode()
    assert "| all | " in card.decode().partition("## Scores")[2]


def test_the_file_names_its_corpora(model: Path, run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model, tmp_path / "model"))
    done = run(
        "calibrate", folder, "--corpus", model.parent / "mine", "--limit", 30, "--device", "cpu"
    )
    assert done.code == 0, done
    stored = json.loads((folder / CALIBRATION_FILE).read_text())
    assert stored["fitted_on"] == [
        {"corpus": "mine", "split": "devel", "documents": 30, "drawn_from": 40}
    ]
    assert "commit" in stored and "command" not in stored
    assert str(model.parent) not in (folder / CALIBRATION_FILE).read_text()


def test_min_precision(calibrated: Path, run: Run, tmp_path: Path) -> None:
    calibration = read_calibration(calibrated)
    assert calibration is not None
    steps = {type: fit.steps for type, fit in calibration.types.items()}
    wanted = min(values[-1].precision for values in steps.values())
    texts, out = tmp_path / "texts.txt", tmp_path / "out.jsonl"
    texts.write_text("\n".join(TEXTS), "utf-8")
    options = ("annotate", "--model", calibrated, texts, "--input-format", "lines", "-o", out, "-q")
    assert run(*options, "--min-precision", wanted).code == 0
    thresholds = calibration.thresholds(list(steps), wanted)
    annotated = list(Annotator.from_pretrained(calibrated, device="cpu").annotate(TEXTS))
    counts = [
        sum(s.score is not None and s.score >= thresholds[s.type] for s in document.spans)
        for document in annotated
    ]
    assert [len(json.loads(line)["spans"]) for line in out.read_text().splitlines()] == counts
    assert 0 < sum(counts) < sum(len(document.spans) for document in annotated)
    low, high = sorted(steps, key=lambda type: steps[type][-1].precision)
    between = steps[high][-1].precision
    done = run(*options, "--min-precision", between)
    assert done.code == 0 and f"reached on the dev set for {low} (at most 0." in done.err
    spans = [span for line in out.read_text().splitlines() for span in json.loads(line)["spans"]]
    assert {span["type"] for span in spans} == {high}
    assert f"for {low} (" in run(*options, "--min-precision", between, "--types", low).error
    message = run(*options, "--min-precision", 1).error
    assert "precision 1.0 was not reached on the dev set for Chemical (at most 0." in message


def test_min_precision_requires_a_calibration(model: Path, run: Run) -> None:
    message = run("annotate", "--model", model, "-t", "asthma", "--min-precision", 0.9).error
    assert message.endswith(
        "has no calibration, which a precision needs: create one with `vaner calibrate`"
    )


@pytest.mark.heavy
def test_a_selector_has_its_calibration(
    model: Path, tiny_backbone: Path, run: Run, tmp_path: Path
) -> None:
    selector = saved(build(tiny_backbone), tiny_backbone, tmp_path / "selector")
    options = ("--corpus", model.parent / "mine", "--selector", selector, "--device", "cpu", "-q")
    done = run("calibrate", model, *options, "--force")  # its scores are random
    assert done.code == 0, done
    calibration = read_calibration(selector)
    assert calibration is not None and not (model / CALIBRATION_FILE).exists()
    raw, calibrated = (
        Annotator.from_pretrained(model, selector=selector, device="cpu", calibrated=calibrated)
        for calibrated in (False, True)
    )
    assert calibrated.calibration == calibration and raw.calibration is None
    for before, after in zip(raw.annotate(TEXTS), calibrated.annotate(TEXTS), strict=True):
        assert before.spans == after.spans
        for a, b in zip(before.spans, after.spans, strict=True):
            assert a.score is not None and b.score == calibration.score(a.type, a.score)


def test_evaluate_prints_the_error_before_and_after(
    model: Path, calibrated: Path, run: Run, tmp_path: Path
) -> None:
    pattern = r"^calibration error \(ECE\) of the scores: (\d+\.\d\d) % in \d+ bins?(.*)$"
    options = ("--corpus", model.parent / "mine", "--bootstrap", 0, "-q", "--device", "cpu")
    raw = run("evaluate", "--model", model, *options)
    done = run("evaluate", "--model", calibrated, *options, "--json", tmp_path / "r.json")
    [(before, nothing)], [(after, message)] = (
        re.findall(pattern, x.out, re.M) for x in (raw, done)
    )
    assert nothing == "" and message == f"; {before} % before calibration"
    assert float(after) < float(before)
    results = json.loads((tmp_path / "r.json").read_text())
    assert results["reliability"]["error"] < results["uncalibrated"]["error"]
    fewer = run("evaluate", "--model", calibrated, *options, "--min-precision", 0.6)
    assert fewer.code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no corpus to calibrate on"),
        (("--corpus", "mine", "--split", "test"), "models are evaluated on this split"),
        (("--corpus", "mine/test.jsonl"), "models are evaluated on this split"),
        (("--corpus", "BC5CDR", "--split", "test"), "models are evaluated on this split"),
        (("--corpus", "CMeEE"), "CMeEE devel: models are evaluated on this split"),
        (("--corpus", "mine", "--types", "Gene"), "does not annotate Gene"),
        (("--corpus", "mine", "--limit", "0"), "'--limit'"),
    ],
)
def test_invalid_arguments_are_errors(
    model: Path, run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(model.parent)
    assert message in run("calibrate", "model", "--device", "cpu", *arguments).error
    assert not (model / CALIBRATION_FILE).exists()


def test_rename_types_of_the_corpus(model: Path, run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "other"
    shutil.copytree(model.parent / "mine", mine)
    for file in mine.iterdir():
        file.write_text(file.read_text("utf-8").replace('"Disease"', '"DISO"'), "utf-8")
    wanted = ("calibrate", model, "--corpus", mine, "--device", "cpu")
    assert "the corpus has" in run(*wanted, "--rename", "DISSO=Disease").error
    done = run(*wanted, "--rename", "DISO=Disease")
    assert done.code == 0 and "Disease" in done.out + done.err


def test_the_embedded_model_is_calibrated_only_by_name(model: Path, run: Run) -> None:
    message = run("calibrate", "--corpus", model.parent / "mine", "--device", "cpu").error
    assert "give the model to calibrate" in message


def test_training_texts_are_refused(model: Path, run: Run, tmp_path: Path) -> None:
    shutil.copytree(model.parent / "mine", tmp_path / "tiny")  # the name of its training corpus
    message = run("calibrate", model, "--corpus", tmp_path / "tiny", "--split", "train").error
    assert "tiny train: the model was trained on this split" in message


def test_a_broken_calibration_is_an_error(calibrated: Path, run: Run) -> None:
    (calibrated / CALIBRATION_FILE).write_text("{}")
    message = run("annotate", "--model", calibrated, "-t", "asthma", "--device", "cpu").error
    assert "not a readable calibration" in message and "vaner calibrate" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--min-score", "2"), "Invalid value for '--min-score'"),
        (("--min-precision", "95"), "Invalid value for '--min-precision'"),
        (("--no-such",), "No such option: --no-such"),
        (("--overlaps", "some"), "'some' is not one of"),
    ],
)
def test_invalid_options_are_errors_of_one_line(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    error = run("annotate", "-t", "asthma", *arguments).error
    assert message in error and error.endswith("see vaner annotate --help")


def test_a_calibration_that_increases_the_error_is_written_only_if_forced(
    model: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vaner.evaluation import calibrate as calibrating

    def worse(*arguments: Any, **options: Any) -> Calibration:
        fitted = fit(*arguments, **options)
        return replace(fitted, all_types=replace(fitted.all_types, error=0.1, calibrated_error=0.2))

    fit = calibrating.fit_calibration
    monkeypatch.setattr(calibrating, "fit_calibration", worse)
    folder = tmp_path / "model"
    shutil.copytree(model, folder, ignore=shutil.ignore_patterns(CALIBRATION_FILE))
    options = ("--corpus", model.parent / "mine", "--device", "cpu")
    message = run("calibrate", folder, *options).error
    assert "calibration not written: " in message and "(ECE 20.00 % instead of 10.00 %)" in message
    assert not (folder / CALIBRATION_FILE).exists()
    done = run("calibrate", folder, *options, "--force")
    assert done.code == 0 and "warning: on documents" in done.err and "less accurate" in done.err
    assert [path.name for path in folder.glob(".*")] == []  # nothing half written stays
    assert (folder / CALIBRATION_FILE).is_file()
