"""The page's own checks and unit tests, and habits of its files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from make import WEB, Node

from tests.web import node  # noqa: F401

SOURCES = sorted([*(WEB / "src").rglob("*.ts"), *(WEB / "src").rglob("*.tsx")])


@pytest.mark.parametrize("words", ["run check", "test"])
def test_npm_says_that_all_is_well(node: Node, words: str) -> None:  # noqa: F811
    ran = subprocess.run(
        [sys.executable, WEB / "make.py", "npm", *words.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(WEB)))
def test_files_stay_small(path: Path) -> None:
    if path.name != "schema.d.ts":
        assert len(path.read_text("utf-8").splitlines()) <= 400


def test_the_lock_file_holds_no_addresses() -> None:
    # Else everybody's npm would ask the registry of whoever wrote it, and not their own.
    packages = json.loads((WEB / "package-lock.json").read_text("utf-8"))["packages"]
    assert [name for name, each in packages.items() if "resolved" in each] == []
    assert all(each["integrity"].startswith("sha512-") for name, each in packages.items() if name)


def test_the_lock_file_is_whole() -> None:
    # Some versions of npm refuse it else; and it lacks what was not to be had when it was written.
    packages = json.loads((WEB / "package-lock.json").read_text("utf-8"))["packages"]
    for name, each in packages.items():
        for wanted in {**each.get("dependencies", {}), **each.get("optionalDependencies", {})}:
            places = [f"{name}/node_modules/{wanted}", f"node_modules/{wanted}"]
            assert any(place in packages for place in places), f"{name} needs {wanted}"
