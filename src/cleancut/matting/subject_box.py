"""Where the subject is."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.geometry import Box, Cut
from cleancut.types import Alpha8

# 6 % opaque: fainter pixels change a white page by less than 16 levels, and models leave such haze far from a subject.
_VISIBLE = 16

# What is half the subject's or more.
_SOLID = 128

# A ball that touches the photo's border does so along 6 % of its width, a portrait is cut along most of it.
_CUT = 0.2

# A part below 1/500 of the largest one is a speck, not a piece of the subject.
_SPECK = 1 / 500


def subject_box(alpha: Alpha8) -> Box | None:
    """The smallest box around what can be seen of the subject, without haze and specks; None if there is nothing."""
    visible = (alpha >= _VISIBLE).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(visible, connectivity=8)
    if count <= 1:  # the background alone
        return None
    parts = stats[1:]
    areas = parts[:, cv2.CC_STAT_AREA]
    parts = parts[areas >= areas.max() * _SPECK]
    left, top = parts[:, cv2.CC_STAT_LEFT], parts[:, cv2.CC_STAT_TOP]
    right, bottom = left + parts[:, cv2.CC_STAT_WIDTH], top + parts[:, cv2.CC_STAT_HEIGHT]
    return Box(int(left.min()), int(top.min()), int(right.max()), int(bottom.max()))


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
