"""The pictures of a ZIP that a client of the service sends: one by one, and nothing written to the disk.

The directory at the archive's end is judged before any picture is read, and whoever packed the archive may lie in it.
So counts and sizes are bounds to hold it to: no entry is unpacked further than it declares, and the sum of what is
declared is limited. Entries may not overlap (as in https://www.bamsoftware.com/hacks/zipbomb/).

The format is read by ``zipfile``. What that does not judge, or only in newer releases of Python, is judged here.
"""

from __future__ import annotations

import stat
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from io import SEEK_END
from itertools import pairwise
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from cleancut.errors import (
    ArchiveTooLarge,
    BadArchive,
    DamagedImage,
    FileTooLarge,
    InputMissing,
    NestedArchive,
    UnsafeArchive,
)
from cleancut.jobs.names import clean_name, is_beside, leads_outside, unique

# What zipfile raises for what it cannot read; among them UnicodeDecodeError, NotImplementedError, OverflowError.
_UNREADABLE = (BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, ArithmeticError, LookupError)

_ENCRYPTED, _UTF8, _IS_IN_ZIP64 = 0x1, 0x800, 0xFFFF
# How an entry of the directory begins, and what of its own place is always there: a header, without the name.
_LISTED, _HEADER_BYTES = b"PK\1\2", 30

# What macOS packs beside a picture in a folder of its own: the folder, and a companion of each of the two,
_ENTRIES_PER_PICTURE = 4
# and this many more, where there are few pictures in many folders.
_ENTRIES_BESIDE = 100
# Of the directory, on average: the longest file names (255 bytes) within three folders of such names.
_BYTES_PER_ENTRY = 1024

# How other archives begin (a ZIP may be empty, or split), and what a tar holds further on.
_ARCHIVES = (b"PK\3\4", b"PK\5\6", b"PK\7\x08", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x8b")
_TAR, _TAR_AT = b"ustar", 257


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may hold: files that count as pictures, bytes of one of them, and of all (unpacked)."""

    pictures: int
    picture_bytes: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture in an archive: its cleaned name, which no other there is like, and the bytes that it declares."""

    name: str
    size: int


class Archive:
    """The pictures of an archive: ``entries``, in the order of its directory.

    The file stays the caller's, who closes it later. Its position moves, so calls must take turns.
    """

    def __init__(self, file: BinaryIO, limits: ArchiveLimits) -> None:
        """Read the directory. Raises BadArchive, UnsafeArchive, ArchiveTooLarge."""
        self._limits = limits
        watched = _Watched(file, limits.pictures)
        try:
            self._zip = ZipFile(watched)
        except UnicodeDecodeError as error:
            # Of names alone: nothing else there is text.
            raise BadArchive(
                "a file's name in the archive is no UTF-8, though it says so", hint="pack the pictures anew"
            ) from error
        except _UNREADABLE as error:
            raise BadArchive("the file is no ZIP, or is broken", hint="pack the pictures into a new ZIP") from error
        watched.listing = False
        listed = self._zip.infolist()
        for each in listed:
            _judge(each)
        _judge_places(listed, file.seek(0, SEEK_END))
        pictures = [each for each in listed if not (is_beside(_name(each)) or stat.S_ISDIR(each.external_attr >> 16))]
        _judge_sizes([each.file_size for each in pictures], limits)
        self._members = dict(zip(unique(clean_name(_name(each)) for each in pictures), pictures, strict=True))
        self.entries = [Entry(name, each.file_size) for name, each in self._members.items()]

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End reading."""
        self._zip.close()

    def read(self, entry: Entry) -> bytes:
        """One picture's bytes. Raises NestedArchive, FileTooLarge, InputMissing, DamagedImage: of this one only."""
        name, most = entry.name, self._limits.picture_bytes
        # Before its size: whoever packs archives into archives is told so, and not to send smaller pictures.
        start = self._unpacked(entry, _TAR_AT + len(_TAR))
        if start.startswith(_ARCHIVES) or start.startswith(_TAR, _TAR_AT):
            raise NestedArchive(f"{name} is itself an archive", hint="send it by itself")
        if entry.size > most:
            raise FileTooLarge(f"{name} has {entry.size:,} bytes, and the limit is {most:,}", hint="send a smaller one")
        # One byte more, so that the end is seen, where the checksum is looked at.
        data = self._unpacked(entry, entry.size + 1)
        if len(data) != entry.size:
            raise _damaged(name)
        if not data:
            raise InputMissing(f"{name} is empty", hint="send the picture's bytes")
        return data

    def _unpacked(self, entry: Entry, most: int) -> bytes:
        """The first bytes of a picture: at most so many, and at most as many as it declares. Raises DamagedImage."""
        info = self._members[entry.name]
        try:
            with self._zip.open(info) as member:
                return member.read(most)
        except _UNREADABLE as error:
            raise _damaged(entry.name) from error


class _Watched:
    """A file that gives no larger directory than may be to ``ZipFile``, which makes an object of each entry at once.

    That asks for the directory in one piece. To look for it by ourselves would be to find another one at times.
    """

    def __init__(self, file: BinaryIO, pictures: int) -> None:
        self._file, self._pictures, self.listing = file, pictures, True
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1, /) -> bytes:
        """Raises ArchiveTooLarge, while ``listing``."""
        # Without a size: the last 64 KB, where the directory's own place is said.
        if size < 0 or not self.listing:
            return self._file.read(size)
        most = _ENTRIES_PER_PICTURE * self._pictures + _ENTRIES_BESIDE
        # How many it declares does not count: they are read to its end.
        if size > most * _BYTES_PER_ENTRY or (data := self._file.read(size)).count(_LISTED) > most:
            raise _too_large(f"too many files: the limit is {self._pictures:,} pictures")
        return data


