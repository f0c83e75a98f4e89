"""The user's wishes on a finished matte; none of them runs the model again."""

from __future__ import annotations

from cleancut.matting.clean import clean
from cleancut.matting.edge_shift import edge_shift
from cleancut.matting.feather import feather
from cleancut.matting.translucency import translucency
from cleancut.options import Options
from cleancut.types import Alpha, Matte


def adjust(matte: Matte, options: Options) -> Alpha:
    """Clean, let through more or less, move the edge, soften it, turn it inside out: (h, w) float32 in 0..1."""
    # Specks first: moving the edge would change their size, or join them to the subject. Then glass, while hair and
    # edges are as the model saw them: softened, they could pass for glass.
    alpha = clean(matte.alpha, options.clean)
    alpha = translucency(alpha, options.translucency)
    alpha = edge_shift(alpha, options.edge_shift)
    alpha = feather(alpha, options.feather)
    # Last, since all of the above speak of the subject: a speck of it, its glass, outwards from it.
    return 1 - alpha if options.invert else alpha
