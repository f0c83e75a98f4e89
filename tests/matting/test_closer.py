from __future__ import annotations

import numpy as np
import pytest

from cleancut.geometry import Box
from cleancut.matting.closer import closer
from cleancut.types import Raw


def mask(left: int, top: int, right: int, bottom: int) -> Raw:
    square = np.zeros((100, 100), np.float32)
    square[top:bottom, left:right] = 1
    return square


def test_around_a_small_subject_with_some_room() -> None:
    # The mask is squeezed: ten photo pixels across and four down for each of its own.
    assert closer(mask(40, 50, 60, 70), 1000, 400) == Box(370, 188, 630, 292)


def test_a_subject_that_fills_the_photo_needs_no_second_look() -> None:
    assert closer(mask(10, 10, 90, 90), 1000, 1000) is None


def test_the_room_ends_with_the_photo() -> None:
    assert closer(mask(0, 80, 20, 100), 1000, 1000) == Box(0, 770, 230, 1000)


@pytest.mark.parametrize(("width", "height"), [(100, 100), (3000, 90)])
def test_too_few_pixels_to_see_more_in(width: int, height: int) -> None:
    assert closer(mask(40, 40, 60, 60), width, height) is None


def test_a_part_is_not_enlarged_for_the_model() -> None:
    # A square of 26 % of the side: 78 or 130 pixels, where the model takes 100.
    assert closer(mask(40, 40, 60, 60), 300, 300) is None
    assert closer(mask(40, 40, 60, 60), 500, 500) == Box(185, 185, 315, 315)


def test_nothing_found_nothing_to_look_at() -> None:
    assert closer(np.zeros((100, 100), np.float32), 1000, 1000) is None


def test_haze_far_away_does_not_widen_it() -> None:
    hazy = mask(30, 40, 60, 70)
    hazy[5, 5] = 1
    hazy[90:, 90:] = 0.04
    assert closer(hazy, 1000, 1000) == closer(mask(30, 40, 60, 70), 1000, 1000)
