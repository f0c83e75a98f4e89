"""Brush strokes on a matte."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from cleancut.errors import OptionError
from cleancut.geometry import Box
from cleancut.types import Alpha

Action: TypeAlias = Literal["add", "remove"]
Places: TypeAlias = NDArray[np.complex128]
Numbers: TypeAlias = NDArray[np.intp]

# A radius as long as the side of 100 megapixels; places far beside any photo, where numbers are still exact to less
# than a millionth of a pixel; and the points of a hand that draws for a minute, at a pointer's 120 a second or so.
MAX_RADIUS = 10_000
MAX_COORDINATE = 1_000_000
MAX_POINTS = 10_000

# A picture of 16 MP is covered in 0.05 s. Who works on every part of it by a fine brush comes to ten.
MAX_COVER = 300

# Sides of the squares that are looked at, each divided into the next while its border is uncertain. The largest fits in
# a processor's cache as float32; in the smallest every pixel is measured.
_SIDES = (512, 128, 32, 8)

# Pairs of a square and a line at a time. Each becomes 64 distances, whose arrays then fit in a processor's cache.
_BATCH = 512


@dataclass(frozen=True, slots=True)
class Stroke:
    """One touch of a round brush, in pixels of the photo, from its upper left corner.

    Pixel (i, j) reaches from (i, j) to (i + 1, j + 1), as on a canvas: its centre is (i + 0.5, j + 0.5), and a click at
    x = 10, y = 20 is the corner between four pixels. Whoever names pixels adds a half. Raises OptionError.
    """

    action: Action
    """``add``: this is subject; ``remove``: this is not."""
    points: tuple[tuple[float, float], ...]
    """(x, y), at least one; the brush is drawn along the lines between them. They may lie outside the photo."""
    radius: float
    """Pixels, > 0."""
    hardness: float = 1.0
    """0..1, the share of the radius that is painted fully; from there it fades in a line, over one pixel or more."""
    opacity: float = 1.0
    """0..1, what is painted where it is painted fully. A stroke that crosses itself is no stronger there."""

    def __post_init__(self) -> None:
        if self.action not in get_args(Action):
            raise OptionError(f"a brush cannot {self.action!r}", hint="give add or remove")
        if not 1 <= len(self.points) <= MAX_POINTS:
            raise OptionError(
                f"a stroke has {len(self.points)} points", hint=f"give 1 to {MAX_POINTS}, and more as another stroke"
            )
        # Written so that NaN fails, too.
        for point in self.points:
            if not all(abs(value) <= MAX_COORDINATE for value in point):
                raise OptionError(f"a stroke has a point at {point}", hint=f"give at most ±{MAX_COORDINATE} pixels")
        if not 0 < self.radius <= MAX_RADIUS:
            raise OptionError(
                f"a brush has a radius of {self.radius}", hint=f"give more than 0 and at most {MAX_RADIUS} pixels"
            )
        for name, share in (("a hardness", self.hardness), ("an opacity", self.opacity)):
            if not 0 <= share <= 1:
                raise OptionError(f"a brush has {name} of {share}", hint="give 0 to 1")


def check_cover(strokes: Sequence[Stroke], width: int, height: int) -> None:
    """Refuse strokes that together would paint a picture over and over. Raises OptionError."""
    if covered(strokes, width, height) > MAX_COVER * width * height:
        raise OptionError(
            f"the strokes cover the picture more than {MAX_COVER} times", hint="send fewer, or of a smaller radius"
        )


def covered(strokes: Sequence[Stroke], width: int, height: int) -> float:
    """No less than the pixels that strokes paint, each for as many as it paints."""
    whole = width * height
    return sum(min(whole, _area(stroke)) for stroke in strokes)


def _area(stroke: Stroke) -> float:
    """No less than what a stroke covers, in pixels."""
    length = sum(math.dist(*ends) for ends in pairwise(stroke.points))
    return 4 * stroke.radius**2 + 2 * stroke.radius * length


def paint(alpha: Alpha, strokes: Sequence[Stroke]) -> Alpha:
    """A matte after brush strokes, in their order: (h, w) float32 in 0..1. ``alpha`` itself is not changed.

    At full hardness and opacity, pixels whose centre is half a pixel or more inside the brush become exactly 1 or 0,
    and those half a pixel or more outside stay exactly what they were.
    """
    painted = np.array(alpha, np.float32, order="C")
    height, width = painted.shape
    for stroke in strokes:
        for box, cover in pieces(stroke, width, height):
            blend(painted[box.top : box.bottom, box.left : box.right], cover, stroke.action)
    return painted


def coverage(stroke: Stroke, width: int, height: int) -> tuple[Box, Alpha] | None:
    """How much of each pixel a stroke covers, within the box that it touches; None where it touches nothing.

    The box lies within ``width`` × ``height``, and the coverage has its shape: float32 in 0..opacity.
    """
    box = _reached(stroke, _brush(stroke), width, height)
    covered: Alpha | None = None
    for part, cover in pieces(stroke, width, height):
        if covered is None:
            covered = np.zeros((box.height, box.width), np.float32)
        covered[part.top - box.top : part.bottom - box.top, part.left - box.left : part.right - box.left] = cover
    return None if covered is None else (box, covered)


def blend(alpha: Alpha, cover: Alpha, action: Action) -> None:
    """Paint on a part of a matte, in place. Both are (h, w) float32 in 0..1; where ``cover`` is 0, nothing changes."""
    if action == "add":
        alpha += (1 - alpha) * cover
    else:
        alpha *= 1 - cover


def pieces(stroke: Stroke, width: int, height: int) -> Iterator[tuple[Box, Alpha]]:
    """What ``coverage`` tells, in parts of at most 512 × 512 pixels; those that the stroke does not touch are left out.

    So a line across a large photo costs what lies along it, and never needs memory for the whole.
    """
    brush = _brush(stroke)
    box = _reached(stroke, brush, width, height)
    if stroke.opacity == 0 or box.width <= 0 or box.height <= 0:
        return
    lines = _lines(stroke.points)
    side = _SIDES[0]
    for top, left in product(range(box.top, box.bottom, side), range(box.left, box.right, side)):
        part = Box(left, top, min(left + side, box.right), min(top + side, box.bottom))
        cover = _piece(part, lines, brush)
        if cover is not None:
            yield part, cover


class _Brush(NamedTuple):
    inner: float
    """Up to this distance it paints fully."""
    outer: float
    """From this distance on it paints nothing."""
    opacity: float


class _Lines(NamedTuple):
    """A stroke's lines, (n,) each. A place is one complex number x + iy."""

    start: Places
    way: Places
    """From start to end; 0 where both are the same."""
    inverse: Places
    """way / |way|²: its scalar product with a place says how far along the line that is, 0..1. 0 where way is."""


