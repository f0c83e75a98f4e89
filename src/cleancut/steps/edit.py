"""Brush strokes on a finished cut-out."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from cleancut.codecs.colour import from_srgb, to_srgb
from cleancut.errors import OptionError, OriginalNeeded
from cleancut.matting.eight_bits import eight_bits
from cleancut.matting.straight import straight
from cleancut.matting.strokes import Stroke, blend, pieces
from cleancut.types import Alpha, Alpha8, Picture, Rgb, Source


def edit(cutout: Source, strokes: Sequence[Stroke], original: Source | None = None) -> Picture:
    """A cut-out after brush strokes, in their order: (h, w, 4) straight RGBA, with the cut-out's metadata.

    ``original``: the photo that it was cut from, of the same size. Where strokes add, colours are the photo's own, and
    alpha does not exceed the transparency that it brought along. Without it, only what is still seen in part can be
    restored. RGB is zero where nothing is.

    Raises OptionError (the original is of another size), OriginalNeeded.
    """
    if original is not None and (original.width, original.height) != (cutout.width, cutout.height):
        raise OptionError(
            f"the original is {original.width} × {original.height}, and the cut-out {cutout.width} × {cutout.height}",
            hint="give the photo that was cut out, in its own size",
        )
    alpha, added = _painted(cutout, strokes, original)
    if original is None:
        if cutout.alpha is not None and np.any((cutout.alpha == 0) & (alpha > 0)):
            raise OriginalNeeded(
                "restoring needs the original's colours", hint="send the photo, too, as `original` or `filename`"
            )
        return Picture(straight(cutout.rgb, alpha), cutout.metadata)
    return Picture(straight(_restored(cutout, original, added), alpha), cutout.metadata)


def _painted(cutout: Source, strokes: Sequence[Stroke], original: Source | None) -> tuple[Alpha8, Alpha8]:
    """The new alpha; and where something was added, 255."""
    alpha = _as_alpha(cutout.alpha) if cutout.alpha is not None else np.ones(cutout.rgb.shape[:2], np.float32)
    added = np.zeros(alpha.shape, np.uint8)
    for stroke in strokes:
        for box, cover in pieces(stroke, cutout.width, cutout.height):
            there = slice(box.top, box.bottom), slice(box.left, box.right)
            blend(alpha[there], cover, stroke.action)
            if stroke.action == "remove":
                continue
            touched = cover > 0
            added[there][touched] = 255
            if original is not None and original.alpha is not None:
                # Stroke by stroke, so that what a later one takes is taken from what could be restored.
                np.minimum(alpha[there], _as_alpha(original.alpha[there]), out=alpha[there], where=touched)
    return eight_bits(alpha), added


def _as_alpha(alpha: Alpha8) -> Alpha:
    return np.asarray(np.divide(alpha, 255, dtype=np.float32), np.float32)


def _restored(cutout: Source, original: Source, added: Alpha8) -> Rgb:
    """The cut-out's colours, and the original's where something was added, all in the cut-out's colour space."""
    left, top, width, height = cv2.boundingRect(added)
    if width == 0:
        return cutout.rgb
    there = slice(top, top + height), slice(left, left + width)
    colours = np.ascontiguousarray(original.rgb[there])
    if original.metadata.icc != cutout.metadata.icc:
        colours = from_srgb(to_srgb(colours, original.metadata.icc), cutout.metadata.icc)
    rgb = cutout.rgb.copy()
    rgb[there] = cv2.copyTo(colours, added[there].copy(), rgb[there].copy())
    return rgb
