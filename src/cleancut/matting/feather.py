"""Softening the hard edges of a matte."""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np

from cleancut.types import Alpha

# Blurs by these shares of the full σ; what is asked for between two of them is their mixture. With fewer, a mixture
# would show both the hard edge and a halo around it.
_STAGES = (0.0, 0.25, 0.5, 1.0)

# How far the gradients in the window agree in direction: 1 along a straight edge, √½ at a right angle, next to nothing
# around a strand or a dot. Full strength as far as the right angle, none where three quarters cancel out.
_CORNER, _TANGLE = math.sqrt(0.5), 0.25

# Blurred at a size where σ spans this many pixels, an edge is within a level of 8 bits of what full size gives, and
# costs the same for every width. A measure need not be as exact.
_SIGMA_WHEN_SMALL = 8.0
_SIGMA_OF_MEASURE = 3.0

# ∫ 4α(1 − α) across an edge that is blurred by a Gaussian of σ = 1.
_DOUBT = 4 / math.sqrt(math.pi)

# An edge as soft as the feather's rises by 0.8 / pixels. An eighth of that is a veil's own shading.
_FLAT = 0.1

# A blur of so few pixels changes no alpha by a level of 8 bits; divided by, it would be too large a number.
_NOTHING = 1e-3

# Against 0 / 0. The window of the widest feather sees an edge at three σ with 4e-5.
_TINY = 1e-7


def feather(alpha: Alpha, pixels: float) -> Alpha:
    """Fade hard edges over ``pixels`` on each side: (h, w) float32 in 0..1.

    Along a hard, straight edge: a Gaussian of σ = pixels / 2, from 2 % to 98 % within two σ each way. An edge that is
    soft already is blurred by what it lacks (variances add up), by nothing if it is that soft. What is finer than
    ``pixels`` (strands of hair, thin lines, small holes and dots) hardly changes, as a blur would wash it out, and
    neither does an edge right beside such detail. From one to the other the blur changes gradually.
    """
    if pixels < _NOTHING:
        return alpha
    sigma = pixels / 2
    lacking = _lacking(alpha, sigma)
    result = alpha.copy()
    for less, more in pairwise(_STAGES):
        # Each stage goes on from the one before, in shares of the full variance.
        blurred = _as_large_as(alpha, _blurred(alpha, more * sigma, _SIGMA_WHEN_SMALL))
        blurred -= result
        blurred *= np.clip((lacking - less**2) / (more**2 - less**2), 0, 1)
        result += blurred
    return np.clip(result, 0, 1, out=result)


def _lacking(alpha: Alpha, sigma: float) -> Alpha:
    """The share of σ² by which each place should be blurred: (h, w) float32 in 0..1."""
    across = _slope(alpha, 1, 0)
    down = _slope(alpha, 0, 1)
    slope = np.asarray(cv2.magnitude(across, down), np.float32)
    # Σ 4α(1 − α) / Σ |∇α| is the width of an edge; doubt where nothing changes belongs to glass or smoke.
    steep = slope * slope
    steep /= steep + np.float32((_FLAT / (2 * sigma)) ** 2)
    doubt = alpha * (1 - alpha) * steep
    x, y, change, doubt = (_blurred(each, sigma, _SIGMA_OF_MEASURE) for each in (across, down, slope, doubt))
    agreement = np.clip((cv2.magnitude(x, y) / (change + _TINY) - _TANGLE) / (_CORNER - _TANGLE), 0, 1)
    edge = 4 * doubt / (change + _TINY) / (_DOUBT * sigma)
    return _as_large_as(alpha, np.asarray(agreement * np.clip(1 - edge * edge, 0, 1), np.float32))


def _slope(alpha: Alpha, x: int, y: int) -> Alpha:
    slope = cv2.Sobel(alpha, cv2.CV_32F, x, y, scale=1 / 8, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(slope, np.float32)


def _blurred(plane: Alpha, sigma: float, sigma_when_small: float) -> Alpha:
    """A Gaussian blur, at the reduced size where ``sigma`` measures ``sigma_when_small``, or at full size."""
    height, width = plane.shape
    factor = min(1.0, sigma_when_small / sigma)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = plane if factor == 1 else cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), sigma * factor, borderType=cv2.BORDER_REPLICATE), np.float32)


def _as_large_as(alpha: Alpha, plane: Alpha) -> Alpha:
    if plane.shape == alpha.shape:
        return plane
    return np.asarray(cv2.resize(plane, alpha.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
