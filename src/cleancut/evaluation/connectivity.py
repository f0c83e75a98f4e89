"""Whether what belongs together hangs together."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.types import Alpha, Alpha8

STEP = 0.1
# Differences below this are not seen as a loss of connection.
THETA = 0.15


def connectivity_difference(matte: Alpha8, truth: Alpha8) -> Alpha:
    """The difference of the two mattes' degrees of connection, to be summed: (h, w) float32 in 0..1.

    Rhemann et al., A Perceptually Motivated Online Benchmark for Image Matting, CVPR 2009, with p = 1, θ = 0.15 and
    λ = 1 as in their own code. A pixel is connected up to the last threshold, in steps of 0.1, at which it lies in the
    largest part (4-neighbours) of what both mattes hold; its degree falls by what its alpha exceeds that.
    """
    common = np.minimum(matte, truth)
    connected = np.ones(matte.shape, np.float32)
    before = np.ones(matte.shape, bool)
    for step in range(1, round(1 / STEP) + 1):
        # Integers, since 0.3 · 255 is no number of levels.
        inside = _largest_part(common >= np.uint8(np.ceil(step * STEP * 255 - 1e-9)))
        connected[before & ~inside] = (step - 1) * STEP
        before &= inside
    return np.asarray(cv2.absdiff(_degree(matte, connected), _degree(truth, connected)), np.float32)


def _degree(matte: Alpha8, connected: Alpha) -> Alpha:
    beyond = matte.astype(np.float32) / 255 - connected
    # With room for what float32 makes of a difference of exactly θ.
    return np.asarray(1 - np.where(beyond >= THETA - 1e-6, beyond, 0), np.float32)


def _largest_part(mask: np.ndarray) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count <= 1:  # the background alone
        return np.zeros_like(mask)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return np.asarray(labels == largest)
