"""Which files in a folder are ready to be cut out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cleancut.batch.plan import Job
from cleancut.batch.watch import Watched, watch


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "a.jpg").write_bytes(b"half")
    os.utime(tmp_path / "a.jpg", (1000, 1000))
    return Job(str(tmp_path / "a.jpg"), tmp_path / "a.png")


def change(job: Job, data: bytes, at: float) -> None:
    Path(job.input).write_bytes(data)
    os.utime(job.input, (at, at))


def made(job: Job, at: float) -> None:
    assert job.output is not None
    job.output.write_bytes(b"cut-out")
    os.utime(job.output, (at, at))


def test_a_file_is_ready_when_two_looks_find_it_alike(job: Job) -> None:
    watched = Watched()
    assert watched.ready([job]) == []
    change(job, b"half and more", 1001)
    assert watched.ready([job]) == []
    assert watched.ready([job]) == [job]


def test_growing_without_a_new_time_is_not_complete_either(job: Job) -> None:
    watched = Watched()
    watched.ready([job])
    change(job, b"more in the same tick", 1000)
    assert watched.ready([job]) == []
    assert watched.ready([job]) == [job]


def test_an_empty_file_is_still_to_come(job: Job) -> None:
    change(job, b"", 1000)
    watched = Watched()
    assert [watched.ready([job]) for _ in range(3)] == [[], [], []]


def test_what_is_done_is_left_alone_also_after_a_restart(job: Job) -> None:
    made(job, 1000)
    watched = Watched()
    assert [watched.ready([job]) for _ in range(3)] == [[], [], []]
    change(job, b"a newer photo", 1005)
    assert watched.ready([job]) == []
    assert watched.ready([job]) == [job]


def test_what_failed_is_tried_again_when_it_changes(job: Job) -> None:
    watched = Watched()
    watched.ready([job])
    assert watched.ready([job]) == [job]
    watched.tried(job)
    assert watched.ready([job]) == []
    change(job, b"repaired", 1007)
    assert watched.ready([job]) == []
    assert watched.ready([job]) == [job]


def test_a_file_that_went_away_and_came_back_is_new(job: Job) -> None:
    watched = Watched()
    for _ in range(2):
        watched.ready([job])
    watched.tried(job)
    Path(job.input).unlink()
    assert watched.ready([job]) == []
    change(job, b"half", 1000)
    assert watched.ready([job]) == []
    assert watched.ready([job]) == [job]


def test_a_photo_replaced_by_an_older_one_is_done_again(job: Job) -> None:
    watched = Watched()
    for _ in range(2):
        watched.ready([job])
    watched.tried(job)
    made(job, 2000)
    assert watched.ready([job]) == []
    change(job, b"another photo, copied with its own time", 500)
    assert watched.ready([job]) == []
    assert watched.ready([job]) == [job]
    watched.tried(job)
    assert watched.ready([job]) == []


def test_what_could_not_be_written_is_tried_again_after_a_while(job: Job) -> None:
    now = 0.0
    watched = Watched(lambda: now)
    watched.ready([job])
    assert watched.ready([job]) == [job]
    watched.postponed(job)
    assert watched.ready([job]) == []
    now = 31.0
    assert watched.ready([job]) == [job]


def test_it_goes_on_for_ever_and_sleeps_in_between(job: Job) -> None:
    slept: list[float] = []
    found = watch(lambda: [job], 0.5, slept.append)
    watched, ready = next(found)
    assert ready == [job]
    assert slept == [0.5]
    watched.tried(job)
    change(job, b"again", 1009)
    assert next(found)[1] == [job]
    assert len(slept) == 3
