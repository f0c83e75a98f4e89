"""A matte in the levels of a file."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.types import Alpha, Alpha8


def eight_bits(alpha: Alpha) -> Alpha8:
    """(h, w) float32 in 0..1 to (h, w) uint8, rounded."""
    # OpenCV and not numpy: a tenth of the time, and no copy in between.
    return np.asarray(cv2.convertScaleAbs(alpha, alpha=255), np.uint8)
