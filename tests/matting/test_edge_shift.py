from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from cleancut.matting.edge_shift import edge_shift
from cleancut.types import Alpha
from tests.matting.masks import noise, step


@pytest.mark.parametrize("pixels", [-7.5, -1, 0, 0.25, 3, 40])
@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_constant_matte_stays_constant(value: float, pixels: float) -> None:
    alpha = np.full((20, 30), value, np.float32)
    np.testing.assert_allclose(edge_shift(alpha, pixels), alpha, atol=1e-6)


def test_zero_is_the_matte_itself() -> None:
    alpha = noise(1)
    np.testing.assert_array_equal(edge_shift(alpha, 0), alpha)


@pytest.mark.parametrize("pixels", [-9, -2, -1, 1, 2, 9])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_straight_edge_moves_by_whole_pixels(pixels: int, turns: int) -> None:
    before = np.rot90(step(40, 40, 20), turns)
    after = np.rot90(step(40, 40, 20 - pixels), turns)
    np.testing.assert_array_equal(edge_shift(np.ascontiguousarray(before), pixels), after)


@pytest.mark.parametrize("pixels", [0.25, 1.5, 6.75])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_fraction_of_a_pixel_moves_the_edge_by_that_much(pixels: float, sign: int) -> None:
    alpha = step(30, 40, 20)
    moved = edge_shift(alpha, sign * pixels)
    np.testing.assert_allclose(moved.sum(axis=1) - alpha.sum(axis=1), sign * pixels, atol=1e-5)


def test_an_edge_keeps_its_softness() -> None:
    ramp = np.clip((np.arange(60) - 24) / 12, 0, 1).astype(np.float32)
    moved = edge_shift(np.tile(ramp, (9, 1)), 5)
    np.testing.assert_allclose(moved[:, 10:50], np.tile(ramp[15:55], (9, 1)), atol=1e-6)


def test_further_never_means_less() -> None:
    alpha = noise(2)
    steps = [edge_shift(alpha, pixels) for pixels in (-6, -2.5, -2, -0.5, 0, 0.1, 1, 1.9, 2, 7)]
    for less, more in pairwise(steps):
        assert np.all(less <= more + 1e-6)


@pytest.mark.parametrize("pixels", [-200, -3.7, 0.3, 5.5, 200])
def test_values_stay_within_0_and_1(pixels: float) -> None:
    moved = edge_shift(noise(3), pixels)
    assert moved.dtype == np.float32
    assert moved.min() >= 0
    assert moved.max() <= 1


def test_growth_is_round_rather_than_square() -> None:
    dot = np.zeros((61, 61), np.float32)
    dot[30, 30] = 1
    grown = edge_shift(dot, 20)
    down, across = np.nonzero(grown > 0.5)
    reach = np.hypot(down - 30, across - 30)
    # An octagon of this kind is within 12 % of a circle; a square reaches 41 % further at its corners.
    assert 20 <= reach.max() <= 20 * 1.13
    assert grown[30, 10] == grown[10, 30] == 1


@pytest.mark.parametrize("pixels", [-5, 5])
def test_a_subject_that_the_frame_cuts_stays_cut_there(pixels: int) -> None:
    alpha = np.zeros((40, 40), np.float32)
    alpha[20:, :] = 1
    moved = edge_shift(alpha, pixels)
    assert np.all(moved[-1] == 1)
    assert np.all(moved[:, 0] == moved[:, 20])


def test_the_matte_given_is_left_as_it_was() -> None:
    alpha: Alpha = noise(4)
    before = alpha.copy()
    edge_shift(alpha, 2.5)
    np.testing.assert_array_equal(alpha, before)
