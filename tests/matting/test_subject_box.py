from __future__ import annotations

import cv2
import numpy as np
import pytest

from cleancut.geometry import Box, Cut
from cleancut.matting.eight_bits import eight_bits
from cleancut.matting.subject_box import cut_sides, subject_box
from cleancut.types import Alpha8
from tests.matting.masks import disc


def drawn(*boxes: Box, value: int = 255, height: int = 200, width: int = 300) -> Alpha8:
    alpha = np.zeros((height, width), np.uint8)
    for box in boxes:
        alpha[box.top : box.bottom, box.left : box.right] = value
    return alpha


@pytest.mark.parametrize("value", [60, 255])
def test_the_box_is_tight(value: int) -> None:
    box = Box(40, 30, 121, 177)
    assert subject_box(drawn(box, value=value)) == box


def test_nothing_has_no_box() -> None:
    assert subject_box(drawn()) is None


def test_a_full_frame_is_its_own_box() -> None:
    assert subject_box(drawn(Box(0, 0, 300, 200))) == Box(0, 0, 300, 200)


def test_one_pixel_has_a_box() -> None:
    assert subject_box(drawn(Box(7, 9, 8, 10))) == Box(7, 9, 8, 10)


def test_haze_does_not_count() -> None:
    subject = Box(100, 60, 200, 150)
    hazy = drawn(subject)
    hazy[hazy == 0] = 15
    assert subject_box(hazy) == subject
    assert subject_box(np.full((50, 50), 15, np.uint8)) is None


def test_specks_do_not_count() -> None:
    subject = Box(100, 60, 200, 150)  # 9000 pixels
    assert subject_box(drawn(subject, Box(2, 2, 6, 6), Box(290, 190, 291, 191))) == subject


def test_large_parts_that_lie_apart_all_count() -> None:
    # A pair of shoes, and a smaller thing of 2 % of either.
    parts = Box(10, 60, 60, 160), Box(200, 50, 250, 150), Box(270, 180, 280, 190)
    assert subject_box(drawn(*parts)) == Box(10, 50, 280, 190)


def test_a_hair_whose_pixels_touch_at_their_corners_is_one_part_with_the_head() -> None:
    alpha = drawn(Box(100, 60, 160, 120))  # 3600 pixels: a single one is a speck
    steps = np.arange(40)
    alpha[59 - steps, 160 + steps] = 255
    assert subject_box(alpha) == Box(100, 20, 200, 120)


def test_a_subject_that_goes_on_beyond_the_border_is_cut_there_and_one_that_touches_it_is_not() -> None:
    def cut(alpha: Alpha8) -> Cut:
        box = subject_box(alpha)
        assert box is not None
        return cut_sides(alpha, box)

    torso = np.zeros((100, 80), np.uint8)
    torso[30:, 20:60] = 255
    assert cut(torso) == Cut(bottom=True)
    assert cut(np.ascontiguousarray(torso[::-1])) == Cut(top=True)
    assert cut(np.ascontiguousarray(torso.T)) == Cut(right=True)
    assert cut(np.ascontiguousarray(torso.T[:, ::-1])) == Cut(left=True)
    # Faded in the very last row, or hair that ends there.
    torso[-1] = 0
    assert cut(torso) == Cut(bottom=True)
    torso[-4:] = np.minimum(torso[-4:], 60)
    assert cut(torso) == Cut()
    ball = eight_bits(disc(200, 100))
    assert cut(ball) == Cut()
    near = np.zeros((100, 80), np.uint8)
    near[30:97, 20:60] = 255
    assert cut(near) == Cut()


@pytest.mark.parametrize("seed", range(6))
def test_in_large_pictures_the_box_is_tight_as_well(seed: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = (int(each) for each in rng.integers(2500, 5200, 2))
    left, top = (int(each) for each in rng.integers(200, 900, 2))
    right, bottom = left + int(rng.integers(700, 1500)), top + int(rng.integers(700, 1500))
    alpha = np.zeros((height, width), np.uint8)
    cv2.ellipse(alpha, ((left + right) // 2, (top + bottom) // 2), (300, 250), 20.0, 0, 360, (255,), -1)
    # Thin ends that reach out of it, and specks that are none of it.
    alpha[top : top + 2, left:right] = 60
    alpha[top:bottom, (left + right) // 2] = 255
    alpha[bottom - 1, left : (left + right) // 2 + 1] = 200
    alpha[20:23, 30:33] = alpha[-9:-6, -40:-37] = 255
    rows, columns = np.nonzero(alpha[60:-60, 60:-60])
    assert subject_box(alpha) == Box(columns.min() + 60, rows.min() + 60, columns.max() + 61, rows.max() + 61)
    assert subject_box(alpha * 0) is None
