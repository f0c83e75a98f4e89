"""How sure a mean over photos is: what it would be over other photos of the kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RESAMPLES = 10_000
# Any, but always the same: equal scores give equal intervals.
SEED = 0
CONFIDENCE = 0.95

# Added to both sides of a ratio. Hundreds of times less than the best mattes' errors, so it changes no ratio that
# means something; two perfect mattes are alike by it, and a perfect one is not infinitely better.
EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with its 95 % interval: the percentile bootstrap (Efron and Tibshirani, 1993, chapter 13)."""

    value: float
    low: float
    high: float


def mean(values: Sequence[float]) -> Interval:
    """The mean over photos. All intervals of as many photos rest on the same resamples."""
    return _interval(np.asarray(values, np.float64))


def mean_difference(candidate: Sequence[float], baseline: Sequence[float]) -> Interval:
    """The mean over photos of candidate − baseline, paired."""
    return _interval(np.asarray(candidate, np.float64) - np.asarray(baseline, np.float64))


def geometric_ratio(candidate: Sequence[float], baseline: Sequence[float]) -> Interval:
    """The geometric mean over photos of candidate ÷ baseline, paired; of values that are at least 0.

    Each photo counts the same, whether its error is large or small.
    """
    above, below = np.asarray(candidate, np.float64) + EPSILON, np.asarray(baseline, np.float64) + EPSILON
    logarithm = _interval(np.log(above / below))
    return Interval(*(float(np.exp(each)) for each in (logarithm.value, logarithm.low, logarithm.high)))


def _interval(values: NDArray[np.float64]) -> Interval:
    # In parts, so that thousands of photos need no gigabytes.
    means = np.concatenate([values[rows].mean(axis=1) for rows in np.array_split(_draws(values.size), 20)])
    low, high = np.quantile(means, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return Interval(float(values.mean()), float(low), float(high))


@lru_cache(maxsize=4)
def _draws(count: int) -> NDArray[np.int32]:
    """(RESAMPLES, count): which photos each resample consists of."""
    return np.random.default_rng(SEED).integers(count, size=(RESAMPLES, count), dtype=np.int32)
