"""The command line in a process of its own, on real weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cleancut.settings import read_settings
from tests.real.conftest import EXAMPLES

pytestmark = pytest.mark.real


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"CLEANCUT_HOME": str(read_settings().home)}
    return subprocess.run(
        [sys.executable, "-m", "cleancut", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("model", ["isnet-general", "u2netp"])
def test_a_refused_input_ends_the_process_in_order(fetched: Callable[[str], str], tmp_path: Path, model: str) -> None:
    """While the model is still being loaded beside it."""
    (tmp_path / "text.jpg").write_text("no picture")
    ran = command("remove", "text.jpg", "--model", fetched(model), cwd=tmp_path)
    assert ran.returncode == 3
    assert ran.stderr.count("\n") == 2


def test_several_photos_in_one_go(fetched: Callable[[str], str], tmp_path: Path) -> None:
    ran = command("remove", str(EXAMPLES), "-o", "out", "--json", "--model", fetched("u2netp"), cwd=tmp_path)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 0
    assert [(line["status"], line["subject"]) for line in lines] == [("done", True)] * 3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cat.png", "cup.png", "portrait.png"]


def test_doctor_finds_nothing_to_mend(fetched: Callable[[str], str], tmp_path: Path) -> None:
    fetched("u2netp")
    ran = command("doctor", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout
