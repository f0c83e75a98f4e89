"""Differences pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from cleancut.types import Alpha8

if TYPE_CHECKING:
    from numpy.typing import NDArray


def difference(matte: Alpha8, truth: Alpha8) -> Alpha8:
    """|matte − truth|: (h, w) uint8, 0..255."""
    return np.asarray(cv2.absdiff(matte, truth), np.uint8)


def mean_absolute(levels: NDArray[np.uint8]) -> float:
    """Mean of absolute differences given in levels, any shape: 0..1."""
    return float(levels.mean(dtype=np.float64)) / 255


def mean_squared(levels: NDArray[np.uint8]) -> float:
    """Mean of the squares of absolute differences given in levels, any shape: 0..1."""
    squares = np.square(np.arange(256, dtype=np.float64) / 255)
    return float(np.bincount(levels.ravel(), minlength=256) @ squares / levels.size)


def sum_absolute(levels: NDArray[np.uint8]) -> float:
    """SAD: the sum of absolute differences, in thousands of pixels, as alphamatting.com gives it."""
    return float(levels.sum(dtype=np.uint64)) / 255 / 1000
