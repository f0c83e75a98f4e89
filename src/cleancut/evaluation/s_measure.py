"""Likeness of structure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cleancut.evaluation.levels import Levels, count, foreground, stretched
from cleancut.types import Alpha8

if TYPE_CHECKING:
    from cleancut.evaluation.levels import Values

# Weight of the object's part against that of the regions.
BALANCE = 0.5
_TINY = float(np.spacing(1))


def s_measure(matte: Alpha8, truth: Alpha8) -> float:
    """S-measure of a matte against a binary truth, both (h, w) uint8: 0..1, higher is better.

    Fan et al., Structure-measure: A New Way to Evaluate Foreground Maps, ICCV 2017.
    """
    mask, values = foreground(truth), stretched(matte)
    whole = Levels(values, count(matte, mask), count(matte, ~mask))
    share = float(mask.mean())
    if share == 0:
        return 1 - whole.mean
    if share == 1:
        return whole.mean
    objects = share * _object(values, whole.inside) + (1 - share) * _object(1 - values, whole.outside)
    return max(0.0, BALANCE * objects + (1 - BALANCE) * _regions(matte, mask, values))


def _object(values: Values, pixels: Values) -> float:
    """How high and how even the values of one part are."""
    total = float(pixels.sum())
    mean = float(pixels @ values) / total
    variance = float(pixels @ np.square(values - mean)) / (total - 1) if total > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + math.sqrt(variance) + _TINY)


def _regions(matte: Alpha8, mask: np.ndarray, values: Values) -> float:
    """Likeness of the four parts around the foreground's centroid, weighted by their areas."""
    height, width = mask.shape
    down, across = mask.sum(axis=1, dtype=np.int64), mask.sum(axis=0, dtype=np.int64)
    total = int(down.sum())
    # The row and column of the centroid belong to the upper and the left parts.
    row = round(float(down @ np.arange(height)) / total) + 1
    column = round(float(across @ np.arange(width)) / total) + 1
    score = 0.0
    for rows in (slice(0, row), slice(row, height)):
        for columns in (slice(0, column), slice(column, width)):
            part, inside = np.ascontiguousarray(matte[rows, columns]), mask[rows, columns]
            if part.size:
                levels = Levels(values, count(part, inside), count(part, ~inside))
                score += part.size / mask.size * _likeness(levels)
    return score


def _likeness(levels: Levels) -> float:
    """SSIM of a part taken as one window, from its levels."""
    both = levels.inside + levels.outside
    pixels, wanted = float(both.sum()), float(levels.inside.sum())
    found_mean, wanted_mean = float(both @ levels.values) / pixels, wanted / pixels
    scale = pixels - 1 + _TINY
    found_variance = float(both @ np.square(levels.values - found_mean)) / scale
    wanted_variance = pixels * wanted_mean * (1 - wanted_mean) / scale
    covariance = float(levels.inside @ levels.values - wanted * found_mean) / scale
    above = 4 * found_mean * wanted_mean * covariance
    below = (found_mean**2 + wanted_mean**2) * (found_variance + wanted_variance)
    if above == 0:
        return 1.0 if below == 0 else 0.0
    return above / (below + _TINY)
