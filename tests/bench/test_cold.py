"""Commands that cut one photo and end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cleancut.bench.cold import Command, call_in_turn, parse
from cleancut.errors import InferenceFailed, OptionError

# Writes its name into the log and the cut-out's place; holds some memory.
PROGRAM = """
import sys
name, log, photo, cutout, megabytes = sys.argv[1:]
held = b"x" * (int(megabytes) << 20)
open(log, "a").write(f"{name} {photo.rpartition('/')[2]} ")
open(cutout, "w").write(name)
"""


def command(name: str, log: Path, megabytes: int = 1) -> Command:
    words = (sys.executable, "-c", PROGRAM, name, str(log), "{input}", "{output}", str(megabytes))
    return Command(name, words)


def test_commands_take_turns_and_the_first_round_does_not_count(tmp_path: Path) -> None:
    log, turns = tmp_path / "log", list[None]()
    photos = [(Path("x.jpg"), 2.0), (Path("y.jpg"), 3.0)]
    commands = [command("a", log), command("b", log)]
    calls = call_in_turn(commands, photos, 2, tmp_path, ".png", lambda: turns.append(None))
    assert log.read_text().split() == ["a", "x.jpg", "b", "x.jpg"] * 3 + ["a", "y.jpg", "b", "y.jpg"] * 3
    assert len(turns) == 12
    assert [(each.entrant, each.photo, each.megapixels, len(each.seconds)) for each in calls] == [
        ("a", "x.jpg", 2.0, 2),
        ("b", "x.jpg", 2.0, 2),
        ("a", "y.jpg", 3.0, 2),
        ("b", "y.jpg", 3.0, 2),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="the system tells no peak")
def test_memory_is_the_commands_own(tmp_path: Path) -> None:
    photos = [(Path("x.jpg"), 1.0)]
    commands = [command("small", tmp_path / "log"), command("large", tmp_path / "log", 300)]
    small, large = call_in_turn(commands, photos, 1, tmp_path)
    assert small.peak_bytes is not None
    assert large.peak_bytes is not None
    assert 250e6 < large.peak_bytes - small.peak_bytes < 350e6


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "pass"])
def test_a_command_that_makes_nothing_is_named(tmp_path: Path, program: str) -> None:
    broken = Command("theirs", (sys.executable, "-c", program, "{input}", "{output}"))
    with pytest.raises(InferenceFailed, match=r"theirs made no x\.png"):
        call_in_turn([broken], [(Path("x.jpg"), 1.0)], 1, tmp_path)


def test_what_an_earlier_command_wrote_does_not_count(tmp_path: Path) -> None:
    lazy = Command("lazy", (sys.executable, "-c", "pass", "{input}", "{output}"))
    with pytest.raises(InferenceFailed, match="lazy"):
        call_in_turn([command("a", tmp_path / "log"), lazy], [(Path("x.jpg"), 1.0)], 1, tmp_path)


def test_a_command_names_the_photo_and_the_cut_out() -> None:
    assert parse("x", "cut 'a b' {input} {output}").words == ("cut", "a b", "{input}", "{output}")
    with pytest.raises(OptionError, match=r"\{output\}"):
        parse("x", "cut {input}")
