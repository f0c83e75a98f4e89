"""From a model's mask to a matte at the photo's size."""

from __future__ import annotations

import numpy as np

from cleancut.matting.confidence import confidence, has_subject
from cleancut.matting.resize import resize_mask
from cleancut.types import Fit, Matte, Raw, Source


def refine(raw: Raw, fit: Fit, source: Source) -> Matte:
    """The matte of the whole photo, and how sure the model is. Without a subject the matte is clear."""
    mask = raw[fit.top : fit.top + fit.height, fit.left : fit.left + fit.width]
    certainty = confidence(mask)
    if not has_subject(mask, certainty):
        return Matte(np.zeros((source.height, source.width), np.float32), subject=False, confidence=certainty)
    return Matte(resize_mask(mask, source.width, source.height), subject=True, confidence=certainty)
