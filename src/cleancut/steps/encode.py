"""Step 8: from a finished picture to the bytes of a file."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from io import BytesIO
from typing import Any

import cv2
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cleancut.codecs.formats import quietly
from cleancut.codecs.metadata import apply_policy, tree
from cleancut.codecs.png import descriptions, png
from cleancut.codecs.tiff import tiff
from cleancut.errors import CannotHold
from cleancut.matting.over import over_opaque
from cleancut.options import Options
from cleancut.types import Metadata, Picture, Pixels

# Longest side: WebP has 14 bits for it; libjpeg stops before JPEG's own 65535; AV1 has 16 bits, counted from one.
_SIDES = {"webp": 16383, "jpg": 65500, "zip": 65500, "avif": 65536}
# Where quality is given up for bytes.
_LOSSY = ("jpg", "webp", "avif", "zip")
# A JPEG segment holds 65533 bytes behind its length, of which XMP's name takes 29.
_JPEG_EXIF, _JPEG_XMP = 65533, 65533 - 29


def encode(picture: Picture, options: Options) -> bytes:
    """A file in ``options.format``; ``picture.pixels`` is (h, w), (h, w, 3) or straight (h, w, 4) uint8.

    PNG, TIFF and WebP of quality 100 give back every value, also below alpha 0. JPEG has no alpha and shows the
    picture on white. ZIP holds ``color.jpg`` (the colours as they stand, not flattened) and ``alpha.png``. A matte
    (h, w) is grey; where a format has no grey, R = G = B. The colour profile goes into every file but a matte, EXIF
    and XMP as ``options.metadata`` says. Quality is lowered until ``options.max_bytes`` holds. Raises CannotHold (the
    format has no room for this size or its metadata, or the bytes do not suffice).
    """
    pixels = np.ascontiguousarray(picture.pixels)
    _check_size(pixels, options.format)
    metadata = apply_policy(picture.metadata, options.metadata)
    if pixels.ndim == 2:
        metadata = Metadata(exif=metadata.exif, xmp=metadata.xmp, dpi=metadata.dpi)
    try:
        with quietly():
            data = _WRITERS[options.format](pixels, metadata, options)
            most = options.max_bytes
            return data if most is None or len(data) <= most else _fitting(pixels, metadata, options, most)
    except (OSError, ValueError, OverflowError, cv2.error) as error:
        raise CannotHold(
            f"{options.format} cannot hold this picture: {error}", hint="choose another --format, such as png"
        ) from error
    except ImportError as error:
        raise CannotHold(
            f"this Pillow was built without {options.format}", hint="pip install --force-reinstall pillow"
        ) from error
    except MemoryError as error:
        raise CannotHold(
            f"writing {options.format} needs more memory than there is", hint="shrink the picture"
        ) from error


def _fitting(pixels: Pixels, metadata: Metadata, options: Options, most: int) -> bytes:
    """The file of the highest quality that has at most so many bytes; of PNG, the smallest. Raises CannotHold."""
    best: bytes | None = None
    if options.format in _LOSSY:
        low, high = 1, options.encode_quality - 1
        while low <= high:
            quality = (low + high) // 2
            data = _WRITERS[options.format](pixels, metadata, replace(options, encode_quality=quality))
            if len(data) <= most:
                best, low = data, quality + 1
            else:
                high = quality - 1
    elif options.format == "png" and options.png_effort != "small":
        data = _png(pixels, metadata, replace(options, png_effort="small"))
        best = data if len(data) <= most else None
    if best is None:
        hint = "shrink it with --max-size" + ("" if options.format in _LOSSY else ", or choose --format webp or jpg")
        raise CannotHold(f"{options.format} cannot hold this picture in {most:,} bytes", hint=hint)
    return best


def _check_size(pixels: Pixels, name: str) -> None:
    height, width = pixels.shape[:2]
    longest = _SIDES.get(name)
    if longest is not None and max(height, width) > longest:
        raise CannotHold(
            f"{name} holds at most {longest} pixels a side; this picture has {width} × {height}",
            hint="choose --format png or tiff, or shrink the picture",
        )
    if name == "zip" and pixels.ndim == 2:
        raise CannotHold("zip holds colours and a matte; this is a matte alone", hint="choose --format png")


def _png(pixels: Pixels, metadata: Metadata, options: Options) -> bytes:
    extra: dict[str, Any] = {"exif": metadata.exif, "icc_profile": metadata.icc, "dpi": metadata.dpi}
    if metadata.xmp is not None:
        extra["pnginfo"] = PngInfo()
        extra["pnginfo"].add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8"))
    if options.png_effort == "small":
        # All of zlib's effort: many times the time of balanced for a tenth of the size.
        return _saved(pixels, "PNG", optimize=True, compress_level=9, **extra)
    # What Pillow says of the metadata, it says for one pixel too.
    described = descriptions(_saved(pixels[:1, :1], "PNG", **extra))
    return png(pixels, "up" if options.png_effort == "fast" else "average", described)


def _webp(pixels: Pixels, metadata: Metadata, options: Options) -> bytes:
    extra = {"exif": metadata.exif or b"", "xmp": metadata.xmp or b"", "icc_profile": metadata.icc or b""}
    if options.encode_quality == 100:
        # A third smaller than the fastest setting, in 3 times its time; more effort takes 4 times that for little.
        return _saved(_coloured(pixels), "WEBP", lossless=True, exact=True, method=1, quality=20, **extra)
    # Method 4, the library's default, takes 1.5 to 2.5 times as long and saves 5 %.
    quality = options.encode_quality
    return _saved(_coloured(pixels), "WEBP", quality=quality, alpha_quality=100, method=2, **extra)


def _avif(pixels: Pixels, metadata: Metadata, options: Options) -> bytes:
    extra = _given(exif=metadata.exif, xmp=metadata.xmp, icc_profile=metadata.icc)
    from PIL._avif import encoder_codec_available

    if pixels.ndim == 3 and pixels.shape[2] == 4 and encoder_codec_available("aom"):
        # Else clear pixels come back as a haze of up to 3 levels. Half as many bytes again.
        extra |= {"codec": "aom", "advanced": {"a:lossless": "1"}}
    return _saved(
        _coloured(pixels),
        "AVIF",
        quality=options.encode_quality,
        # Halved colour would bleed over the cut edge.
        subsampling="4:4:4",
        # A quarter of the time of the default, 6, for 4 % more bytes; 10 is the same again.
        speed=9,
        **extra,
    )


def _jpg(pixels: Pixels, metadata: Metadata, options: Options) -> bytes:
    if len(metadata.exif or b"") > _JPEG_EXIF or len(metadata.xmp or b"") > _JPEG_XMP:
        raise CannotHold(
            "JPEG holds 64 kB of EXIF and of XMP; this photo has more",
            hint="use --metadata strip, or another --format",
        )
    # From this quality on, halved colour would be the largest error left.
    subsampling = "4:4:4" if options.encode_quality >= 90 else "4:2:0"
    flat = pixels
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        flat = over_opaque(pixels[..., :3], pixels[..., 3], np.full((1, 1, 3), 255, np.uint8))
    extra = _given(exif=metadata.exif, xmp=metadata.xmp, icc_profile=metadata.icc, dpi=metadata.dpi)
    if options.encode_quality == 100 and options.format == "zip":
        # Red, green and blue as they are: their rounding as brightness and colour would be most of what is lost.
        extra["keep_rgb"] = True
        # Beside a resolution stands JFIF's header, by which readers take the three for brightness and colour.
        extra.pop("dpi", None)
    return _saved(flat, "JPEG", quality=options.encode_quality, subsampling=subsampling, **extra)


def _tiff(pixels: Pixels, metadata: Metadata, options: Options) -> bytes:
    found = tree(metadata.exif) if metadata.exif is not None else None
    exif, order = found or (None, "<")
    return tiff(pixels, exif=exif, order=order, xmp=metadata.xmp, icc=metadata.icc, dpi=metadata.dpi)


def _zip(pixels: Pixels, metadata: Metadata, options: Options) -> bytes:
    matte = pixels[..., 3] if pixels.shape[2] == 4 else np.full(pixels.shape[:2], 255, np.uint8)
    members = {
        "color.jpg": _jpg(np.ascontiguousarray(pixels[..., :3]), metadata, options),
        "alpha.png": _png(np.ascontiguousarray(matte), Metadata(), options),
    }
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            # The earliest date a ZIP can hold: the same picture gives the same file.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return file.getvalue()


_WRITERS: dict[str, Callable[[Pixels, Metadata, Options], bytes]] = {
    "png": _png,
    "webp": _webp,
    "avif": _avif,
    "jpg": _jpg,
    "tiff": _tiff,
    "zip": _zip,
}


def _saved(pixels: Pixels, plugin: str, **keywords: Any) -> bytes:
    # Without this, Pillow would load all its plugins to find the one.
    import_module(f"PIL.{_MODULES[plugin]}")
    file = BytesIO()
    Image.fromarray(pixels).save(file, plugin, **keywords)
    return file.getvalue()


_MODULES = {"PNG": "PngImagePlugin", "WEBP": "WebPImagePlugin", "AVIF": "AvifImagePlugin", "JPEG": "JpegImagePlugin"}


def _given(**values: Any) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def _coloured(pixels: Pixels) -> Pixels:
    """(h, w) as (h, w, 3)."""
    return pixels if pixels.ndim == 3 else np.ascontiguousarray(np.repeat(pixels[..., None], 3, axis=2))
