"""A point that grows on the photo to the next edge.

At a reduced size, all that is connected to the point, has about its colour, lies before a strong edge, and is rather of
the side that the point is to be on: by the matte that the point is to mend, and by the colours on both sides of that.
Then the border follows the photo at its full size, by the guided filter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from cleancut.errors import OptionError
from cleancut.geometry import Box
from cleancut.matting.eight_bits import eight_bits
from cleancut.matting.guided_filter import guided_filter
from cleancut.matting.sides import Sides, sides_of
from cleancut.matting.strokes import MAX_COORDINATE, Action
from cleancut.types import Alpha, Alpha8, Rgb

Mask: TypeAlias = NDArray[np.uint8]
"""(a, b) uint8 at the reduced size, 1 or 0."""
Planes: TypeAlias = NDArray[np.float32]
"""(a, b, n) float32 at the reduced size."""

# Where two figures are given below, they are of 476 clicks at reach 0.5, on patches of 29 photos with known mattes that
# a model (U2-Netp or IS-Net) has wrong by more than half. First the clicks after which the picture is nearer to the
# truth by more than 2 % of the patch's error, then what they cover of the patch; means of the photos' means. As all is
# set here: 86 %, 73 %; on the 12 photos that were held out while the matte's part was tuned: 87 %, 78 %. By colour and
# edges alone: 66 %, 89 %, as most of the rest run out. What is told of borders is of 190 points by colour alone.

# What the region is found at: some 20 ms of a core, and of a 12 MP photo's edges each pixel is four wide. A quarter as
# many take 8 ms, for borders that are less sharp: of all pixels touched 12 % are covered in part, and not 9 %.
_PIXELS = 1_000_000

# Grain and single hairs are no edges: the median of 5 × 5 removes both and keeps corners. With 3 × 3: 89 %, 68 %.
_GRAIN = 5

# At reach 0, 0.5 and 1: colours that pass differ by 5, 20 and 80 in CIELAB (about 2 can just be seen, 100 is from black
# to white), and edges are passed up to 2, 4 and 8 a pixel. At 0: 82 %, 49 %; at 0.25: 87 %, 64 %; at 0.75: 88 %, 80 %;
# at 1: 86 %, 85 %.
_COLOUR, _EDGE = 5.0, 2.0
_COLOUR_GROWTH, _EDGE_GROWTH = 16.0, 4.0

# A colour passes that is more common on the point's own side than on the other by at least this, as a logarithm: at
# reach 0, 0.5 and 1 by 5 to 1, 2 to 1 and 3 to 4.
_FAVOUR, _FAVOUR_LOSS = 1.7, 2.0

# A lit and a shaded part of the same thing differ in lightness: its square counts half. Counted fully: 88 %, 69 %;
# by a quarter: 84 %, 78 %.
_LIGHTNESS = 0.5

# The point's colour is the median around it, 7 × 7: a hand does not hit one pixel. By the one pixel: 84 %, 71 %. Where
# these differ among each other, as in fur or leaves, half of that is added to what passes; nothing of it: 87 %, 68 %;
# all of it: 85 %, 76 %.
_AROUND = 3
_TEXTURE = 0.5

# Bridges of one or two pixels are gaps in an edge, and not passed. Were they: 85 %, 77 %, but 71 % and not 79 % of the
# clicks kept 95 % of their area on their own side of the border; with bridges of up to four kept shut, too: 89 %, 66 %.
_OPENED = np.ones((3, 3), np.uint8)

# What an edge's own width keeps from the region (a pixel each of the gradient's support), and gets back. Without it,
# soft pixels of the border are off by 0.39 of their alpha instead of 0.30; with two pixels, by 0.29, but more runs out.
_REGAINED = np.ones((3, 3), np.uint8)

# Enclosed spots of up to 16 × 16 pixels are gleams and specks of the thing itself: without this a tenth more pixels are
# covered in part. Sixteen times as large, they can be a hole that is meant.
_SPOT = 256

# Three pixels to each side of the border follow the photo, farther off the mask stands as it is. With one, soft pixels
# are off by 0.302 instead of 0.296; with five, by no less than with three.
_BAND = np.ones((7, 7), np.uint8)

# That band, a pixel for its own blur, and two windows of the guided filter, which takes means of means, of two each:
# beyond it nothing has a say.
_MARGIN = 8

# Where colours vary, the model leaves a veil of up to this on what is clear, and takes as much from what is covered. Of
# all pixels touched, those covered in part are 9 % with it and 17 % without; soft ones are off by 0.30 and not 0.28.
_VEIL = 0.1

# Sides of the parts at the photo's size: a part's planes, 512 × 512 × 6 of float32, take 6 MB, as much as a processor's
# cache may hold; twice as long, they would take 24.
_SIDE = 512


@dataclass(frozen=True, slots=True)
class Grow:
    """A point, in pixels of the photo as in ``Stroke``, and all around it up to the next edge. Raises OptionError."""

    action: Action
    point: tuple[float, float]
    """(x, y). Outside the photo it covers nothing."""
    reach: float = 0.5
    """0..1, how large a difference of colour it passes."""

    def __post_init__(self) -> None:
        if self.action not in get_args(Action):
            raise OptionError(f"a point cannot {self.action!r}", hint="give add or remove")
        # Written so that NaN fails, too.
        if not all(abs(value) <= MAX_COORDINATE for value in self.point):
            raise OptionError(f"a point grows at {self.point}", hint=f"give (x, y) of at most ±{MAX_COORDINATE} pixels")
        if not 0 <= self.reach <= 1:
            raise OptionError(f"a point has a reach of {self.reach}", hint="give 0 to 1")


@dataclass(frozen=True, slots=True)
class Ground:
    """A photo, ready for points to grow on."""

    rgb: Rgb
    factor: int
    """So many pixels of the photo, across and down, are one of the planes below; those at the right and the bottom may
    lie beyond the photo."""
    small: Alpha
    """(a, b, 3) in 0..1: the photo's colours."""
    lab: Planes
    """(a, b, 3): CIELAB without grain; lightness by the root of what it counts."""
    edges: Planes
    """(a, b): how much ``lab`` changes from pixel to pixel."""
    sides: Sides
    """What the photo's matte tells, before any edit: so a point is the same whatever is done before it."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return sum(each.nbytes for each in (self.rgb, self.small, self.lab, self.edges, self.sides))


def ground_of(rgb: Rgb, alpha: Alpha) -> Ground:
    """What is common to all points of a photo: (h, w, 3) uint8, taken for sRGB; its array is kept.

    ``alpha``: its matte as the model left it, (h, w).
    """
    height, width = rgb.shape[:2]
    factor = math.ceil(math.sqrt(width * height / _PIXELS))
    across, down = -(-width // factor), -(-height // factor)
    small = np.asarray(_reduced(rgb, across, down, factor), np.uint8)
    smooth = np.asarray(cv2.medianBlur(small, _GRAIN), np.float32) * np.float32(1 / 255)
    lab = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_RGB2Lab), np.float32)
    lab[..., 0] *= math.sqrt(_LIGHTNESS)
    # Scharr's kernel sums up to 16 a side, two pixels apart.
    across_, down_ = (cv2.Scharr(lab, cv2.CV_32F, *way, scale=1 / 32) for way in ((1, 0), (0, 1)))
    edges = np.sqrt(np.square(across_).sum(axis=2) + np.square(down_).sum(axis=2))
    sides = sides_of(lab, eight_bits(np.asarray(_reduced(alpha, across, down, factor), np.float32)))
    colours = np.asarray(small, np.float32) * np.float32(1 / 255)
    return Ground(rgb, factor, colours, lab, edges.astype(np.float32), sides)


def _reduced(picture: Rgb | Alpha, across: int, down: int, factor: int) -> Any:
    height, width = picture.shape[:2]
    right, below = across * factor - width, down * factor - height
    whole = cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE) if right or below else picture
    return cv2.resize(whole, (across, down), interpolation=cv2.INTER_AREA)


def pieces(grow: Grow, ground: Ground) -> Iterator[tuple[Box, Alpha]]:
    """How much of each pixel a point covers, in parts of at most 512 × 512; parts that it does not touch are left out.

    float32 of 256 levels, so that it is the same where it is sent as a picture.
    """
    mask = _region(grow, ground)
    if mask is None:
        return
    crop, planes = _planes(mask, ground)
    height, width = ground.rgb.shape[:2]
    factor = ground.factor
    side = max(1, _SIDE // factor)
    for top, left in product(range(crop.top, crop.bottom, side), range(crop.left, crop.right, side)):
        part = Box(left, top, min(left + side, crop.right), min(top + side, crop.bottom))
        box = Box(
            part.left * factor, part.top * factor, min(part.right * factor, width), min(part.bottom * factor, height)
        )
        cover = _part(part, box, crop, planes, ground)
        if cover is not None:
            yield box, cover


def coverage(grow: Grow, ground: Ground) -> tuple[Box, Alpha8] | None:
    """What a point covers, within the box that it touches: 255 is covered fully; None where it covers nothing."""
    found = [(box, eight_bits(cover)) for box, cover in pieces(grow, ground)]
    if not found:
        return None
    left, top = min(box.left for box, _ in found), min(box.top for box, _ in found)
    right, bottom = max(box.right for box, _ in found), max(box.bottom for box, _ in found)
    whole = np.zeros((bottom - top, right - left), np.uint8)
    for box, cover in found:
        whole[box.top - top : box.bottom - top, box.left - left : box.right - left] = cover
    x, y, width, height = cv2.boundingRect(whole)
    return Box(left + x, top + y, left + x + width, top + y + height), whole[y : y + height, x : x + width]


def _region(grow: Grow, ground: Ground) -> Mask | None:
    """The pixels of the reduced photo that the point reaches; None where it lies outside, or nothing is reached."""
    x, y = (math.floor(value / ground.factor) for value in grow.point)
    if not (0 <= grow.point[0] < ground.rgb.shape[1] and 0 <= grow.point[1] < ground.rgb.shape[0]):
        return None
    around = slice(max(0, y - _AROUND), y + _AROUND + 1), slice(max(0, x - _AROUND), x + _AROUND + 1)
    colours = ground.lab[around].reshape(-1, 3)
    seed = np.median(colours, axis=0).astype(np.float32)
    away = np.zeros(ground.edges.shape, np.float32)
    for i in range(3):
        away += np.square(ground.lab[..., i] - seed[i])
    spread = math.sqrt(float(np.square(colours - seed).sum(axis=1).mean()))

    def alike(reach: float) -> Mask:
        most = _COLOUR * _COLOUR_GROWTH**reach
        most += _TEXTURE * min(spread, most)
        steepest = _EDGE * _EDGE_GROWTH**reach + _TEXTURE * float(np.median(ground.edges[around]))
        return np.asarray((away <= most * most) & (ground.edges <= steepest), np.uint8)

    passed = alike(grow.reach)
    core = _connected(alike(0), x, y, around)
    # On a steep even ramp nothing is like the point itself; then edges and reach alone say how far it goes.
    favour = None if core is None else ground.sides.favour(core, grow.action)
    if favour is not None:
        passed &= favour >= _FAVOUR - _FAVOUR_LOSS * grow.reach
    wrong = ground.sides.wrong(grow.action)
    # Elsewhere the point is to undo an edit, of which nothing is known here.
    if np.median(wrong[around]) > 0:
        passed &= np.asarray(cv2.dilate(wrong.astype(np.uint8), _REGAINED), np.uint8)
    region = _connected(passed, x, y, around)
    return None if region is None else _without_spots(region)


def _connected(passed: Mask, x: int, y: int, around: tuple[slice, slice]) -> Mask | None:
    """What is connected to the place next to (x, y) that is passed, with an edge's width; None without such a place."""
    start = None
    # On a thin thing, or on an edge itself, bridges are all that there is.
    for open_ in (np.asarray(cv2.erode(passed, _OPENED), np.uint8), passed):
        start = _nearest(open_[around], x - around[1].start, y - around[0].start)
        if start is not None:
            break
    if start is None:
        return None
    found = np.zeros((passed.shape[0] + 2, passed.shape[1] + 2), np.uint8)
    at = start[0] + around[1].start, start[1] + around[0].start
    cv2.floodFill(open_, found, at, 2, flags=4 | cv2.FLOODFILL_MASK_ONLY | 1 << 8)
    region = np.ascontiguousarray(found[1:-1, 1:-1])
    if open_ is not passed:
        region = cv2.dilate(region, _OPENED)
    return np.asarray(cv2.dilate(region, _REGAINED), np.uint8)


