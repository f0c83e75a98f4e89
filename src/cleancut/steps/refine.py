"""From a model's answers to a matte at the photo's size."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from cleancut.geometry import Box
from cleancut.matting.agree import agree
from cleancut.matting.closed_form import closed_form
from cleancut.matting.colour_model import colour_model
from cleancut.matting.confidence import confidence, has_subject
from cleancut.matting.decide import OPEN, decide
from cleancut.matting.enlarge import blend_strips
from cleancut.matting.guided_filter import guided_filter
from cleancut.matting.resize import resize_mask, resize_soft
from cleancut.matting.soften import soften
from cleancut.matting.softness import softness
from cleancut.options import Effort
from cleancut.types import Alpha, Look, Matte, Source

# The matte is solved at this size; its linear models are then asked about every pixel of the photo. As large as the
# masks of the finest models.
_SIDE = 1024

# A closer look that has less in common with the first (intersection over union) has lost the subject or found another.
_LEAST_IN_COMMON = 0.3

# Solved anew is what the mask leaves open, and so many pixels around it, less one, halved; all else stays.
_AROUND = 9


def refine(looks: Sequence[Look], source: Source, effort: Effort) -> Matte:
    """The matte of the whole photo, and how sure the model is. Without a subject the matte is clear.

    ``looks``: the first is at the whole photo; those at a part of it come last.
    """
    first = looks[0]
    certainty = confidence(first.mask)
    if not has_subject(first.mask, certainty):
        return Matte(np.zeros((source.height, source.width), np.float32), subject=False, confidence=certainty)
    if not effort.solve:
        return Matte(resize_mask(first.mask, source.width, source.height), subject=True, confidence=certainty)
    looks = [first, *(look for look in looks[1:] if _same_subject(look, first, source))]
    whole = soften(agree([look.mask for look in looks if look.box == first.box]))
    alpha = resize_soft(decide(whole), source.width, source.height)
    box = looks[-1].box
    part = alpha[box.top : box.bottom, box.left : box.right]
    rgb = source.rgb[box.top : box.bottom, box.left : box.right]
    small = _reduced(rgb)
    if box == first.box:
        mask = resize_soft(whole, small.shape[1], small.shape[0])
    else:
        mask = _closer_mask(whole, [look for look in looks if look.box == box], source, small.shape)
        part[...] = resize_soft(decide(mask), box.width, box.height)
    pixel = max(small.shape[:2]) / max(looks[-1].mask.shape)
    _solve(part, rgb, small, mask, pixel, effort)
    return Matte(alpha, subject=True, confidence=certainty)


def _same_subject(look: Look, first: Look, source: Source) -> bool:
    """Whether another look found the subject that the first did, rather than nothing or something else."""
    if not has_subject(look.mask, confidence(look.mask)):
        return False
    if look.box == first.box:
        return True  # about the whole photo both are worth the same
    before = _seen_before(first.mask, look.box, source, look.mask.shape)
    return float(np.minimum(before, look.mask).sum()) >= _LEAST_IN_COMMON * float(np.maximum(before, look.mask).sum())


def _solve(alpha: Alpha, rgb: np.ndarray, small: Alpha, mask: Alpha, pixel: float, effort: Effort) -> None:
    """Where edges are soft, follow the photo's colours; a hard edge the model knows better. Changes ``alpha``."""
    band = cv2.dilate(
        ((mask > OPEN) & (mask < 1 - OPEN)).astype(np.uint8), np.ones((_AROUND, _AROUND), np.uint8)
    ).astype(np.float32)
    soft = softness(mask, pixel)
    solved = mask
    for sure in effort.sure:
        model = colour_model(small, solved, sure)
        size = (mask.shape[1], mask.shape[0])
        red, green, blue, offset, trust = (
            cv2.resize(each, size, interpolation=cv2.INTER_LINEAR)
            for each in (*model.weights, model.offset, model.trust)
        )
        estimate = np.clip(red * small[..., 0] + green * small[..., 1] + blue * small[..., 2] + offset, 0, 1)
        solved = mask + band * trust * (estimate - mask)
    if effort.solve == "closed-form":
        solved = closed_form(small, solved, band)
    amount = soft * np.asarray(cv2.blur(band, (3, 3)), np.float32)
    blend_strips(alpha, rgb, guided_filter(small, solved), amount)


def _reduced(rgb: np.ndarray) -> Alpha:
    height, width = rgb.shape[:2]
    factor = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = rgb if factor == 1 else cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) * np.float32(1 / 255)


def _closer_mask(whole: Alpha, looks: Sequence[Look], source: Source, shape: tuple[int, ...]) -> Alpha:
    """The mask of the part that was looked at closer: what both looks are sure of, fading to the first at its rim."""
    box = looks[0].box
    height, width = shape[:2]
    before = _seen_before(whole, box, source, (height, width))
    closer = [resize_soft(soften(look.mask), width, height) for look in looks]
    rim = _rim(box, source, height, width)
    mixed = agree([before, *closer])
    return before + rim * (mixed - before)


def _seen_before(whole: Alpha, box: Box, source: Source, shape: tuple[int, ...]) -> Alpha:
    """A part of the whole photo's mask, at another size."""
    across, down = whole.shape[1] / source.width, whole.shape[0] / source.height
    there = (box.left * across, box.top * down, box.right * across, box.bottom * down)
    part = Image.fromarray(whole).resize((shape[1], shape[0]), Image.Resampling.BICUBIC, box=there)
    return np.clip(np.array(part, np.float32), 0, 1)


def _rim(box: Box, source: Source, height: int, width: int) -> Alpha:
    """0 at the sides of a part that lie within the photo, 1 from a twentieth of it inwards."""
    x, y = (np.arange(width) + 0.5) / width * 20, (np.arange(height) + 0.5) / height * 20
    far = np.full_like(x, np.inf), np.full_like(y, np.inf)
    left, right = (x if box.left > 0 else far[0]), (20 - x if box.right < source.width else far[0])
    top, bottom = (y if box.top > 0 else far[1]), (20 - y if box.bottom < source.height else far[1])
    return np.clip(np.minimum(np.minimum(left, right)[None, :], np.minimum(top, bottom)[:, None]), 0, 1).astype(
        np.float32
    )
