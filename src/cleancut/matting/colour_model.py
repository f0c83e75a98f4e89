"""Telling foreground from background by colour, place by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cleancut.matting.symmetric import PAIRS, Plane, Planes, factors, quadratic, solve
from cleancut.types import Alpha

# Colours are gathered at a quarter of the size: their means and spreads change slowly.
_FACTOR = 4

# Neighbourhoods in pixels of the reduced picture. The nearest counts most; the wider ones only speak up where the
# nearer ones have seen too little, each 1/33 as loud as the one before.
_SIGMAS = (2.0, 4.0, 8.0, 16.0)
_FADE = 0.03
_WIDE = 8.0

# The noise of a colour, 5 levels of 255: two colours closer than that cannot be told apart.
_NOISE = 0.02**2

# Half a standard deviation at either end counts as pure: a texture's own spread is not transparency.
_PURE = 0.5
_MOST_PURE = 0.3

# A side is known once a twenty-fifth of the widest neighbourhood is: less is no ground for any colour.
_SEEN = 1e-6

# The separation at which a colour estimate is half trusted, as a squared number of standard deviations.
_HALF_TRUSTED = 10.0


@dataclass(frozen=True, slots=True)
class ColourModel:
    """At each place ``alpha = weights · rgb + offset``, and how far to trust it; reduced in size."""

    weights: Planes
    """Three planes (h/4, w/4) float32."""
    offset: Plane
    trust: Plane
    """0..1: 1 where the two sides' colours are far apart against their spread."""


def colour_model(rgb: Alpha, alpha: Alpha, sure: float = 0.95) -> ColourModel:
    """Learn the colours' linear discriminant around each place, from where alpha is above ``sure`` or below 1 - it.

    ``rgb``: (h, w, 3) float32 in 0..1; ``alpha``: (h, w) float32. Fisher's discriminant (Annals of Eugenics 7, 1936)
    of the local means and covariances, scaled so that the background's mean answers 0 and the foreground's 1. Unlike
    the projection on the line between the means it looks along the direction in which textures do not vary.
    """
    channels = cv2.split(rgb)
    ahead = _gather(channels, (alpha > sure).astype(np.float32))
    behind = _gather(channels, (alpha < 1 - sure).astype(np.float32))
    (front_seen, front, front_spread), (back_seen, back, back_spread) = ahead, behind
    difference = [x - y for x, y in zip(front, back, strict=True)]
    spread = [
        (x + y) / 2 + (_NOISE if i == j else 0) for (i, j), x, y in zip(PAIRS, front_spread, back_spread, strict=True)
    ]
    weights = solve(factors(spread), difference)
    separation = sum(x * y for x, y in zip(weights, difference, strict=True)) + np.float32(1e-9)
    weights = [each / separation for each in weights]
    low = np.minimum(_PURE * np.sqrt(quadratic(back_spread, weights)), _MOST_PURE)
    high = 1 - np.minimum(_PURE * np.sqrt(quadratic(front_spread, weights)), _MOST_PURE)
    gain = 1 / (high - low)
    weights = [each * gain for each in weights]
    offset = -sum(x * y for x, y in zip(weights, back, strict=True)) - low * gain
    squared = np.square(separation)
    seen = np.minimum(front_seen, back_seen)
    trust = squared / (squared + _HALF_TRUSTED**2) * (seen / (seen + _SEEN))
    return ColourModel(weights, np.asarray(offset), np.asarray(trust))


def _gather(channels: Sequence[cv2.typing.MatLike], known: Alpha) -> tuple[Plane, Planes, Planes]:
    """How much is known around each place, and of that the local means (3 planes) and covariances (6 planes)."""
    height, width = known.shape
    size = (max(1, round(width / _FACTOR)), max(1, round(height / _FACTOR)))
    seen = [cv2.multiply(each, known) for each in channels]
    planes = [known, *seen, *(cv2.multiply(seen[i], channels[j]) for i, j in PAIRS)]
    total, *sums = (_spread_out(cv2.resize(each, size, interpolation=cv2.INTER_AREA)) for each in planes)
    weight = total + np.float32(1e-9)
    means = [each / weight for each in sums[:3]]
    spreads = [each / weight - means[i] * means[j] for each, (i, j) in zip(sums[3:], PAIRS, strict=True)]
    return total, means, spreads


def _spread_out(plane: cv2.typing.MatLike) -> Plane:
    """The sum over all neighbourhoods. The wide ones on a quarter of the size again, which they cannot tell."""
    total = np.zeros(plane.shape, np.float32)
    height, width = plane.shape
    coarse = cv2.resize(plane, (-(-width // _FACTOR), -(-height // _FACTOR)), interpolation=cv2.INTER_AREA)
    wide = np.zeros(coarse.shape, np.float32)
    for step, sigma in enumerate(_SIGMAS):
        source, there, reach = (plane, total, sigma) if sigma < _WIDE else (coarse, wide, sigma / _FACTOR)
        blurred = cv2.GaussianBlur(source, (0, 0), reach, borderType=cv2.BORDER_REFLECT)
        cv2.scaleAdd(blurred, _FADE**step, there, there)
    return total + np.asarray(cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
