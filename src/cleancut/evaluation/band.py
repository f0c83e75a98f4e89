"""Where the edge is: the pixels in which one good matte differs from another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from cleancut.types import Alpha8

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Beyond these a pixel of hand-made ground truth counts as decided.
CLEAR, OPAQUE = 0.02, 0.98

# Side of the square that the unknown pixels are dilated by, as a share of the photo's shorter side: 0.4 % each way.
REACH = 0.008
# A dilation that reaches one pixel each way.
SMALLEST = 3


def unknown_band(truth: Alpha8) -> NDArray[np.bool_]:
    """The unknown band of a true matte (h, w) uint8: (h, w) bool.

    Pixels with 0.02 < alpha < 0.98, dilated by a square whose side is 0.8 % of the shorter side, made odd, at least 3.
    Where ground truth is binary, its contour (3 × 3 morphological gradient) takes their place. Empty if the truth is
    of one value.
    """
    unknown = (truth > CLEAR * 255) & (truth < OPAQUE * 255)
    if not unknown.any():
        contour = cv2.morphologyEx(truth, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        unknown = contour > 0
    side = max(SMALLEST, int(REACH * min(truth.shape))) | 1
    return cv2.dilate(unknown.astype(np.uint8), np.ones((side, side), np.uint8)).astype(bool)
