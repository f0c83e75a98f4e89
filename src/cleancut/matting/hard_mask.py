"""A hard mask without specks, as rembg's ``post_process_mask`` makes it."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.types import Alpha


def hard_mask(alpha: Alpha) -> Alpha:
    """Opened, blurred and cut at one half: (h, w) float32, 0 or 1."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    opened = cv2.morphologyEx(alpha, cv2.MORPH_OPEN, kernel)
    smooth = cv2.GaussianBlur(opened, (5, 5), 2)
    return (smooth >= 0.5).astype(np.float32)
