"""Decoded photos, made without a file."""

from __future__ import annotations

import numpy as np

from cleancut.types import Alpha, Alpha8, Header, Metadata, Rgb, Source

Colour = tuple[int, int, int]


def source(rgb: Rgb, alpha: Alpha8 | None = None, icc: bytes | None = None, notes: tuple[str, ...] = ()) -> Source:
    height, width = rgb.shape[:2]
    return Source(rgb, alpha, Metadata(icc=icc, dpi=(300, 300)), Header("png", width, height), notes)


def plain(colour: Colour, width: int = 48, height: int = 32) -> Rgb:
    """(h, w, 3), one colour."""
    return np.full((height, width, 3), colour, np.uint8)


def random_photo(seed: int, width: int = 48, height: int = 32) -> Rgb:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def ramp(width: int = 48, height: int = 32) -> Alpha:
    """(h, w): from 0 at the left to 1 at the right, both reached."""
    return np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))


def rectangle(left: int, top: int, right: int, bottom: int, width: int = 48, height: int = 32) -> Alpha:
    alpha = np.zeros((height, width), np.float32)
    alpha[top:bottom, left:right] = 1
    return alpha
