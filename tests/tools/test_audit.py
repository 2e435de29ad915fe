"""The report of the vulnerabilities of the locked packages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools import audit

GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "lines", "code"),
    [
        ([GOOD], ["audit: 0 known vulnerabilities in 1 packages"], 0),
        (
            [GOOD, BAD, SKIPPED],
            [
                "b 2: PYSEC-1, fixed in 3",
                "audit: 1 known vulnerabilities in 2 packages; not in the database: c",
            ],
            1,
        ),
        (
            [SKIPPED, SKIPPED],
            [
                "audit: the database of vulnerabilities cannot be reached: it has no data about "
                "any of the 2 packages"
            ],
            2,
        ),
    ],
)
def test_reports(packages: list[Any], lines: list[str], code: int) -> None:
    assert audit.report(json.dumps({"dependencies": packages}), "") == (lines, code)


def test_a_service_that_fails_is_one_line() -> None:
    lines, code = audit.report("", "Traceback:\n  File x\nConnectionError: no route\n")
    assert code == 2 and lines == [
        "audit: the database of vulnerabilities cannot be reached: ConnectionError: no route"
    ]
