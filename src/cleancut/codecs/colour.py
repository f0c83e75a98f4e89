"""Colour profiles, by LittleCMS: from a file's colour space to RGB, and between RGB spaces and sRGB."""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple, cast

import numpy as np
from PIL import Image, ImageCms

from cleancut.types import Rgb

# Colour space of an ICC profile, by the mode of the picture it belongs to (ICC.1:2022, table 19).
_SPACES = {"L": "GRAY", "RGB": "RGB ", "CMYK": "CMYK"}
_SPACE_NAMES = {"GRAY": "grey", "RGB ": "RGB", "CMYK": "CMYK", "Lab ": "Lab"}


class Coloured(NamedTuple):
    """A picture in mode RGB, the profile of its values (None: sRGB), and what happened to the file's profile."""

    image: Image.Image
    icc: bytes | None = None
    notes: tuple[str, ...] = ()


def to_rgb(image: Image.Image, icc: bytes | None) -> Coloured:
    """``image`` of mode L, RGB, CMYK or LAB as RGB.

    RGB keeps its values and its profile; grey and CMYK are converted to sRGB through theirs, LAB by itself (it is
    D50 Lab, TIFF 6.0 section 23). A profile that is damaged, or of another colour space, is left out with a note.
    """
    if image.mode == "LAB":
        return Coloured(_through(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))))
    if not icc:
        return Coloured(image.convert("RGB"))
    try:
        profile = _profile(icc)
        space = profile.profile.xcolor_space
        if space != _SPACES[image.mode]:
            # Photoshop and phones write RGB profiles into grey pictures now and then; ICC gives that no meaning.
            raise _Unfit(f"is for {_SPACE_NAMES.get(space, space.strip())} pictures")
        if image.mode == "RGB":
            return _kept(image, icc, profile)
        return Coloured(_through(image, profile))
    except _Unfit as unfit:
        reason = str(unfit)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        reason = "is damaged"
    note = f"the embedded colour profile {reason} and was left out"
    return Coloured(image.convert("RGB"), notes=(note,))


def to_srgb(rgb: Rgb, icc: bytes | None) -> Rgb:
    """(h, w, 3) in the colour space of an RGB profile to sRGB. ``None`` is sRGB already."""
    return rgb if icc is None else _between(rgb, _profile(icc), _srgb())


def from_srgb(rgb: Rgb, icc: bytes | None) -> Rgb:
    """(h, w, 3) in sRGB to the colour space of an RGB profile."""
    return rgb if icc is None else _between(rgb, _srgb(), _profile(icc))


class _Unfit(Exception):
    """The profile does not belong to the picture; the text completes "the profile …"."""


def _kept(image: Image.Image, icc: bytes, profile: ImageCms.ImageCmsProfile) -> Coloured:
    """The values untouched, if colours can be converted from the profile and into it."""
    _transform(profile, _srgb(), "RGB")
    try:
        _transform(_srgb(), profile, "RGB")
    except ImageCms.PyCMSError:
        # A scanner's profile leads only one way; no background could be brought into it.
        return Coloured(_through(image, profile), notes=("the scanner's colours were converted to sRGB",))
    return Coloured(image, icc)


def _through(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    return _applied(image, _transform(profile, _srgb(), image.mode))


def _between(rgb: Rgb, source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile) -> Rgb:
    return np.asarray(_applied(Image.fromarray(rgb), _transform(source, target, "RGB")))


def _applied(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    # None is what a conversion in place returns.
    return cast("Image.Image", ImageCms.applyTransform(image, transform))


def _transform(
    source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile, mode: str
) -> ImageCms.ImageCmsTransform:
    # What viewers and print shops do with photos: white stays white, and black becomes black.
    return ImageCms.buildTransform(
        source,
        target,
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _profile(icc: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(BytesIO(icc))


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
