"""Step 2: refuse what is beyond the limits, before any pixel is decoded."""

from __future__ import annotations

from cleancut.errors import FileTooLarge, ImageTooLarge, ImageTooSmall
from cleancut.options import Limits
from cleancut.types import Header


def validate(header: Header, limits: Limits) -> Header:
    """``header`` itself, if it is within ``limits``.

    Raises FileTooLarge (bytes), ImageTooLarge (pixels, or the longer side) or ImageTooSmall (the shorter side).
    """
    width, height = header.width, header.height
    if limits.max_bytes is not None and header.size > limits.max_bytes:
        raise FileTooLarge(
            f"the file has {header.size:,} bytes; the limit is {limits.max_bytes:,}",
            hint="save it smaller, or raise CLEANCUT_MAX_BYTES",
        )
    if limits.max_pixels is not None and width * height > limits.max_pixels:
        raise ImageTooLarge(
            f"the picture has {width} × {height} = {width * height:,} pixels; the limit is {limits.max_pixels:,}",
            hint="shrink it, or raise CLEANCUT_MAX_PIXELS",
        )
    if limits.max_side is not None and max(width, height) > limits.max_side:
        raise ImageTooLarge(
            f"the picture has {width} × {height} pixels; the limit is {limits.max_side} a side",
            hint="shrink it, or raise CLEANCUT_MAX_SIDE",
        )
    if min(width, height) < limits.min_side:
        raise ImageTooSmall(
            f"the picture has {width} × {height} pixels; at least {limits.min_side} a side are needed",
            hint="choose a larger picture, or lower CLEANCUT_MIN_SIDE",
        )
    return header
