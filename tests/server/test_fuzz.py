"""The whole API asked by schemathesis, with all its checks: nothing fails, and the schema is what the server does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.conftest import Start

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "fuzz"


# Together more than the 2,000 cases that are wanted; apart, so that two processors share them.
@pytest.mark.parametrize(
    ("phases", "examples", "cases"), [("examples,coverage", 1, 300), ("fuzzing", 110, 1400), ("stateful", 60, 350)]
)
def test_schemathesis_finds_nothing(start: Start, tmp_path: Path, phases: str, examples: int, cases: int) -> None:
    server = start()
    words = [
        str(Path(sys.executable).with_name("schemathesis")),
        "--config-file", str(FOLDER / "schemathesis.toml"),
        "run", f"{server.address}/openapi.json", "--phases", phases,
        "--checks", "all", "--max-examples", str(examples), "--continue-on-failure", "--seed", "1",
    ]  # fmt: skip
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.server.fuzz.hooks", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False)
    said = ran.stdout[ran.stdout.find("= FAILURES =") :]
    assert ran.returncode == 0, said + ran.stderr
    found = re.search(r"([0-9,]+) generated", ran.stdout)
    assert found, ran.stdout
    assert int(found[1].replace(",", "")) >= cases
    assert server.http.get("/livez").text == "alive"
