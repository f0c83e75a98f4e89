"""Sizes and frame counts read from a file's structure, for formats whose Pillow plugin would do more than that.

Pillow's WebP and GIF plugins may set aside memory for a whole picture when they open a file, its TIFF plugin turns
every tag into Python objects, and the AV1 decoder refuses to open what is larger than its own limit. Each function
takes the file's bytes, allocates next to nothing, and raises ValueError if the structure is cut off.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from cleancut.codecs import ifd

# TIFF tags, TIFF 6.0 section 8 and TIFF/EP.
_SUBFILE, _WIDTH, _HEIGHT, _SAMPLES, _SUB_IFDS, _DNG = 254, 256, 257, 277, 330, 50706


class Extent(NamedTuple):
    """Width and height in pixels, and the number of frames."""

    width: int
    height: int
    frames: int


def webp(data: bytes) -> Extent:
    """WebP container specification (developers.google.com/speed/webp/docs/riff_container)."""
    try:
        kind, body = data[12:16], 20
        if kind == b"VP8X":
            low = struct.unpack_from("<HBHB", data, body + 4)
            frames = sum(1 for name, _ in _riff_chunks(data) if name == b"ANMF")
            return Extent(1 + low[0] + (low[1] << 16), 1 + low[2] + (low[3] << 16), max(1, frames))
        if kind == b"VP8L" and data[body] == 0x2F:
            (bits,) = struct.unpack_from("<L", data, body + 1)
            return Extent(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), 1)
        if kind == b"VP8 " and data[body + 3 : body + 6] == b"\x9d\x01\x2a":
            width, height = struct.unpack_from("<HH", data, body + 6)
            # The upper two bits hold a scale for the display.
            return Extent(width & 0x3FFF, height & 0x3FFF, 1)
    except (struct.error, IndexError):
        pass
    raise ValueError("no WebP header")


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, int]]:
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sL", data, at)
        yield name, at + 8
        at += 8 + size + size % 2


def gif(data: bytes) -> Extent:
    """GIF89a specification. A file that is cut off has the frames that begin in it."""
    try:
        width, height, flags = struct.unpack_from("<HHB", data, 6)
        at = 13 + _gif_palette(flags)
        frames = 0
        while at < len(data) and data[at] != 0x3B:
            if data[at] == 0x2C:
                left, top, across, down, flags = struct.unpack_from("<HHHHB", data, at + 1)
                if not frames:
                    # Pillow grows the picture to hold the first frame.
                    width, height = max(width, left + across), max(height, top + down)
                frames += 1
                at = _gif_blocks(data, at + 11 + _gif_palette(flags))
            elif data[at] == 0x21:
                at = _gif_blocks(data, at + 2)
            else:
                # Padding between blocks, which decoders skip.
                at += 1
    except struct.error:
        raise ValueError("the file is cut off") from None
    if not frames:
        raise ValueError("no picture is in it")
    return Extent(width, height, frames)


def _gif_palette(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_blocks(data: bytes, at: int) -> int:
    """The offset behind a run of sub-blocks, each of which begins with its length."""
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1


def tiff(data: bytes) -> Extent:
    """Size of the first page and the number of pages; reduced versions and masks are no pages."""
    head = ifd.start(data)
    first: ifd.Entries = {}
    at, seen, pages = head.first, set[int](), 0
    while at and at not in seen:
        seen.add(at)
        try:
            entries, at = ifd.read(data, at, head.order, big=head.big)
        except ValueError:
            if len(seen) == 1:
                raise
            break
        first = first or entries
        # Bit 0: a reduced version of another page; bit 2: a transparency mask.
        pages += not (ifd.integer(entries, _SUBFILE, head.order) or 0) & 0b101
    size = ifd.integer(first, _WIDTH, head.order), ifd.integer(first, _HEIGHT, head.order)
    if size[0] is None or size[1] is None:
        raise ValueError("the size is missing")
    return Extent(size[0], size[1], max(1, pages))


def tiff_samples(data: bytes) -> int:
    """Values a pixel in the first page of a TIFF. Raises ValueError."""
    head = ifd.start(data)
    return ifd.integer(ifd.read(data, head.first, head.order, big=head.big)[0], _SAMPLES, head.order) or 1


def is_raw(data: bytes) -> bool:
    """Whether a TIFF holds the sensor data of a camera behind a preview (DNG, CR2, NEF, ARW)."""
    if data[8:10] == b"CR":
        return True
    try:
        head = ifd.start(data)
        first, _ = ifd.read(data, head.first, head.order, big=head.big)
    except ValueError:
        return False
    preview = (ifd.integer(first, _SUBFILE, head.order) or 0) & 1
    return _DNG in first or bool(preview and _SUB_IFDS in first)


def isobmff(data: bytes) -> tuple[int, int]:
    """The largest picture that an AVIF or HEIC file declares: its ``ispe`` boxes (ISO/IEC 23008-12, 6.5.3).

    A picture made of tiles declares their size too, hence the largest.
    """
    sizes = [
        struct.unpack_from(">LL", data, at + 4)
        for meta, meta_end in _boxes(data, 0, len(data), b"meta")
        # A full box: 4 bytes of version and flags come first.
        for iprp, iprp_end in _boxes(data, meta + 4, meta_end, b"iprp")
        for ipco, ipco_end in _boxes(data, iprp, iprp_end, b"ipco")
        for at, end in _boxes(data, ipco, ipco_end, b"ispe")
        if end - at >= 12
    ]
    if not sizes:
        raise ValueError("the size is missing")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return width, height


def _boxes(data: bytes, at: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of the content of each box of one kind."""
    while at + 8 <= end:
        size, kind = struct.unpack_from(">L4s", data, at)
        body = at + 8
        if size == 1 and at + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        stop = end if size == 0 else at + size
        if stop < body or stop > end:
            return
        if kind == wanted:
            yield body, stop
        at = stop
