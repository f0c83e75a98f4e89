"""What the tests of the decoder share."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleancut.steps.decode import decode
from cleancut.steps.probe import probe
from cleancut.types import Source
from tests import pictures

RGB, GREY, DISC, CUTOUT = pictures.gradient(), pictures.grey(), pictures.disc(), pictures.cutout()
HEIGHT, WIDTH = GREY.shape


def decoded(data: bytes) -> Source:
    source = decode(data, probe(data))
    assert source.rgb.dtype == np.uint8
    assert source.rgb.flags.c_contiguous
    assert source.rgb.shape == (source.height, source.width, 3)
    if source.alpha is not None:
        assert source.alpha.dtype == np.uint8
        assert source.alpha.flags.c_contiguous
        assert source.alpha.shape == source.rgb.shape[:2]
    return source


def off(a: NDArray[Any], b: NDArray[Any]) -> int:
    """The largest difference of two arrays of the same shape."""
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b).max())


def grey3(values: NDArray[Any]) -> NDArray[Any]:
    return np.repeat(values[..., None], 3, axis=2)


LOSSLESS: dict[str, Callable[..., bytes]] = {
    "png": lambda pixels, **keywords: pictures.saved(pixels, "PNG", **keywords),
    "webp": lambda pixels, **keywords: pictures.saved(pixels, "WEBP", lossless=True, exact=True, **keywords),
    "tiff": lambda pixels, **keywords: pictures.saved(pixels, "TIFF", **keywords),
}
LOSSY: dict[str, Callable[..., bytes]] = {
    "jpeg": lambda pixels, **keywords: pictures.saved(pixels, "JPEG", quality=98, subsampling=0, **keywords),
    "avif": lambda pixels, **keywords: pictures.saved(pixels, "AVIF", quality=98, subsampling="4:4:4", **keywords),
}
