"""A mask at another size."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from cleancut.types import Alpha, Raw


def resize_mask(mask: Raw, width: int, height: int) -> Alpha:
    """(s, s) to (height, width), by Lanczos with pixel centres aligned, kept within 0..1.

    When a side shrinks the filter widens with it, so that nothing aliases.
    """
    image = Image.fromarray(mask).resize((width, height), Image.Resampling.LANCZOS)
    resized = np.array(image, np.float32)
    return np.clip(resized, 0, 1, out=resized)


def resize_soft(mask: Raw, width: int, height: int) -> Alpha:
    """(a, b) to (height, width), cubic with pixel centres aligned, kept within 0..1; for a mask without crisp edges.

    Lanczos would ring at the edges, and takes four times as long.
    """
    if width >= mask.shape[1] and height >= mask.shape[0]:
        resized = np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    else:
        resized = np.array(Image.fromarray(mask).resize((width, height), Image.Resampling.BICUBIC), np.float32)
    return np.clip(resized, 0, 1, out=resized)
