"""A mask at another size."""

from __future__ import annotations

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
