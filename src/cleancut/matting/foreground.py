"""The subject's own colours where the old background shines through."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from cleancut.geometry import Box
from cleancut.types import Alpha, Alpha8, Pixels, Rgb

# Colours are planes here, (3, h, w): numpy and OpenCV are fastest on what lies side by side. Where there are two of
# something, the subject's is [0] and the background's is [1].
Values: TypeAlias = NDArray[np.float32]

# What is known of both sides, each with three planes of colour and one of spread, the variance of a colour about its
# surroundings in levels²: (2, 4, h, w).
Layers: TypeAlias = NDArray[np.float32]

# From here on a pixel counts as the subject alone: at 254 another colour changes it by one level at most, and models
# leave whole areas of it.
_SOLID = 254

# Fine sizes of the photo exist only where they are needed, a tile at a time: small enough to follow the edge, large
# enough that the margin is the smaller part of it, and calling numpy the smaller part of the time.
_TILE = 512

# Eighths are the finest size that is worked through as a whole: of 50 MP their planes take less than the photo's bytes.
_BLOCK = 8

# How far a tile looks beyond its own pixels: so far that tiles of other sizes give the same picture.
_MARGIN = 4 * _BLOCK

# Every worker holds about 40 MB, and more than four wait for Python rather than for each other's pixels.
_WORKERS = 4

# How often colours spread to their neighbours at one size. A further time gains less than 1 % of the error, for 6 % of
# the time.
_ROUNDS = 3

# How often it is asked how much colours vary, at one size: once is too little where that grows from nearly nothing.
_STEPS = 2

# Rounding and the sensor leave about one level of noise in a photo: levels².
_NOISE = 1.0

# A matte is off by this share of what it lets through. Without doubt, hair that a model smears would take on colours
# far outside the subject's own; more of it blurs the colours of hair whose matte is right.
_DOUBT = 0.05

# A side that is nowhere near takes the colour of where it is seen last, at this weight.
_UNSEEN = 1e-3

# Before anything is known of a colour: it is spread over the whole range evenly, 255² / 12.
_UNKNOWN = 5400.0


def estimate_foreground(rgb: Rgb, alpha: Alpha8, shown: Alpha8 | None = None) -> Rgb:
    """The colours F in ``rgb = alpha·F + (1 - alpha)·B``: (h, w, 3) uint8, ``rgb`` itself where there is none to find.

    ``rgb``: (h, w, 3) uint8; ``alpha``: (h, w) uint8, 255 = foreground; ``shown``: (h, w) uint8, the alpha that F is
    shown with, where that is another one. Where either is 255, ``alpha`` is 254 or ``shown`` is 0, the colours of
    ``rgb`` stay, byte for byte; where ``alpha`` is 0, F is that of the nearest foreground.

    From coarse to fine, as in Germer, Uelwer, Conrad and Harmeling, Fast multi-level foreground estimation, ICPR 2020:
    at each size both sides take the colours of their surroundings, weighted by how much of the side is seen there
    (normalised convolution: Knutsson and Westin, CVPR 1993). What the two do not explain of a pixel is shared out by
    Bayes' rule (Chuang et al., A Bayesian approach to digital matting, CVPR 2001): the side whose colours vary more
    takes more of it, so that a plain wall gives exact colours, and a busy one no speckles. How much they vary is learnt
    on the way, by expectation-maximisation.
    """
    shown = alpha if shown is None else shown
    height, width = alpha.shape
    tiles = (Box(x, y, x + _TILE, y + _TILE) for y in range(0, height, _TILE) for x in range(0, width, _TILE))
    boxes = [box for tile in tiles if (box := _sought_box(alpha, shown, tile))]
    if not boxes:
        return rgb
    coarse = _coarse(*_blocks(rgb, alpha))
    result = rgb.copy()

    def fill(box: Box) -> None:
        there = slice(box.top, box.bottom), slice(box.left, box.right)
        cv2.copyTo(_fine(rgb, alpha, coarse, box), _sought(alpha[there], shown[there]), result[there])

    with ThreadPoolExecutor(min(_WORKERS, cv2.getNumThreads())) as workers:
        list(workers.map(fill, boxes))
    return result


def _sought_box(alpha: Alpha8, shown: Alpha8, tile: Box) -> Box | None:
    """Around the pixels of a tile whose colours are sought, if there are any."""
    there = slice(tile.top, tile.bottom), slice(tile.left, tile.right)
    x, y, width, height = cv2.boundingRect(_sought(alpha[there], shown[there]))
    left, top = tile.left + x, tile.top + y
    return Box(left, top, left + width, top + height) if width else None


def _sought(alpha: Alpha8, shown: Alpha8) -> Alpha8:
    return np.asarray(cv2.bitwise_and(cv2.inRange(alpha, 0, _SOLID - 1), cv2.inRange(shown, 1, 254)), np.uint8)


def _blocks(rgb: Rgb, alpha: Alpha8) -> tuple[Rgb, Alpha8]:
    """Photo and matte at an eighth of their size, a few rows at a time."""
    height, width = (-(-side // _BLOCK) for side in alpha.shape)
    small = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.uint8)
    for top in range(0, height, _TILE):
        rows = slice(top, min(top + _TILE, height))
        box = Box(0, rows.start * _BLOCK, width * _BLOCK, rows.stop * _BLOCK)
        for whole, part in zip((rgb, alpha), small, strict=True):
            cv2.resize(_cut(whole, box), (width, rows.stop - top), part[rows], interpolation=cv2.INTER_AREA)
    return small


def _cut(pixels: Pixels, box: Box) -> Pixels:
    """A part of the photo or the matte; right and below, where blocks reach beyond it, its border is repeated."""
    part = pixels[box.top : box.bottom, box.left : box.right]
    below, beside = box.height - part.shape[0], box.width - part.shape[1]
    if not (below or beside):
        return part
    return np.asarray(cv2.copyMakeBorder(part, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.uint8)


def _coarse(rgb: Rgb, alpha: Alpha8) -> Layers:
    """Both sides at the size of ``alpha``, from all smaller ones."""
    height, width = alpha.shape
    if max(height, width) == 1:
        layers = np.empty((2, 4, 1, 1), np.float32)
        layers[:, :3], layers[:, 3] = _planes(rgb), _UNKNOWN
    else:
        layers = _resized(_coarse(*_halved(rgb, alpha)), height, width)
    return _level(rgb, alpha, layers)


def _halved(rgb: Rgb, alpha: Alpha8) -> tuple[Rgb, Alpha8]:
    size = tuple(-(-side // 2) for side in alpha.shape[::-1])
    colours, matte = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (rgb, alpha))
    return np.asarray(colours, np.uint8), np.asarray(matte, np.uint8)


def _planes(rgb: Rgb) -> Values:
    return np.stack([np.asarray(plane, np.float32) for plane in cv2.split(rgb)])


def _unit(alpha: Alpha8) -> Alpha:
    return np.multiply(alpha, 1 / 255, dtype=np.float32)


def _resized(layers: Layers, height: int, width: int) -> Layers:
    result = np.empty((*layers.shape[:2], height, width), np.float32)
    for side, plane in np.ndindex(layers.shape[:2]):
        cv2.resize(layers[side, plane], (width, height), result[side, plane], interpolation=cv2.INTER_LINEAR)
    return result


def _level(rgb: Rgb, alpha: Alpha8, layers: Layers) -> Layers:
    """What the next coarser size knew, brought up to what this one shows; ``layers`` are written over."""
    colours, share = _planes(rgb), _unit(alpha)
    shares = np.stack((share, 1 - share))
    # Squared: a pixel that is half the subject says a quarter about it, as its error is twice that of a pure one.
    weights = shares * shares + np.float32(_UNSEEN)
    norm = 1 / _blurred(weights.copy())

    def around(values: Values) -> Values:
        mean = _blurred(values * weights[:, None])
        mean *= norm[:, None]
        return mean

    means, spreads = layers[:, :3], layers[:, 3]
    gains = _gains(shares, spreads, _error(shares, means))
    means = means + gains[:, None] * _residual(colours, share, means)
    for _ in range(_ROUNDS):
        means = around(means)
        means += gains[:, None] * _residual(colours, share, means)
    layers[:, :3] = np.clip(means, 0, 255, out=means)

    surroundings = around(means)
    error = _error(shares, surroundings)
    residual = _square(_residual(colours, share, surroundings))
    for _ in range(_STEPS):
        gains = _gains(shares, spreads, error)
        # What a pixel leaves open of its colours, and what it shows.
        varied = spreads * (1 - shares * gains)
        gains *= gains
        varied += gains * residual
        spreads = around(varied[:, None])[:, 0]
    layers[:, 3] = spreads
    return layers


def _blurred(values: Values) -> Values:
    """The mean of 3 by 3 pixels, in place, on each plane of (…, h, w)."""
    for plane in values.reshape(-1, *values.shape[-2:]):
        cv2.blur(plane, (3, 3), plane, borderType=cv2.BORDER_REPLICATE)
    return values


def _gains(shares: Values, spreads: Values, error: Values) -> Values:
    """How much of a residual each side takes: (2, h, w). ``error``: (h, w), how much of it, squared, is neither's."""
    gains = shares * spreads
    total = shares[0] * gains[0]
    total += shares[1] * gains[1]
    total += error
    gains /= total
    return gains


