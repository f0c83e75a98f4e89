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

# Narrower than this there is nothing to see in it.
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
    pixels = box.width * box.height
    # A part with fewer pixels than the model takes would be enlarged for it. Of 16 photos of 1 to 24 MP the second look
    # changed five: where the part was of 3 and 6 MP, the error in the band fell by 24 and 9 %; at 0.7 to 1.1 MP it went
    # from 8 % less to 5 % more, for twice the time.
    if pixels < mask.size or pixels > _LARGEST_SHARE * width * height or min(box.width, box.height) < _SMALLEST_SIDE:
        return None
    return box
