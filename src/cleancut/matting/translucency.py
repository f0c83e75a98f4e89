"""How much glass, smoke and veils let through."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from cleancut.types import Alpha

Mask = NDArray[np.uint8]  # 0 or 1

# See-through parts are sought with the shorter side at this length, where the widths below span enough pixels to be
# measured and no more: the answer is a smooth map of weights.
_SIDE = 512

# Fainter is haze that models leave beside a subject; glass is hardly ever so clear.
_HAZE = 0.06

# Denser is solid: where the unknown band of a matte ends.
_SOLID = 0.98

# Half a level of 8 bits: nobody sees less.
_NOTHING = 1 / 510

# A see-through part is wider than this share of the shorter side. The unknown band of an edge is taken as 0.8 %; fur
# and defocus are up to three times as wide. On a small picture edges are a few pixels wide all the same.
_WIDTH = 0.03
_LEAST = 9

# How much alpha may change across that width: through an edge it changes once by 1, in hair many times.
_CALM = 0.35


def translucency(alpha: Alpha, level: float | None) -> Alpha:
    """Let see-through parts let through more or less: (h, w) float32 in 0..1.

    ``level``: 0 makes them opaque, 50 or None leaves them, 100 makes them clear; 1 − alpha goes down in proportion
    below 50, and alpha above. Never rises with ``level``.

    See-through is what is broad and calm: partial alpha in which a disc of 3 % of the shorter side finds room, hardly
    changing within. Soft edges and hair are neither, and stay. Towards what is clear and solid the curve bends back to
    0 and 1, as for a pixel that a see-through thing covers in part, so that its own edge stays about as soft as it
    was; a veil that runs out into hair does so without a seam.
    """
    if level is None or level == 50:
        return alpha
    height, width = alpha.shape
    factor = min(1.0, _SIDE / min(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)
    diameter = max(_LEAST, round(_WIDTH * min(size))) | 1
    core = _broad_and_calm(small, diameter)
    if not core.any():
        return alpha
    kept = np.float32(level / 50 if level < 50 else 2 - level / 50)
    weight, ratio = (
        np.asarray(cv2.resize(each, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
        for each in (_weight(small, core, diameter), _towards_the_ends(small, core, diameter, kept, more=level < 50))
    )
    left, top, across, down = cv2.boundingRect((weight > 0).view(np.uint8))
    box = (slice(top, top + down), slice(left, left + across))
    inside = alpha[box]
    # A curve through (0, 0), the part's own level and (1, 1): of two straight lines the lower or the higher one.
    if level < 50:
        curve = np.minimum(1 - (1 - inside) * kept, inside * ratio[box])
    else:
        curve = np.maximum(inside * kept, 1 - (1 - inside) * ratio[box])
    result = alpha.copy()
    result[box] += weight[box] * (curve - inside)
    return np.clip(result, 0, 1, out=result)


def _broad_and_calm(alpha: Alpha, diameter: int) -> Mask:
    """1 in parts that are calm and see-through, and have room for a disc somewhere: (h, w) uint8."""
    across = cv2.Sobel(alpha, cv2.CV_32F, 1, 0, scale=1 / 8, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Sobel(alpha, cv2.CV_32F, 0, 1, scale=1 / 8, borderType=cv2.BORDER_REPLICATE)
    change = cv2.blur(cv2.magnitude(across, down), (diameter, diameter), borderType=cv2.BORDER_REPLICATE) * diameter
    calm = ((alpha >= _HAZE) & (alpha <= _SOLID) & (change <= _CALM)).view(np.uint8)
    broad = cv2.morphologyEx(calm, cv2.MORPH_OPEN, _disc(diameter), borderType=cv2.BORDER_REPLICATE)
    # Opening by reconstruction (Vincent, IEEE Transactions on Image Processing 1993): parts are kept whole.
    count, labels = cv2.connectedComponents(calm, connectivity=8)
    kept = np.zeros(count, np.uint8)
    kept[labels[broad > 0]] = 1
    return np.asarray(kept[labels], np.uint8)


def _weight(alpha: Alpha, core: Mask, diameter: int) -> Alpha:
    """1 in see-through parts, falling to 0 where they run out into other soft parts."""
    # A core may end a disc's width before its part does: half of it for the window, which sees the edge, half for an
    # uneven border. So far the weight stays 1, and through another disc's width of partial alpha it falls to 0.
    partial = ((alpha >= _NOTHING) & (alpha <= 1 - _NOTHING)).view(np.uint8)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    square = np.ones((3, 3), np.uint8)
    reached, weight = core, core.astype(np.float32)
    for step in range(2 * diameter):
        grown = np.asarray(cv2.dilate(reached, square if step % 2 else around), np.uint8)
        reached = grown & partial | core
        weight += reached
    weight = np.minimum(weight / diameter, 1)
    # Over the border, so that the pixels on it, clear or solid in part, have the weight of what lies beside them.
    return np.asarray(cv2.dilate(weight, np.ones((5, 5), np.uint8)), np.float32)


def _towards_the_ends(alpha: Alpha, core: Mask, diameter: int, kept: np.float32, *, more: bool) -> Alpha:
    """The slope from 0 to the faintest level around (``more`` opaque), or from the densest level to 1."""
    # Wider than the weight reaches, so that the blur sees no place without a level.
    reach = _disc(6 * diameter + 1)
    strength = alpha if more else 1 - alpha
    level = cv2.erode(np.where(core, strength, np.float32(1)), reach)
    level = np.maximum(cv2.blur(level, (diameter, diameter), borderType=cv2.BORDER_REPLICATE), _HAZE)
    return np.asarray((1 - (1 - level) * kept) / level, np.float32)


def _disc(diameter: int) -> cv2.typing.MatLike:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter))
