"""Parts of photos that show no foreground."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cleancut.types import Rgb

# Below that a box shows too little to be a photo at all.
SMALLEST = 200

# Boxes are looked for on a grid of so many cells along the longer side.
CELLS = 64

# The four largest of a photo; more would be the same wall again and again.
EACH = 4

# Ground truths are not exactly 0 where nothing is.
CLEAR = 5


def background_boxes(image: Path, truth: Path) -> Iterator[Rgb]:
    """The largest boxes of a photo, apart from each other, ≥ 200 px a side, that the ground truth leaves clear."""
    with Image.open(truth) as file:
        taken = np.asarray(file.convert("L")) >= CLEAR
    with Image.open(image) as file:
        rgb = np.asarray(file.convert("RGB"))
    cell = -(-max(taken.shape) // CELLS)
    rows, columns = taken.shape[0] // cell, taken.shape[1] // cell
    cells = taken[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell)
    free = np.asarray(~cells.any((1, 3)), bool)
    for _ in range(EACH):
        top, bottom, left, right = _largest(free, -(-SMALLEST // cell))
        if bottom == top:
            return
        free[top:bottom, left:right] = False
        yield rgb[top * cell : bottom * cell, left * cell : right * cell].copy()


def _largest(free: NDArray[np.bool_], least: int) -> tuple[int, int, int, int]:
    """top, bottom, left, right of the largest free box of at least ``least`` cells a side; zeros if there is none."""
    best, box = 0, (0, 0, 0, 0)
    for top in range(free.shape[0]):
        open_columns = np.ones(free.shape[1], bool)
        for bottom in range(top + 1, free.shape[0] + 1):
            open_columns &= free[bottom - 1]
            if bottom - top < least:
                continue
            edges = np.flatnonzero(np.diff(np.concatenate([[0], open_columns, [0]])))
            for left, right in zip(edges[::2], edges[1::2], strict=True):
                area = (bottom - top) * int(right - left)
                if right - left >= least and area > best:
                    best, box = area, (top, bottom, int(left), int(right))
    return box
