from __future__ import annotations

import numpy as np
import pytest

from cleancut.evaluation.bootstrap import geometric_ratio, mean, mean_difference


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    covered = 0
    for _ in range(100):
        found = mean(random.normal(3, 1, 40).tolist())
        covered += found.low <= 3 <= found.high
    # 95 % of 100, less what 40 photos are too few for, give or take three standard deviations.
    assert 86 <= covered <= 99


def test_it_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(6).normal(0, 1, 400)
    found = mean(values.tolist())
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.05)


def test_equal_scores_have_a_ratio_of_exactly_one() -> None:
    scores = [0.0, 1e-9, 0.03, 0.7, 12.0]
    found = geometric_ratio(scores, scores)
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_a_ratio_is_the_geometric_mean_of_the_photos_ratios() -> None:
    found = geometric_ratio([0.1, 0.4, 0.02], [0.2, 0.2, 0.02])
    assert found.value == pytest.approx(1, rel=1e-4)
    assert found.low == pytest.approx(0.5, rel=1e-4)
    assert found.high == pytest.approx(2, rel=1e-4)


def test_photos_are_resampled_in_pairs() -> None:
    baseline = np.linspace(0.001, 0.9, 30)
    found = geometric_ratio((baseline * 0.9).tolist(), baseline.tolist())
    # However much the photos differ, the ratio is the same in all.
    assert found.low == pytest.approx(found.high, rel=1e-3)
    assert found.high < 0.91


def test_perfect_mattes_divide_nothing_by_zero() -> None:
    found = geometric_ratio([0.0, 0.1], [0.0, 0.0])
    assert np.isfinite([found.value, found.low, found.high]).all()
    assert found.low == 1


def test_a_difference_is_the_candidates_less_the_baselines() -> None:
    found = mean_difference([0.9, 0.8, 1.0], [0.8, 0.8, 0.8])
    assert found.value == pytest.approx(0.1)
    assert (found.low, found.high) == pytest.approx((0, 0.2))


def test_the_same_numbers_give_the_same_interval() -> None:
    values = [0.3, 0.1, 0.9, 0.4]
    assert mean(values) == mean(list(values))


def test_one_photo_has_no_spread() -> None:
    found = mean([0.25])
    assert (found.value, found.low, found.high) == (0.25, 0.25, 0.25)
