"""Which colours of a photo are more the subject's, and which more the background's, by a matte that is mostly right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from cleancut.matting.strokes import Action
from cleancut.types import Alpha, Alpha8

Counts: TypeAlias = NDArray[np.float32]
"""(16, 32, 32): lightness, and the two axes of colour."""

# Bins of CIELAB, with lightness as the planes have it: 0 to 80, and twice -80 to 80. What is beyond, few colours of
# sRGB, is in the last. Of the clicks that grow.py tells of, bins of 10 give 83 %, 72 %.
_BIN = 5.0
_SHAPE = (16, 32, 32)
_LEAST = (0.0, -80.0, -80.0)

# Of 8 bits: farther from opaque, or from clear, a pixel says nothing of its side.
_SURE = 13

# With fewer pixels a side is not known.
_FEW = 50

# What a bin holds that no pixel fell in, as a share of all.
_NONE = 1e-6


@dataclass(frozen=True, slots=True)
class Sides:
    """The colours on the two sides of a matte's border."""

    alpha: Alpha8
    """(a, b)"""
    bins: NDArray[np.uint16]
    """(a, b): which bin a pixel's colour is in."""
    clear: Counts
    """How many pixels of each colour are surely clear."""
    opaque: Counts

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return sum(each.nbytes for each in (self.alpha, self.bins, self.clear, self.opaque))

    def wrong(self, action: Action) -> NDArray[np.bool_]:
        """Where the matte is not yet what ``action`` is to make of it, by more than a quarter."""
        return self.alpha < 191 if action == "add" else self.alpha > 64

    def favour(self, core: NDArray[np.uint8], action: Action) -> Alpha | None:
        """How many times, by its logarithm, each pixel's colour is more common on the side that ``action`` makes.

        ``core``: 1 where it is surely wanted, (a, b); its colours count as much as all others on that side, and it is
        not taken for the other side, where the matte has it. None where the other side is not known.
        """
        there = core > 0
        sure = (self.alpha > 255 - _SURE) if action == "remove" else (self.alpha < _SURE)
        own, other = (self.opaque, self.clear) if action == "add" else (self.clear, self.opaque)
        other = other - _counted(self.bins[there & sure])
        if other.sum() < _FEW:
            return None
        wanted = _share(_counted(self.bins[there]))
        if own.sum() >= _FEW:
            wanted = np.asarray((wanted + _share(own)) / 2, np.float32)
        told = np.log(wanted + _NONE) - np.log(_share(other) + _NONE)
        plane = told.astype(np.float32).ravel()[self.bins]
        # A pixel among others of the other side is theirs.
        return np.asarray(cv2.blur(plane, (3, 3)), np.float32)


def sides_of(lab: NDArray[np.float32], alpha: Alpha8) -> Sides:
    """What a matte tells of a photo's colours: (a, b, 3) in CIELAB, and (a, b)."""
    index = np.zeros(alpha.shape, np.int32)
    for i, (size, least) in enumerate(zip(_SHAPE, _LEAST, strict=True)):
        index = index * size + np.clip((lab[..., i] - least) * (1 / _BIN), 0, size - 1).astype(np.int32)
    bins = index.astype(np.uint16)
    return Sides(alpha, bins, _counted(bins[alpha < _SURE]), _counted(bins[alpha > 255 - _SURE]))


def _counted(bins: NDArray[np.uint16]) -> Counts:
    return np.bincount(bins, minlength=int(np.prod(_SHAPE))).reshape(_SHAPE).astype(np.float32)


def _share(counts: Counts) -> Counts:
    return np.asarray(counts / max(float(counts.sum()), 1.0), np.float32)
