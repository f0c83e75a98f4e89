from __future__ import annotations

import numpy as np
import pytest

from cleancut.evaluation.levels import at_adaptive_threshold, at_thresholds, levels_of, stretched
from tests.evaluation.sets import disc


def test_the_range_of_a_matte_becomes_the_whole() -> None:
    values = stretched(np.array([[51, 102], [153, 204]], np.uint8))
    assert values[[51, 102, 153, 204]].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_a_matte_of_one_value_keeps_it() -> None:
    assert stretched(np.full((3, 3), 51, np.uint8))[51] == 0.2


def test_positives_at_each_threshold_are_counted() -> None:
    random = np.random.default_rng(2)
    matte, truth = random.integers(0, 256, (40, 50), np.uint8), disc(15, 40, 50)
    matte[0, :2] = 0, 255
    levels = levels_of(matte, truth)
    hits, alarms = at_thresholds(levels)
    # Whole levels times 255 may be cut down to the one below.
    place = (matte / 255 * 255).astype(np.uint8)
    for threshold in (0, 1, 17, 128, 254, 255):
        found = place >= threshold
        assert hits[255 - threshold] == (found & (truth > 128)).sum()
        assert alarms[255 - threshold] == (found & (truth <= 128)).sum()
    assert levels.mean == pytest.approx(matte.mean() / 255)


def test_the_adaptive_threshold_is_twice_the_mean_but_at_most_one() -> None:
    matte = np.zeros((10, 10), np.uint8)
    matte[0], matte[1] = 255, 40
    truth = np.zeros((10, 10), np.uint8)
    truth[:2] = 255
    # Twice the mean is 0.23, above 40 / 255.
    assert at_adaptive_threshold(levels_of(matte, truth)) == (10, 0)
    matte[2:] = 255
    assert at_adaptive_threshold(levels_of(matte, truth)) == (10, 80)
