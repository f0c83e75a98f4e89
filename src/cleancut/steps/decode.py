"""Step 3: from the file's bytes to upright 8-bit RGB, its transparency and its metadata."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops
from PIL.Image import Transpose

from cleancut.codecs import metadata as meta
from cleancut.codecs.colour import to_rgb
from cleancut.codecs.formats import open_image, reading
from cleancut.errors import UnsupportedImage
from cleancut.geometry import Size
from cleancut.types import Alpha8, Header, Metadata, Source

# EXIF orientation → what makes the picture upright (CIPA DC-008, 4.6.4 A "Orientation").
_UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
# TIFF tags: bits a channel, 0 for "white is zero", and EXIF's orientation (TIFF 6.0 section 8).
_BITS, _PHOTOMETRIC, _ORIENTATION = 258, 262, 274


def decode(data: bytes, header: Header) -> Source:
    """The first frame of ``data``, upright: rgb (h, w, 3) uint8, and alpha (h, w) uint8 if any pixel is see-through.

    RGB values stay as they are, in the colour space of the profile that ``metadata.icc`` keeps; grey, CMYK and LAB
    become sRGB. 16 bits are rounded to 8. ``notes`` say what was left out. Raises DamagedImage, UnsupportedImage
    (values without a known meaning as brightness), ImageTooLarge (the memory does not suffice).
    """
    with reading(f"the {header.format} picture"):
        name, image = open_image(data)
        if image.width * image.height > header.width * header.height:
            # What was validated is not what would be decoded: a file that names two sizes.
            raise ValueError(
                f"it has {image.width} × {image.height} pixels, its header {header.width} × {header.height}"
            )
        # Pillow turns a TIFF upright while loading, forgets that it did, and leaves the resolution lying.
        lying = getattr(image, "tag_v2", {}).get(_ORIENTATION) in (5, 6, 7, 8)
        image.load()
        if lying and "dpi" in image.info:
            image.info["dpi"] = image.info["dpi"][::-1]
        exif, xmp, notes = _described(name, image, data)
        return _source(image, name, data, exif, xmp, header, (*_frames(header), *notes))


def from_image(image: Image.Image) -> Source:
    """The same from a PIL image: its current frame, with what ``info`` says of profile, EXIF and XMP.

    Raises DamagedImage (a file that PIL has not read yet), UnsupportedImage, ImageTooLarge.
    """
    with reading("the picture"):
        image.load()
        # What PIL makes of it, since a picture that PIL turned upright may still have its old EXIF bytes in ``info``.
        found = image.getexif()
        exif = found.tobytes() if found else None
        exif = exif if exif is None or exif.startswith(meta.PREFIX) else meta.PREFIX + exif
        xmp = image.info.get("xmp")
        header = Header((image.format or "").lower(), image.width, image.height)
        return _source(image, "", b"", exif, meta.utf8(xmp) if isinstance(xmp, bytes) else None, header, ())


def upright(data: bytes, header: Header) -> Size:
    """The size that ``decode`` will give, without a pixel of it. Raises DamagedImage."""
    with reading(f"the {header.format} picture"):
        name, image = open_image(data)
        exif, xmp, _ = _described(name, image, data)
        stored = getattr(image, "tag_v2", {}).get(_ORIENTATION, 1) if name == "tiff" else meta.orientation(exif, xmp)
    return Size(header.height, header.width) if stored >= 5 else Size(header.width, header.height)


def _source(
    image: Image.Image,
    name: str,
    data: bytes,
    exif: bytes | None,
    xmp: bytes | None,
    header: Header,
    notes: tuple[str, ...],
) -> Source:
    turn = 1 if name == "tiff" else meta.orientation(exif, xmp)
    plain, alpha = _split(_with_depth(image, name), _key(image, name, data))
    coloured = to_rgb(plain, image.info.get("icc_profile"))
    if turn != 1:
        coloured = coloured._replace(image=coloured.image.transpose(_UPRIGHT[turn]))
        alpha = None if alpha is None else alpha.transpose(_UPRIGHT[turn])
    return Source(
        rgb=np.array(coloured.image),
        alpha=_seen_through(alpha),
        metadata=Metadata(
            icc=coloured.icc,
            exif=None if exif is None else meta.without_orientation(exif),
            xmp=None if xmp is None else meta.without_xmp_orientation(xmp),
            dpi=_dpi(image.info.get("dpi"), turned=turn >= 5),
        ),
        header=header,
        notes=(*notes, *coloured.notes),
    )


def _described(name: str, image: Image.Image, data: bytes) -> tuple[bytes | None, bytes | None, tuple[str, ...]]:
    """EXIF and XMP of an opened picture, and a note for what cannot be read."""
    exif, xmp = image.info.get("exif"), image.info.get("xmp")
    if name == "tiff":
        # The file's own directory is the EXIF block.
        exif = meta.of_tiff(data)
    elif exif is None and isinstance(profile := image.info.get("Raw profile type exif"), str):
        # How ImageMagick writes EXIF into PNG: three lines of text, then hexadecimal digits.
        exif = bytes.fromhex("".join(profile.split("\n")[3:]))
    notes: list[str] = []
    if exif:
        exif = exif if exif.startswith(meta.PREFIX) else meta.PREFIX + exif
        if meta.without_orientation(exif) is None:
            exif = None
            notes.append("the EXIF data is damaged and was left out")
    if xmp:
        xmp = meta.utf8(xmp) if isinstance(xmp, bytes) else None
        if xmp is None:
            notes.append("the XMP data is damaged and was left out")
    return exif or None, xmp or None, tuple(notes)


def _with_depth(image: Image.Image, name: str) -> Image.Image:
    """16-bit grey as 8-bit grey; other modes as they are."""
    if not image.mode.startswith("I;16"):
        return image
    wide = np.asarray(image).astype(np.uint32)
    tags: Any = getattr(image, "tag_v2", {})
    # Pillow reads 12 bits of a TIFF into the low bits of 16.
    top = 4095 if name == "tiff" and tags.get(_BITS) == (12,) else 65535
    narrow = ((wide * 255 + top // 2) // top).astype(np.uint8)
    if name == "tiff" and tags.get(_PHOTOMETRIC) == 0:
        # Pillow inverts only up to 8 bits.
        narrow = 255 - narrow
    return Image.fromarray(narrow)


def _key(image: Image.Image, name: str, data: bytes) -> Image.Image | None:
    """The alpha of a picture in which one colour or grey is see-through (PNG ``tRNS``, GIF), if it has one."""
    key = image.info.get("transparency")
    if key is None or (image.mode not in ("1", "L", "RGB") and not image.mode.startswith("I;16")):
        return None
    values = np.asarray(image.convert("L") if image.mode == "1" else image)
    if name == "png" and image.mode in ("1", "L"):
        # Pillow widens 1, 2 and 4 bits to 8, and leaves the key as it is. Byte 24 of a PNG is its bit depth.
        key = key * 255 // ((1 << data[24]) - 1)
    if name == "png" and image.mode == "RGB" and data[24] == 16:
        # The low bytes are gone; of 2**24 colours the key's neighbours are the only ones taken for it.
        key = tuple(part >> 8 for part in key)
    same = values == np.asarray(key)
    if image.mode == "RGB":
        same = same.all(axis=2)
    return Image.fromarray(np.where(same, np.uint8(0), np.uint8(255)))


def _split(image: Image.Image, alpha: Image.Image | None) -> tuple[Image.Image, Image.Image | None]:
    """Colour of mode L, RGB, CMYK or LAB, and alpha of mode L. Raises UnsupportedImage."""
    mode = image.mode
    if mode in ("L", "RGB", "LAB"):
        return image, alpha
    if mode == "CMYK":
        # Without Adobe's marker a JPEG is not inverted; Pillow assumes that all are.
        plain_jpeg = image.format == "JPEG" and "adobe" not in image.info
        return (ImageChops.invert(image) if plain_jpeg else image), alpha
    if mode in ("1", "RGBX", "YCbCr"):
        return image.convert("L" if mode == "1" else "RGB"), alpha
    if mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif mode in ("La", "RGBa"):
        image = image.convert(mode.upper())
    if image.mode == "RGB":
        return image, alpha
    if image.mode in ("LA", "RGBA"):
        return image.convert(image.mode[:-1]), image.getchannel("A")
    raise UnsupportedImage(
        f"a picture of {'floating-point' if mode == 'F' else '32-bit'} values is not read: white is not defined",
        hint="save it with 8 or 16 bits a channel",
    )


def _seen_through(alpha: Image.Image | None) -> Alpha8 | None:
    if alpha is None:
        return None
    values: NDArray[np.uint8] = np.array(alpha)
    return values if values.min() < 255 else None


def _dpi(found: Any, *, turned: bool) -> tuple[float, float] | None:
    """Dots per inch across and down, if the file names a possible figure."""
    try:
        across, down = float(found[0]), float(found[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError):
        return None
    # JFIF, the narrowest of all, has 16 bits for it; 1 is what Pillow says of a TIFF that names none.
    if not all(math.isfinite(value) and 1 < value <= 65535 for value in (across, down)):
        return None
    return (down, across) if turned else (across, down)


def _frames(header: Header) -> tuple[str, ...]:
    if header.frames < 2:
        return ()
    kind = {"tiff": "several pages", "heic": "several pictures"}.get(header.format, "animated")
    which = "main one" if header.format == "heic" else "first"
    return (f"{kind}: only the {which} of {header.frames} frames is used",)
