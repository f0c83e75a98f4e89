"""Where a matte is soft (hair, fur, blur) and where it has a hard edge."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.types import Alpha

# The window in which an edge's width is measured: as wide as a lock of hair in a picture of 1024 pixels.
_RADIUS = 16

# The width at which an edge counts as half soft, and how sharply the verdict turns there.
_HALF_SOFT = 2.4
_SHARPNESS = 4

# Less gradient than this is no edge.
_NO_EDGE = 0.002


def softness(alpha: Alpha, pixel: float = 1.0) -> Alpha:
    """How soft the edges around each place are: (h, w) float32, 0 = hard, 1 = soft.

    The local width of the transition, Σ 4α(1 − α) / Σ |∇α| in a window, against a width of a hard edge. ``pixel``:
    what one pixel of the model's mask measures here.
    """
    across = cv2.Sobel(alpha, cv2.CV_32F, 1, 0, scale=1 / 8, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Sobel(alpha, cv2.CV_32F, 0, 1, scale=1 / 8, borderType=cv2.BORDER_REPLICATE)
    slope = np.sqrt(across * across + down * down)
    doubt = 4 * alpha * (1 - alpha)
    width = _mean(doubt) / (_mean(slope) + _NO_EDGE)
    ratio = (width / (_HALF_SOFT * max(1.0, pixel))) ** _SHARPNESS
    return np.asarray(ratio / (1 + ratio), np.float32)


def _mean(plane: Alpha) -> Alpha:
    side = 2 * _RADIUS + 1
    return np.asarray(cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)