def _nearest(mask: Mask, x: int, y: int) -> tuple[int, int] | None:
    """The place of the 1 that is nearest to (x, y)."""
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return None
    first = int(np.argmin((rows - y) ** 2 + (columns - x) ** 2))
    return int(columns[first]), int(rows[first])


def _without_spots(region: Mask) -> Mask:
    number, labels, told, _ = cv2.connectedComponentsWithStats(1 - region, connectivity=4)
    spots = np.asarray(told)[:, cv2.CC_STAT_AREA] <= _SPOT
    spots[0] = False  # the region itself
    return np.asarray(region | spots[labels], np.uint8) if number > 1 and spots.any() else region


def _planes(mask: Mask, ground: Ground) -> tuple[Box, Planes]:
    """The part of the reduced photo around the region, and there: the linear model of the colours that the border
    follows, the mask itself, and how much the model counts.
    """
    x, y, width, height = cv2.boundingRect(mask)
    crop = Box(
        max(0, x - _MARGIN), max(0, y - _MARGIN),
        min(mask.shape[1], x + width + _MARGIN), min(mask.shape[0], y + height + _MARGIN),
    )  # fmt: skip
    there = slice(crop.top, crop.bottom), slice(crop.left, crop.right)
    inside = np.ascontiguousarray(mask[there])
    band = np.asarray(cv2.dilate(inside, _BAND) - cv2.erode(inside, _BAND), np.float32)
    share: Any = cv2.blur(band, (3, 3))
    whole = inside.astype(np.float32)
    model = guided_filter(ground.small[there], whole)
    return crop, np.dstack([*model, whole, share]).astype(np.float32)


