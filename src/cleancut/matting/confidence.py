"""How sure a mask is of its subject."""

from __future__ import annotations

import numpy as np

from cleancut.types import Raw

# Below one half, more of the mask is doubt than decision.
DECIDED = 0.5

# A subject covers at least a patch of 8 by 8 of a 1024 square: less is a speck that a model of that size cannot
# tell from noise.
SMALLEST_SHARE = (8 / 1024) ** 2


def confidence(raw: Raw) -> float:
    """The mean value of the mask where the mask is: Σ p² / Σ p, in 0..1; 0 for an empty mask.

    1 when every pixel is 0 or 1, near 0 for a faint smear. Soft hair costs little, since it is a small part.
    """
    total = float(raw.sum(dtype=np.float64))
    if total == 0:
        return 0.0
    return float(np.square(raw, dtype=np.float64).sum()) / total


def has_subject(raw: Raw, certainty: float) -> bool:
    """Whether the mask shows a subject rather than doubt."""
    return certainty >= DECIDED and float((raw >= DECIDED).mean()) >= SMALLEST_SHARE
