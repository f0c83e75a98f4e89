"""Where to look a second time."""

from __future__ import annotations

import math

import numpy as np

from cleancut.geometry import Box
from cleancut.matting.subject_box import subject_box
from cleancut.types import Raw

# Room around the subject, as a share of its sides: what surrounds it tells it apart.
_MARGIN = 0.15

# Above this share of the photo a closer look shows the model little that is new, and what it no longer sees of the
# surroundings can mislead it.
_LARGEST_SHARE = 0.45

# Fewer pixels than this a model has nothing more to see in.
_SMALLEST_SIDE = 64


def closer(mask: Raw, width: int, height: int) -> Box | None:
    """The part of a photo around a subject that is small in it; None where a second look does not pay.

    ``mask``: the model's answer for the whole photo of ``width`` × ``height``.
    """
    found = subject_box(np.rint(mask * 255).astype(np.uint8))
    if found is None:
        return None
    across, down = width / mask.shape[1], height / mask.shape[0]
    room_x, room_y = _MARGIN * found.width * across, _MARGIN * found.height * down
    box = Box(
        max(0, math.floor(found.left * across - room_x)),
        max(0, math.floor(found.top * down - room_y)),
        min(width, math.ceil(found.right * across + room_x)),
        min(height, math.ceil(found.bottom * down + room_y)),
    )
    if min(box.width, box.height) < _SMALLEST_SIDE or box.width * box.height > _LARGEST_SHARE * width * height:
        return None
    return box
