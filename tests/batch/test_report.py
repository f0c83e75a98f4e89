"""The table of what became of each picture."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cleancut.batch.plan import Job
from cleancut.batch.report import COLUMNS, report
from cleancut.batch.run import Outcome
from cleancut.errors import DamagedImage, Unwritable
from cleancut.geometry import Box


def done(name: str, ms: float = 12.3) -> Outcome:
    return Outcome(
        Job(f"in/{name}.jpg", Path(f"out/{name}.png")), "done", ms, subject=True, confidence=0.98765, model="tiny",
        device="cpu", precision="fp32", width=20, height=10, size=1234, box=Box(1, 2, 11, 8),
    )  # fmt: skip


def skipped(name: str) -> Outcome:
    return Outcome(Job(f"in/{name}.jpg", Path(f"out/{name}.png")), "skipped")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_row_tells_what_was_made_and_where_the_subject_is(tmp_path: Path) -> None:
    path = tmp_path / "new" / "r.csv"
    with report(path) as table:
        table.add(done('a "quoted", name'))
        error = DamagedImage("it is damaged,\nin two lines", hint="none")
        table.add(Outcome(Job("in/b.jpg", Path("out/b.png")), "failed", error=error))
    first, second = rows(path)
    assert tuple(first) == COLUMNS
    assert first == {
        "input": 'in/a "quoted", name.jpg', "output": 'out/a "quoted", name.png', "status": "done", "subject": "true",
        "confidence": "0.9877", "model": "tiny", "device": "cpu", "precision": "fp32", "width": "20", "height": "10",
        "subject_left": "1", "subject_top": "2", "subject_width": "10", "subject_height": "6", "bytes": "1234",
        "ms": "12", "error": "", "message": "",
    }  # fmt: skip
    assert (second["status"], second["error"], second["message"]) == (
        "failed", "damaged_image", "it is damaged,\nin two lines"
    )  # fmt: skip
    assert second["width"] == ""
    assert [each.name for each in path.parent.iterdir()] == ["r.csv"]


def test_what_is_skipped_keeps_the_row_of_the_run_that_made_it(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    with report(path) as table:
        table.add(done("a", ms=777))
    with report(path) as table:
        table.add(skipped("a"))
        table.add(done("b"))
        table.add(skipped("c"))
    assert [(each["status"], each["ms"]) for each in rows(path)] == [("done", "777"), ("done", "12"), ("skipped", "0")]


def test_runs_that_are_killed_leave_what_they_have_finished(tmp_path: Path) -> None:
    path, part = tmp_path / "r.csv", tmp_path / "r.csv.part"
    head = ",".join(COLUMNS) + "\n"
    with report(path) as table:
        table.add(done("a", ms=1))
    row_of_a = path.read_text().splitlines()[1]
    path.unlink()
    # Killed while it wrote a row, and again before the next had written any.
    part.write_text(f"{head}{row_of_a}\nin/c.jpg,out/c.p")
    manager = report(path)
    manager.__enter__()
    part.write_text(head)
    assert [each["ms"] for each in rows(path)] == ["1"]
    with report(path) as table:
        table.add(skipped("a"))
        table.add(skipped("c"))
    assert [(each["status"], each["ms"]) for each in rows(path)] == [("done", "1"), ("skipped", "0")]


def test_an_error_in_the_batch_leaves_the_report(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"

    def broken() -> None:
        with report(path) as table:
            table.add(done("a"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert [each["status"] for each in rows(path)] == ["done"]


def test_a_file_of_another_kind_is_no_earlier_report(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"input,output\n\xff\xfe,b\n")
    with report(path) as table:
        table.add(skipped("a"))
    assert [each["status"] for each in rows(path)] == ["skipped"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.csv.part").mkdir()
    with pytest.raises(Unwritable, match=r"r\.csv"), report(tmp_path / "r.csv"):
        pass


def test_other_troubles_are_not_the_reports(tmp_path: Path) -> None:
    def broken() -> None:
        with report(tmp_path / "r.csv") as table:
            table.add(done("a"))
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        broken()
