"""Step 1: what a file says about itself, before any pixel is decoded."""

from __future__ import annotations

from collections.abc import Callable

from cleancut.codecs import header as headers
from cleancut.codecs.formats import open_image, reading, recognise
from cleancut.codecs.header import Extent
from cleancut.types import Header

# Pillow opens the other formats by reading their header alone.
_BY_HAND: dict[str, Callable[[bytes], Extent]] = {
    "webp": headers.webp,
    "gif": headers.gif,
    "tiff": headers.tiff,
}


def probe(data: bytes) -> Header:
    """Format, stored size and frame count of the file ``data``.

    The memory it takes does not depend on the size that the header claims. Raises NotAnImage, UnsupportedImage (a
    picture of a kind that is not read), DamagedImage (the header is cut off or contradicts itself).
    """
    name = recognise(data)
    with reading(f"the {name} picture"):
        width, height, frames = _BY_HAND[name](data) if name in _BY_HAND else _by_plugin(name, data)
        if width < 1 or height < 1:
            raise ValueError(f"its size is {width} × {height}")
    return Header(format=name, width=width, height=height, frames=frames, size=len(data))


def _by_plugin(name: str, data: bytes) -> Extent:
    declared = headers.isobmff(data) if name in ("avif", "heic") else None
    try:
        _, image = open_image(data)
    except (SyntaxError, ValueError, OSError):
        # Decoders of these two refuse what is larger than their own limit as if it were damaged. The size is known
        # all the same, and lets the limits of cleancut speak first.
        if declared is None or max(declared) < 2**14:
            raise
        return Extent(*declared, frames=1)
    return Extent(*image.size, frames=int(getattr(image, "n_frames", 1)))
