"""Precision and recall, with errors weighted by where they are."""

from __future__ import annotations

import math

import cv2
import numpy as np

from cleancut.evaluation.levels import foreground, stretched
from cleancut.types import Alpha8

# The window and σ in which errors within the foreground make up for each other.
WINDOW, SIGMA = 7, 5.0
# Pixels from the foreground at which a false alarm counts one and a half times.
HALF = 5.0
_TINY = float(np.spacing(1))


def weighted_f_measure(matte: Alpha8, truth: Alpha8) -> float:
    """Weighted F-measure of a matte against a binary truth, both (h, w) uint8: 0..1, higher is better.

    Margolin et al., How to Evaluate Foreground Maps, CVPR 2014, with β = 1. 0 where the truth is empty. OpenCV's
    nearest foreground pixel is that of a 5 × 5 chamfer distance; the measure differs by less than 1e-4 for it.
    """
    mask = foreground(truth)
    wanted = int(np.count_nonzero(mask))
    if wanted == 0:
        return 0.0
    error = np.abs(stretched(matte).astype(np.float32)[matte] - mask)
    smooth = cv2.filter2D(_spread(error, mask), -1, _window(), borderType=cv2.BORDER_CONSTANT)
    inside = np.minimum(error, smooth)[mask].sum(dtype=np.float64)
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    importance = 2 - np.exp(distance * np.float32(math.log(0.5) / HALF))
    alarms = float((error * importance)[~mask].sum(dtype=np.float64))
    hits = wanted - float(inside)
    recall, precision = 1 - float(inside) / wanted, hits / (hits + alarms + _TINY)
    return 2 * recall * precision / (recall + precision + _TINY)


def _spread(error: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The error, that of the nearest foreground pixel in the background's place."""
    background = (~mask).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(background, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.zeros(int(nearest.max()) + 1, np.float32)
    values[nearest[mask]] = error[mask]
    return np.asarray(values[nearest])


def _window() -> np.ndarray:
    side = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_32F)
    return np.asarray(side @ side.T)
