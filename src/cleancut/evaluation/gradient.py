"""How well a matte's edges run as the true ones do."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.types import Alpha, Alpha8

# Of the Gaussian before the derivative: that of Rhemann et al.
SIGMA = 1.4


def gradient_difference(matte: Alpha8, truth: Alpha8) -> Alpha:
    """The difference of the two mattes' gradient magnitudes, × 100: (h, w) float32, at least 0.

    After Rhemann et al., A Perceptually Motivated Online Benchmark for Image Matting, CVPR 2009; with the 3 × 3 Sobel
    (÷ 8) after a Gaussian of σ 1.4 in place of Gaussian derivatives, and to be averaged rather than summed, so that
    photos of any size compare.
    """
    return np.asarray(cv2.absdiff(_magnitude(matte), _magnitude(truth)) * 100, np.float32)


def _magnitude(matte: Alpha8) -> Alpha:
    smooth = cv2.GaussianBlur(matte.astype(np.float32) / 255, (0, 0), SIGMA)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    # Not OpenCV: its last digit depends on where the array lies in memory, and equal mattes must score the same.
    return np.sqrt(across * across + down * down)
