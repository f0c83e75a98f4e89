"""Mattes whose answer can be worked out by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cleancut.types import Alpha


def step(height: int, width: int, edge: int) -> Alpha:
    """Clear to the left of column ``edge``, opaque from there on."""
    alpha = np.zeros((height, width), np.float32)
    alpha[:, edge:] = 1
    return alpha


def noise(seed: int, height: int = 33, width: int = 47) -> Alpha:
    return np.random.default_rng(seed).random((height, width), np.float32)


def disc(side: int, radius: float, softness: float = 1.0) -> Alpha:
    """(side, side): a disc in the middle whose edge fades over ``softness`` pixels."""
    down, across = np.mgrid[0:side, 0:side] + 0.5 - side / 2
    distance: NDArray[np.float64] = np.hypot(down, across)
    return np.clip((radius - distance) / softness + 0.5, 0, 1).astype(np.float32)
