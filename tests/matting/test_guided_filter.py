from __future__ import annotations

import numpy as np

from cleancut.matting.guided_filter import guided_filter
from cleancut.types import Alpha
from tests.matting.drawings import as_alpha


def filtered(rgb: Alpha, alpha: Alpha) -> Alpha:
    red, green, blue, offset = guided_filter(rgb, alpha)
    return np.asarray(red * rgb[..., 0] + green * rgb[..., 1] + blue * rgb[..., 2] + offset, np.float32)


def test_an_edge_moves_to_the_photos() -> None:
    rgb = np.zeros((40, 40, 3), np.float32)
    rgb[:, 20:] = (0.9, 0.5, 0.1)
    mask = np.zeros((40, 40), np.float32)
    mask[:, 22:] = 1
    mask[:, 18:22] = 0.5  # the model is in doubt where the photo is not
    found = filtered(rgb, mask)
    assert found[20, 18] < 0.35
    assert found[20, 21] > 0.65


def test_a_matte_that_is_linear_in_the_colours_stays() -> None:
    rgb = np.random.default_rng(0).random((30, 30, 3), np.float32)
    mask = as_alpha(0.3 * rgb[..., 0] + 0.5 * rgb[..., 1] + 0.1)
    np.testing.assert_allclose(filtered(rgb, mask)[6:-6, 6:-6], mask[6:-6, 6:-6], atol=1e-3)


def test_constant_alpha_stays_constant() -> None:
    rgb = np.random.default_rng(1).random((30, 30, 3), np.float32)
    np.testing.assert_allclose(filtered(rgb, np.full((30, 30), 0.37, np.float32)), 0.37, atol=1e-4)
