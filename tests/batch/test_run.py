"""What one picture's failure means for the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from cleancut.batch.plan import Job
from cleancut.batch.run import Outcome, at_a_time, run
from cleancut.errors import CleancutError, HomeUnwritable, InferenceFailed, NoSubject, WeightsUnavailable
from cleancut.options import Limits, Options
from cleancut.remover import Remover
from cleancut.steps.decode import from_image
from cleancut.types import Matte, Picture, Result


class Failing:
    """A remover that meets an error at every picture."""

    options = Options()

    def __init__(self, error: Callable[[], Exception]) -> None:
        self.error = error
        self.calls = 0

    def cut(self, data: bytes, report: object) -> None:
        self.calls += 1
        raise self.error()


def planned(folder: Path, names: Iterable[str]) -> list[Job]:
    jobs = []
    for name in names:
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / f"{name}.png")
        jobs.append(Job(str(folder / f"{name}.png"), folder / "out" / f"{name}.png"))
    return jobs


def working(jobs: Iterable[Job], remover: object, at_once: int) -> Iterator[Outcome]:
    return run(jobs, cast("Remover", remover), "skip", Limits(), lambda what, done, total: None, at_once)


def outcomes(folder: Path, remover: Failing, at_once: int) -> list[Outcome]:
    return list(working(planned(folder, "abc"), remover, at_once))


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize(
    ("error", "calls"),
    [(InferenceFailed, 3), (NoSubject, 3), (WeightsUnavailable, 1), (HomeUnwritable, 1)],
)
def test_only_a_model_that_is_not_to_be_had_ends_the_batch(
    tmp_path: Path, error: type[CleancutError], calls: int, at_once: int
) -> None:
    remover = Failing(lambda: error("what is wrong", hint="what to do"))
    ended = outcomes(tmp_path, remover, at_once)
    assert remover.calls == calls
    assert [(each.status, type(each.error)) for each in ended] == [("failed", error)] * 3


def test_a_picture_that_takes_too_much_memory_fails_alone(tmp_path: Path) -> None:
    remover = Failing(MemoryError)
    ended = outcomes(tmp_path, remover, 1)
    assert remover.calls == 3
    assert [each.error.code for each in ended if each.error] == ["image_too_large"] * 3


class Slow:
    """A remover that takes a while, and longer for the first; notes how many pictures it has at a time."""

    options = Options()

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.here = self.most = self.calls = 0

    def cut(self, data: bytes, report: object) -> Result:
        with self.lock:
            self.calls += 1
            self.here += 1
            self.most = max(self.most, self.here)
            # The second picture outlasts those after it.
            delay = 0.2 if self.calls == 2 else 0.01
        time.sleep(delay)
        with self.lock:
            self.here -= 1
        source = from_image(Image.new("RGB", (4, 4)))
        matte = Matte(np.ones((4, 4), np.float32), subject=True, confidence=1.0)
        picture = Picture(np.zeros((4, 4, 4), np.uint8), source.metadata)
        return Result(picture, matte, source, "fake", "cpu", "CPUExecutionProvider", "fp32", {}, ())


class TestSeveralAtATime:
    NAMES = "abcdefghijkl"

    def test_outcomes_come_in_order_and_every_file_is_written(self, tmp_path: Path) -> None:
        jobs = planned(tmp_path, self.NAMES)
        remover = Slow()
        ended = list(working(jobs, remover, 3))
        assert [each.job for each in ended] == jobs
        assert {each.status for each in ended} == {"done"}
        assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == list(self.NAMES)
        assert remover.most == 3

    def test_no_more_is_begun_than_a_bound_whatever_the_number_of_jobs(self, tmp_path: Path) -> None:
        begun: list[Job] = []

        def counted() -> Iterator[Job]:
            for job in planned(tmp_path, self.NAMES):
                begun.append(job)
                yield job

        work = working(counted(), Slow(), 2)
        next(work)
        next(work)
        assert len(begun) <= 1 + 1 + 2 * 2
        work.close()  # type: ignore[attr-defined]

    def test_what_is_left_when_the_caller_ends_is_not_begun(self, tmp_path: Path) -> None:
        remover = Slow()
        work = working(planned(tmp_path, self.NAMES), remover, 2)
        next(work)
        next(work)
        work.close()  # type: ignore[attr-defined]
        calls = remover.calls
        assert calls < len(self.NAMES)
        time.sleep(0.05)
        assert remover.calls == calls

    @pytest.mark.parametrize(
        ("wanted", "jobs", "expected"), [(None, 1, 1), (None, 9, 3), (2, 9, 2), (8, 3, 3), (1, 9, 1)]
    )
    def test_how_many_at_a_time(self, wanted: int | None, jobs: int, expected: int) -> None:
        assert at_a_time(wanted, jobs) == expected
