from __future__ import annotations

import numpy as np
import pytest

from cleancut.matting.fill import blurred_background
from cleancut.types import Alpha8, Rgb
from tests.matting.masks import disc

RED, BLUE = (220, 20, 20), (20, 40, 200)


def red_on_blue(side: int, radius: float) -> tuple[Rgb, Alpha8]:
    """A red disc with a soft edge before a blue wall, and its matte."""
    alpha = disc(side, radius, softness=3)
    weight = alpha[..., None]
    rgb = np.rint(weight * RED + (1 - weight) * BLUE).astype(np.uint8)
    return rgb, np.rint(alpha * 255).astype(np.uint8)


@pytest.mark.parametrize("sigma", [0.01, 0.5, 2, 6, 6.01, 20, 150, 1000])
@pytest.mark.parametrize("shape", [(120, 90), (2, 200), (1, 1)])
def test_a_constant_background_stays_constant_for_any_radius(sigma: float, shape: tuple[int, int]) -> None:
    rgb = np.full((*shape, 3), BLUE, np.uint8)
    alpha = np.zeros(shape, np.uint8)
    alpha[: shape[0] // 2] = 200
    blurred = blurred_background(rgb, alpha, sigma)
    assert blurred.dtype == np.uint8
    assert blurred.shape == rgb.shape
    assert np.abs(blurred.astype(int) - BLUE).max() <= 1


@pytest.mark.parametrize("sigma", [2, 6, 12, 40])
def test_no_halo_of_the_subject_shines_around_it(sigma: float) -> None:
    rgb, alpha = red_on_blue(200, 50)
    outside = blurred_background(rgb, alpha, sigma)[alpha == 0]
    # A plain blur puts 100 levels of red beside the disc. What is left comes from the edge's own pixels, which are
    # red and blue in one.
    assert outside[:, 0].max() <= BLUE[0] + 25


def test_the_wall_goes_on_behind_the_subject() -> None:
    rgb, alpha = red_on_blue(200, 20)
    assert np.abs(blurred_background(rgb, alpha, 30).astype(int) - BLUE).max() <= 6


def test_where_everything_is_subject_its_own_colours_fill_in() -> None:
    rgb = np.full((40, 40, 3), RED, np.uint8)
    assert np.abs(blurred_background(rgb, np.full((40, 40), 255, np.uint8), 8).astype(int) - RED).max() <= 1


@pytest.mark.parametrize("sigma", [3, 6.5, 30])
def test_an_edge_of_the_background_is_blurred_by_a_gaussian(sigma: float) -> None:
    # A wall of black and white: σ to the right of the edge a Gaussian has reached 84 %.
    rgb = np.zeros((40, 400, 3), np.uint8)
    rgb[:, 200:] = 255
    row = blurred_background(rgb, np.zeros((40, 400), np.uint8), sigma)[20, :, 0] / 255
    at = np.arange(400) + 0.5 - 200
    np.testing.assert_allclose(np.interp([-sigma, 0, sigma], at, row), [0.159, 0.5, 0.841], atol=0.02)


def test_photo_and_matte_are_left_as_they_were() -> None:
    rgb, alpha = red_on_blue(64, 20)
    before = rgb.copy(), alpha.copy()
    blurred_background(rgb, alpha, 10)
    np.testing.assert_array_equal(rgb, before[0])
    np.testing.assert_array_equal(alpha, before[1])


@pytest.mark.parametrize("sigma", [2, 10])
def test_far_inside_a_wide_subject_the_walls_mean_colour_fills_in(sigma: float) -> None:
    rgb, alpha = red_on_blue(300, 130)
    assert np.abs(blurred_background(rgb, alpha, sigma)[140:160, 140:160].astype(int) - BLUE).max() <= 6
