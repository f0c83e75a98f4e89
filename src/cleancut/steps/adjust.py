"""The user's wishes on a finished matte; none of them runs the model again."""

from __future__ import annotations

from cleancut.matting.edge_shift import edge_shift
from cleancut.matting.feather import feather
from cleancut.options import Options
from cleancut.types import Alpha, Matte


def adjust(matte: Matte, options: Options) -> Alpha:
    """Move the edge, soften it, turn it inside out: (h, w) float32 in 0..1."""
    alpha = edge_shift(matte.alpha, options.edge_shift)
    alpha = feather(alpha, options.feather)
    return 1 - alpha if options.invert else alpha
