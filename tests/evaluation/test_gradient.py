from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cleancut.evaluation.gradient import gradient_difference
from tests.evaluation.sets import disc

Plane = NDArray[np.float64]


def convolved(image: Plane, kernel: Plane) -> Plane:
    """Mirrored at the border, without repeating it."""
    reach = kernel.shape[0] // 2
    padded = np.pad(image, reach, mode="reflect")
    height, width = image.shape
    total = np.zeros_like(image)
    for row, column in np.ndindex(kernel.shape):
        total += kernel[row, column] * padded[row : row + height, column : column + width]
    return total


def magnitude(alpha: NDArray[np.uint8]) -> Plane:
    at = np.arange(-7, 8)
    bell = np.exp(-(at**2) / (2 * 1.4**2))
    smooth = convolved(alpha / 255, np.outer(bell, bell) / bell.sum() ** 2)
    sobel = np.outer([1.0, 2.0, 1.0], [-1.0, 0.0, 1.0]) / 8
    return np.hypot(convolved(smooth, sobel), convolved(smooth, sobel.T))


def test_it_is_the_difference_of_sobels_magnitudes_after_a_gaussian() -> None:
    matte, truth = disc(18), disc(21)
    expected = np.abs(magnitude(matte) - magnitude(truth)) * 100
    np.testing.assert_allclose(gradient_difference(matte, truth), expected, atol=0.03)


def test_a_ramp_of_a_tenth_a_pixel_has_a_gradient_of_ten() -> None:
    ramp = np.zeros((20, 40), np.uint8)
    ramp[:, 15:25] = np.rint(np.arange(10) / 10 * 255).astype(np.uint8)
    ramp[:, 25:] = 255
    found = gradient_difference(ramp, np.zeros_like(ramp))
    assert found[10, 20] == pytest.approx(10, abs=0.2)
    assert found[10, 5] == 0


def test_the_same_matte_has_none() -> None:
    assert not gradient_difference(disc(20), disc(20)).any()
