"""Small planes at the photo's size, a strip at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from cleancut.matting.symmetric import Plane
from cleancut.types import Alpha, Rgb

# A strip of so many rows of a 50 MP photo stays in the cache, and is long enough for numpy's overhead to vanish.
_ROWS = 64

# numpy computes on one core at a time; more than four wait for the memory.
_WORKERS = 4


def blend_strips(alpha: Alpha, rgb: Rgb, model: Sequence[Plane], amount: Plane, rows: int = _ROWS) -> None:
    """Blend a linear colour model into a matte, in place: ``alpha += amount · (model(rgb) - alpha)``.

    ``alpha``: (h, w) float32; ``rgb``: (h, w, 3) uint8; ``model``: four planes (a, b) as of ``guided_filter``;
    ``amount``: (a, b) in 0..1. The small planes are enlarged bilinearly, pixel centres aligned. Where ``amount`` is 0
    nothing changes, and strips without any are not touched.
    """
    planes = [*model, amount]
    height, width = alpha.shape
    first, fraction = _places(height, amount.shape[0])

    def blend(top: int) -> None:
        strip = slice(top, min(top + rows, height))
        upper = first[strip]
        lower = np.minimum(upper + 1, amount.shape[0] - 1)
        columns = _columns(amount[upper[0] : lower[-1] + 1], width)
        if columns is None:
            return
        between = fraction[strip, None]
        red, green, blue, offset, share = (
            _widened(each[upper] + between * (each[lower] - each[upper]), width)[:, columns] for each in planes
        )
        there = (strip, columns)
        colours = rgb[there].astype(np.float32)
        colours *= np.float32(1 / 255)
        wanted = red * colours[..., 0]
        wanted += green * colours[..., 1]
        wanted += blue * colours[..., 2]
        wanted += offset
        np.clip(wanted, 0, 1, out=wanted)
        wanted -= alpha[there]
        wanted *= share
        alpha[there] += wanted

    with ThreadPoolExecutor(_WORKERS) as pool:
        for _ in pool.map(blend, range(0, height, rows)):
            pass


def _places(large: int, small: int) -> tuple[np.ndarray, Plane]:
    """Of each row of the large plane: the row of the small one above it, and how far below that it lies."""
    position = np.clip((np.arange(large) + 0.5) * (small / large) - 0.5, 0, small - 1)
    first = position.astype(np.intp)
    return first, (position - first).astype(np.float32)


def _columns(amount: Plane, width: int) -> slice | None:
    """The columns of the large plane that any of these small rows reaches; None if none does."""
    found = np.flatnonzero(amount.any(axis=0))
    if found.size == 0:
        return None
    scale = width / amount.shape[1]
    # Bilinear weights reach one small pixel further.
    return slice(max(0, math.floor((found[0] - 1) * scale)), min(width, math.ceil((found[-1] + 2) * scale)))


def _widened(lines: Plane, width: int) -> Plane:
    size = (width, lines.shape[0])
    return np.asarray(
        cv2.resize(np.ascontiguousarray(lines, np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32
    )