class _Squares(NamedTuple):
    """Square parts of a photo, and the lines that may be the nearest to a pixel of them."""

    corner: Places
    """(n,): the upper left ones."""
    counts: Numbers
    """(n,): how many lines each has, one at least."""
    lines: Numbers
    """The first square's lines, then those of the next."""

    @property
    def owner(self) -> Numbers:
        """The square that each of ``lines`` is for."""
        return np.repeat(np.arange(len(self.corner)), self.counts)

    @property
    def first(self) -> Numbers:
        """(n,): where each square's lines begin."""
        return np.cumsum(self.counts) - self.counts

    def least(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The least for each square, of values whose last axis is that of ``lines``."""
        alone = len(self.lines) == len(self.corner)
        return values if alone else np.asarray(np.minimum.reduceat(values, self.first, axis=-1), np.float64)


def _brush(stroke: Stroke) -> _Brush:
    # No harder than a pixel can show: half a pixel to either side of the radius, whatever hardness says.
    inner = min(stroke.hardness * stroke.radius, stroke.radius - 0.5)
    return _Brush(inner, max(stroke.radius, inner + 1), stroke.opacity)


def _reached(stroke: Stroke, brush: _Brush, width: int, height: int) -> Box:
    """The photo's pixels whose centres are in the stroke's bounding box; of no width or height if none is."""
    across, down = [x for x, _ in stroke.points], [y for _, y in stroke.points]
    return Box(
        max(0, math.floor(min(across) - brush.outer + 0.5)),
        max(0, math.floor(min(down) - brush.outer + 0.5)),
        min(width, math.ceil(max(across) + brush.outer - 0.5)),
        min(height, math.ceil(max(down) + brush.outer - 0.5)),
    )


def _lines(points: Sequence[tuple[float, float]]) -> _Lines:
    # A hand that rests sends the same point many times over, and none of these lines could be told from the others.
    ends = dict.fromkeys((min(pair), max(pair)) for pair in pairwise(points) if pair[0] != pair[1])
    array = np.array(list(ends) or [(points[0], points[0])], np.float64)
    start, end = array[:, 0, 0] + 1j * array[:, 0, 1], array[:, 1, 0] + 1j * array[:, 1, 1]
    way = end - start
    square = _squared(way)
    return _Lines(start, way, np.divide(way, square, out=np.zeros_like(way), where=square > 0))


def _piece(part: Box, lines: _Lines, brush: _Brush) -> Alpha | None:
    """(height, width) float32, or None where nothing is covered."""
    side = _SIDES[0]
    cover = np.zeros((side, side), np.float32)
    # From here on places are told from the part's corner.
    lines = lines._replace(start=lines.start - complex(part.left, part.top))
    first = _Squares(np.zeros(1, np.complex128), np.array([len(lines.start)]), np.arange(len(lines.start)))
    waiting = [(0, first)]
    while waiting:
        level, squares = waiting.pop()
        side = _SIDES[level]
        full, rest = _sifted(squares, side, lines, brush)
        _tiles(cover, side)[_at(full, side)] = brush.opacity
        for batch in _batches(rest):
            if level + 1 < len(_SIDES):
                waiting.append((level + 1, _divided(batch, side, _SIDES[level + 1], part)))
            else:
                _tiles(cover, side)[_at(batch.corner, side)] = _measured(batch, side, lines, brush)
    cover = cover[: part.height, : part.width]
    return cover if cover.any() else None


def _sifted(squares: _Squares, side: int, lines: _Lines, brush: _Brush) -> tuple[Places, _Squares]:
    """The corners of the squares that are painted fully, and those of which more must be known.

    From these, the lines go that are nearest to none of their pixels. Let c be a square's centre, c + e a pixel's; q
    the place on a line that is nearest to c, u that on the line that is nearest to c of all, and r the place on the
    line that is nearest to the pixel. |c + e - r|² - |c + e - u|² = |c - r|² - |c - u|² - 2 e·(r - u), and there is
    |c - r| ≥ |c - q|, |r - q| ≤ |e|, and no coordinate of e exceeds ``half``. So u is nearer to all pixels than the
    line if |c - q|² - |c - u|² > 2 half (|q - u| + |r - q|), where the lengths on the right are sums of coordinates.
    """
    half = (side - 1) / 2
    diagonal = half * math.sqrt(2)
    beyond = (brush.outer + diagonal) ** 2
    owner = squares.owner
    way, inverse = lines.way[squares.lines], lines.inverse[squares.lines]
    offset = (squares.corner + complex(side, side) / 2)[owner] - lines.start[squares.lines]
    gap = offset - np.clip(offset.real * inverse.real + offset.imag * inverse.imag, 0, 1) * way
    square = _squared(gap)
    least = squares.least(square)
    winners = np.flatnonzero(square == least[owner])
    nearest = gap[winners[np.searchsorted(owner[winners], np.arange(len(least)))]]
    slack = _summed(gap - nearest[owner]) + np.minimum(_summed(way), 2 * half)
    full = np.sqrt(least) + diagonal <= brush.inner
    open_ = ~full & (least < beyond)
    keep = open_[owner] & (square < beyond) & (square - least[owner] <= 2 * half * slack)
    counts = np.bincount(owner[keep], minlength=len(least))[open_]
    return squares.corner[full], _Squares(squares.corner[open_], counts, squares.lines[keep])


def _batches(squares: _Squares) -> Iterator[_Squares]:
    ends = np.cumsum(squares.counts)
    start = begin = 0
    while start < len(ends):
        stop = max(start + 1, int(np.searchsorted(ends, begin + _BATCH, "right")))
        end = int(ends[stop - 1])
        yield _Squares(squares.corner[start:stop], squares.counts[start:stop], squares.lines[begin:end])
        start, begin = stop, end


def _divided(squares: _Squares, side: int, smaller: int, part: Box) -> _Squares:
    """The smaller squares within these, as far as they lie in the part, each with all lines of the larger one."""
    steps = np.arange(0, side, smaller)
    corner = (squares.corner[:, None] + (steps + 1j * steps[:, None]).ravel()).ravel()
    owner = np.repeat(np.arange(len(squares.corner)), len(steps) ** 2)
    inside = (corner.real < part.width) & (corner.imag < part.height)
    corner, owner = corner[inside], owner[inside]
    counts = squares.counts[owner]
    shift = squares.first[owner] - (np.cumsum(counts) - counts)
    return _Squares(corner, counts, squares.lines[np.arange(counts.sum()) + np.repeat(shift, counts)])


def _measured(squares: _Squares, side: int, lines: _Lines, brush: _Brush) -> Alpha:
    """(n, side, side) float32: how far each pixel is from the nearest line, and what the brush leaves there."""
    way, inverse = lines.way[squares.lines], lines.inverse[squares.lines]
    offset = squares.corner[squares.owner] - lines.start[squares.lines]
    centres = (np.arange(side) + 0.5)[:, None]
    # The lines last and in place: loops of numpy's over 8 pixels, and new arrays, take twice the time.
    x, y = centres + offset.real, (centres + offset.imag)[:, None]
    along = x * inverse.real + y * inverse.imag
    np.clip(along, 0, 1, out=along)
    across = np.subtract(x, along * way.real)
    down = np.subtract(y, np.multiply(along, way.imag, out=along), out=along)
    across *= across
    down *= down
    across += down
    distance = np.sqrt(squares.least(across))
    share = np.clip((brush.outer - distance) / (brush.outer - brush.inner), 0, 1)
    return (brush.opacity * share).astype(np.float32).transpose(2, 0, 1)


def _tiles(cover: Alpha, side: int) -> NDArray[np.float32]:
    """The same pixels as (row of squares, row, column of squares, column)."""
    number = len(cover) // side
    return cover.reshape(number, side, number, side)


def _at(corner: Places, side: int) -> tuple[Numbers, slice, Numbers]:
    """Where squares lie among ``_tiles``."""
    return corner.imag.astype(np.intp) // side, slice(None), corner.real.astype(np.intp) // side


def _squared(places: Places) -> NDArray[np.float64]:
    return places.real**2 + places.imag**2


def _summed(places: Places) -> NDArray[np.float64]:
    return np.abs(places.real) + np.abs(places.imag)
