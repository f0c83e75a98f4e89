"""What lies within a closed line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from cleancut.errors import OptionError
from cleancut.geometry import Box
from cleancut.matting.strokes import MAX_COORDINATE, MAX_POINTS, Action
from cleancut.types import Alpha

# Lines across each row of pixels, along which coverage is exact: half of one is the error of a level edge, 1/64.
_LINES = 32

# Steps of a place along such a line. All sums are then whole numbers, so that inside is exactly 1 and outside 0.
_STEPS = 256

# Of a crossing's number, those for the steps: a line of 100 million pixels. Those above are for the line.
_BITS = 35

# Rows at a time: of a photo 10,000 pixels wide their sums take 5 MB, which a processor's cache holds.
_ROWS = 64

# Crossings at a time, some 60 bytes each, which a cache holds. A line that runs to and fro is done in fewer rows.
_CROSSINGS = 100_000

# Rows that all lines of a matte's lassos together may cross: a million take 0.5 to 0.9 s of a core (6,600 points to and
# fro over 12 MP, 20 million, take 17). Once around 50 MP is 12,000; a hand that goes up and down it eight times a
# second makes three million in a minute.
MAX_ROWS = 4_000_000


@dataclass(frozen=True, slots=True)
class Lasso:
    """All that lies within a closed line, even-odd where it crosses itself; pixels as in ``Stroke``.

    Raises OptionError.
    """

    action: Action
    points: tuple[tuple[float, float], ...]
    """(x, y), at least three; the last is joined to the first. They may lie outside the photo."""
    opacity: float = 1.0
    """0..1, what is painted inside."""

    def __post_init__(self) -> None:
        if self.action not in get_args(Action):
            raise OptionError(f"a lasso cannot {self.action!r}", hint="give add or remove")
        if not 3 <= len(self.points) <= MAX_POINTS:
            raise OptionError(f"a lasso has {len(self.points)} points", hint=f"give 3 to {MAX_POINTS}")
        # Written so that NaN fails, too.
        for point in self.points:
            if not all(abs(value) <= MAX_COORDINATE for value in point):
                raise OptionError(f"a lasso has a point at {point}", hint=f"give at most ±{MAX_COORDINATE} pixels")
        if not 0 <= self.opacity <= 1:
            raise OptionError(f"a lasso has an opacity of {self.opacity}", hint="give 0 to 1")


def area(lasso: Lasso, width: int, height: int) -> float:
    """No less than what a lasso covers, in pixels."""
    box = _reached(lasso, width, height)
    return max(0, box.width) * max(0, box.height)


def rows(lasso: Lasso, height: int) -> float:
    """No less than the rows of pixels that its lines cross, each counted for as many as it crosses."""
    return sum(min(height, abs(b[1] - a[1])) for a, b in pairwise((*lasso.points, lasso.points[0])))


def pieces(lasso: Lasso, width: int, height: int) -> Iterator[tuple[Box, Alpha]]:
    """How much of each pixel it covers, in strips of at most 64 rows; strips that it does not touch are left out.

    Each box lies within ``width`` × ``height``, and its coverage has its shape: float32 in 0..opacity, the area inside
    within 1/64.
    """
    box = _reached(lasso, width, height)
    if lasso.opacity == 0 or box.width <= 0 or box.height <= 0:
        return
    edges = _edges(lasso)
    for top in range(box.top, box.bottom, _ROWS):
        cover = _strip(edges, Box(box.left, top, box.right, min(top + _ROWS, box.bottom)))
        if cover is not None:
            cover *= np.float32(lasso.opacity)
            yield Box(box.left, top, box.right, top + len(cover)), cover


class _Edges(NamedTuple):
    """The sides that cross a row of pixels, downwards."""

    top: NDArray[np.float64]
    bottom: NDArray[np.float64]
    x: NDArray[np.float64]
    """Where it begins, at ``top``."""
    slope: NDArray[np.float64]
    """x for each y."""


def _reached(lasso: Lasso, width: int, height: int) -> Box:
    across, down = [x for x, _ in lasso.points], [y for _, y in lasso.points]
    return Box(
        max(0, math.floor(min(across))), max(0, math.floor(min(down))),
        min(width, math.ceil(max(across))), min(height, math.ceil(max(down))),
    )  # fmt: skip


def _edges(lasso: Lasso) -> _Edges:
    start = np.array(lasso.points, np.float64)
    end = np.roll(start, -1, axis=0)
    down = (start[:, 1] <= end[:, 1])[:, None]
    upper, lower = np.where(down, start, end), np.where(down, end, start)
    crosses = lower[:, 1] > upper[:, 1]
    upper, lower = upper[crosses], lower[crosses]
    slope = (lower[:, 0] - upper[:, 0]) / (lower[:, 1] - upper[:, 1])
    return _Edges(upper[:, 1], lower[:, 1], upper[:, 0], slope)


def _strip(edges: _Edges, strip: Box) -> Alpha | None:
    """(height, width) float32 in 0..1, or None where nothing is covered."""
    # The lines across are at (k + 0.5) / _LINES: each edge crosses those from ``first`` up to ``last``.
    first = np.ceil(edges.top * _LINES - 0.5).clip(strip.top * _LINES, strip.bottom * _LINES).astype(np.int64)
    last = np.ceil(edges.bottom * _LINES - 0.5).clip(strip.top * _LINES, strip.bottom * _LINES).astype(np.int64)
    counts = last - first
    here = counts > 0
    total = int(counts.sum())
    if total == 0:
        return None
    if total > _CROSSINGS and strip.height > 1:
        return _halves(_Edges(*(each[here] for each in edges)), strip)
    counts, first = counts[here], first[here]
    begin = np.cumsum(counts) - counts
    line = np.arange(total, dtype=np.int64)
    line += np.repeat(first - begin, counts)
    # Steps along each line, from where the edge would be at line 0.
    slope = edges.slope[here] * (_STEPS / _LINES)
    start = (edges.x[here] - strip.left + edges.slope[here] * (0.5 / _LINES - edges.top[here])) * _STEPS
    x = line * np.repeat(slope, counts)
    x += np.repeat(start, counts)
    np.clip(x, 0, strip.width * _STEPS, out=x)
    line -= strip.top * _LINES
    line <<= _BITS
    line += np.rint(x, out=x).astype(np.int64)
    return _filled(line, strip)


def _halves(edges: _Edges, strip: Box) -> Alpha | None:
    middle = (strip.top + strip.bottom) // 2
    halves = Box(strip.left, strip.top, strip.right, middle), Box(strip.left, middle, strip.right, strip.bottom)
    found = [_strip(edges, each) for each in halves]
    if found[0] is None and found[1] is None:
        return None
    shapes = [(each.height, each.width) for each in halves]
    return np.concatenate(
        [np.zeros(shape, np.float32) if each is None else each for each, shape in zip(found, shapes, strict=True)]
    )


def _filled(crossings: NDArray[np.int64], strip: Box) -> Alpha:
    """What lies between each first and second crossing of a line: the differences along rows, summed up."""
    # Lines one after the other, each with its crossings from left to right.
    crossings.sort()
    # Every line is crossed an even number of times, as the line is closed: so their signs need no count of each.
    sign = np.ones(len(crossings))
    sign[1::2] = -1
    # Two more, for crossings at the right end.
    columns = strip.width + 2
    place = (crossings >> _BITS) // _LINES * columns
    place += (crossings & ((1 << _BITS) - 1)) // _STEPS
    size = strip.height * columns
    sums = np.bincount(place, sign * _STEPS, size)
    sign *= crossings & (_STEPS - 1)
    moved = np.bincount(place, sign, size)
    sums -= moved
    sums[1:] += moved[:-1]
    rows = sums.reshape(strip.height, columns)[:, : strip.width]
    return np.asarray(np.cumsum(rows, axis=1) / (_STEPS * _LINES), np.float32)
