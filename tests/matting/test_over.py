from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cleancut.matting.over import over_opaque, over_translucent
from cleancut.types import Alpha8, Rgb

# More than two blocks of rows, the last of them not full.
TALL = 600


def photo(seed: int, height: int = TALL, width: int = 11) -> Rgb:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def matte(seed: int, height: int = TALL, width: int = 11) -> Alpha8:
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def mixed(rgb: Rgb, alpha: Alpha8, background: Rgb) -> NDArray[np.float64]:
    weight = alpha[..., None].astype(np.float64) / 255
    return weight * rgb + (1 - weight) * background


def test_every_value_is_the_nearest_to_the_exact_mix() -> None:
    # All pairs of alpha and colour, over three backgrounds.
    alpha, value = (each.astype(np.uint8) for each in np.mgrid[0:256, 0:256])
    rgb = np.repeat(value[..., None], 3, axis=2)
    for level in (0, 100, 255):
        background = np.full((1, 1, 3), level, np.uint8)
        found = over_opaque(rgb, alpha, background)
        assert np.abs(found - mixed(rgb, alpha, background)).max() <= 0.5 + 1e-9


def test_a_picture_behind_lies_pixel_on_pixel_across_all_blocks_of_rows() -> None:
    rgb, alpha, behind = photo(1), matte(2), photo(3)
    found = over_opaque(rgb, alpha, behind)
    assert found.dtype == np.uint8
    assert np.abs(found - mixed(rgb, alpha, behind)).max() <= 0.5 + 1e-9


def test_one_colour_behind_is_behind_all_rows() -> None:
    rgb, alpha = photo(1), matte(2)
    colour = np.array([[[12, 200, 90]]], np.uint8)
    everywhere = np.broadcast_to(colour, rgb.shape)
    np.testing.assert_array_equal(over_opaque(rgb, alpha, colour), over_opaque(rgb, alpha, everywhere))


def test_opaque_shows_the_front_and_clear_the_back() -> None:
    rgb, behind = photo(1), photo(2)
    np.testing.assert_array_equal(over_opaque(rgb, np.full(rgb.shape[:2], 255, np.uint8), behind), rgb)
    np.testing.assert_array_equal(over_opaque(rgb, np.zeros(rgb.shape[:2], np.uint8), behind), behind)


def test_a_single_row_and_a_single_pixel_are_pictures_too() -> None:
    for shape in ((1, 9), (1, 1), (9, 1)):
        rgb, behind = photo(1, *shape), photo(2, *shape)
        found = over_opaque(rgb, np.zeros(shape, np.uint8), behind)
        np.testing.assert_array_equal(found, behind)


def test_over_an_opaque_colour_translucent_is_opaque() -> None:
    rgb, alpha = photo(4), matte(5)
    found = over_translucent(rgb, alpha, (20, 130, 240), 255)
    assert np.all(found[..., 3] == 255)
    expected = over_opaque(rgb, alpha, np.array([[[20, 130, 240]]], np.uint8))
    assert np.abs(found[..., :3].astype(int) - expected).max() <= 1


def test_over_a_clear_colour_the_picture_is_as_it_was() -> None:
    rgb, alpha = photo(4), matte(5)
    found = over_translucent(rgb, alpha, (20, 130, 240), 0)
    np.testing.assert_array_equal(found[..., 3], alpha)
    np.testing.assert_array_equal(found[alpha > 0][:, :3], rgb[alpha > 0])
    assert not found[alpha == 0].any()


def test_where_the_picture_is_clear_the_colour_is_as_it_was() -> None:
    rgb = photo(4)
    found = over_translucent(rgb, np.zeros(rgb.shape[:2], np.uint8), (20, 130, 240), 77)
    assert np.all(found == (20, 130, 240, 77))


def test_where_the_picture_is_opaque_nothing_shines_through() -> None:
    rgb = photo(4)
    found = over_translucent(rgb, np.full(rgb.shape[:2], 255, np.uint8), (20, 130, 240), 77)
    np.testing.assert_array_equal(found[..., :3], rgb)
    assert np.all(found[..., 3] == 255)


@pytest.mark.parametrize("colour_alpha", [1, 60, 128, 254])
def test_translucent_agrees_with_another_implementation(colour_alpha: int) -> None:
    rgb, alpha, colour = photo(6), matte(7), (250, 10, 128)
    found = over_translucent(rgb, alpha, colour, colour_alpha)
    front = Image.fromarray(np.dstack((rgb, alpha)))
    expected = np.asarray(Image.alpha_composite(Image.new("RGBA", front.size, (*colour, colour_alpha)), front))
    assert np.abs(found[..., 3].astype(int) - expected[..., 3]).max() <= 1
    # Colours are compared as they are seen: at low alpha their last bits say nothing.
    seen = [each[..., :3] * (each[..., 3:] / 255) for each in (found, expected)]
    assert np.abs(seen[0] - seen[1]).max() <= 1.5
