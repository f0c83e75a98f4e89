"""Programs that cut the same photos in turn."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cleancut.bench.contest import Entrant, contest
from cleancut.errors import InferenceFailed

# Says what it is asked into a log, and claims a time of its own.
PROGRAM = """
import json, sys
name, seconds, log = sys.argv[1], float(sys.argv[2]), sys.argv[3]
print(json.dumps({"name": name}), flush=True)
for line in sys.stdin:
    with open(log, "a") as file:
        file.write(f"{name} {line}")
    print(json.dumps({"seconds": seconds, "peak_bytes": 7}), flush=True)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def entrant(name: str, seconds: float, log: Path) -> Entrant:
    return Entrant(name, (sys.executable, "-c", PROGRAM, name, str(seconds), str(log)))


def test_entrants_take_turns_and_the_first_round_does_not_count(log: Path) -> None:
    turns: list[None] = []
    photos = [(Path("x.jpg"), 2.0), (Path("y.jpg"), 3.0)]
    times = contest([entrant("a", 1, log), entrant("b", 2, log)], photos, 2, lambda: turns.append(None))
    assert log.read_text().split() == ["a", "x.jpg", "b", "x.jpg"] * 3 + ["a", "y.jpg", "b", "y.jpg"] * 3
    assert len(turns) == 12
    assert [(each.entrant, each.photo, each.seconds) for each in times] == [
        ("a", "x.jpg", (1.0, 1.0)),
        ("b", "x.jpg", (2.0, 2.0)),
        ("a", "y.jpg", (1.0, 1.0)),
        ("b", "y.jpg", (2.0, 2.0)),
    ]
    assert (times[3].megapixels, times[3].median, times[3].peak_bytes) == (3.0, 2.0, 7)


@pytest.mark.parametrize("program", ["raise SystemExit(1)", "print('ready', flush=True)"])
def test_a_program_that_does_not_answer_is_named(program: str) -> None:
    with pytest.raises(InferenceFailed, match="theirs ended instead of answering"):
        contest([Entrant("theirs", (sys.executable, "-c", program))], [(Path("x.jpg"), 1.0)], 1)
