from __future__ import annotations

import numpy as np
import pytest

from cleancut.evaluation.absolute import difference, mean_absolute, mean_squared, sum_absolute


def test_they_are_the_sums_that_their_names_say() -> None:
    random = np.random.default_rng(1)
    matte, truth = random.integers(0, 256, (2, 30, 40), np.uint8)
    wide = matte.astype(float) / 255 - truth.astype(float) / 255
    levels = difference(matte, truth)
    assert mean_absolute(levels) == pytest.approx(np.abs(wide).mean())
    assert mean_squared(levels) == pytest.approx((wide**2).mean())
    assert sum_absolute(levels) == pytest.approx(np.abs(wide).sum() / 1000)


def test_sums_of_large_photos_do_not_overflow() -> None:
    levels = np.full((5000, 4000), 255, np.uint8)
    assert (mean_absolute(levels), mean_squared(levels), sum_absolute(levels)) == (1, 1, 20_000)
