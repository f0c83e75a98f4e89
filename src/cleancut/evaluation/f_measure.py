"""Precision and recall in one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cleancut.evaluation.levels import Curve, at_adaptive_threshold, at_thresholds, levels_of
from cleancut.types import Alpha8

if TYPE_CHECKING:
    from cleancut.evaluation.levels import Values

# β²: precision counts more than recall, as in all work on salient objects since Achanta et al.
BETA_SQUARED = 0.3


def f_measure(matte: Alpha8, truth: Alpha8) -> Curve:
    """F-measure of a matte against a binary truth, both (h, w) uint8: 0..1, higher is better.

    Achanta et al., Frequency-tuned Salient Region Detection, CVPR 2009. 0 where the truth is empty.
    """
    levels = levels_of(matte, truth)
    wanted = float(levels.inside.sum())
    hits, alarms = at_adaptive_threshold(levels)
    adaptive = _f(np.array([hits]), np.array([alarms]), wanted)
    return Curve(_f(*at_thresholds(levels), wanted), float(adaptive[0]))


def _f(hits: Values, alarms: Values, wanted: float) -> Values:
    """The measure, from true and false positives: (1 + β²) P R ÷ (β² P + R), freed of its fractions."""
    below = BETA_SQUARED * wanted + hits + alarms
    return np.asarray((1 + BETA_SQUARED) * hits / np.where(below > 0, below, 1), np.float64)
