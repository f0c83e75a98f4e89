"""What the measures of salient objects share: a binary truth, and a mask of 256 levels stretched to full contrast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from cleancut.types import Alpha8

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Levels:
    """How often each level of a mask occurs; all these measures but the weighted one depend on nothing else."""

    values: Values
    """(256,) what each level stands for, 0..1: the mask's range is stretched to the whole."""
    inside: Values
    """(256,) pixels of each level where the truth is foreground."""
    outside: Values
    """(256,) pixels of each level where it is not."""

    @property
    def mean(self) -> float:
        """Mean value of the mask, 0..1."""
        both = self.inside + self.outside
        return float(both @ self.values / both.sum())


@dataclass(frozen=True, slots=True)
class Curve:
    """A measure of binary masks, applied to a soft one."""

    values: Values
    """(256,) the measure at each threshold, from 255 down to 0."""
    adaptive: float
    """The measure at twice the mask's mean value."""

    @property
    def mean(self) -> float:
        """Mean over the thresholds."""
        return float(self.values.mean())

    @property
    def max(self) -> float:
        """The best threshold's."""
        return float(self.values.max())


def foreground(truth: Alpha8) -> NDArray[np.bool_]:
    """The truth made binary, at the threshold of the measures' own code: (h, w) bool."""
    return truth > 128


def stretched(matte: Alpha8) -> Values:
    """(256,) the value 0..1 of each level, the matte's own range stretched to the whole as in the measures' code.

    A matte of one value keeps it.
    """
    values = np.arange(256) / 255
    low, high = values[int(matte.min())], values[int(matte.max())]
    return values if low == high else np.clip((values - low) / (high - low), 0, 1)


def levels_of(matte: Alpha8, truth: Alpha8) -> Levels:
    """The levels of a matte (h, w) uint8, split by a truth (h, w) uint8."""
    mask = foreground(truth)
    return Levels(stretched(matte), count(matte, mask), count(matte, ~mask))


def count(matte: Alpha8, mask: NDArray[np.bool_]) -> Values:
    """(256,) pixels of each level within ``mask``."""
    # OpenCV and not numpy: a twentieth of the time.
    found = cv2.calcHist([matte], [0], mask.astype(np.uint8), [256], [0, 256])
    return np.asarray(found, np.float64).ravel()


def at_thresholds(levels: Levels) -> tuple[Values, Values]:
    """True and false positives at each threshold, from 255 down to 0: twice (256,) pixels."""
    # Truncated, as in the measures' code, so that published values are met.
    place = (levels.values * 255).astype(np.uint8)
    inside = np.bincount(place, weights=levels.inside, minlength=256)
    outside = np.bincount(place, weights=levels.outside, minlength=256)
    return np.cumsum(inside[::-1]), np.cumsum(outside[::-1])


def at_adaptive_threshold(levels: Levels) -> tuple[float, float]:
    """True and false positives at twice the mean value, 1 at most (Achanta et al., CVPR 2009)."""
    kept = levels.values >= min(2 * levels.mean, 1.0)
    return float(levels.inside[kept].sum()), float(levels.outside[kept].sum())
