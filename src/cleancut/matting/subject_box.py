"""Where the subject is."""

from __future__ import annotations

import cv2
import numpy as np

from cleancut.geometry import Box
from cleancut.types import Alpha8

# 6 % opaque: fainter pixels change a white page by less than 16 levels, and models leave such haze far from a subject.
_VISIBLE = 16

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
