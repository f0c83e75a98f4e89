from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from cleancut.matting.feather import feather
from cleancut.types import Alpha
from tests.matting.masks import disc, noise, step


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


def plain(alpha: Alpha, pixels: float) -> Alpha:
    """The blur that takes no notice of edges."""
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), pixels / 2, borderType=cv2.BORDER_REPLICATE), np.float32)


def hair() -> Alpha:
    """Strands of two pixels, twenty pixels apart, on a body."""
    alpha = np.zeros((200, 200), np.float32)
    alpha[120:] = 1
    for column in range(10, 200, 20):
        alpha[10:120, column : column + 2] = 0.9
    return alpha


@pytest.mark.parametrize("pixels", [8, 20, 60])
def test_strands_of_hair_are_not_washed_out(pixels: float) -> None:
    alpha = hair()
    away = slice(20, 100 - pixels if pixels < 60 else 40)
    soft = feather(alpha, pixels)
    assert np.abs(soft - alpha)[away, 20:180].max() < 0.1
    assert np.abs(plain(alpha, pixels) - alpha)[away, 20:180].max() > 0.6


def test_the_body_below_the_hair_is_softened_between_the_strands() -> None:
    row = feather(hair(), 4)[:, 101]  # halfway between two strands
    assert 0.3 < row[119] < 0.5 < row[120] < 0.7


@pytest.mark.parametrize("pixels", [12, 30])
def test_small_holes_and_dots_stay(pixels: float) -> None:
    dot = disc(120, 2, 1)
    for alpha in (dot, 1 - dot):
        assert np.abs(feather(alpha, pixels) - alpha).max() < 0.1
        assert np.abs(plain(alpha, pixels) - alpha).max() > 0.5


@pytest.mark.parametrize("pixels", [3, 10, 30])
def test_an_edge_that_is_soft_already_stays(pixels: float) -> None:
    alpha = plain(step(20, 400, 200), 1.5 * pixels)
    np.testing.assert_allclose(feather(alpha, pixels), alpha, atol=8e-3)
    assert np.abs(plain(alpha, pixels) - alpha).max() > 0.02


@pytest.mark.parametrize("pixels", [6, 16])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_a_softer_edge_is_blurred_by_what_it_lacks(pixels: float, share: float) -> None:
    alpha = plain(step(20, 300, 150), share * pixels)
    np.testing.assert_allclose(feather(alpha, pixels)[10], plain(step(20, 300, 150), pixels)[10], atol=0.03)


@pytest.mark.parametrize("pixels", [4, 10])
def test_the_outline_of_a_large_subject_is_softened_as_a_plain_blur_would(pixels: float) -> None:
    alpha = disc(300, 100, 1)
    alpha[:, 150:] = np.where(np.mgrid[0:300, 0:150][0] > 150, 1, alpha[:, 150:])
    np.testing.assert_allclose(feather(alpha, pixels), plain(alpha, pixels), atol=0.06)


@pytest.mark.parametrize("pixels", [6, 16])
@pytest.mark.parametrize("turn", [0.1, 0.5, 1.2])
def test_it_does_not_matter_which_way_an_edge_runs(turn: float, pixels: float) -> None:
    down, across = np.mgrid[0:200, 0:200] - 99.5
    at = down * np.sin(turn) + across * np.cos(turn)
    alpha = np.clip(at + 0.5, 0, 1).astype(np.float32)
    # Away from the frame, whose replicated pixels bend the edge.
    np.testing.assert_allclose(feather(alpha, pixels)[60:140], plain(alpha, pixels)[60:140], atol=0.01)


@pytest.mark.parametrize("pixels", [6, 16])
def test_the_hard_edge_of_glass_is_softened_and_the_glass_stays(pixels: float) -> None:
    alpha = step(20, 200, 100) * np.float32(0.5)
    np.testing.assert_allclose(feather(alpha, pixels), plain(alpha, pixels), atol=0.02)


def test_a_bar_that_is_softened_in_part_shows_no_step() -> None:
    bar = step(20, 300, 140) - step(20, 300, 160)
    rise = np.diff(feather(bar, 24)[10])
    # A mixture of the hard edge and the full blur would keep a quarter of the step.
    assert np.abs(rise).max() < 0.2


def test_wider_never_means_harder() -> None:
    alpha = disc(300, 90, 1)
    slopes = [np.abs(np.diff(feather(alpha, pixels)[150])).max() for pixels in (0, 0.5, 1, 2, 5, 12, 30)]
    for wide, wider in pairwise(slopes):
        assert wider <= wide + 1e-6


def test_the_least_feather_there_is_changes_nothing() -> None:
    alpha = np.tile(np.array([0, 0, 0.5, 1, 1], np.float32), (5, 1))
    assert np.array_equal(feather(alpha, 5e-324), alpha)
