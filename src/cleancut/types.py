"""What flows between the steps.

Arrays are C-contiguous and in row, column order. Colours are RGB in the picture's own colour space (see
``Metadata.icc``); alpha is straight, never premultiplied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as PILImage

    from cleancut.geometry import Box

Rgb: TypeAlias = "NDArray[np.uint8]"
"""(h, w, 3) uint8, 0..255."""

Alpha8: TypeAlias = "NDArray[np.uint8]"
"""(h, w) uint8, 255 = foreground."""

Alpha: TypeAlias = "NDArray[np.float32]"
"""(h, w) float32 in 0..1, 1 = foreground."""

Tensor: TypeAlias = "NDArray[np.float32]"
"""(1, 3, s, s) float32, a model's normalised input."""

Raw: TypeAlias = "NDArray[np.float32]"
"""(s, s) float32 in 0..1, a model's answer on its own square; ``Fit`` says where the picture lies in it."""

Pixels: TypeAlias = "NDArray[np.uint8]"
"""(h, w) matte, (h, w, 3) opaque or (h, w, 4) straight RGBA, uint8."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of a file say; no pixel has been decoded."""

    format: str
    """``png``, ``jpeg``, ``webp``, ``avif``, ``tiff``, ``bmp``, ``gif`` or ``heic``."""
    width: int
    """Pixels, as stored: before the EXIF orientation is applied."""
    height: int
    frames: int = 1
    size: int = 0
    """Bytes of the file."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What accompanies the pixels. Orientation has been applied already and is not in ``exif``."""

    icc: bytes | None = None
    """ICC profile of the RGB values; None = sRGB."""
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A decoded photo, upright."""

    rgb: Rgb
    alpha: Alpha8 | None
    """Transparency that the file brought along; the new matte multiplies it."""
    metadata: Metadata
    header: Header
    notes: tuple[str, ...] = ()
    """What a user should know about this input, such as frames that were left out."""

    def part(self, box: Box) -> Source:
        """A part of the photo; the pixels are shared."""
        there = slice(box.top, box.bottom), slice(box.left, box.right)
        return replace(self, rgb=self.rgb[there], alpha=None if self.alpha is None else self.alpha[there])

    @property
    def width(self) -> int:
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        return int(self.rgb.shape[0])


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the whole picture lies in a model's square, in pixels of the square."""

    left: int
    top: int
    width: int
    height: int

    def picture(self, raw: Raw) -> Raw:
        """The picture's part of a model's answer: (height, width)."""
        return raw[self.top : self.top + self.height, self.left : self.left + self.width]


@dataclass(frozen=True, slots=True)
class Look:
    """A model's answer about a photo or a part of it."""

    mask: Raw
    """(a, b) float32 in 0..1, squeezed: just the part, without what a letterbox adds."""
    box: Box
    """The part, in pixels of the photo."""


@dataclass(frozen=True, slots=True)
class Matte:
    """Where the subject is, at the photo's full size."""

    alpha: Alpha
    subject: bool
    """False: the model found nothing, and ``alpha`` is clear."""
    confidence: float
    """0..1, how much of the mask and of the true subject can be expected to coincide (IoU)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture, ready to be encoded."""

    pixels: Pixels
    metadata: Metadata
    subject: Box | None = None
    """Where the subject is in it; None where there is none."""

    @property
    def image(self) -> PILImage:
        """As a PIL image, with its colour profile in ``info``; the pixels are shared where PIL can."""
        from PIL import Image

        image = Image.fromarray(self.pixels)
        if self.metadata.icc is not None:
            image.info["icc_profile"] = self.metadata.icc
        return image


@dataclass(frozen=True, slots=True)
class Result:
    """A cut-out and how it came about."""

    picture: Picture
    matte: Matte
    """As estimated, before feather and the like: ``render`` takes it for another rendering."""
    source: Source
    model: str
    device: str
    """What really ran, such as ``cpu`` or ``cuda:0``."""
    provider: str
    precision: str
    timings: Mapping[str, float]
    """Milliseconds of each step, by the step's name."""
    notes: tuple[str, ...] = ()

    @property
    def image(self) -> PILImage:
        """The cut-out as a PIL image."""
        return self.picture.image

    @property
    def subject(self) -> bool:
        return self.matte.subject

    @property
    def confidence(self) -> float:
        return self.matte.confidence
