"""Edges that follow the photo's."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.matting.symmetric import PAIRS, Plane, Planes, factors, solve
from cleancut.types import Alpha

# A window of 5 × 5: edges move by at most that much.
_RADIUS = 2

# The variance of a colour below which it is noise: follow even faint edges.
_EPSILON = 1e-5


def guided_filter(rgb: Alpha, alpha: Alpha) -> Planes:
    """The local linear model of ``alpha`` in the photo's colours: four planes (h, w), ``(a, b, c, d)``.

    ``a·red + b·green + c·blue + d`` is the filtered matte; it may be asked at a larger size than it was made at.
    ``rgb``: (h, w, 3) float32 in 0..1. He, Sun and Tang, Guided Image Filtering, ECCV 2010; He and Sun, Fast Guided
    Filter, 2015.
    """
    channels = [np.ascontiguousarray(rgb[..., i]) for i in range(3)]
    means = [_mean(each) for each in channels]
    level = _mean(alpha)
    spread = [
        _mean(channels[i] * channels[j]) - means[i] * means[j] + np.float32(_EPSILON if i == j else 0) for i, j in PAIRS
    ]
    weights = solve(factors(spread), [_mean(c * alpha) - m * level for c, m in zip(channels, means, strict=True)])
    offset = level - sum(w * m for w, m in zip(weights, means, strict=True))
    return [_mean(each) for each in (*weights, offset)]


def _mean(plane: Plane) -> Plane:
    side = 2 * _RADIUS + 1
    return np.asarray(cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
