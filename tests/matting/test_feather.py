from __future__ import annotations

import numpy as np
import pytest

from cleancut.matting.feather import feather
from tests.matting.masks import noise, step


@pytest.mark.parametrize("pixels", [0.1, 1, 25, 200])
@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_constant_matte_stays_constant(value: float, pixels: float) -> None:
    alpha = np.full((20, 30), value, np.float32)
    np.testing.assert_allclose(feather(alpha, pixels), alpha, atol=1e-5)


def test_zero_is_the_matte_itself() -> None:
    alpha = noise(1)
    np.testing.assert_array_equal(feather(alpha, 0), alpha)


@pytest.mark.parametrize("pixels", [2, 6, 20])
def test_a_straight_edge_fades_over_the_width_on_each_side(pixels: int) -> None:
    middle = 100
    row = feather(step(9, 2 * middle, middle), pixels)[4]
    # Pixel i covers i .. i+1, so that the edge lies between two pixel centres.
    at = np.arange(2 * middle) + 0.5 - middle
    reached = np.interp([-pixels, 0, pixels], at, row)
    np.testing.assert_allclose(reached, [0.0228, 0.5, 0.9772], atol=0.01)
    assert row[middle - 2 * pixels - 1] < 0.001
    assert row[middle + 2 * pixels] > 0.999


@pytest.mark.parametrize("pixels", [1, 7.5])
def test_the_mean_of_a_straight_edge_is_kept(pixels: float) -> None:
    alpha = step(9, 120, 60)
    assert feather(alpha, pixels).mean() == pytest.approx(alpha.mean(), abs=1e-4)


def test_a_feathered_edge_rises_all_the_way() -> None:
    row = feather(step(5, 80, 40), 10)[2]
    assert np.all(np.diff(row) >= -1e-6)


def test_a_subject_that_the_frame_cuts_stays_cut_there() -> None:
    alpha = np.zeros((60, 60), np.float32)
    alpha[30:] = 1
    soft = feather(alpha, 6)
    assert np.all(soft[-1] > 0.999)
    np.testing.assert_allclose(soft[:, 0], soft[:, 30], atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (33, 47)])
def test_any_size_is_taken_and_values_stay_within_0_and_1(shape: tuple[int, int]) -> None:
    soft = feather(noise(3, *shape), 200)
    assert soft.shape == shape
    assert soft.dtype == np.float32
    assert soft.min() >= 0
    assert soft.max() <= 1


def test_the_matte_given_is_left_as_it_was() -> None:
    alpha = noise(4)
    before = alpha.copy()
    feather(alpha, 3)
    np.testing.assert_array_equal(alpha, before)
