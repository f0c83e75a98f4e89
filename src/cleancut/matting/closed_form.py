"""Solving a matte so that it is a linear function of colour in every small window."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.matting.symmetric import PAIRS, Plane, factors, solve
from cleancut.types import Alpha

# 3 × 3 windows, and the variance of a colour's noise, as in the paper.
_SIDE = (3, 3)
_EPSILON = 1e-5

# How much the estimate holds within the band, and where it is known. The first was chosen among 0.01 … 0.2.
_IN_BAND = 0.02
_KNOWN = 10.0

_STEPS = 60
_ENOUGH = 1e-4


class _Laplacian:
    """The matting Laplacian as an operator: its matrix is never made.

    He, Sun and Tang, Fast Matting Using Large Kernel Matting Laplacian Matrices, CVPR 2010.
    """

    def __init__(self, rgb: Alpha) -> None:
        self._channels = [np.ascontiguousarray(rgb[..., i]) for i in range(3)]
        self._means = [_mean(each) for each in self._channels]
        self._factors = factors(
            [
                _mean(self._channels[i] * self._channels[j])
                - self._means[i] * self._means[j]
                + np.float32(_EPSILON if i == j else 0)
                for i, j in PAIRS
            ]
        )

    def __call__(self, alpha: Plane) -> Plane:
        level = _mean(alpha)
        weights = solve(
            self._factors,
            [_mean(c * alpha) - m * level for c, m in zip(self._channels, self._means, strict=True)],
        )
        offset = level - sum(w * m for w, m in zip(weights, self._means, strict=True))
        smooth = _mean(offset)
        for channel, weight in zip(self._channels, weights, strict=True):
            smooth = smooth + _mean(weight) * channel
        return alpha - smooth


def closed_form(rgb: Alpha, estimate: Alpha, band: Alpha) -> Alpha:
    """The matte nearest to an estimate that the photo's colours explain: (h, w) float32 in 0..1.

    ``rgb``: (h, w, 3) float32 in 0..1; ``band``: (h, w), above 0 where the matte is open. Minimises
    αᵀLα + (α - e)ᵀW(α - e) by conjugate gradients. Levin, Lischinski and Weiss, A Closed-Form Solution to
    Natural Image Matting, PAMI 2008.
    """
    laplacian = _Laplacian(rgb)
    weight = np.where(band > 0, np.float32(_IN_BAND), np.float32(_KNOWN))
    alpha = estimate.copy()
    rest = -laplacian(alpha)
    scale = 1 / (weight + np.float32(0.9))  # the Laplacian's diagonal is about 1 - 1/9
    scaled = rest * scale
    direction = scaled.copy()
    energy = first = float((rest * scaled).sum())
    for _ in range(_STEPS):
        if energy <= _ENOUGH**2 * first:
            break
        moved = laplacian(direction) + weight * direction
        step = np.float32(energy / max(float((direction * moved).sum()), 1e-20))
        alpha += step * direction
        rest -= step * moved
        scaled = rest * scale
        before, energy = energy, float((rest * scaled).sum())
        direction = scaled + np.float32(energy / before) * direction
    return np.asarray(np.clip(alpha, 0, 1), np.float32)


def _mean(plane: Plane) -> Plane:
    return np.asarray(cv2.blur(plane, _SIDE, borderType=cv2.BORDER_REFLECT), np.float32)
