from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from cleancut.evaluation.boundary_iou import boundary_iou
from tests.evaluation.sets import disc


def rim(mask: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """What erosions by a 3 × 3 square take away."""
    inner = np.pad(mask, 1)
    for _ in range(width):
        grown = np.pad(inner, 1)
        rows, columns = inner.shape
        inner = np.all([grown[r : r + rows, c : c + columns] for r in range(3) for c in range(3)], axis=0)
    return mask & ~inner[1:-1, 1:-1]


def test_it_is_the_overlap_of_the_rims() -> None:
    matte, truth = np.roll(disc(40, 150, 200), 2, axis=1), disc(43, 150, 200)
    width = round(0.02 * math.hypot(150, 200))
    assert width == 5
    first, second = rim(matte > 127, width), rim(truth > 127, width)
    assert boundary_iou(matte, truth) == pytest.approx((first & second).sum() / (first | second).sum())


def test_the_photos_border_is_an_outline() -> None:
    full = np.full((100, 100), 255, np.uint8)
    hole = full.copy()
    hole[40:60, 40:60] = 0
    width = 3
    border = 100**2 - (100 - 2 * width) ** 2
    assert boundary_iou(full, hole) == pytest.approx(border / (border + 26**2 - 20**2))


def test_its_ends() -> None:
    empty, full = np.zeros((50, 50), np.uint8), np.full((50, 50), 255, np.uint8)
    assert boundary_iou(empty, empty) == 1
    assert boundary_iou(full, full) == 1
    assert boundary_iou(empty, full) == 0
