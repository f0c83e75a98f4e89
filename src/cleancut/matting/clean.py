"""Removing specks and filling holes."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from cleancut.types import Alpha

Mask = NDArray[np.uint8]  # 0 or 1
Ints = NDArray[np.intp]

# Where the unknown band of a matte begins. Parts are told apart here and not at one half, so that a strand of hair
# hangs on its subject by its faintest pixel, and so that dust too faint to be solid is a part as well.
_FAINT = np.float32(0.02)

# A blurred dot (a Gaussian) is 2.4 times as wide where it fades to 2 % as it is at half its height. What is wider than
# that need not be looked at closely.
_SPREAD = math.sqrt(math.log(1 / _FAINT) / math.log(2))

# Such a dot goes on below 2 %, for another third of its size, until 8 bits show nothing of it; half of it is ample.
_SKIRT = 0.5


def clean(alpha: Alpha, pixels: float) -> Alpha:
    """Remove specks and fill holes that are at most ``pixels`` wide and high: (h, w) float32 in 0..1.

    A speck is a part of the matte that nothing joins to another part: 8-connected where alpha is at least 2 %. A hole
    is the same of the background, with subject all around: where the frame cuts it, nobody can tell how far it goes
    on. Either is measured by the box around its core (what is at least half as strong as its strongest pixel), so that
    blur makes it no larger, a strand of hair counts with its length, and faint dust counts too.

    A speck takes its soft surroundings with it and becomes 0, a hole becomes 1; all else keeps its value. The largest
    part stays, however small it is. Cleaning twice is cleaning once; more ``pixels`` never clear less.
    """
    if pixels == 0:
        return alpha
    height, width = alpha.shape
    left, top, across, down = cv2.boundingRect((alpha >= _FAINT).view(np.uint8))
    # Beyond this box, all is background in one piece; a rim of it keeps that piece together.
    rim = 1 + math.ceil(_SKIRT * pixels)
    box = (slice(max(0, top - rim), min(height, top + down + rim)),
           slice(max(0, left - rim), min(width, left + across + rim)))  # fmt: skip
    cleaned = alpha.copy()
    _clear(cleaned[box], pixels, holes=False)
    # Specks first: one that lies in a hole is no subject for the hole to be measured against.
    _clear(cleaned[box], pixels, holes=True)
    return cleaned


def _clear(alpha: Alpha, pixels: float, *, holes: bool) -> None:
    """Remove specks or fill holes, in place."""
    parts = ((alpha <= 1 - _FAINT) if holes else (alpha >= _FAINT)).view(np.uint8)
    candidates, all_are = _candidates(parts, pixels, holes)
    rows, columns = np.nonzero(candidates.view(np.bool_))
    if not len(rows):
        return
    # Only the few candidates are labelled: labels for every pixel would cost more than all the rest.
    labels = np.asarray(cv2.connectedComponents(candidates, connectivity=8)[1][rows, columns], np.intp)
    order = np.argsort(labels, kind="stable")
    labels, rows, columns = labels[order], rows[order], columns[order]
    values = alpha[rows, columns]
    gone = _core_sizes(labels, rows, columns, 1 - values if holes else values) <= pixels
    if all_are and not holes:
        gone[np.argmax(np.bincount(labels)[1:])] = False
    removed = np.zeros_like(parts)
    removed[rows, columns] = gone[labels - 1]
    if gone.any():
        cleared = removed | _skirt(parts, removed, _SKIRT * pixels)
        np.copyto(alpha, np.float32(holes), where=cleared.view(np.bool_))


def _candidates(parts: Mask, pixels: float, holes: bool) -> tuple[Mask, bool]:
    """The parts whose outline is small enough for a small core, and whether that is every part there is."""
    outlines, tree = cv2.findContours(parts, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found = np.zeros_like(parts)
    if not outlines:
        return found, True
    starts = np.cumsum([0, *map(len, outlines[:-1])])
    points = np.concatenate(outlines)[:, 0]
    first, last = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    # An outline without a parent is a part's outer one.
    outer = np.reshape(tree, (-1, 4))[:, 3] < 0
    small = outer & ((last - first).max(axis=1) < pixels * _SPREAD + 2)
    if holes:
        height, width = parts.shape
        small &= (first > 0).all(axis=1) & (last < (width - 1, height - 1)).all(axis=1)
    cv2.drawContours(found, [outlines[each] for each in np.flatnonzero(small).tolist()], -1, 1, cv2.FILLED)
    # A part's own holes have been filled in as well.
    return found & parts, bool(small[outer].all())


def _core_sizes(labels: Ints, rows: Ints, columns: Ints, strength: Alpha) -> Ints:
    """The longer side of the box around each part's core, in the order of the labels: one value a pixel, sorted."""
    starts = np.flatnonzero(np.diff(labels, prepend=0))
    # Whatever is solid counts as fully so: filling a hole's last 2 % must not change what its surroundings measure.
    peak = np.minimum(np.maximum.reduceat(strength, starts), 1 - _FAINT)
    core = strength >= peak[labels - 1] / 2
    starts = np.flatnonzero(np.diff(labels[core], prepend=0))
    across, down = (
        np.maximum.reduceat(at, starts) - np.minimum.reduceat(at, starts) for at in (columns[core], rows[core])
    )
    return np.asarray(np.maximum(across, down) + 1, np.intp)


def _skirt(parts: Mask, removed: Mask, reach: float) -> Mask:
    """What is too faint to be a part, and nearer to a removed part than to one that stays."""
    # In city blocks and 8 bits, which costs half as much as true distances: they end at 255, beyond any reach.
    to_removed, to_kept = (
        cv2.distanceTransform(1 - each, cv2.DIST_L1, 3, dstType=cv2.CV_8U) for each in (removed, parts - removed)
    )
    skirt = (parts == 0) & (to_removed <= reach) & (to_removed < to_kept)
    return np.asarray(skirt, np.uint8)