def _part(part: Box, box: Box, crop: Box, planes: Planes, ground: Ground) -> Alpha | None:
    """A part of the coverage at the photo's size, or None where it is nothing."""
    here = slice(part.top - crop.top, part.bottom - crop.top), slice(part.left - crop.left, part.right - crop.left)
    if not planes[here][..., 5].any():
        covered = planes[here][0, 0, 4] > 0
        return np.ones((box.height, box.width), np.float32) if covered else None
    # With a pixel more on each side, as bilinear weights reach that far.
    rows = np.clip(np.arange(here[0].start - 1, here[0].stop + 1), 0, crop.height - 1)
    columns = np.clip(np.arange(here[1].start - 1, here[1].stop + 1), 0, crop.width - 1)
    near, factor = planes[np.ix_(rows, columns)], ground.factor
    size = near.shape[1] * factor, near.shape[0] * factor
    there = slice(factor, factor + box.height), slice(factor, factor + box.width)
    colours = ground.rgb[box.top : box.bottom, box.left : box.right].astype(np.float32)
    colours *= np.float32(1 / 255)
    model, rest = (
        cv2.resize(np.ascontiguousarray(each), size, interpolation=cv2.INTER_LINEAR)[there]
        for each in (near[..., :4], near[..., 4:])
    )
    wanted = model[..., 3] + np.einsum("ijk,ijk->ij", model[..., :3], colours)
    wanted -= _VEIL
    wanted /= 1 - 2 * _VEIL
    np.clip(wanted, 0, 1, out=wanted)
    cover = rest[..., 0] + rest[..., 1] * (wanted - rest[..., 0])
    cover = np.rint(cover * 255).astype(np.float32) / np.float32(255)
    return cover if cover.any() else None
