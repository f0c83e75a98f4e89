from __future__ import annotations

import cv2
import numpy as np
import pytest

from cleancut.matting.enlarge import blend_strips
from cleancut.types import Alpha, Rgb
from tests.matting.drawings import as_alpha


def case(
    seed: int = 0, size: tuple[int, int] = (301, 417), small: tuple[int, int] = (90, 125)
) -> tuple[Alpha, Rgb, list[Alpha], Alpha]:
    random = np.random.default_rng(seed)
    alpha = random.random(size, np.float32)
    rgb = random.integers(0, 256, (*size, 3), np.uint8)
    model = [as_alpha(cv2.GaussianBlur(random.normal(0, 2, small), (0, 0), 3)) for _ in range(4)]
    amount = as_alpha(np.clip(cv2.GaussianBlur(random.random(small), (0, 0), 2) * 3 - 1, 0, 1))
    return alpha, rgb, model, amount


def blended(rows: int = 64) -> Alpha:
    alpha, rgb, model, amount = case()
    blend_strips(alpha, rgb, model, amount, rows)
    return alpha


def test_the_model_is_asked_about_every_pixel() -> None:
    alpha, rgb, model, amount = case()
    size = (alpha.shape[1], alpha.shape[0])
    red, green, blue, offset, share = (
        cv2.resize(each, size, interpolation=cv2.INTER_LINEAR) for each in (*model, amount)
    )
    colours = rgb / np.float32(255)
    wanted = np.clip(red * colours[..., 0] + green * colours[..., 1] + blue * colours[..., 2] + offset, 0, 1)
    np.testing.assert_allclose(blended(), alpha + share * (wanted - alpha), atol=1e-3)


@pytest.mark.parametrize("rows", [1, 31, 100, 1000])
def test_the_strips_height_changes_nothing(rows: int) -> None:
    np.testing.assert_allclose(blended(rows), blended(), atol=1 / 255 / 10)


def test_the_same_again_gives_the_same() -> None:
    np.testing.assert_array_equal(blended(8), blended(8))


def test_where_the_amount_is_nothing_nothing_changes() -> None:
    alpha, rgb, model, amount = case()
    amount[:, 60:] = 0
    before = alpha.copy()
    blend_strips(alpha, rgb, model, amount)
    right = 417 * 62 // 125
    np.testing.assert_array_equal(alpha[:, right:], before[:, right:])
    assert not np.array_equal(alpha[:, :right], before[:, :right])


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 3)])
def test_the_smallest_pictures(size: tuple[int, int]) -> None:
    alpha = np.zeros(size, np.float32)
    model = [np.zeros(size, np.float32)] * 3 + [np.full(size, 0.5, np.float32)]
    blend_strips(alpha, np.zeros((*size, 3), np.uint8), model, np.ones(size, np.float32))
    np.testing.assert_allclose(alpha, 0.5)


def test_a_part_of_a_larger_matte_is_changed_in_place() -> None:
    alpha, rgb, model, amount = case()
    large = np.zeros((400, 500), np.float32)
    part = large[50:351, 40:457]
    part[...] = alpha
    blend_strips(part, np.ascontiguousarray(rgb), model, amount)
    np.testing.assert_array_equal(large[50:351, 40:457], blended())
    assert not large[:50].any()
