"""EXIF and XMP: what is read from a photo, and what goes into the cut-out.

EXIF is handled as the bytes ``Exif\\0\\0`` and a TIFF block (CIPA DC-008, "Exif 3.0"), XMP as UTF-8 bytes.
"""

from __future__ import annotations

import re
import struct
from dataclasses import replace

from cleancut.codecs import ifd
from cleancut.options import MetadataPolicy
from cleancut.types import Metadata

PREFIX = b"Exif\0\0"

_ORIENTATION = 0x0112
_EXIF, _GPS, _INTEROP, _MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
# Width and height of the photo, which a crop changes.
_SIZES = (0xA002, 0xA003)
# Tags of the first directory that describe the photo. All others are about how its file was stored (size, strips),
# or hold a picture or a place of their own (thumbnails, IPTC, Photoshop's resources).
_DESCRIPTION = {
    0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x0128, 0x0131, 0x0132, 0x013B, 0x013C, 0x0213, 0x4746, 0x4749,
    0x8298, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F,
}  # fmt: skip
# The range that the standard gives to the Exif directory; makers' own tags lie outside of it.
_STANDARD = range(0x829A, 0xA600)

# Both ways to write a property in XMP: as an attribute and as an element.
_XMP_ORIENTATION = re.compile(
    rb'\s*tiff:Orientation\s*=\s*["\'](\d)["\']|<tiff:Orientation>\s*(\d)\s*</tiff:Orientation>'
)
_XMP_NAME = re.compile(rb"[A-Za-z_][\w.-]*:[A-Za-z_][\w.-]*")
# Parts of property names that tell a place, or carry a picture: a thumbnail or the original shows what was cut away.
_XMP_PRIVATE = re.compile(
    rb"gps|city|country|location|state\b|province|latitude|longitude|address|venue|geo|:place"
    rb"|thumbnail|xmpgimg|gimage|gdepth",
    re.IGNORECASE,
)


def orientation(exif: bytes | None, xmp: bytes | None) -> int:
    """1 to 8 as EXIF numbers them; EXIF goes before XMP, and 1 (upright) is what neither says."""
    value = None
    if exif is not None:
        try:
            head, entries = _first(exif.removeprefix(PREFIX))
            value = ifd.integer(entries, _ORIENTATION, head.order)
        except ValueError:
            value = None
    if value is None and xmp is not None and (match := _XMP_ORIENTATION.search(xmp)):
        value = int(match[1] or match[2])
    return value if value is not None and 1 <= value <= 8 else 1


def without_orientation(exif: bytes) -> bytes | None:
    """``exif`` with that one tag taken out and every other byte in its place; None if it cannot be read."""
    try:
        head, entries = _first(exif.removeprefix(PREFIX))
    except ValueError:
        return None
    block = bytearray(exif[len(PREFIX) :])
    while _ORIENTATION in entries:
        (count,) = struct.unpack_from(head.order + "H", block, head.first)
        first, end = head.first + 2, head.first + 2 + 12 * count
        tags = [struct.unpack_from(head.order + "H", block, at)[0] for at in range(first, end, 12)]
        at = first + 12 * tags.index(_ORIENTATION)
        # The rows behind it and the next directory's offset move up; the values stay, for others point to them.
        block[at : end + 4] = block[at + 12 : end + 4].ljust(end + 4 - at, b"\0")
        struct.pack_into(head.order + "H", block, head.first, count - 1)
        # Some writers have it twice.
        entries, _ = ifd.read(bytes(block), head.first, head.order)
    return PREFIX + bytes(block)


def without_xmp_orientation(xmp: bytes) -> bytes:
    """``xmp`` without ``tiff:Orientation``."""
    return _XMP_ORIENTATION.sub(b"", xmp)


def descriptive(exif: bytes, *, private: bool) -> bytes | None:
    """A new EXIF block with the tags that describe the photo; None if none is left or the block cannot be read.

    ``private`` keeps the position and the maker's notes, which may hold a position. The thumbnail never stays: it
    shows the background that was removed.
    """
    return _rebuilt(exif.removeprefix(PREFIX), private)


def of_tiff(data: bytes) -> bytes | None:
    """The EXIF block that a TIFF file's own directory amounts to, without the thumbnail; None if it holds nothing."""
    return _rebuilt(data, private=True)


def tree(exif: bytes) -> tuple[ifd.Tree, ifd.Order] | None:
    """The directories that describe the photo and their byte order; None if the block cannot be read."""
    return _tree(exif.removeprefix(PREFIX), private=True)


def _rebuilt(data: bytes, private: bool) -> bytes | None:
    found = _tree(data, private)
    if found is None or not (found[0].entries or found[0].children):
        return None
    return PREFIX + ifd.write(*found)


def _tree(data: bytes, private: bool) -> tuple[ifd.Tree, ifd.Order] | None:
    try:
        head, entries = _first(data)
    except ValueError:
        return None
    children = {}
    photo = _below(data, entries, _EXIF, head)
    if photo:
        interop = _below(data, photo, _INTEROP, head)
        kept = {
            tag: entry
            for tag, entry in photo.items()
            if tag in _STANDARD and tag not in (_EXIF, _GPS, _INTEROP, *_SIZES) and (private or tag != _MAKER_NOTE)
        }
        children[_EXIF] = ifd.Tree(kept, {_INTEROP: ifd.Tree(interop)} if interop else {})
    position = _below(data, entries, _GPS, head) if private else {}
    if position:
        children[_GPS] = ifd.Tree(position)
    return ifd.Tree({tag: entry for tag, entry in entries.items() if tag in _DESCRIPTION}, children), head.order


def utf8(xmp: bytes) -> bytes | None:
    """XMP as UTF-8, whatever it came in; None if it is no text."""
    for encoding in ("utf-8-sig", "utf-16"):
        try:
            text = xmp.decode(encoding).strip("\0 ")
        except UnicodeDecodeError:
            continue
        if "<" in text and "\0" not in text:
            return text.encode()
    return None


def apply_policy(metadata: Metadata, policy: MetadataPolicy) -> Metadata:
    """What is written: ``keep`` all, ``strip`` all but the colour profile, ``strip-gps`` what tells a place.

    Also gone with ``strip-gps``, for they may hold a position or the removed background: the maker's notes, the
    thumbnail, and the XMP if it names a place or carries a picture.
    """
    if policy == "keep":
        return metadata
    if policy == "strip":
        return Metadata(icc=metadata.icc)
    exif, xmp = metadata.exif, metadata.xmp
    return replace(
        metadata,
        exif=descriptive(exif, private=False) if exif is not None else None,
        xmp=xmp if xmp is not None and not _is_private(xmp) else None,
    )


def _is_private(xmp: bytes) -> bool:
    text = utf8(xmp)
    return text is None or any(_XMP_PRIVATE.search(name) for name in _XMP_NAME.findall(text))


def _first(data: bytes) -> tuple[ifd.Start, dict[int, ifd.Entry]]:
    """Header and first directory. Raises ValueError."""
    head = ifd.start(data)
    if head.big:
        raise ValueError("EXIF is never BigTIFF")
    return head, ifd.read(data, head.first, head.order)[0]


def _below(data: bytes, entries: ifd.Entries, tag: int, head: ifd.Start) -> dict[int, ifd.Entry]:
    """The directory that ``tag`` points to; empty if there is none or it is damaged."""
    at = ifd.integer(entries, tag, head.order)
    if at is None:
        return {}
    try:
        return ifd.read(data, at, head.order)[0]
    except ValueError:
        return {}
