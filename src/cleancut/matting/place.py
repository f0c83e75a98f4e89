"""A cut-out, moved and scaled into the frame of the finished picture."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from cleancut.placement import Frame
from cleancut.types import Pixels

# Sharper than bicubic where pixels are taken together; where they are made up, its rings show.
_SMALLER, _LARGER = Pillow.Resampling.LANCZOS, Pillow.Resampling.BICUBIC


def place(pixels: Pixels, frame: Frame) -> Pixels:
    """(h, w), (h, w, 3) or straight (h, w, 4) uint8 in the frame; zero where nothing of it lies.

    Colours count by their alpha: what is clear bleeds into nothing. Where nothing is scaled, pixels are only moved.
    """
    height, width = pixels.shape[:2]
    left, top = max(0, math.floor(frame.left + 1e-6)), max(0, math.floor(frame.top + 1e-6))
    right = min(frame.width, math.ceil(frame.left + width * frame.across - 1e-6))
    bottom = min(frame.height, math.ceil(frame.top + height * frame.down - 1e-6))
    if right <= left or bottom <= top:
        return np.zeros((frame.height, frame.width, *pixels.shape[2:]), np.uint8)
    # What of the photo comes to lie there.
    part = (
        max(0.0, (left - frame.left) / frame.across), max(0.0, (top - frame.top) / frame.down),
        min(float(width), (right - frame.left) / frame.across), min(float(height), (bottom - frame.top) / frame.down),
    )  # fmt: skip
    shown = _scaled(pixels, part, right - left, bottom - top) if frame.resamples else _cut(pixels, part)
    if shown.shape[:2] == (frame.height, frame.width):
        return shown
    whole = np.zeros((frame.height, frame.width, *pixels.shape[2:]), np.uint8)
    whole[top:bottom, left:right] = shown
    return whole


def _cut(pixels: Pixels, part: tuple[float, float, float, float]) -> Pixels:
    left, top, right, bottom = (round(edge) for edge in part)
    return np.ascontiguousarray(pixels[top:bottom, left:right])


def _scaled(pixels: Pixels, part: tuple[float, float, float, float], width: int, height: int) -> Pixels:
    # Cut first, as far as the kernel reaches: the rest of the photo need not be premultiplied.
    smaller = width < part[2] - part[0]
    reach = math.ceil(3 * max(1.0, (part[2] - part[0]) / width, (part[3] - part[1]) / height)) + 1
    left, top = max(0, math.floor(part[0]) - reach), max(0, math.floor(part[1]) - reach)
    near = pixels[top : math.ceil(part[3]) + reach, left : math.ceil(part[2]) + reach]
    box = (part[0] - left, part[1] - top, part[2] - left, part[3] - top)
    kernel, gap = (_SMALLER, 3.0) if smaller else (_LARGER, None)

    def resized(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(Pillow.fromarray(plane).resize((width, height), kernel, box=box, reducing_gap=gap))

    if pixels.ndim == 2:
        return _levels(resized(near.astype(np.float32)))
    if pixels.shape[2] == 3:
        return np.dstack([_levels(resized(near[..., each].astype(np.float32))) for each in range(3)])
    alpha = near[..., 3].astype(np.float32)
    # Not in whole numbers: at a hard edge the kernel overshoots in colour and alpha alike, and only their quotient,
    # taken before either is cut off, is the colour that was there.
    small = resized(alpha)
    shown, share = _levels(small), np.maximum(small, np.float32(0.5))
    colours = [_levels(np.divide(resized(near[..., each] * alpha), share, dtype=np.float32)) for each in range(3)]
    return np.dstack([*(np.where(shown > 0, colour, 0) for colour in colours), shown]).astype(np.uint8)


def _levels(plane: NDArray[np.float32]) -> Pixels:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)
