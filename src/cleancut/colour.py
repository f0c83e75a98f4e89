"""Colour profiles: from and to sRGB, by LittleCMS."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from cleancut.types import Rgb


def to_srgb(rgb: Rgb, icc: bytes | None) -> Rgb:
    """(h, w, 3) in the profile's colour space to sRGB. ``None`` is sRGB already."""
    return rgb if icc is None else _convert(rgb, _profile(icc), _srgb())


def from_srgb(rgb: Rgb, icc: bytes | None) -> Rgb:
    """(h, w, 3) in sRGB to the profile's colour space."""
    return rgb if icc is None else _convert(rgb, _srgb(), _profile(icc))


def _profile(icc: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(BytesIO(icc))


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _convert(rgb: Rgb, source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile) -> Rgb:
    transform = ImageCms.buildTransform(
        source,
        target,
        "RGB",
        "RGB",
        # What colours look like against white, with shadows kept apart: the choice of picture viewers.
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    converted = ImageCms.applyTransform(Image.fromarray(rgb), transform)
    assert converted is not None  # only None when converting in place
    return np.asarray(converted)
