from __future__ import annotations

import numpy as np

from cleancut.matting.agree import agree
from cleancut.types import Alpha


def flat(value: float) -> Alpha:
    return np.full((60, 60), value, np.float32)


def test_the_decided_one_wins() -> None:
    assert agree([flat(0.55), flat(1)])[30, 30] > 0.98
    assert agree([flat(0.45), flat(0)])[30, 30] < 0.02


def test_equals_meet_in_the_middle() -> None:
    np.testing.assert_allclose(agree([flat(0), flat(1)]), 0.5, atol=1e-6)


def test_what_all_say_is_said() -> None:
    mask = np.random.default_rng(0).random((60, 60), np.float32)
    np.testing.assert_allclose(agree([mask, mask, mask]), mask, atol=1e-6)
    assert agree([mask]) is mask


def test_decided_here_is_not_decided_there() -> None:
    first, second = flat(0.6), flat(0.6)
    first[:, :10], second[:, -10:] = 1, 0
    found = agree([first, second])
    assert found[30, 2] > 0.8
    assert found[30, -3] < 0.2
