from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest

from cleancut.matting.translucency import translucency
from cleancut.types import Alpha
from tests.matting.masks import disc, noise

SIDE = 300
LEVELS = [0, 10, 30, 49, 50, 51, 75, 99, 100]


def pane(value: float = 0.5, softness: float = 2) -> Alpha:
    return np.asarray(value * disc(SIDE, 80, softness), np.float32)


def glass(value: float = 0.5) -> Alpha:
    """A pane within an opaque rim."""
    rim = np.minimum(disc(SIDE, 110, 2), 1 - disc(SIDE, 80, 2))
    return np.asarray(np.maximum(rim, value * disc(SIDE, 95, 2)), np.float32)


def wanted(value: float, level: int) -> float:
    return 1 - (1 - value) * level / 50 if level < 50 else value * (100 - level) / 50


def distance() -> Alpha:
    down, across = np.mgrid[0:SIDE, 0:SIDE] + 0.5 - SIDE / 2
    return np.asarray(np.hypot(down, across), np.float32)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("value", [0.15, 0.5, 0.9])
@pytest.mark.parametrize("drawn", [pane, glass])
def test_a_pane_lets_through_as_much_as_asked_for_up_to_its_edge(
    drawn: Callable[[float], Alpha], value: float, level: int
) -> None:
    changed = translucency(drawn(value), level)
    np.testing.assert_allclose(changed[distance() < 78], wanted(value, level), atol=2e-3)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("alpha", [pane(), glass(), pane(0.2, 12)], ids=["pane", "glass", "soft"])
def test_clear_and_opaque_stay(alpha: Alpha, level: int) -> None:
    changed = translucency(alpha, level)
    assert np.all(changed[alpha == 0] == 0)
    np.testing.assert_allclose(changed[alpha == 1], 1, atol=1e-6)


@pytest.mark.parametrize("level", [0, 25, 75])
def test_the_panes_own_edge_stays_about_as_soft_as_it_was(level: int) -> None:
    # A pixel that the pane covers in half holds half of what the pane holds; a little more, as the faintest level
    # around is measured where the edge begins. With the curve of the pane itself it would hold nearly all.
    covered = pane(1.0, 6)
    expected = covered * wanted(0.4, level)
    np.testing.assert_allclose(translucency(covered * np.float32(0.4), level), expected, atol=0.13)


