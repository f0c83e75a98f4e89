"""A folder of photos in one process."""

from __future__ import annotations

from cleancut.bench.folder import Folder


def folder(seconds: list[float], held: list[int | None], session: float = 0.5) -> Folder:
    return Folder(tuple(seconds), tuple(held), session, 0)


def test_the_first_picture_does_not_count() -> None:
    found = folder([0.0, 1.0, 2.0, 3.0, 4.0], [1] * 5)
    assert found.rate == 1.0
    assert found.of_the_session == 0.5
