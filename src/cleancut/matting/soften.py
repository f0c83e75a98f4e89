"""Edges as soft as a lens draws them."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.types import Raw

# In pixels of the mask. Networks that learn from binary ground truth draw an edge within about a pixel, no matter how
# the photo shows it; this much costs nothing on the crispest photos and takes 3 % off the error at edges on both the
# soft and the hard half of the photos it was chosen on.
_SIGMA = 0.65


def soften(mask: Raw) -> Raw:
    """A model's mask with the over-crisp edge blurred by a Gaussian of two thirds of its pixel: (a, b) float32."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), _SIGMA, borderType=cv2.BORDER_REPLICATE), np.float32)
