"""Small pictures of photos and mattes, for a page."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from cleancut.evaluation.masks import Mask
from cleancut.types import Alpha8, Rgb

# Longest side, and WebP quality: 24 photos and three candidates stay below 10 MB.
SIDE = 480
QUALITY = 75

MAGENTA = (255, 0, 255)
# Two greys in squares of twelve pixels.
_CHECKS, _SQUARE = (153, 204), 12


@dataclass(frozen=True, slots=True)
class Views:
    """How one matte looks, as WebP files."""

    matte: bytes
    error: bytes
    """Red where the matte has too much, blue where it has too little."""
    checkerboard: bytes
    magenta: bytes


@dataclass(frozen=True, slots=True)
class Pictures:
    """One photo, its truth and all candidates, as WebP files."""

    photo: bytes
    truth: bytes
    views: tuple[Views, ...]

    @classmethod
    def of(cls, rgb: Rgb, truth: Alpha8, views: tuple[Views, ...]) -> Pictures:
        """From the pixels of the photo (h, w, 3) and its truth (h, w)."""
        return cls(_webp(_small(rgb)), _webp(_small(truth)), views)


def views_of(mask: Mask, truth: Alpha8, photo: Rgb) -> Views:
    """All views of a matte of the photo's size; a matte without colours of its own takes the photo's."""
    alpha = _small(mask.alpha)
    # Premultiplied before it is shrunk: colours must not bleed out of what is clear.
    rgb = mask.rgb if mask.rgb is not None else photo
    premultiplied = _small(cv2.multiply(rgb, cv2.merge([mask.alpha] * 3), scale=1 / 255))
    return Views(
        _webp(alpha),
        _webp(error_map(mask.alpha, truth)),
        _webp(_over(premultiplied, alpha, _checkerboard(*alpha.shape))),
        _webp(_over(premultiplied, alpha, np.array(MAGENTA, np.float32))),
    )


def error_map(matte: Alpha8, truth: Alpha8) -> Rgb:
    """White where the two agree, red where the matte has too much, blue where it has too little: a small picture.

    The colour grows with the root of the error, so that a faint one can be seen.
    """
    red, blue = (
        np.sqrt(_small(cv2.subtract(*pair)).astype(np.float32) / 255) for pair in ((matte, truth), (truth, matte))
    )
    # What is shrunk together may hold both.
    light = np.dstack([1 - blue, 1 - np.maximum(red, blue), 1 - red])
    return np.asarray(np.rint(np.clip(light, 0, 1) * 255), np.uint8)


def _small(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    if scale >= 1:
        return pixels
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _over(premultiplied: Rgb, alpha: Alpha8, background: np.ndarray) -> Rgb:
    behind = background * (1 - alpha[..., None].astype(np.float32) / 255)
    return np.asarray(np.rint(np.clip(premultiplied + behind, 0, 255)), np.uint8)


def _checkerboard(height: int, width: int) -> np.ndarray:
    down, across = np.mgrid[:height, :width] // _SQUARE
    dark, light = _CHECKS
    return np.where((down + across) % 2 == 1, light, dark)[..., None]


def _webp(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    # Method 2 of 6: half the time for a few per cent more bytes.
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "WEBP", quality=QUALITY, method=2)
    return file.getvalue()
