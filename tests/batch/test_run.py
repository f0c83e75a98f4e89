"""What one picture's failure means for the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from cleancut.batch.plan import Job
from cleancut.batch.run import Outcome, run
from cleancut.errors import CleancutError, HomeUnwritable, InferenceFailed, NoSubject, WeightsUnavailable
from cleancut.options import Limits, Options
from cleancut.remover import Remover


class Failing:
    """A remover that meets an error at every picture."""

    options = Options()

    def __init__(self, error: Callable[[], Exception]) -> None:
        self.error = error
        self.calls = 0

    def cut(self, data: bytes, report: object) -> None:
        self.calls += 1
        raise self.error()


def outcomes(folder: Path, remover: Failing) -> list[Outcome]:
    jobs = []
    for name in ("a", "b", "c"):
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / f"{name}.png")
        jobs.append(Job(str(folder / f"{name}.png"), folder / "out" / f"{name}.png"))
    return list(run(jobs, cast("Remover", remover), "skip", Limits(), lambda what, done, total: None))


@pytest.mark.parametrize(
    ("error", "calls"),
    [(InferenceFailed, 3), (NoSubject, 3), (WeightsUnavailable, 1), (HomeUnwritable, 1)],
)
def test_only_a_model_that_is_not_to_be_had_ends_the_batch(
    tmp_path: Path, error: type[CleancutError], calls: int
) -> None:
    remover = Failing(lambda: error("what is wrong", hint="what to do"))
    ended = outcomes(tmp_path, remover)
    assert remover.calls == calls
    assert [(each.status, type(each.error)) for each in ended] == [("failed", error)] * 3


def test_a_picture_that_takes_too_much_memory_fails_alone(tmp_path: Path) -> None:
    remover = Failing(MemoryError)
    ended = outcomes(tmp_path, remover)
    assert remover.calls == 3
    assert [each.error.code for each in ended if each.error] == ["image_too_large"] * 3