def _error(shares: Values, means: Values) -> Values:
    # A matte that is off by so much moves a pixel by so much of the way between both colours.
    error = _square(means[0] - means[1])
    doubt = shares[1] * np.float32(_DOUBT)
    doubt *= doubt
    error *= doubt
    error += _NOISE
    return error


def _square(colours: Values) -> Values:
    """The mean square of three planes: (h, w)."""
    return np.asarray(np.einsum("c...,c...->...", colours, colours) / 3, np.float32)


def _residual(colours: Values, share: Alpha, means: Values) -> Values:
    """What the two sides do not explain of the photo: (3, h, w)."""
    front = means[0] - means[1]
    front *= share
    rest: Values = colours - means[1]
    rest -= front
    return rest


def _fine(rgb: Rgb, alpha: Alpha8, coarse: Layers, box: Box) -> Rgb:
    """The subject's colours inside a box: (h, w, 3) uint8. ``coarse``: both sides of the whole photo, at an eighth."""
    height, width = alpha.shape
    top, left = (max(0, side - _MARGIN) // _BLOCK for side in (box.top, box.left))
    bottom = -(-min(height, box.bottom + _MARGIN) // _BLOCK)
    right = -(-min(width, box.right + _MARGIN) // _BLOCK)
    region = Box(left * _BLOCK, top * _BLOCK, right * _BLOCK, bottom * _BLOCK)
    full = _cut(rgb, region), _cut(alpha, region)
    half = _halved(*full)
    quarter = _halved(*half)
    layers = coarse[:, :, top:bottom, left:right]
    for colours, matte in (quarter, half):
        layers = _level(colours, matte, _resized(layers, *matte.shape))
    rows = slice(box.top - region.top, box.bottom - region.top)
    columns = slice(box.left - region.left, box.right - region.left)
    # At full size two pixels of the next coarser one stand for surroundings, and no spreading is needed.
    layers = _resized(layers, *full[1].shape)[:, :, rows, columns]
    return _front(full[0][rows, columns], full[1][rows, columns], layers)


def _front(rgb: Rgb, alpha: Alpha8, layers: Layers) -> Rgb:
    means, share = layers[:, :3], _unit(alpha)
    front = _residual(_planes(rgb), share, means)
    shares = np.stack((share, 1 - share))
    front *= _gains(shares, layers[:, 3], _error(shares, means))[0]
    front += means[0]
    np.clip(front, 0, 255, out=front)
    return np.asarray(cv2.merge(list(np.rint(front, out=front).astype(np.uint8))), np.uint8)
