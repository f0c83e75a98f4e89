"""Softening the edge of a matte."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.types import Alpha


def feather(alpha: Alpha, pixels: float) -> Alpha:
    """Blur a matte so that a hard edge fades over ``pixels`` on each side: (h, w) float32 in 0..1.

    A Gaussian of σ = pixels / 2: from 2 % to 98 % within two σ each way.
    """
    if pixels == 0:
        return alpha
    blurred = cv2.GaussianBlur(alpha, (0, 0), pixels / 2, borderType=cv2.BORDER_REPLICATE)
    return np.clip(blurred, 0, 1).astype(np.float32, copy=False)