@pytest.mark.parametrize("level", [0, 25, 75, 100])
def test_between_pane_and_rim_there_is_no_seam(level: int) -> None:
    row = translucency(glass(), level)[SIDE // 2, SIDE // 2 : SIDE // 2 + 100]
    assert np.all(np.diff(row) >= -2e-3)


@pytest.mark.parametrize("level", [0, 20, 80, 100])
@pytest.mark.parametrize("softness", [1, 3, 6])
def test_the_soft_edge_of_a_subject_stays(softness: float, level: int) -> None:
    alpha = disc(SIDE, 90, softness)
    np.testing.assert_array_equal(translucency(alpha, level), alpha)


@pytest.mark.parametrize("level", [0, 20, 80, 100])
def test_hair_stays(level: int) -> None:
    alpha = np.zeros((SIDE, SIDE), np.float32)
    for turn in np.linspace(0, 2 * np.pi, 120, endpoint=False):
        tip = SIDE / 2 + 130 * np.cos(turn), SIDE / 2 + 130 * np.sin(turn)
        cv2.line(alpha, (SIDE // 2, SIDE // 2), (int(tip[0]), int(tip[1])), 0.7, 1, cv2.LINE_AA)
    alpha = np.maximum(alpha, disc(SIDE, 60, 2))
    np.testing.assert_array_equal(translucency(alpha, level), alpha)


@pytest.mark.parametrize("level", [0, 100])
def test_a_thin_crack_in_the_subject_stays(level: int) -> None:
    alpha = disc(SIDE, 90, 2)
    alpha[149:152, 100:200] = 0.9
    np.testing.assert_array_equal(translucency(alpha, level), alpha)


def test_a_pane_that_is_cleared_leaves_no_outline() -> None:
    large = np.asarray(cv2.resize(pane(), (1500, 1500), interpolation=cv2.INTER_LINEAR), np.float32)
    assert translucency(large, 100).max() < 0.01


def test_faint_haze_beside_the_subject_stays() -> None:
    alpha = np.maximum(disc(SIDE, 60, 2), np.float32(0.03))
    np.testing.assert_array_equal(translucency(alpha, 0), alpha)


@pytest.mark.parametrize("alpha", [pane(), glass(), noise(1, 200, 200) * np.float32(0.1) + np.float32(0.4)])
def test_more_translucency_never_means_more_alpha(alpha: Alpha) -> None:
    mattes = [translucency(alpha, level) for level in LEVELS]
    for less, more in pairwise(mattes):
        assert np.all(more <= less + 1e-6)
    assert mattes[0].mean() > alpha.mean() > mattes[-1].mean()


@pytest.mark.parametrize("level", range(0, 100, 10))
def test_a_small_step_of_the_slider_is_a_small_step_of_the_matte(level: int) -> None:
    alpha = glass(0.3)
    assert np.abs(translucency(alpha, level + 1) - translucency(alpha, level)).max() <= 0.025


def smoke() -> Alpha:
    """Dense in the middle, running out to nothing."""
    return np.asarray(0.8 * np.exp(-np.square(distance()) / 2 / 45**2), np.float32)


@pytest.mark.parametrize("level", [0, 30, 70, 100])
def test_smoke_gets_no_rim(level: int) -> None:
    row = translucency(smoke(), level)[SIDE // 2, SIDE // 2 :]
    assert np.all(np.diff(row) <= 0.01)
    assert np.abs(np.diff(row)).max() < 0.12


def test_a_veil_runs_out_into_hair_without_a_seam() -> None:
    # A veil to the left, stripes like hair to the right, of the same mean.
    alpha = np.full((SIDE, SIDE), 0.5, np.float32)
    alpha[:, 150:] += 0.4 * np.sin(np.arange(150, dtype=np.float32) * np.pi / 2)
    changed = translucency(alpha, 25)
    np.testing.assert_allclose(changed[:, :130], 0.75, atol=2e-3)
    np.testing.assert_array_equal(changed[:, 200:], alpha[:, 200:])
    gain = (changed - alpha)[SIDE // 2, 120:200:2]  # where the stripes cross one half
    assert np.abs(np.diff(gain)).max() < 0.1


@pytest.mark.parametrize("level", [0, 20, 80, 100])
def test_a_large_photo_is_treated_as_a_small_one(level: int) -> None:
    large = np.asarray(cv2.resize(glass(), (1500, 1500), interpolation=cv2.INTER_CUBIC).clip(0, 1), np.float32)
    changed = cv2.resize(translucency(large, level), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    inside = distance() < 78
    np.testing.assert_allclose(changed[inside], wanted(0.5, level), atol=5e-3)
    assert np.all(changed[distance() > 117] == 0)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_it_does_not_matter_how_the_photo_is_turned(turns: int) -> None:
    alpha = np.roll(glass(), (20, -7), (0, 1))
    turned = translucency(np.ascontiguousarray(np.rot90(alpha, turns)), 20)
    np.testing.assert_allclose(turned, np.rot90(translucency(alpha, 20), turns), atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (33, 47), (5, 900)])
@pytest.mark.parametrize("level", [0, 100])
def test_any_size_is_taken_and_values_stay_within_0_and_1(shape: tuple[int, int], level: int) -> None:
    for alpha in (noise(3, *shape), np.full(shape, 0.5, np.float32)):
        changed = translucency(alpha, level)
        assert changed.shape == shape
        assert changed.dtype == np.float32
        assert changed.min() >= 0
        assert changed.max() <= 1


def test_fifty_and_none_are_the_matte_itself_and_the_matte_given_is_left_as_it_was() -> None:
    alpha = glass()
    assert translucency(alpha, 50) is alpha
    assert translucency(alpha, None) is alpha
    translucency(alpha, 10)
    np.testing.assert_array_equal(alpha, glass())
