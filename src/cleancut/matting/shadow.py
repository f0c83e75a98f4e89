"""Shadows under a cut-out, made from its silhouette alone: soft, black, and no larger than the frame.

They are guesses of what a photographer's lamp would do, simple ones: a shadow on a wall close behind (``drop``), one
where the subject stands (``contact``), and the silhouette laid down on the floor (``cast``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cleancut.geometry import Box
from cleancut.matting.eight_bits import eight_bits
from cleancut.placement import LEAN
from cleancut.types import Alpha8

# Shadows are soft: at this longer side nothing of them is lost.
_SMALL = 800

# Lengths as shares of the subject's mean side, (width + height) / 2.
_DROP_BELOW, _DROP_SOFT = 0.030, 0.028

# How far above its lowest point, as a share of the subject's height, the subject still stands on something.
_STANDS = 0.3
_TIGHT, _WIDE = 0.010, 0.022

# The silhouette on the floor: how long it is, as a share of the subject's height.
_LENGTH = 0.30
_CAST_SOFT_NEAR, _CAST_SOFT_FAR = 0.008, 0.035

Small = NDArray[np.float32]


def shadow(alpha: Alpha8, subject: Box, kind: str, opacity: int) -> Alpha8:
    """How opaque a black shadow is in each pixel: (h, w) uint8.

    ``alpha``: (h, w) of the subject in its frame; ``subject``: where it is there. ``kind``: drop, contact or cast.
    ``opacity``: 0..100, of its darkest part.
    """
    height, width = alpha.shape
    factor = min(1.0, _SMALL / max(height, width))
    small = max(1, round(width * factor)), max(1, round(height * factor))
    silhouette = cv2.resize(alpha, small, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    box = (subject.left * factor, subject.top * factor, subject.right * factor, subject.bottom * factor)
    dark = _KINDS[kind](silhouette, *box)
    dark = np.clip(dark, 0, 1) * (opacity / 100)
    return np.asarray(
        cv2.resize(eight_bits(np.asarray(dark, np.float32)), (width, height), interpolation=cv2.INTER_CUBIC), np.uint8
    )


def _drop(silhouette: Small, left: float, top: float, right: float, bottom: float) -> Small:
    side = (right - left + bottom - top) / 2
    below = np.array([[1, 0, 0], [0, 1, _DROP_BELOW * side]], np.float32)
    return _soft(_warped(silhouette, below), _DROP_SOFT * side)


def _contact(silhouette: Small, left: float, top: float, right: float, bottom: float) -> Small:
    """Under the subject's lowest pixels, column by column: tight and dark, and wide and faint."""
    side = (right - left + bottom - top) / 2
    rows = np.arange(silhouette.shape[0], dtype=np.float32)[:, None]
    lowest, stands = _feet(silhouette, top, bottom)
    dark = np.zeros_like(silhouette)
    for share, strength in ((_TIGHT, 1.0), (_WIDE, 0.6)):
        # Flat, as what lies on a floor is seen; in the middle of it stands the subject.
        thick = max(1.0, share * side)
        line = np.where(stands > 0, stands * np.exp(-0.5 * ((rows - lowest) / thick) ** 2), 0)
        soft = _soft(line.astype(np.float32), 2 * thick, 0.5 * thick)
        # As dark as it is meant to be, however small the feet.
        dark = np.maximum(dark, soft * np.float32(strength / max(1e-3, float(soft.max()))))
    return dark


def _cast(silhouette: Small, left: float, top: float, right: float, bottom: float) -> Small:
    """The silhouette laid down behind, leaning: sharp and dark where it stands, soft and faint at its far end."""
    tall, side = bottom - top, (right - left + bottom - top) / 2
    lowest, stands = _feet(silhouette, top, bottom)
    # Who lies or walks touches the floor at several depths: the shadow begins at the middle one.
    floor = float(np.median(lowest[stands > 0])) + 1 if stands.any() else bottom
    # A point h above the floor comes to lie LENGTH · h above it in the picture, and LEAN · h to the right.
    flat = np.array([[1, -LEAN, LEAN * floor], [0, _LENGTH, floor * (1 - _LENGTH)]], np.float32)
    laid = _warped(silhouette, flat)
    rows = np.arange(silhouette.shape[0], dtype=np.float32)[:, None]
    far = np.clip((floor - rows) / max(1.0, _LENGTH * tall), 0, 1)
    near_soft, far_soft = _soft(laid, _CAST_SOFT_NEAR * side), _soft(laid, _CAST_SOFT_FAR * side)
    faded = (near_soft * (1 - far) + far_soft * far) * (1 - 0.75 * far)
    return np.asarray(np.maximum(faded, _contact(silhouette, left, top, right, bottom)), np.float32)


def _feet(silhouette: Small, top: float, bottom: float) -> tuple[Small, Small]:
    """The lowest row of the subject in each column, and how sure it is, 0..1, that it stands there."""
    solid = silhouette > 0.5
    lowest = (silhouette.shape[0] - 1 - np.argmax(solid[::-1], axis=0)).astype(np.float32)
    above = (bottom - 1 - lowest) / max(1.0, _STANDS * (bottom - top))
    stands = np.where(solid.any(axis=0), np.clip(1 - above, 0, 1), 0)
    return lowest, stands.astype(np.float32)


def _warped(silhouette: Small, matrix: Small) -> Small:
    return np.asarray(cv2.warpAffine(silhouette, matrix, silhouette.shape[::-1]), np.float32)


def _soft(dark: Small, across: float, down: float | None = None) -> Small:
    # As if nothing were beyond the frame: no light comes back from its border.
    sigmas = max(0.3, across), max(0.3, across if down is None else down)
    blurred = cv2.GaussianBlur(dark, (0, 0), sigmas[0], sigmaY=sigmas[1], borderType=cv2.BORDER_CONSTANT)
    return np.asarray(blurred, np.float32)


_KINDS: dict[str, Callable[..., Any]] = {"drop": _drop, "contact": _contact, "cast": _cast}
