"""What shops ask of the command line: canvas, shadow, bytes, names, a report, and a rerun that does only the rest."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run
from tests.fakes.tiny_model import photo

TINY = ("--model", "tiny")


@pytest.fixture
def tree(folder: Path) -> Path:
    """Nine photos in a tree."""
    for shop in ("hats", "shoes", "coats"):
        Path("in", shop).mkdir(parents=True)
        for number in range(3):
            Image.fromarray(photo(80 + 10 * number, 120)).save(f"in/{shop}/{number}.png")
    return folder


def files(folder: str) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in Path(folder).rglob("*") if each.is_file())


def test_square_jpegs_with_padding_and_shadow_under_a_bound(run: Run, tree: Path) -> None:
    ran = run(
        "remove", "in", "-o", "out", *TINY, "--background", "white", "--format", "jpg", "--canvas", "400x400",
        "--padding", "10%", "--shadow", "contact", "--max-bytes", "9000", "--name", "{folder}-{stem}",
        "--report", "r.csv",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    made = files("out")
    assert made[0] == "coats/coats-0.jpg"
    assert len(made) == 9
    for each in made:
        image = Image.open(Path("out", each))
        assert (image.size, image.mode, image.format) == ((400, 400), "RGB", "JPEG")
        assert all(channel >= 250 for channel in image.getpixel((3, 3)))  # type: ignore[union-attr]
        assert Path("out", each).stat().st_size <= 9000
    with Path("r.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["status"] for row in rows} == {"done"}
    for row in rows:
        left, top, width, height = (int(row[f"subject_{name}"]) for name in ("left", "top", "width", "height"))
        # Ten per cent stay free on each side, and the subject fills what is left in one direction.
        assert min(left, top) >= 39
        assert max(width, height) in (320, 321)
        assert abs(left + width / 2 - 200) <= 1
        assert abs(top + height / 2 - 200) <= 1
        assert int(row["bytes"]) == Path(row["output"]).stat().st_size


def test_a_rerun_does_only_the_rest_and_the_report_tells_of_all(run: Run, tree: Path) -> None:
    command = ("remove", "in", "-o", "out", *TINY, "--report", "r.csv")
    assert run(*command).code == 0
    for name in ("hats/1.png", "shoes/2.png"):
        Path("out", name).unlink()
    before = {name: Path("out", name).stat().st_mtime_ns for name in files("out")}
    ran = run(*command)
    assert "2 done, 7 skipped of 9" in ran.err
    assert {name: Path("out", name).stat().st_mtime_ns for name in before} == before
    with Path("r.csv").open() as file:
        assert [each["status"] for each in csv.DictReader(file)] == ["done"] * 9


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("photo.png", "-o", "out.png", "--name", "x"), "--name"),
        (("in", "-o", "out", "--name", "x{nothing}"), "--name"),
        (("photo.png", "-o", "out.png", "--canvas", "100x100", "--padding", "60px"), "no room"),
        (("photo.png", "-o", "out.png", "--report", "photo.png"), "one of the pictures"),
        (("photo.png", "-o", "out.png", "--report", "./out.png"), "one of the pictures"),
        (("in", "-o", "out", "--background", "photo.png", "--report", "photo.png"), "one of the pictures"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    run: Run, tree: Path, arguments: tuple[str, ...], said: str
) -> None:
    before = Path("photo.png").read_bytes()
    ran = run("remove", *arguments, *TINY)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert not Path("out").exists()
    assert not Path("out.png").exists()
    assert Path("photo.png").read_bytes() == before


def test_by_numbers_a_rerun_cannot_tell_what_is_done(run: Run, tree: Path) -> None:
    command = ("remove", "in", "-o", "out", *TINY, "--name", "p-{index:02}")
    assert run(*command).code == 0
    assert files("out")[0] == "coats/p-01.png"
    Image.fromarray(photo(90, 120)).save("in/a.png")
    ran = run(*command)
    assert (ran.code, "{stem}" in ran.err) == (2, True)
    assert run(*command, "--existing", "overwrite").code == 0


def test_bytes_that_cannot_suffice_are_told(run: Run, folder: Path) -> None:
    ran = run("remove", "photo.png", "-o", "o.jpg", *TINY, "--max-bytes", "100")
    assert ran.code == 1
    assert "--max-size" in ran.err
    assert not Path("o.jpg").exists()


def wait_for(held: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not held():
        assert time.monotonic() < end, f"it does not come to this: {what}"
        time.sleep(0.05)


def test_watch_cuts_what_appears_goes_on_after_a_restart_and_never_eats_its_own(folder: Path) -> None:
    Path("drop/sub").mkdir(parents=True)
    command = [sys.executable, "-m", "cleancut", "watch", "drop", "drop/done", *TINY, "--every", "0.2"]

    def started() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE)

    def ended(watching: subprocess.Popen[bytes]) -> tuple[int, bytes]:
        watching.send_signal(signal.SIGINT)
        told = watching.communicate(timeout=30)[1]
        return watching.returncode, told

    data = Path("photo.png").read_bytes()
    watching = started()
    try:
        # Written in two halves: it must not be taken before its end has come.
        with Path("drop/sub/a.png").open("wb") as slow:
            slow.write(data[: len(data) // 2])
            slow.flush()
            time.sleep(0.1)
            slow.write(data[len(data) // 2 :])
        Path("drop/b.png").write_bytes(b"no picture")
        wait_for(Path("drop/done/sub/a-cutout.png").is_file, "the photo is cut out")
        time.sleep(1)
    finally:
        code, told = ended(watching)
    assert code == 130
    assert b"Traceback" not in told
    assert files("drop/done") == ["sub/a-cutout.png"]
    assert told.count(b"b.png") == 1, told
    first = Path("drop/done/sub/a-cutout.png").stat().st_mtime_ns
    Path("drop/c.png").write_bytes(data)
    watching = started()
    try:
        wait_for(Path("drop/done/c-cutout.png").is_file, "what came in between is cut out")
        time.sleep(1)
    finally:
        ended(watching)
    assert files("drop/done") == ["c-cutout.png", "sub/a-cutout.png"]
    assert Path("drop/done/sub/a-cutout.png").stat().st_mtime_ns == first


def test_watch_wants_a_folder_and_names_without_numbers(run: Run, folder: Path) -> None:
    assert run("watch", "nowhere", "out", *TINY).code == 2
    for name in ("{stem}-{index}", "{folder}", "x"):
        assert run("watch", ".", "out", *TINY, "--name", name).code == 2
