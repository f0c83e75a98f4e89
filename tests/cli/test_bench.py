"""``cleancut bench``, on a tiny model."""

from __future__ import annotations

import json
import sys
from pathlib import Path

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
    assert [each["entrant"] for each in found["times"]] == ["cleancut", "bare model", "theirs"]
    ours, floor, theirs = found["times"]
    assert len(ours["seconds"]) == 2
    assert ours["timings_ms"][0].keys() >= {"decode", "infer", "refine", "encode"}
    assert 0 < floor["median"] < ours["median"]
    assert theirs["median"] == 2
    assert str(Path.cwd()) not in json.dumps(found)
    assert "cleancut ÷ it" in ran.out


def test_a_peer_without_a_command_is_refused(run: Run) -> None:
    ran = run("bench", "speed", "photo.png", "--model", "tiny", "--peer", "theirs=")
    assert ran.code == 2
    assert "names no program" in ran.err
