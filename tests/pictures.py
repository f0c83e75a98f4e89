"""Pictures that the tests draw, and files made of them."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Array = NDArray[np.uint8]

PREFIX = b"Exif\0\0"


def gradient(height: int = 32, width: int = 48) -> Array:
    """(h, w, 3): red grows to the right, green downwards, blue is their sum; no two corners are alike."""
    down, across = np.mgrid[0:height, 0:width]
    red = across * 255 // (width - 1)
    green = down * 255 // (height - 1)
    return np.dstack([red, green, (red + green) // 2]).astype(np.uint8)


def grey(height: int = 32, width: int = 48) -> Array:
    """(h, w): every corner different."""
    down, across = np.mgrid[0:height, 0:width]
    values: Array = (10 + across * 150 // (width - 1) + down * 90 // (height - 1)).astype(np.uint8)
    return values


def disc(height: int = 32, width: int = 48) -> Array:
    """(h, w): a soft-edged disc, left of the middle; 0 outside, 255 inside."""
    down, across = np.mgrid[0:height, 0:width]
    distance = np.hypot(down - height * 0.5, across - width * 0.4)
    values: Array = np.clip((height * 0.35 - distance) * 60 + 128, 0, 255).astype(np.uint8)
    return values


def cutout(height: int = 32, width: int = 48) -> Array:
    """(h, w, 4): the gradient behind the disc, straight alpha; colours stay where it is clear."""
    return np.dstack([gradient(height, width), disc(height, width)])


def saved(pixels: Array | Image.Image, format: str, **keywords: Any) -> bytes:
    """A file by Pillow."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = BytesIO()
    image.save(file, format, **keywords)
    return file.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))


def png(values: NDArray[Any], depth: int, colour: int, *chunks: bytes) -> bytes:
    """A PNG of any depth: ``values`` (h, w) or (h, w, n), ``colour`` as in IHDR, ``chunks`` before the pixels."""
    height, width = values.shape[:2]
    flat = values.reshape(height, -1)
    if depth == 16:
        rows = [row.astype(">u2").tobytes() for row in flat]
    else:
        bits = np.unpackbits(flat.astype(np.uint8)[:, :, None], axis=2)[:, :, 8 - depth :]
        rows = [np.packbits(row.reshape(-1)).tobytes() for row in bits]
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    header = struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [png_chunk(b"IHDR", header), *chunks, png_chunk(b"IDAT", body), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff(width: int, height: int, pixels: bytes, *, bits: tuple[int, ...], photometric: int, **extra: Any) -> bytes:
    """An uncompressed TIFF. ``extra``: ``order``, ``format`` (SampleFormat), ``alpha`` (ExtraSamples), ``next``."""
    order = extra.get("order", "<")
    tags: list[tuple[int, int, tuple[int, ...]]] = [
        (256, 4, (width,)),
        (257, 4, (height,)),
        (258, 3, bits),
        (259, 3, (1,)),
        (262, 3, (photometric,)),
        (273, 4, (0,)),
        (277, 3, (len(bits),)),
        (278, 4, (height,)),
        (279, 4, (len(pixels),)),
    ]
    tags += [(338, 3, (extra["alpha"],))] if "alpha" in extra else []
    tags += [(339, 3, (extra["format"],) * len(bits))] if "format" in extra else []
    body_at = 8 + 2 + 12 * len(tags) + 4
    body = b""
    rows = b""
    for tag, kind, values in tags:
        packed = struct.pack(order + {3: "H", 4: "L"}[kind] * len(values), *values)
        if tag == 273:
            # The pixels come last; at most two tags (bits, format) have values outside their row.
            packed = struct.pack(order + "L", body_at + 64)
        if len(packed) > 4:
            body, packed = body + packed, struct.pack(order + "L", body_at + len(body))
        rows += struct.pack(order + "HHL", tag, kind, len(values)) + packed.ljust(4, b"\0")
    mark = b"II" if order == "<" else b"MM"
    head = mark + struct.pack(order + "HLH", 42, 8, len(tags))
    return head + rows + struct.pack(order + "L", extra.get("next", 0)) + body.ljust(64, b"\0") + pixels


def exif(orientation: int | None = None, *, place: bool = False, sized: bool = True) -> bytes:
    """An EXIF block with a maker, a date, a maker's note; with ``place`` a position and a thumbnail too.

    ``sized``: it names a size, which Pillow's TIFF writer would believe.
    """
    block = Image.Exif()
    block[0x010F] = "Maker of cameras"
    if sized:
        block[0x0100] = 4000
    if orientation is not None:
        block[0x0112] = orientation
    photo = block.get_ifd(0x8769)
    photo[0x9003] = "2020:02:03 04:05:06"
    photo[0x927C] = b"maker's note near MARKERPLACE"
    if place:
        block.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.25), 3: "E", 4: (13.0, 24.0, 18.5), 29: "1987:06:05"})
    plain = block.tobytes()
    return with_thumbnail(plain) if place else plain


