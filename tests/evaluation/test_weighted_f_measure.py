from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cleancut.evaluation.weighted_f_measure import weighted_f_measure
from tests.evaluation.sets import disc, solid

Array = NDArray[np.uint8]


def reference(matte: Array, truth: Array) -> float:
    """Margolin et al., CVPR 2014, pixel by pixel."""
    x = (matte - matte.min()) / (int(matte.max()) - int(matte.min()))
    y = truth > 128
    error = np.abs(x - y)
    inside = np.argwhere(y)
    spread, distance = error.copy(), np.zeros(y.shape)
    for at in map(tuple, np.argwhere(~y)):
        squares = ((inside - at) ** 2).sum(axis=1)
        spread[at] = error[tuple(inside[squares.argmin()])]
        distance[at] = np.sqrt(squares.min())
    side = np.exp(-(np.arange(-3, 4) ** 2) / 50)
    window = np.outer(side, side) / side.sum() ** 2
    padded = np.pad(spread, 3)
    smooth = np.zeros(y.shape)
    for row, column in np.ndindex(7, 7):
        smooth += window[row, column] * padded[row : row + y.shape[0], column : column + y.shape[1]]
    error = np.where(y & (smooth < error), smooth, error) * np.where(y, 1, 2 - np.exp(np.log(0.5) / 5 * distance))
    hits = y.sum() - error[y].sum()
    recall, precision = 1 - error[y].mean(), hits / (hits + error[~y].sum())
    return float(2 * recall * precision / (recall + precision))


@pytest.mark.parametrize("seed", range(3))
def test_it_is_that_of_margolin_et_al(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth = disc(10, 40, 50)
    matte = np.clip(disc(12, 40, 50) * 0.7 + random.normal(40, 20, truth.shape), 0, 255).astype(np.uint8)
    assert weighted_f_measure(matte, truth) == pytest.approx(reference(matte, truth), abs=1e-3)


def test_a_false_alarm_far_away_costs_more() -> None:
    truth = disc(10, 40, 80)
    near, far = truth.copy(), truth.copy()
    near[15:25, 51:54] = 255
    far[15:25, 72:75] = 255
    assert weighted_f_measure(far, truth) < weighted_f_measure(near, truth) < 1


def test_its_ends() -> None:
    truth = solid(15)
    assert weighted_f_measure(truth, truth) == pytest.approx(1)
    assert weighted_f_measure(255 - truth, truth) == pytest.approx(0, abs=0.02)
    assert weighted_f_measure(truth, np.zeros_like(truth)) == 0
