"""Symmetric 3 × 3 matrices, one at each pixel, as six planes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.floating[Any]]
Planes = list[Plane]

PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
"""Which element each of the six planes is."""


def factors(matrix: Sequence[Plane]) -> Planes:
    """LDLᵀ of a positive definite matrix: three planes of L and three of D's reciprocals.

    Not the inverse by cofactors: on grey pictures its determinant drowns in the rounding of float32.
    """
    a, b, c, d, e, f = matrix
    lower, lowest = b / a, c / a
    second = d - b * lower
    inner = (e - c * lower) / second
    third = f - c * lowest - np.square(inner) * second
    return [lower, lowest, inner, 1 / a, 1 / second, 1 / third]


def solve(factored: Sequence[Plane], vector: Sequence[Plane]) -> Planes:
    """The x of ``matrix · x = vector``: three planes. ``factored``: what ``factors`` made of the matrix."""
    lower, lowest, inner, first, second, third = factored
    x, y, z = vector
    y = y - lower * x
    z = (z - lowest * x - inner * y) * third
    y = y * second - inner * z
    return [x * first - lower * y - lowest * z, y, z]


def quadratic(matrix: Sequence[Plane], vector: Sequence[Plane]) -> Plane:
    """``vector · matrix · vector``, never below zero: one plane."""
    total = sum((1 if i == j else 2) * m * vector[i] * vector[j] for (i, j), m in zip(PAIRS, matrix, strict=True))
    return np.maximum(np.asarray(total, np.float32), 0)
