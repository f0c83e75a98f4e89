"""Agreement of masks, in detail and as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cleancut.evaluation.levels import Curve, at_adaptive_threshold, at_thresholds, levels_of
from cleancut.types import Alpha8

if TYPE_CHECKING:
    from cleancut.evaluation.levels import Values

_TINY = float(np.spacing(1))


def e_measure(matte: Alpha8, truth: Alpha8) -> Curve:
    """E-measure of a matte against a binary truth, both (h, w) uint8: 0..1, higher is better.

    Fan et al., Enhanced-alignment Measure for Binary Foreground Map Evaluation, IJCAI 2018.
    """
    levels = levels_of(matte, truth)
    wanted, pixels = float(levels.inside.sum()), float(matte.size)
    hits, alarms = at_adaptive_threshold(levels)
    adaptive = _alignment(np.array([hits]), np.array([alarms]), wanted, pixels)
    return Curve(_alignment(*at_thresholds(levels), wanted, pixels), float(adaptive[0]))


def _alignment(hits: Values, alarms: Values, wanted: float, pixels: float) -> Values:
    """The measure, from true and false positives."""
    found = hits + alarms
    if wanted in (0, pixels):
        total = found if wanted else pixels - found
    else:
        misses = wanted - hits
        # Both masks less their means take two values each, so that there are four kinds of pixels.
        here, there = 1 - found / pixels, -found / pixels
        inside, outside = 1 - wanted / pixels, -wanted / pixels
        total = hits * _aligned(here, inside) + alarms * _aligned(here, outside)
        total += misses * _aligned(there, inside) + (pixels - found - misses) * _aligned(there, outside)
    return np.asarray(total / (pixels - 1 + _TINY), np.float64)


def _aligned(first: Values, second: float) -> Values:
    alignment = 2 * first * second / (np.square(first) + second**2 + _TINY)
    return np.asarray(np.square(alignment + 1) / 4, np.float64)
