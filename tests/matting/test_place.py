"""Moving and scaling a cut-out into its frame."""

from __future__ import annotations

import numpy as np
import pytest

from cleancut.matting.place import place
from cleancut.placement import Frame
from cleancut.types import Pixels
from tests.steps.sources import random_photo


def patch(height: int = 40, width: int = 60) -> Pixels:
    """A red rectangle on clear green."""
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., 1] = 255
    pixels[10:30, 20:40] = (255, 0, 0, 255)
    return pixels


def test_what_is_only_moved_keeps_every_value() -> None:
    rgb = random_photo(1, 60, 40)
    moved = place(rgb, Frame(100, 80, 30, 20))
    assert moved.shape == (80, 100, 3)
    np.testing.assert_array_equal(moved[20:60, 30:90], rgb)
    assert not moved[:20].any()
    assert not moved[:, :30].any()
    cut = place(rgb, Frame(20, 10, -5, -7))
    np.testing.assert_array_equal(cut, rgb[7:17, 5:25])
    assert not place(rgb, Frame(20, 10, 30, 0)).any()


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.5, 3.0])
def test_the_clear_background_bleeds_into_no_edge(factor: float) -> None:
    placed = place(patch(), Frame(round(60 * factor), round(40 * factor), 0, 0, factor, factor))
    shown = placed[placed[..., 3] > 8]
    assert shown.size
    # Rounding of premultiplied values is worth more the fainter a pixel is.
    assert shown[:, 0].min() >= 240
    assert shown[:, 1].max() <= 15


@pytest.mark.parametrize("factor", [0.5, 2.0, 3.0])
def test_a_box_comes_to_lie_where_the_frame_says(factor: float) -> None:
    frame = Frame(400, 300, 50.0, 30.0, factor, factor)
    alpha = place(patch()[..., 3].copy(), frame)
    assert alpha.shape == (300, 400)
    rows, columns = np.nonzero(alpha > 127)
    found = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert found == (50 + 20 * factor, 30 + 10 * factor, 50 + 40 * factor, 30 + 30 * factor)


def test_fractions_of_a_pixel_are_kept() -> None:
    ramp = np.tile(np.arange(0, 250, 5, dtype=np.uint8), (20, 1))
    still, shifted = (place(ramp, Frame(100, 40, left, 0.0, 2.0, 2.0)) for left in (0.0, -1.0))
    # A pixel of the picture is half a step of the ramp.
    difference = shifted[10:30, 20:80].astype(int) - still[10:30, 20:80]
    assert np.abs(difference - 2.5).max() <= 1


def test_the_photos_border_stays_opaque_where_it_is_scaled() -> None:
    whole = np.full((30, 50), 255, np.uint8)
    placed = place(whole, Frame(33, 20, 0, 0, 33 / 50, 20 / 30))
    assert placed.min() == 255


@pytest.mark.parametrize("factor", [1 / 3, 0.6, 1.33])
def test_no_rim_is_brighter_or_darker_than_the_subject(factor: float) -> None:
    flat = np.zeros((300, 300, 4), np.uint8)
    down, across = np.mgrid[0:300, 0:300] - 149.5
    flat[np.hypot(down, across) < 100] = (128, 60, 200, 255)
    side = round(300 * factor)
    placed = place(flat, Frame(side, side, 0, 0, side / 300, side / 300))
    visible = placed[placed[..., 3] > 60][:, :3].astype(int)
    assert np.abs(visible - (128, 60, 200)).max() <= 2
