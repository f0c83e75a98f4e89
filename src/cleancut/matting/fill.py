"""A background without its subject."""

from __future__ import annotations

import math

import cv2
import numpy as np

from cleancut.types import Alpha8, Rgb

# Blurring at a size where σ is this many pixels cannot be told from blurring at full size, and costs the same for
# every radius.
_SIGMA_WHEN_SMALL = 6.0

# Where the background is hidden too far around, its mean colour fills in at this weight.
_HIDDEN = 1e-3


def blurred_background(rgb: Rgb, alpha: Alpha8, sigma: float) -> Rgb:
    """The photo blurred by a Gaussian of ``sigma`` pixels, the subject left out: (h, w, 3) uint8.

    A normalised convolution (Knutsson and Westin, CVPR 1993): colours are weighted by how much background is in them,
    so that no halo of the subject shines around it.
    """
    height, width = alpha.shape
    factor = min(1.0, _SIGMA_WHEN_SMALL / sigma)
    small = (max(1, math.ceil(width * factor)), max(1, math.ceil(height * factor)))
    weight = 1 - cv2.resize(alpha, small, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    colours = cv2.resize(rgb, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    seen = colours * weight[..., None]
    # With no background at all, the subject's own colours have to do.
    far = seen.sum(axis=(0, 1)) / weight.sum() if weight.any() else colours
    local = sigma * factor
    blurred = cv2.GaussianBlur(seen + _HIDDEN * far, (0, 0), local, borderType=cv2.BORDER_REFLECT_101)
    total = cv2.GaussianBlur(weight + _HIDDEN, (0, 0), local, borderType=cv2.BORDER_REFLECT_101)
    filled = np.clip(np.rint(blurred / total[..., None]), 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
