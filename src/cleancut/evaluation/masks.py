"""Mattes as they lie in files: of ground truth, and what anybody's program wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from cleancut.codecs.formats import open_image, reading
from cleancut.errors import InputError, UnsupportedImage
from cleancut.files import read
from cleancut.options import Limits
from cleancut.steps.probe import probe
from cleancut.steps.validate import validate
from cleancut.types import Alpha8, Rgb


@dataclass(frozen=True, slots=True)
class Mask:
    """A matte, and the colours that came with it."""

    alpha: Alpha8
    rgb: Rgb | None
    """Straight colours of a cut-out; None for a matte alone."""


def read_truth(path: Path, limits: Limits) -> Alpha8:
    """The matte (h, w) uint8 of a file with one channel, or three alike. Raises InputError that names the file."""
    mask = read_mask(path, limits)
    if mask.rgb is not None:
        raise UnsupportedImage(f"{path} is a cut-out, not ground truth", hint="save its alpha as one grey channel")
    return mask.alpha


def read_mask(path: Path, limits: Limits) -> Mask:
    """The matte of a grey picture, or of a cut-out with alpha. Values are taken as they are, colour profile or not.

    16 bits are rounded to 8. Raises InputError that names the file: it cannot be read, or it has colours and no alpha.
    """
    with about(path):
        data = read(path, limits.max_bytes)
        header = validate(probe(data), limits)
        with reading("the picture"):
            _, image = open_image(data)
            image.load()
            pixels = _pixels(image)
        if pixels is None:
            raise UnsupportedImage(f"a {image.mode} picture of {header.format} is no matte", hint="save it as PNG")
        if pixels.ndim == 2:
            return Mask(pixels, None)
        if pixels.shape[2] == 4:
            return Mask(np.ascontiguousarray(pixels[..., 3]), np.ascontiguousarray(pixels[..., :3]))
        grey = pixels[..., 0]
        if (grey != pixels[..., 1]).any() or (grey != pixels[..., 2]).any():
            raise UnsupportedImage("it has colours and no alpha", hint="give mattes, or cut-outs with transparency")
        return Mask(np.ascontiguousarray(grey), None)


@contextmanager
def about(path: Path) -> Iterator[None]:
    """A block whose errors name ``path``, where they are a picture's."""
    try:
        yield
    except InputError as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"{path}: {error}", hint=error.hint) from error


def refuse_size(path: Path, found: tuple[int, int], photo: Path, wanted: tuple[int, int]) -> InputError:
    """The error to show for a picture of another size than its photo; sizes are (width, height)."""
    return InputError(
        f"{path} is {found[0]} × {found[1]}, and the photo {photo.name} {wanted[0]} × {wanted[1]}",
        hint="give it the photo's size",
    )


def _pixels(image: Image.Image) -> np.ndarray | None:
    """(h, w), (h, w, 3) or (h, w, 4) uint8; None for a mode without a meaning here."""
    if image.mode.startswith("I;16"):
        wide = np.asarray(image).astype(np.uint32)
        return np.asarray((wide * 255 + 32767) // 65535, np.uint8)
    if image.mode in ("LA", "PA", "RGBA") or image.has_transparency_data:
        return np.array(image.convert("RGBA"))
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"))
    return np.array(image.convert("RGB")) if image.mode in ("P", "RGB") else None
