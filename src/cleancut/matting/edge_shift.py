"""Growing and shrinking a matte."""

from __future__ import annotations

import math

import cv2
import numpy as np

from cleancut.types import Alpha


def edge_shift(alpha: Alpha, pixels: float) -> Alpha:
    """Move the edge outwards (pixels > 0) or inwards, keeping its softness: (h, w) float32 in 0..1.

    Grey-scale dilation or erosion by an octagon, made of steps of one pixel that take the cross and the square in
    turn; a fraction of a pixel is the blend of the two whole steps around it. Monotone in ``pixels``.
    """
    if pixels == 0:
        return alpha
    operation = cv2.MORPH_DILATE if pixels > 0 else cv2.MORPH_ERODE
    kernels = [cv2.getStructuringElement(shape, (3, 3)) for shape in (cv2.MORPH_CROSS, cv2.MORPH_RECT)]
    distance = abs(pixels)
    whole = math.floor(distance)
    moved = alpha
    for step in range(whole):
        moved = _step(moved, operation, kernels[step % 2])
    fraction = np.float32(distance - whole)
    if fraction:
        moved = moved + fraction * (_step(moved, operation, kernels[whole % 2]) - moved)
    return moved


def _step(alpha: Alpha, operation: int, kernel: cv2.typing.MatLike) -> Alpha:
    # Replicated borders: a subject that is cut by the frame stays cut there.
    return cv2.morphologyEx(alpha, operation, kernel, borderType=cv2.BORDER_REPLICATE).astype(np.float32, copy=False)
