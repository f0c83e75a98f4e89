"""``cleancut bench``, on a tiny model."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from statistics import median

import pytest

from tests.bench.test_contest import PROGRAM
from tests.cli.conftest import Run


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def test_a_tiny_model_is_measured_beside_itself_and_a_peer(run: Run, log: Path) -> None:
    peer = f"theirs={sys.executable} {log.with_name('peer.py')} theirs 2 {log}"
    log.with_name("peer.py").write_text(PROGRAM)
    ran = run("bench", "speed", "photo.png", "--model", "tiny", "--rounds", "2", "--peer", peer, "--json", "r.json")
    assert ran.code == 0, ran.err
    found = json.loads(Path("r.json").read_text("ascii"))
    assert [each["entrant"] for each in found["times"]] == ["cleancut", "cleancut fast", "bare model", "theirs"]
    ours, _, floor, theirs = found["times"]
    assert len(ours["seconds"]) == 2
    assert ours["timings_ms"][0].keys() >= {"decode", "infer", "refine", "encode"}
    assert 0 < median(floor["seconds"]) < median(ours["seconds"])
    assert theirs["seconds"] == [2, 2]
    assert str(Path.cwd()) not in json.dumps(found)
    assert "cleancut ÷ it" in ran.out


def test_a_peer_without_a_command_is_refused(run: Run) -> None:
    ran = run("bench", "speed", "photo.png", "--model", "tiny", "--peer", "theirs=")
    assert ran.code == 2
    assert "names no program" in ran.err


def test_commands_are_called_anew(run: Run, log: Path) -> None:
    program = "import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])"
    peer = f"theirs={sys.executable} -c {shlex.quote(program)} {{input}} {{output}}"
    ran = run("bench", "cold", "photo.png", "--model", "tiny", "--rounds", "1", "--peer", peer, "--json", "r.json")
    assert ran.code == 0, ran.err
    calls = json.loads(Path("r.json").read_text("ascii"))["calls"]
    assert [each["entrant"] for each in calls] == ["cleancut", "theirs"]
    assert all(each["seconds"][0] > 0 for each in calls)
    assert "memory" in ran.out


def test_our_own_command_has_the_flags_that_were_given(run: Run) -> None:
    from cleancut.cli.bench import _remove

    words = _remove({"model": "tiny", "quality": "fast", "refine": False, "crop": True})
    flags = ["--model", "tiny", "--quality", "fast", "--no-refine", "--crop"]
    assert words[2:] == ["-m", "cleancut", "remove", "{input}", "-o", "{output}", *flags]


def test_a_folder_is_worked_through_and_its_memory_told(run: Run) -> None:
    photos = Path("photos")
    photos.mkdir()
    for number in range(6):
        (photos / f"{number}.png").write_bytes(Path("photo.png").read_bytes())
    (photos / "broken.png").write_bytes(b"\x89PNG nothing")
    ran = run("bench", "folder", "photos", "--model", "tiny", "--json", "r.json")
    assert ran.code == 0, ran.err
    found = json.loads(Path("r.json").read_text("ascii"))["folder"]
    assert (len(found["seconds"]), len(found["held"]), found["failed"]) == (7, 7, 1)
    assert found["seconds"] == sorted(found["seconds"])
    assert found["session"] > 0
    assert "7 pictures, 1 failed" in ran.out
    assert sorted(each.name for each in photos.iterdir()) == sorted([*(f"{n}.png" for n in range(6)), "broken.png"])


def test_the_model_is_compared_with_what_the_machine_can_do(run: Run) -> None:
    ran = run("bench", "peaks", "--model", "tiny", "--json", "r.json")
    assert ran.code == 0, ran.err
    (found,) = json.loads(Path("r.json").read_text("ascii"))["reach"]
    assert found["precision"] == "fp32"
    assert found["seconds"] > 0
