"""What a process holds of memory, and what becomes of it."""

from __future__ import annotations

import os

import pytest

from cleancut.bench.memory import growth, held_bytes


@pytest.mark.parametrize(
    ("held", "after", "expected"),
    [
        ([9, 9, 100, 100, 100, 104], 2, 1.04),
        ([1, 1, 100, 80, 90, 90], 2, 0.9),
        ([900, 100, 100, 110, 90], 1, 1.1),
        ([None] * 6, 2, None),
        ([5], 0, None),
        ([1], 1, None),
    ],
)
def test_growth_is_of_what_follows_the_beginning(held: list[int | None], after: int, expected: float | None) -> None:
    assert growth(held, after) == (None if expected is None else pytest.approx(expected))


def test_a_process_is_asked_by_its_number() -> None:
    own, by_number = held_bytes(), held_bytes(os.getpid())
    assert own is not None
    assert by_number is not None
    assert abs(own - by_number) < 50_000_000
    assert held_bytes(2**30) is None
