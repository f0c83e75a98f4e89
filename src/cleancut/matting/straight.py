"""Colours and alpha as one picture."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.types import Alpha8, Pixels, Rgb

# As much of a photo as the processor keeps at hand.
_ROWS = 64


def straight(rgb: Rgb, alpha: Alpha8, *, keep_hidden: bool = False) -> Pixels:
    """(h, w, 4) straight RGBA; the colours are zero where alpha is, unless they are to be kept there."""
    # Memory that is zero already is not even touched where nothing is to be seen.
    pixels = np.zeros((*alpha.shape, 4), np.uint8)
    for top in range(0, len(alpha), _ROWS):
        rows = slice(top, top + _ROWS)
        strip = cv2.cvtColor(rgb[rows], cv2.COLOR_RGB2RGBA)
        cv2.insertChannel(alpha[rows], strip, 3)
        if keep_hidden:
            pixels[rows] = strip
        else:
            # The background is gone, not only hidden; and the file is a third of the size.
            cv2.copyTo(strip, alpha[rows], pixels[rows])
    return pixels
