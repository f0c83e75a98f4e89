from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cleancut.evaluation.s_measure import s_measure
from tests.evaluation.sets import disc, solid

Plane = NDArray[np.float64]


def reference(matte: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Fan et al., ICCV 2017, on the pixels themselves."""
    x = (matte - matte.min()) / (int(matte.max()) - int(matte.min()))
    y = (truth > 128).astype(float)

    def objects(values: Plane) -> float:
        return float(2 * values.mean() / (values.mean() ** 2 + 1 + values.std(ddof=1)))

    def ssim(x: Plane, y: Plane) -> float:
        if x.std() == 0 and y.std() == 0 and 4 * x.mean() * y.mean() == 0 and x.mean() == y.mean():
            return 1.0
        n = x.size - 1
        xx, yy = ((x - x.mean()) ** 2).sum() / n, ((y - y.mean()) ** 2).sum() / n
        xy = ((x - x.mean()) * (y - y.mean())).sum() / n
        above = 4 * x.mean() * y.mean() * xy
        return float(above / ((x.mean() ** 2 + y.mean() ** 2) * (xx + yy))) if above else float(xx + yy == 0)

    share = y.mean()
    first = share * objects(x[y == 1]) + (1 - share) * objects(1 - x[y == 0])
    row, column = (int(each) + 1 for each in np.argwhere(y).mean(axis=0).round())
    second = 0.0
    for rows in (slice(None, row), slice(row, None)):
        for columns in (slice(None, column), slice(column, None)):
            second += x[rows, columns].size / x.size * ssim(x[rows, columns], y[rows, columns])
    return float((first + second) / 2)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_that_of_fan_et_al(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth = np.roll(disc(14), (9 * seed - 5, 7 * seed), axis=(0, 1))
    noisy = disc(18).astype(float) * 0.7 + random.normal(40, 20, truth.shape)
    matte = np.clip(noisy, 3, 250).astype(np.uint8)
    assert s_measure(matte, truth) == pytest.approx(reference(matte, truth))


def test_its_ends() -> None:
    truth = solid(20)
    assert s_measure(truth, truth) == pytest.approx(1)
    assert s_measure(255 - truth, truth) == pytest.approx(0, abs=0.01)


def test_a_truth_of_one_value_asks_for_the_mean_alone() -> None:
    matte = np.zeros((10, 10), np.uint8)
    matte[:2] = 255
    assert s_measure(matte, np.zeros_like(matte)) == pytest.approx(0.8)
    assert s_measure(matte, np.full_like(matte, 255)) == pytest.approx(0.2)


def test_a_subject_in_the_corner_leaves_parts_without_pixels() -> None:
    truth = np.zeros((10, 10), np.uint8)
    truth[9, 9] = 255
    assert s_measure(truth, truth) > 0.9