def _judge(entry: ZipInfo) -> None:
    """Raises UnsafeArchive, BadArchive."""
    if leads_outside(_name(entry)):
        raise UnsafeArchive("the archive holds a file that would lie outside of it", hint="pack the pictures anew")
    # 0: packed by a system without Unix's kinds of files.
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UnsafeArchive("the archive holds a link or a device", hint="pack the pictures themselves")
    if entry.flag_bits & _ENCRYPTED:
        raise BadArchive("the archive is encrypted", hint="pack the pictures without a password")
    # zipfile unpacks others, too, but bzip2 and LZMA without a bound on memory.
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise BadArchive("the archive is compressed by a method that is not read", hint="pack it with Deflate")
    if entry.volume not in (0, _IS_IN_ZIP64):
        raise BadArchive("the archive is one part of several", hint="pack the pictures into a single ZIP")


def _judge_places(entries: list[ZipInfo], size: int) -> None:
    """Raises BadArchive, UnsafeArchive."""
    places = sorted((each.header_offset, each.header_offset + _HEADER_BYTES + each.compress_size) for each in entries)
    if any(begin < 0 or end > size for begin, end in places):
        raise BadArchive("the archive is broken: a file reaches beyond its end", hint="pack the pictures anew")
    if any(end > following for (_, end), (following, _) in pairwise(places)):
        raise UnsafeArchive("files overlap in the archive", hint="pack the pictures anew")


def _judge_sizes(sizes: list[int], limits: ArchiveLimits) -> None:
    """Raises BadArchive, ArchiveTooLarge."""
    if not sizes:
        raise BadArchive("the archive holds no pictures", hint="put the pictures themselves into the ZIP")
    if len(sizes) > limits.pictures:
        raise _too_large(f"too many files: the limit is {limits.pictures:,} pictures")
    if sum(sizes) > limits.bytes:
        raise _too_large(f"pictures of more than {limits.bytes:,} bytes when unpacked")


def _name(entry: ZipInfo) -> str:
    """Its whole name. macOS does not flag the UTF-8 it writes, and zipfile takes for cp437 what is not flagged."""
    name = entry.orig_filename
    with suppress(UnicodeDecodeError):
        return name if entry.flag_bits & _UTF8 else name.encode("cp437").decode()
    return name


def _too_large(what: str) -> ArchiveTooLarge:
    return ArchiveTooLarge(f"the archive holds {what}", hint="send them in several archives")


def _damaged(name: str) -> DamagedImage:
    return DamagedImage(f"{name} is damaged: its bytes are not those that were packed", hint="pack the pictures anew")
