from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from cleancut.matting.clean import clean
from cleancut.types import Alpha
from tests.matting.masks import disc, noise

SIDE = 320
# Centres, in rows and columns, of what is drawn beside the subject, a disc of radius 100 in the middle, and into it.
BESIDE = {3: (25, 30), 10: (30, 160), 40: (40, 270)}
INSIDE = {3: (120, 120), 10: (120, 200), 40: (190, 160)}


def dot(size: float, at: tuple[int, int], softness: float = 3) -> Alpha:
    """A disc of a diameter as wide as ``size``, on a matte of its own."""
    return np.roll(disc(SIDE, size / 2, softness), (at[0] - SIDE // 2, at[1] - SIDE // 2), (0, 1))


def subject(softness: float = 8) -> Alpha:
    return disc(SIDE, 100, softness)


def scene(strength: float = 1.0) -> Alpha:
    alpha = subject()
    for size, at in BESIDE.items():
        alpha = np.maximum(alpha, strength * dot(size, at))
    for size, at in INSIDE.items():
        alpha = np.minimum(alpha, 1 - strength * dot(size, at))
    return alpha.astype(np.float32)


@pytest.mark.parametrize("strength", [0.1, 0.4, 1.0])
@pytest.mark.parametrize(("pixels", "cleared"), [(1, []), (5, [3]), (10, [3, 10]), (39, [3, 10]), (41, [3, 10, 40])])
def test_specks_and_holes_up_to_the_size_go_with_their_soft_surroundings(
    pixels: float, cleared: list[int], strength: float
) -> None:
    expected = subject()
    for size, at in BESIDE.items():
        if size not in cleared:
            expected = np.maximum(expected, np.float32(strength) * dot(size, at))
    for size, at in INSIDE.items():
        if size not in cleared:
            expected = np.minimum(expected, 1 - np.float32(strength) * dot(size, at))
    np.testing.assert_allclose(clean(scene(strength), pixels), expected, atol=1e-6)


@pytest.mark.parametrize("sigma", [1, 3, 6])
def test_of_a_blurred_speck_nothing_is_left_that_8_bits_show(sigma: float) -> None:
    speck = cv2.GaussianBlur(dot(9, (30, 40), softness=1), (0, 0), sigma)
    cleaned = clean(np.asarray(np.maximum(subject(), speck), np.float32), 20)
    np.testing.assert_allclose(cleaned, subject(), atol=1 / 510)


def test_what_stays_keeps_its_value_to_the_last_bit() -> None:
    before, after = scene(), clean(scene(), 20)
    changed = before != after
    for at in (*(BESIDE[size] for size in (3, 10)), *(INSIDE[size] for size in (3, 10))):
        assert changed[at]
        changed[at[0] - 9 : at[0] + 10, at[1] - 9 : at[1] + 10] = False
    assert not changed.any()


def test_the_largest_part_stays_however_small_it_is() -> None:
    alpha = np.maximum(dot(12, (100, 100)), dot(9, (100, 200)))
    cleaned = clean(alpha, 50)
    np.testing.assert_array_equal(cleaned, dot(12, (100, 100)))


def test_an_empty_and_a_full_matte_stay() -> None:
    for value in (0.0, 0.01, 0.5, 1.0):
        alpha = np.full((20, 30), value, np.float32)
        np.testing.assert_array_equal(clean(alpha, 7), alpha)


def test_a_ring_keeps_a_hole_that_is_larger() -> None:
    ring = np.minimum(disc(SIDE, 60, 3), 1 - disc(SIDE, 15, 3)).astype(np.float32)
    np.testing.assert_array_equal(clean(ring, 29), ring)
    np.testing.assert_allclose(clean(ring, 31), disc(SIDE, 60, 3), atol=1e-6)


def test_a_hole_that_the_frame_cuts_is_no_hole() -> None:
    alpha = np.ones((60, 60), np.float32)
    alpha[20:24, :4] = 0
    np.testing.assert_array_equal(clean(alpha, 20), alpha)


def test_a_speck_at_the_frame_is_one() -> None:
    alpha = subject()
    alpha[:3, :5] = 1
    np.testing.assert_array_equal(clean(alpha, 5), subject())


def test_a_speck_in_a_hole_goes_and_the_hole_stays_or_goes_as_one() -> None:
    alpha = np.minimum(subject(), 1 - dot(30, (160, 160)))
    speckled = np.maximum(alpha, dot(6, (160, 160), softness=1)).astype(np.float32)
    np.testing.assert_array_equal(clean(speckled, 8), alpha)
    np.testing.assert_allclose(clean(speckled, 31), subject(), atol=1e-6)


def test_a_strand_of_hair_that_hangs_on_the_subject_stays() -> None:
    alpha = subject()
    strand = np.zeros_like(alpha)
    cv2.line(strand, (160, 62), (190, 10), 0.9, 1, cv2.LINE_AA)
    strand[40:44] = np.minimum(strand[40:44], 0.05)  # all but lost on the way
    alpha = np.maximum(alpha, strand)
    np.testing.assert_array_equal(clean(alpha, 45), alpha)


def test_a_torn_strand_counts_with_its_length() -> None:
    strand = np.zeros((SIDE, SIDE), np.float32)
    strand[10:12, 100:160] = 0.8
    alpha = np.maximum(subject(), strand)
    np.testing.assert_array_equal(clean(alpha, 59), alpha)
    np.testing.assert_array_equal(clean(alpha, 60), subject())


def test_a_torn_strand_that_runs_askew_is_one_part() -> None:
    alpha = np.maximum(subject(), 0)
    alpha[np.arange(10, 30), np.arange(10, 30)] = 0.8
    np.testing.assert_array_equal(clean(alpha, 19), alpha)
    assert not clean(alpha, 20)[:30, :30].any()


def test_a_speck_takes_nothing_of_the_subjects_own_soft_edge() -> None:
    alpha = np.asarray(cv2.GaussianBlur(subject(1), (0, 0), 3), np.float32)
    speckled = alpha.copy()
    speckled[158:162, 274:278] = 1  # 14 pixels beside the edge
    np.testing.assert_allclose(clean(speckled, 40), alpha, atol=1 / 510)


def test_parts_that_touch_at_a_corner_are_one() -> None:
    alpha = np.zeros((60, 60), np.float32)
    alpha[20:40, 20:40] = 1
    alpha[40:43, 40:43] = 1
    np.testing.assert_array_equal(clean(alpha, 5), alpha)


@pytest.mark.parametrize("pixels", [1, 4, 15, 60, 500])
@pytest.mark.parametrize("strength", [0.1, 0.5, 1.0])
def test_cleaning_twice_is_cleaning_once(pixels: float, strength: float) -> None:
    for alpha in (scene(strength), noise(1), cv2.GaussianBlur(noise(2, 150, 170), (0, 0), 3)):
        once = clean(np.asarray(alpha, np.float32), pixels)
        np.testing.assert_array_equal(clean(once, pixels), once)


def test_more_pixels_never_clear_less() -> None:
    outside = disc(SIDE, 115) == 0
    mattes = [clean(scene(), pixels) for pixels in (0, 1, 5, 10.5, 41)]
    for less, more in pairwise(mattes):
        assert np.all(more[outside] <= less[outside])
        assert np.all(more[~outside] >= less[~outside])


@pytest.mark.parametrize("shift", [(1, 0), (7, -11)])
def test_it_does_not_matter_where_in_the_frame_all_this_is(shift: tuple[int, int]) -> None:
    padded = np.pad(scene(), 20)
    moved = np.roll(padded, shift, (0, 1))
    np.testing.assert_array_equal(clean(moved, 12), np.roll(clean(padded, 12), shift, (0, 1)))


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_it_does_not_matter_how_the_photo_is_turned(turns: int) -> None:
    turned = np.ascontiguousarray(np.rot90(scene(), turns))
    np.testing.assert_array_equal(clean(turned, 12), np.rot90(clean(scene(), 12), turns))


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 3), (33, 47)])
@pytest.mark.parametrize("pixels", [0.5, 3, 500])
def test_any_size_is_taken(shape: tuple[int, int], pixels: float) -> None:
    cleaned = clean(noise(3, *shape), pixels)
    assert cleaned.shape == shape
    assert cleaned.dtype == np.float32
    assert set(np.unique(cleaned)) <= {0.0, 1.0, *np.unique(noise(3, *shape))}


def test_zero_is_the_matte_itself_and_the_matte_given_is_left_as_it_was() -> None:
    alpha = scene()
    assert clean(alpha, 0) is alpha
    clean(alpha, 12)
    np.testing.assert_array_equal(alpha, scene())
