"""The old background's colour is taken out of soft edges."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.matting.eight_bits import eight_bits
from cleancut.matting.fill import blurred_background
from cleancut.matting.foreground import estimate_foreground
from cleancut.options import Options
from cleancut.types import Alpha, Alpha8, Rgb, Source

# Pixels: what a file hides is given the colours of what it shows beside it. Any reach does that is wider than an edge.
_REACH = 8.0


def decontaminate(source: Source, mixed: Alpha, alpha: Alpha, options: Options) -> Rgb:
    """The photo with the subject's own colours where the background shines through: (h, w, 3) uint8.

    ``mixed``, ``alpha``: (h, w) float32 in 0..1, how much of each pixel's colour is the subject's, and how much of the
    subject is to be seen there. They are the same but for a feather, which also fades what the photo shows unmixed.
    Where ``alpha`` is 0 or 1, the photo's colours stay. The whole frame is done even if it is cropped later: the work
    follows the subject's edge, and a crop cannot change a colour.
    """
    if not options.decontaminate or options.channels == "alpha":
        return source.rgb
    shown = eight_bits(alpha)
    share = shown if mixed is alpha else eight_bits(mixed)
    if source.alpha is None:
        return estimate_foreground(source.rgb, share, shown)
    return _beside_transparency(source, share, shown)


def _beside_transparency(source: Source, share: Alpha8, shown: Alpha8) -> Rgb:
    """Only where the file is opaque: colours under its own transparency are straight, nothing is mixed into them."""
    assert source.alpha is not None
    # Hidden pixels are often black; as a background they would turn the edge beside them too bright.
    visible = blurred_background(source.rgb, 255 - source.alpha, _REACH)
    cv2.copyTo(source.rgb, source.alpha, visible)
    opaque = cv2.inRange(source.alpha, 255, 255)
    sought = np.asarray(cv2.bitwise_and(shown, opaque), np.uint8)
    return np.asarray(cv2.copyTo(estimate_foreground(visible, share, sought), opaque, source.rgb.copy()), np.uint8)
