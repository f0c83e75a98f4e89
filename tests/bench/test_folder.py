"""A folder of photos in one process."""

from __future__ import annotations

import pytest

from cleancut.bench.folder import Folder


def folder(seconds: list[float], held: list[int | None], session: float = 0.5) -> Folder:
    return Folder(tuple(seconds), tuple(held), session, 0)


def test_the_first_picture_does_not_count() -> None:
    found = folder([0.0, 1.0, 2.0, 3.0, 4.0], [1] * 5)
    assert found.rate == 1.0
    assert found.of_the_session == 0.5


@pytest.mark.parametrize(
    ("held", "after", "growth"),
    [
        ([9, 9, 100, 100, 100, 104], 2, 1.04),
        ([1, 1, 100, 80, 90, 90], 2, 0.9),
        ([None] * 6, 2, None),
        ([5], 0, None),
    ],
)
def test_growth_is_of_what_follows_the_first_pictures(held: list[int | None], after: int, growth: float | None) -> None:
    found = folder([float(each) for each in range(len(held))], held)
    assert found.growth(after) == (None if growth is None else pytest.approx(growth))
