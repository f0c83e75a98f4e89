"""What a mask as good as says."""

from __future__ import annotations

import numpy as np

from cleancut.types import Alpha

# Below 2 % a model means nothing, above 98 % all: the same bounds in which the field's data sets call a pixel unknown.
OPEN = 0.02


def decide(mask: Alpha) -> Alpha:
    """Nearly clear to clear, nearly opaque to opaque, and what lies between stretched to fit: (h, w) float32.

    Models seldom answer exactly 0 or 1. Without this a subject stays see-through by a percent all over, and a haze of
    a percent surrounds it.
    """
    return np.asarray(np.clip((mask - OPEN) / (1 - 2 * OPEN), 0, 1), np.float32)
