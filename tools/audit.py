"""Looks for known vulnerabilities of the locked packages: python tools/audit.py PIP_AUDIT LOCK

`pip-audit` asks the database of PyPI. Where that database cannot be reached, it skips every package
and reports success; here that is an error of one line. The exit code is 1 if a package has a known
vulnerability, and 2 if the packages could not be compared with the database.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any


def describe_vulnerabilities(packages: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each vulnerability of the packages in a report."""
    for package in packages:
        for entry in package.get("vulns", ()):
            fixed = ", ".join(entry.get("fix_versions", ())) or "no version"
            yield f"{package['name']} {package.get('version')}: {entry['id']}, fixed in {fixed}"


def report(output: str, errors: str) -> tuple[list[str], int]:
    """Return the lines to print for a report of `pip-audit`, and the exit code.

    Args:
        output: the report, as JSON.
        errors: what `pip-audit` wrote to standard error.

    >>> report("", "ConnectionError: no route")
    (['audit: the database of vulnerabilities cannot be reached: ConnectionError: no route'], 2)
    """
    problem = "audit: the database of vulnerabilities cannot be reached"
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reason = next((line for line in reversed(errors.splitlines()) if line.strip()), "no report")
        return [f"{problem}: {reason.strip()[:200]}"], 2
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if packages and len(skipped) == len(packages):
        return [f"{problem}: it has no data about any of the {len(packages)} packages"], 2
    lines = list(describe_vulnerabilities(packages))
    checked = len(packages) - len(skipped)
    summary = f"audit: {len(lines)} known vulnerabilities in {checked} packages"
    if skipped:
        summary += f"; not in the database: {', '.join(skipped)}"
    return [*lines, summary], 1 if lines else 0


def main() -> None:
    """Run `pip-audit` and print what it reports."""
    pip_audit, lock = sys.argv[1:]
    arguments = [pip_audit, "--no-deps", "--disable-pip", "--format", "json", "-r", lock]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    lines, code = report(done.stdout, done.stderr)
    print("\n".join(lines), file=sys.stderr if code == 2 else sys.stdout)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