def with_thumbnail(block: bytes) -> bytes:
    """``block`` with a second directory that holds a JPEG."""
    thumbnail = saved(gradient(8, 8), "JPEG", comment=b"THUMBNAIL")
    body = bytearray(block.removeprefix(PREFIX))
    order = "<" if body[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "L", body, 4)
    (count,) = struct.unpack_from(order + "H", body, first)
    at = len(body) + len(body) % 2
    struct.pack_into(order + "L", body, first + 2 + 12 * count, at)
    body += bytes(len(body) % 2)
    body += struct.pack(order + "H", 2)
    body += struct.pack(order + "HHLL", 0x0201, 4, 1, at + 2 + 24 + 4)
    body += struct.pack(order + "HHLL", 0x0202, 4, 1, len(thumbnail))
    return PREFIX + bytes(body) + struct.pack(order + "L", 0) + thumbnail


def xmp(properties: str = 'xmp:Rating="5"') -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f"<rdf:Description {properties}/></rdf:RDF></x:xmpmeta>"
    ).encode()


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def profile(space: str, gamma: float, *, swap: bool = False) -> bytes:
    """A small ICC profile (version 2): ``RGB `` with sRGB's primaries (``swap``: red and green exchanged), or ``GRAY``.

    ``gamma`` is the exponent of its tone curve.
    """
    curve = b"curv" + bytes(4) + struct.pack(">LHH", 1, round(gamma * 256), 0)
    # D50, and the primaries of sRGB adapted to D50 (IEC 61966-2-1, as ICC publishes them).
    white = (0.9642, 1.0, 0.8249)
    red, green, blue = (0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)
    if swap:
        red, green = green, red
    tags = {b"wtpt": _xyz(white), b"desc": b"desc" + bytes(4) + struct.pack(">L", 5) + b"test\0" + bytes(78)}
    tags[b"cprt"] = b"text" + bytes(4) + b"none\0"
    if space == "GRAY":
        tags[b"kTRC"] = curve
    else:
        tags |= {b"rXYZ": _xyz(red), b"gXYZ": _xyz(green), b"bXYZ": _xyz(blue)}
        tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    return _icc(space.encode(), b"XYZ ", b"mntr", tags)


def cmyk_profile() -> bytes:
    """A CMYK profile (version 2) whose table knows only the corners: the ink's colour fades to white in Lab."""
    corners = np.zeros((2, 2, 2, 2, 3))
    for c, m, y, k in np.ndindex(2, 2, 2, 2):
        light = 100 - 30 * c - 40 * m - 10 * y
        lab = (max(light, 20) if not k else 10, (-35 * c + 70 * m) * (1 - k), (-45 * c + 80 * y) * (1 - k))
        corners[c, m, y, k] = lab
    scaled = np.stack([corners[..., 0] * 652.8, (corners[..., 1] + 128) * 256, (corners[..., 2] + 128) * 256], -1)
    table = np.clip(scaled, 0, 65535).astype(">u2").tobytes()
    ramp = struct.pack(">HH", 0, 65535)
    lut = b"mft2" + bytes(4) + bytes([4, 3, 2, 0])
    lut += struct.pack(">9l", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536) + struct.pack(">HH", 2, 2)
    lut += ramp * 4 + table + ramp * 3
    tags = {b"A2B0": lut, b"wtpt": _xyz((0.9642, 1.0, 0.8249)), b"cprt": b"text" + bytes(4) + b"none\0"}
    tags[b"desc"] = b"desc" + bytes(4) + struct.pack(">L", 5) + b"test\0" + bytes(78)
    return _icc(b"CMYK", b"Lab ", b"prtr", tags)


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3l", *(round(value * 65536) for value in values))


def _icc(space: bytes, connection: bytes, kind: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body = b"", b""
    at = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">LL", at + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    size = at + len(body)
    header = struct.pack(">L4sL4s4s4s", size, bytes(4), 0x02400000, kind, space, connection)
    header += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += struct.pack(">3l", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">L", len(tags)) + table + body
