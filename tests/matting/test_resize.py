from __future__ import annotations

import numpy as np
import pytest

from cleancut.matting.resize import resize_mask
from tests.matting.masks import disc, noise


@pytest.mark.parametrize("size", [(64, 64), (3000, 20), (20, 3000), (7, 5), (1, 1), (500, 333)])
@pytest.mark.parametrize("value", [0.0, 0.37, 1.0])
def test_a_constant_mask_stays_constant_at_any_size(value: float, size: tuple[int, int]) -> None:
    width, height = size
    resized = resize_mask(np.full((64, 64), value, np.float32), width, height)
    assert resized.shape == (height, width)
    assert resized.dtype == np.float32
    np.testing.assert_allclose(resized, value, atol=1e-5)


@pytest.mark.parametrize("size", [(200, 200), (150, 90), (40, 40), (33, 121)])
def test_a_symmetric_mask_stays_symmetric(size: tuple[int, int]) -> None:
    resized = resize_mask(disc(64, 20), *size)
    np.testing.assert_allclose(resized, resized[:, ::-1], atol=1e-5)
    np.testing.assert_allclose(resized, resized[::-1], atol=1e-5)


def test_the_same_size_is_the_mask_itself() -> None:
    mask = noise(1, 40, 40)
    np.testing.assert_allclose(resize_mask(mask, 40, 40), mask, atol=1e-6)


@pytest.mark.parametrize("width", [96, 128, 500])
def test_an_enlarged_ramp_lies_where_pixel_centres_say(width: int) -> None:
    across = (np.arange(64) + 0.5) / 64
    mask = np.tile((0.2 + 0.6 * across).astype(np.float32), (64, 1))
    expected = 0.2 + 0.6 * (np.arange(width) + 0.5) / width
    middle = slice(width // 8, -width // 8)  # the filter reaches over the border further out
    found = resize_mask(mask, width, 64)[:, middle]
    # Half a pixel of the mask off would be 0.005; Lanczos itself ripples by a tenth of that.
    np.testing.assert_allclose(found, np.tile(expected[middle], (64, 1)), atol=1e-3)


def test_an_edge_stays_where_it_is() -> None:
    mask = np.zeros((64, 64), np.float32)
    mask[:, 24:] = 1
    row = resize_mask(mask, 640, 64)[32]
    crossing = np.interp(0.5, row[200:280], np.arange(200, 280) + 0.5)
    assert crossing == pytest.approx(240, abs=0.2)


def test_one_side_grows_while_the_other_shrinks() -> None:
    resized = resize_mask(disc(1024, 400), 3000, 20)
    assert resized.shape == (20, 3000)
    assert resized.min() >= 0
    assert resized.max() <= 1
    assert resized.mean() == pytest.approx(np.pi * 400**2 / 1024**2, abs=0.005)


@pytest.mark.parametrize("size", [(3000, 20), (20, 3000), (37, 41)])
def test_nothing_aliases_where_a_side_shrinks(size: tuple[int, int]) -> None:
    # Lines of one pixel, every second one: whatever the size, their mean is all that can be seen of them.
    mask = np.zeros((1024, 1024), np.float32)
    mask[::2, ::2] = 1
    mask[1::2, 1::2] = 1
    assert np.ptp(resize_mask(mask, *size)) < 0.02


def test_overshoot_is_kept_within_0_and_1() -> None:
    mask = np.zeros((16, 16), np.float32)
    mask[4:12, 4:12] = 1
    resized = resize_mask(mask, 160, 160)
    assert resized.min() == 0
    assert resized.max() == 1


def test_a_part_of_a_larger_mask_is_taken_as_it_is() -> None:
    mask = noise(2, 64, 64)
    part = mask[10:50, 5:60]
    np.testing.assert_array_equal(resize_mask(part, 90, 70), resize_mask(part.copy(), 90, 70))
