"""How far a cut-out's colours are from the true ones."""

from __future__ import annotations

import numpy as np

from cleancut.types import Alpha8, Rgb


def colour_error(estimate: Rgb, truth: Rgb, alpha: Alpha8) -> float | None:
    """Mean over the channels of |estimate − truth|, weighted by the true ``alpha``, where 0 < alpha < 255.

    In levels, 0..255; colours (h, w, 3), alpha (h, w), all uint8. None where no pixel is half see-through: elsewhere a
    colour is the photo's own, or is not seen.
    """
    soft = (alpha > 0) & (alpha < 255)
    weights = alpha[soft].astype(np.float64)
    if not weights.size:
        return None
    difference = np.abs(estimate[soft].astype(np.int16) - truth[soft]).mean(axis=1)
    return float(weights @ difference / weights.sum())
