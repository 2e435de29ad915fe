"""A file that is cut, mixed or wrong gives documents, or an error of one line that names the file.

Every format and dialect has a sample. It is cut at random, its lines are swapped, fields are
replaced, and parts of another sample are put in. The seeds are fixed, so a failure is repeatable.
"""

from __future__ import annotations

import random
import re
import warnings
from pathlib import Path

import pytest

from tests.cases.samples import Sample, list_samples
from vaner.errors import VanerError
from vaner.formats import read

SAMPLES = list_samples()
VALUES = [
    "", "-1", "9" * 20, "1e999", "null", "true", "[]", "{}", '""', "\t", "\n", "\x00", "Ä", "\r",
    "]", "}", "<", ">", "&x;", ";", "|", ",", "0.5", "NaN", '"x"', "[[1]]", '{"a": 1}', "99999",
]  # fmt: skip
ROUNDS = 12


def damage(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """Return a file with one to three faults."""
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(7)
        lines = content.split(b"\n")
        start = rng.randrange(len(content) + 1)
        if kind == 0:
            content = content[:start]
        elif kind == 1:
            i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
            content = b"\n".join(lines)
        elif kind == 2:
            del lines[rng.randrange(len(lines))]
            content = b"\n".join(lines)
        elif kind == 3:  # a field: a number, a word, a string or an element
            fields = list(
                re.finditer(rb'-?\d+|"[^"]*"|[\w.-]+|<[^>]*>|\[[^\[\]]*\]|{[^{}]*}', content)
            )
            if fields:
                field = rng.choice(fields)
                value = rng.choice(VALUES).encode()
                content = content[: field.start()] + value + content[field.end() :]
        elif kind == 4:
            first = rng.randrange(len(other) + 1)
            content = content[:start] + other[first : first + 200] + content[start:]
        elif kind == 5:
            end = start + rng.randrange(40)
            content = content[:start] + content[end:]
        else:
            content = content[:start] + bytes([rng.randrange(256)]) + content[start + 1 :]
    return content


def read_all(path: Path, format: str | None, on_error: object) -> str | None:
    """Return the error of reading a file, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for document in read(path, format, on_error=on_error):  # type: ignore[arg-type]
                for span in document.spans:
                    assert document.mention(span).strip()
        except VanerError as error:
            return str(error)
    return None


def check_message(message: str, folder: Path) -> None:
    assert len(message.splitlines()) == 1, message
    assert folder.name in message, f"names no file: {message}"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_samples_are_read_without_damage(sample: Sample, tmp_path: Path) -> None:
    assert read_all(sample.create(tmp_path), None, None) is None
    assert read_all(sample.create(tmp_path), sample.format, None) is None


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The content of all samples, to mix them."""
    paths = [sample.create(tmp_path_factory.mktemp(sample.name)) for sample in SAMPLES]
    return [file.read_bytes() for path in paths for file in list_files(path)]


def list_files(path: Path) -> list[Path]:
    """Return the files of a sample, which is a file, a folder, or a file that needs others."""
    is_alone = path.is_file() and path.suffix not in (".in",) and ".abstracts" not in path.name
    return [path] if is_alone else sorted((path if path.is_dir() else path.parent).iterdir())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_damaged_files_give_one_line(sample: Sample, tmp_path: Path, others: list[bytes]) -> None:
    rng = random.Random(sample.name)
    path = sample.create(tmp_path)
    contents = {file: file.read_bytes() for file in list_files(path)}
    for _ in range(ROUNDS):
        file = rng.choice(list(contents))
        file.write_bytes(damage(contents[file], rng.choice(others), rng))
        for format in (None, sample.format):
            errors: list[str] = []
            for on_error in (None, lambda error, errors=errors: errors.append(str(error))):
                message = read_all(path, format, on_error)
                for text in (*errors, *([message] if message else [])):
                    check_message(text, tmp_path)
        file.write_bytes(contents[file])
