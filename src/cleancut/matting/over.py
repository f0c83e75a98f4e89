"""Laying a picture over a background."""

from __future__ import annotations

import numpy as np

from cleancut.types import Alpha8, Pixels, Rgb

# Rows at a time, so that the wider numbers of a 100 MP photo never exist all at once.
_ROWS = 256


def over_opaque(rgb: Rgb, alpha: Alpha8, background: Rgb) -> Rgb:
    """``a·C + (1 - a)·B``, rounded: (h, w, 3) uint8. ``background`` is (h, w, 3), or (1, 1, 3) for one colour."""
    result = np.empty_like(rgb)
    for top in range(0, rgb.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        behind = background[rows] if background.shape[0] > 1 else background
        weight = alpha[rows, :, None].astype(np.uint16)
        # 255 · 255 fits in 16 bits; adding 127 rounds to the nearest.
        result[rows] = (rgb[rows] * weight + behind * (255 - weight) + 127) // 255
    return result


def over_translucent(rgb: Rgb, alpha: Alpha8, behind: tuple[int, int, int] | Rgb, behind_alpha: int | Alpha8) -> Pixels:
    """A picture over what can be seen through, a colour or another picture (h, w, 3): (h, w, 4) straight RGBA.

    Porter and Duff, Compositing Digital Images, SIGGRAPH 1984: the operator *over*, un-premultiplied again.
    """
    height, width = alpha.shape
    result = np.empty((height, width, 4), np.uint8)
    colours = np.broadcast_to(np.asarray(behind, np.uint8), (height, width, 3))
    shares = np.broadcast_to(np.asarray(behind_alpha, np.uint8), (height, width))
    for top in range(0, height, _ROWS):
        rows = slice(top, top + _ROWS)
        front = alpha[rows, :, None].astype(np.float32) / 255
        back = shares[rows, :, None].astype(np.float32) / 255 * (1 - front)
        total = front + back
        mixed = (rgb[rows] * front + colours[rows] * back) / np.maximum(total, 1 / 510)
        result[rows, :, :3] = np.rint(mixed)
        result[rows, :, 3:] = np.rint(total * 255)
    return result
