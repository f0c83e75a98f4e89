"""Mattes as they are kept: 16 bits a pixel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cleancut.types import Alpha, Matte

LEVELS = 65_535


def rounded(matte: Matte) -> tuple[NDArray[np.uint16], Matte]:
    """A matte of 65,536 levels, as numbers and as a matte. 256 were too few for who makes faint glass opaque."""
    import numpy as np

    levels = np.rint(matte.alpha * np.float32(LEVELS)).astype(np.uint16)
    return levels, replace(matte, alpha=_alpha_of(levels))


def _alpha_of(levels: NDArray[np.uint16]) -> Alpha:
    import numpy as np

    return levels.astype(np.float32) / np.float32(LEVELS)


def alpha_in(image: bytes) -> Alpha | None:
    """The matte in a grey PNG; None if it is damaged."""
    import cv2
    import numpy as np

    levels = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_UNCHANGED) if image else None
    if levels is None or levels.dtype != np.uint16 or levels.ndim != 2:
        return None
    return _alpha_of(np.asarray(levels, np.uint16))
