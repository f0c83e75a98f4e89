"""Where the subject is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cleancut.geometry import Box, Cut
from cleancut.types import Alpha8

# 6 % opaque: fainter pixels change a white page by less than 16 levels, and models leave such haze far from a subject.
_VISIBLE = 16

# Parts are told apart in a picture of this many cells a side: at full size it would take a tenth of all the time.
_CELLS = 1000

# What is half the subject's or more.
_SOLID = 128

# A ball that touches the photo's border does so along 6 % of its width, a portrait is cut along most of it.
_CUT = 0.2

# A part below 1/500 of the largest one is a speck, not a piece of the subject.
_SPECK = 1 / 500


def subject_box(alpha: Alpha8) -> Box | None:
    """The smallest box around what can be seen of the subject, without haze and specks; None if there is nothing.

    In large pictures, specks within a few pixels of the subject count as its own.
    """
    visible = np.asarray(cv2.inRange(alpha, _VISIBLE, 255), np.uint8)
    cell = max(1, max(alpha.shape) // _CELLS)
    kept = _largest(_cells(visible, cell))
    if kept is None:
        return None
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    first, last, left, right = rows[0], rows[-1], columns[0], columns[-1]
    # To the pixel, within the outermost cells.
    return Box(
        int(left) * cell + _ends(visible[:, left * cell : (left + 1) * cell], kept[:, left], cell, 1)[0],
        int(first) * cell + _ends(visible[first * cell : (first + 1) * cell], kept[first], cell, 0)[0],
        int(right) * cell + _ends(visible[:, right * cell : (right + 1) * cell], kept[:, right], cell, 1)[1],
        int(last) * cell + _ends(visible[last * cell : (last + 1) * cell], kept[last], cell, 0)[1],
    )


def _cells(visible: Alpha8, cell: int) -> Alpha8:
    """Where there is anything in squares of that side."""
    if cell == 1:
        return visible
    height, width = visible.shape
    down, across = -(-height // cell), -(-width // cell)
    whole = cv2.copyMakeBorder(
        visible, 0, down * cell - height, 0, across * cell - width, cv2.BORDER_CONSTANT, value=(0,)
    )
    return np.asarray(cv2.resize(whole, (across, down), interpolation=cv2.INTER_AREA), np.uint8)


def _largest(cells: Alpha8) -> NDArray[np.bool_] | None:
    """The cells of the largest part, and of all that are no specks beside it."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((cells > 0).astype(np.uint8), connectivity=8)
    if count <= 1:  # the background alone
        return None
    areas = stats[:, cv2.CC_STAT_AREA]
    large = areas >= areas[1:].max() * _SPECK
    large[0] = False
    return np.asarray(large[labels], np.bool_)


def _ends(strip: Alpha8, kept: NDArray[np.bool_], cell: int, axis: int) -> tuple[int, int]:
    """Before and after what is visible across a row (axis 0) or column (1) of cells, in those that are kept."""
    along = np.repeat(kept, cell)[: strip.shape[1 - axis]]
    found = np.flatnonzero((strip * (along[None, :] if axis == 0 else along[:, None])).any(axis=1 - axis))
    return int(found[0]), int(found[-1]) + 1


def cut_sides(alpha: Alpha8, subject: Box) -> Cut:
    """Where the photo cuts the subject off: along so much of a border that it does not merely touch it."""

    def meets(border: Alpha8, axis: int, extent: int) -> bool:
        return int(np.count_nonzero(border.max(axis=axis) >= _SOLID)) >= _CUT * extent

    # Mattes may fade in the very last pixels.
    return Cut(
        left=meets(alpha[:, :2], 1, subject.height),
        top=meets(alpha[:2], 0, subject.width),
        right=meets(alpha[:, -2:], 1, subject.height),
        bottom=meets(alpha[-2:], 0, subject.width),
    )
