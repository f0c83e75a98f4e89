from __future__ import annotations

import numpy as np
import pytest

from cleancut.options import Options
from cleancut.steps.adjust import adjust
from cleancut.types import Matte
from tests.matting.masks import disc, noise, step


def matte() -> Matte:
    return Matte(step(40, 80, 40), subject=True, confidence=1.0)


def test_by_default_the_matte_stays_as_it_is() -> None:
    as_estimated = Matte(noise(1), subject=True, confidence=0.9)
    np.testing.assert_array_equal(adjust(as_estimated, Options()), as_estimated.alpha)


def test_the_edge_is_moved_by_the_pixels_asked_for() -> None:
    np.testing.assert_array_equal(adjust(matte(), Options(edge_shift=5)), step(40, 80, 35))
    np.testing.assert_array_equal(adjust(matte(), Options(edge_shift=-5)), step(40, 80, 45))


def test_the_edge_is_softened_by_the_pixels_asked_for() -> None:
    row = adjust(matte(), Options(feather=8))[20]
    assert 0.01 < row[33] < 0.1
    assert 0.9 < row[46] < 0.99


def test_the_edge_is_moved_before_it_is_softened() -> None:
    # The other way round, shifting would saturate half of the soft edge's values into a hard plateau.
    both = adjust(matte(), Options(edge_shift=6, feather=8))
    softened = adjust(Matte(step(40, 80, 34), subject=True, confidence=1.0), Options(feather=8))
    np.testing.assert_array_equal(both, softened)


def test_dots_that_are_shrunk_away_leave_no_blur_behind() -> None:
    dot = np.zeros((40, 40), np.float32)
    dot[19:21, 19:21] = 1
    adjusted = adjust(Matte(dot, subject=True, confidence=1.0), Options(edge_shift=-2, feather=10))
    assert not adjusted.any()


def with_dust() -> Matte:
    alpha = step(80, 160, 80)
    alpha[30:34, 20:24] = 1
    alpha[30:34, 110:114] = 0
    return Matte(alpha, subject=True, confidence=1.0)


def test_specks_and_holes_up_to_the_pixels_asked_for_are_cleared() -> None:
    np.testing.assert_array_equal(adjust(with_dust(), Options(clean=4)), step(80, 160, 80))
    np.testing.assert_array_equal(adjust(with_dust(), Options(clean=3)), with_dust().alpha)


@pytest.mark.parametrize("shift", [-6, -1, 1, 60])
def test_specks_are_measured_before_the_edge_is_moved(shift: float) -> None:
    adjusted = adjust(with_dust(), Options(clean=4, edge_shift=shift))
    np.testing.assert_array_equal(adjusted, step(80, 160, 80 - int(shift)))


@pytest.mark.parametrize("invert", [False, True])
def test_specks_are_the_subjects_also_when_the_background_is_kept(invert: bool) -> None:
    cleaned = adjust(Matte(with_dust().alpha[:, :100], subject=True, confidence=1.0), Options(clean=4, invert=invert))
    np.testing.assert_array_equal(cleaned, np.abs(step(80, 100, 80) - np.float32(invert)))


@pytest.mark.parametrize(("level", "expected"), [(0, 1), (25, 0.7), (50, 0.4), (None, 0.4), (75, 0.2), (100, 0)])
def test_glass_lets_through_as_much_as_asked_for(level: int | None, expected: float) -> None:
    glass = Matte(disc(200, 70, 2) * np.float32(0.4), subject=True, confidence=1.0)
    assert adjust(glass, Options(translucency=level))[100, 100] == pytest.approx(expected, abs=1e-3)
    both = adjust(glass, Options(translucency=level, invert=True))
    assert both[100, 100] == pytest.approx(1 - expected, abs=1e-3)


def test_an_edge_that_is_softened_does_not_pass_for_glass() -> None:
    wide = Matte(step(200, 400, 200), subject=True, confidence=1.0)
    options = {"feather": 40.0, "edge_shift": 10.0}
    both = adjust(wide, Options(translucency=0, **options))  # type: ignore[arg-type]
    np.testing.assert_array_equal(both, adjust(wide, Options(**options)))  # type: ignore[arg-type]


def test_inverting_comes_last_and_turns_the_matte_inside_out() -> None:
    options = {"edge_shift": 3.0, "feather": 4.0}
    upright = adjust(matte(), Options(**options))  # type: ignore[arg-type]
    inverted = adjust(matte(), Options(invert=True, **options))  # type: ignore[arg-type]
    np.testing.assert_allclose(inverted, 1 - upright, atol=1e-6)
    assert inverted.dtype == np.float32


def test_the_matte_itself_is_left_for_the_next_rendering() -> None:
    given = matte()
    before = given.alpha.copy()
    adjust(given, Options(clean=3, translucency=20, edge_shift=3, feather=4, invert=True))
    np.testing.assert_array_equal(given.alpha, before)
