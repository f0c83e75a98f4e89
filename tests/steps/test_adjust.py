from __future__ import annotations

import numpy as np

from cleancut.options import Options
from cleancut.steps.adjust import adjust
from cleancut.types import Matte
from tests.matting.masks import noise, step


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


def test_inverting_comes_last_and_turns_the_matte_inside_out() -> None:
    options = {"edge_shift": 3.0, "feather": 4.0}
    upright = adjust(matte(), Options(**options))  # type: ignore[arg-type]
    inverted = adjust(matte(), Options(invert=True, **options))  # type: ignore[arg-type]
    np.testing.assert_allclose(inverted, 1 - upright, atol=1e-6)
    assert inverted.dtype == np.float32


def test_the_matte_itself_is_left_for_the_next_rendering() -> None:
    given = matte()
    before = given.alpha.copy()
    adjust(given, Options(edge_shift=3, feather=4, invert=True))
    np.testing.assert_array_equal(given.alpha, before)
