"""The tag directories (IFDs) of TIFF files and EXIF blocks, read and written as raw entries.

Pillow's own reader turns values into Python objects, warns about odd ones and cannot write them back as they were;
here nothing is interpreted, so nothing is lost. Layout: TIFF 6.0, section 2 (Adobe, 1992), and BigTIFF.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

Order = str
"""``<`` little-endian or ``>`` big-endian."""

# Bytes of one value by its type number; 13 is a directory's offset, 16 to 18 exist in BigTIFF only.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l", 13: "L", 16: "Q", 17: "q", 18: "Q"}
_ORDERS = {b"II": "<", b"MM": ">"}
_LONG = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag's value, as stored."""

    type: int
    count: int
    value: memoryview
    """A view of the file, so that many entries on the same bytes cost no memory."""


Entries = Mapping[int, Entry]


@dataclass(frozen=True, slots=True)
class Tree:
    """A directory and, by the tag that points to them, the directories below it."""

    entries: Entries
    children: Mapping[int, Tree] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Start:
    """What the first bytes of a block say."""

    order: Order
    big: bool
    first: int
    """Offset of the first directory."""


def start(data: bytes) -> Start:
    """Read the header of a TIFF file or EXIF block. Raises ValueError if it is none."""
    order = _ORDERS.get(data[:2])
    try:
        if order and struct.unpack_from(order + "H", data, 2) == (42,):
            return Start(order, False, struct.unpack_from(order + "L", data, 4)[0])
        if order and struct.unpack_from(order + "HHH", data, 2) == (43, 8, 0):
            return Start(order, True, struct.unpack_from(order + "Q", data, 8)[0])
    except struct.error:
        pass
    raise ValueError("no TIFF header")


def read(data: bytes, at: int, order: Order, *, big: bool = False) -> tuple[dict[int, Entry], int]:
    """The entries of the directory at offset ``at``, and the offset of the next one (0: none).

    Entries of unknown types or whose values lie outside ``data`` are left out. Raises ValueError if the directory
    itself lies outside.
    """
    head, row, pointer = ("Q", "HHQ8s", "Q") if big else ("H", "HHL4s", "L")
    rows = struct.Struct(order + row)
    view = memoryview(data)
    entries: dict[int, Entry] = {}
    try:
        (count,) = struct.unpack_from(order + head, data, at)
        first = at + struct.calcsize(order + head)
        # A count beyond the file is a lie; the loop must not run 2**64 times to find out.
        if count > (len(data) - first) // rows.size:
            raise ValueError("the tag directory is cut off")
        for tag, kind, values, slot in rows.iter_unpack(view[first : first + count * rows.size]):
            size = _SIZES.get(kind, 0) * values
            value = memoryview(slot)[:size]
            if size > len(slot):
                (offset,) = struct.unpack(order + pointer, slot)
                value = view[offset : offset + size]
            if size and len(value) == size:
                # Of a tag that is there twice, libtiff too takes the first.
                entries.setdefault(tag, Entry(kind, values, value))
        end = first + count * rows.size
        (following,) = struct.unpack_from(order + pointer, data, end) if end < len(data) else (0,)
    except (struct.error, OverflowError) as error:
        raise ValueError("the tag directory is cut off") from error
    return entries, int(following)


def integer(entries: Entries, tag: int, order: Order) -> int | None:
    """The first value of a tag, if it is a whole number."""
    entry = entries.get(tag)
    if entry is None or entry.type not in _INTEGERS:
        return None
    return int(struct.unpack_from(order + _INTEGERS[entry.type], entry.value)[0])


def write(tree: Tree, order: Order) -> bytes:
    """A complete classic TIFF block that holds ``tree`` and nothing else."""
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HL", 42, 8) + _directory(tree, order, 8)


def _directory(tree: Tree, order: Order, at: int) -> bytes:
    """The directory and what it points to, for the offset ``at``."""
    tags = sorted({*tree.entries, *tree.children})
    # 2 bytes of count, 12 a row, 4 of the next directory's offset.
    body_at = at + 2 + 12 * len(tags) + 4
    rows, body = bytearray(), bytearray()
    for tag in tags:
        here = body_at + len(body)
        if tag in tree.children:
            rows += struct.pack(order + "HHLL", tag, _LONG, 1, here)
            body += _directory(tree.children[tag], order, here)
        else:
            entry = tree.entries[tag]
            inline = len(entry.value) <= 4
            slot = bytes(entry.value).ljust(4, b"\0") if inline else struct.pack(order + "L", here)
            rows += struct.pack(order + "HHL", tag, entry.type, entry.count) + slot
            body += b"" if inline else entry.value
        # Values start on even offsets.
        body += bytes(len(body) % 2)
    return struct.pack(order + "H", len(tags)) + bytes(rows) + struct.pack(order + "L", 0) + bytes(body)
