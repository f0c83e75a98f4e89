from __future__ import annotations

import io
import random
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cleancut import errors
from cleancut.jobs.archive import Archive, ArchiveLimits, Entry

LIMITS = ArchiveLimits(pictures=100, picture_bytes=1_000_000, bytes=5_000_000)
PHOTO = bytes(range(256)) * 40
FULL = 2**32 - 1


@dataclass
class File:
    """A file of an archive made by hand, and what its directory says otherwise than is true."""

    name: bytes
    data: bytes = PHOTO
    deflated: bool = False
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    method: int | None = None
    flags: int = 0
    mode: int = 0
    at: int | None = None
    extra: bytes = b""
    local_extra: bytes = b""
    disk: int = 0


def made(*files: File, count: int | None = None, length: int | None = None, offset: int | None = None) -> bytes:
    """An archive of files, with lies."""
    body, directory = b"", b""
    for each in files:
        raw = deflated(each.data) if each.deflated else each.data
        method = each.method if each.method is not None else 8 * each.deflated
        crc = zlib.crc32(each.data) if each.crc is None else each.crc
        packed = len(raw) if each.packed is None else each.packed
        size = len(each.data) if each.size is None else each.size
        told = (20, each.flags, method, 0, 33, crc, packed, size, len(each.name))
        more = len(each.extra), 0, each.disk, 0, each.mode << 16, len(body) if each.at is None else each.at
        directory += struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, *told, *more)
        directory += each.name + each.extra
        body += struct.pack("<4s5H3I2H", b"PK\3\4", *told, len(each.local_extra)) + each.name + each.local_extra + raw
    entries = len(files) if count is None else count
    size, at = len(directory) if length is None else length, len(body) if offset is None else offset
    return body + directory + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, entries, entries, size, at, 0)


def made64(*files: File, count: int | None = None, disks: int = 1) -> bytes:
    """The same, with the end that ZIP64 has."""
    data, entries = made(*files), len(files) if count is None else count
    end64 = struct.pack("<4sQ2H2I2Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries)
    end64 += struct.pack("<2Q", *struct.unpack_from("<II", data, len(data) - 10))
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(data) - 22, disks)
    return data[:-22] + end64 + locator + struct.pack("<4s4H2IH", b"PK\5\6", *[0xFFFF] * 4, FULL, FULL, 0)


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of files, by the library."""
    with zipfile.ZipFile(file := io.BytesIO(), "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return file.getvalue()


def listed(data: bytes, limits: ArchiveLimits = LIMITS) -> list[Entry]:
    with Archive(io.BytesIO(data), limits) as archive:
        return archive.entries


def names(data: bytes) -> list[str]:
    return [each.name for each in listed(data)]


def got(data: bytes, limits: ArchiveLimits = LIMITS, at: int = 0) -> bytes:
    with Archive(io.BytesIO(data), limits) as archive:
        return archive.read(archive.entries[at])


@contextmanager
def memory(most: int) -> Iterator[None]:
    """Hold what is done within to so many bytes at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("before", [b"", b"MZ a program that unpacks what follows" * 99])
def test_pictures_come_as_they_were_packed(method: int, before: bytes) -> None:
    data = before + zipped(("b/cat.jpg", PHOTO), ("a.jpg", b"x"), method=method)
    assert names(data) == ["b/cat.jpg", "a.jpg"]
    assert [got(data, at=at) for at in (1, 0)] == [b"x", PHOTO]


def test_a_picture_written_as_a_stream_in_zip64_comes_too() -> None:
    file = io.BytesIO()
    pipe: Any = SimpleNamespace(write=file.write, flush=file.flush)
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w", force_zip64=True) as to:
        to.write(PHOTO)
    assert got(file.getvalue()) == PHOTO


def test_an_end_and_an_entry_in_zip64_are_read() -> None:
    at = len(made(File(b"b", b"y"))) - 22 - 47
    extra = struct.pack("<2H4s2H3Q", 0x9999, 4, b"else", 1, 24, len(PHOTO), len(PHOTO), at)
    files = File(b"b", b"y"), File(b"a.jpg", size=FULL, packed=FULL, at=FULL, extra=extra, disk=0xFFFF)
    assert got(b"before" + made64(*files), at=1) == PHOTO
    short = File(b"a", size=FULL, extra=struct.pack("<2HI", 1, 4, 1))
    for data in (made64(*files).replace(b"PK\6\6", b"PK\6\0"), made64(*files, disks=2), made(short)):
        with pytest.raises(errors.BadArchive):
            listed(data)


BAD = {
    "nothing": b"", "no ZIP": b"\xff\xd8\xff\xe0" * 9000, "cut short": zipped(("a.jpg", PHOTO))[:-1],
    "only its end": struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, 46, 0, 0),
    "only its end, in ZIP64": struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1) + made(),
    "directory gone": made(File(b"a"), length=0), "directory cut": made(File(b"a"), File(b"b"), length=60),
    "directory not there": zipped(("a.jpg", PHOTO)).replace(b"PK\1\2", b"PK\1\0"),
    "begins before": made(File(b"a"), offset=2**31), "not UTF-8": made(File(b"\xff", flags=0x800)),
    "part of several": made(File(b"a", disk=1)), "reaches beyond": made(File(b"a", packed=2**31)),
    "begins beyond": made(File(b"a", at=2**31)), "encrypted": made(File(b"a", flags=1)),
    "strongly encrypted": made(File(b"a", flags=0x41)), "bzip2": zipped(("a.jpg", PHOTO), method=zipfile.ZIP_BZIP2),
    "LZMA": zipped(("a.jpg", PHOTO), method=zipfile.ZIP_LZMA), "Deflate64": made(File(b"a", method=9)),
    "of a later version": made(File(b"a")).replace(struct.pack("<4s2H", b"PK\1\2", 20, 20), b"PK\1\2\x14\0\x40\0"),
    "spoilt extra field": made(File(b"a", extra=struct.pack("<2H", 1, 9))),
    "begins very far beyond": made(File(b"a", at=FULL, extra=struct.pack("<2HQ", 1, 8, 2**64 - 1))),
    "no entries": zipped(), "no pictures": zipped(("a/", b""), ("__MACOSX/a/._cat.jpg", b"x"), ("a/.DS_Store", b"x")),
}  # fmt: skip


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_cannot_be_read_is_refused_whole(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(errors.BadArchive):
        listed(data)
    # A file of the disk is particular about places that are not there.
    (path := tmp_path / "a.zip").write_bytes(data)
    with path.open("rb") as file, pytest.raises(errors.BadArchive):
        Archive(file, LIMITS)


def test_a_name_that_cannot_be_read_is_told_to_be_the_trouble() -> None:
    with pytest.raises(errors.BadArchive, match="name"):
        listed(BAD["not UTF-8"])


@pytest.mark.parametrize("name", ["/etc/passwd", "C:\\a.jpg", "a/../../b", "../.DS_Store", "a\0/../b"])
def test_names_that_lead_outside_are_refused_whole(name: str) -> None:
    with pytest.raises(errors.UnsafeArchive, match="outside"):
        listed(made(File(b"good.jpg"), File(name.encode())))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused_whole(kind: int) -> None:
    with pytest.raises(errors.UnsafeArchive, match="link"):
        listed(made(File(b"good.jpg"), File(b"a.jpg", b"/etc/passwd", mode=kind | 0o777)))


def test_entries_that_overlap_are_refused_whole() -> None:
    # The same data twice, and data that holds another entry.
    twice = made(File(b"a"), File(b"b", at=0))
    inner = made(File(b"a"))
    within = made(File(b"b", inner), File(b"c", at=31))
    for data in (twice, within, made(*[File(b"%d" % number, b"", at=0) for number in range(90)])):
        with pytest.raises(errors.UnsafeArchive, match="overlap"):
            listed(data)


def test_a_local_header_that_leads_into_another_entry_spoils_that_picture_only() -> None:
    data = made(File(b"a", b"x" * 50, local_extra=b"1234"), File(b"b", b"y" * 50))
    data = data.replace(struct.pack("<2H", 1, 4) + b"a1234", struct.pack("<2H", 1, 85) + b"a1234", 1)
    for spoilt in (data, made(File(b"a")).replace(b"PK\3", b"PK\0"), made(File(b"a", flags=0x20))):
        with pytest.raises(errors.DamagedImage, match="a is damaged"):
            got(spoilt)
    assert got(data, at=1) == b"y" * 50


def test_more_pictures_than_the_limit_are_refused() -> None:
    files = [(f"{number}.jpg", b"x") for number in range(100)]
    assert len(listed(zipped(*files, ("a/", b""), ("__MACOSX/._1.jpg", b"x")))) == 100
    with pytest.raises(errors.ArchiveTooLarge, match="100 pictures"):
        listed(zipped(*files, ("one.jpg", b"x")))


MANY = {
    "pictures": zipped(*((f"{number}.jpg", b"") for number in range(20_000))),
    "folders": zipped(*((f"{number}/", b"") for number in range(9000))),
    "long names": made(*[File(b"n" * 60_000, b"")] * 40),
    "declared as one": made(*[File(b"%d/" % number, b"") for number in range(5000)], count=1),
    "with an end behind": zipped(*((f"{number}.jpg", b"") for number in range(9000))) + b"and more",
    "in ZIP64": made64(*[File(b"%d" % number, b"") for number in range(9000)], count=1),
}


@pytest.mark.parametrize("data", MANY.values(), ids=MANY.keys())
def test_a_directory_of_very_many_entries_is_refused_before_it_takes_memory(data: bytes) -> None:
    file = io.BytesIO(data)
    # The directory itself, once: objects of its entries would take several times that.
    with memory(700_000), pytest.raises(errors.ArchiveTooLarge, match="100 pictures"):
        Archive(file, LIMITS)


def test_pictures_may_hold_what_looks_like_a_directory() -> None:
    photo = b"PK\1\2" * 20_000
    assert got(zipped(("a", photo), method=zipfile.ZIP_STORED)) == photo


def test_more_bytes_than_the_limit_are_refused_as_declared() -> None:
    limits = replace(LIMITS, bytes=2 * len(PHOTO))
    two = [("a", PHOTO), ("b", PHOTO)]
    assert len(listed(zipped(*two, ("._c", PHOTO)), limits)) == 2
    with pytest.raises(errors.ArchiveTooLarge, match="bytes"):
        listed(zipped(*two, ("c", b"x")), limits)


ZEROS = bytes(20_000_000)
BOMB = deflated(ZEROS)  # more than is unpacked at once


@pytest.mark.parametrize(("raw", "method"), [(BOMB, 8), (ZEROS, 0)], ids=["deflated", "stored"])
def test_a_bomb_takes_no_memory_whatever_it_declares(raw: bytes, method: int) -> None:
    limits = replace(LIMITS, bytes=10**9)
    large, most = errors.FileTooLarge, LIMITS.picture_bytes
    for size, expected in [(10**8, large), (most + 1, large), *[(each, errors.DamagedImage) for each in (most, 10, 0)]]:
        file = io.BytesIO(made(File(b"a.jpg", raw, method=method, size=size), File(b"b.jpg")))
        with memory(4 * most), Archive(file, limits) as archive:
            with pytest.raises(expected, match=r"^a\.jpg"):
                archive.read(archive.entries[0])
            assert archive.read(archive.entries[1]) == PHOTO


def test_a_picture_as_large_as_the_limit_is_let_through() -> None:
    limits = replace(LIMITS, picture_bytes=len(PHOTO))
    assert got(zipped(("a", PHOTO)), limits) == PHOTO
    with pytest.raises(errors.FileTooLarge, match="10,241 bytes, and the limit is 10,240"):
        got(zipped(("a", PHOTO + b"x")), limits)


SPOILT = {
    "checksum": File(b"a", crc=1), "fewer bytes than declared": File(b"a", size=len(PHOTO) + 1),
    "more bytes than declared": File(b"a", size=len(PHOTO) - 1),
    "fewer when inflated": File(b"a", deflated=True, size=len(PHOTO) + 1),
    "fewer than the checksum is of": File(b"a", deflated=True, packed=0, crc=0),
    "cut short": File(b"a", deflated=True, packed=20), "no Deflate": File(b"a", b"\xff" * 99, method=8),
    "packed as nothing": File(b"a", packed=0),
}  # fmt: skip


@pytest.mark.parametrize("file", SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_picture_spoils_no_other(file: File) -> None:
    data = made(file, File(b"b.jpg"))
    with pytest.raises(errors.DamagedImage, match="a is damaged"):
        got(data)
    assert got(data, at=1) == PHOTO


def test_bytes_beyond_those_declared_are_left_where_they_are() -> None:
    assert got(made(File(b"a", size=9, crc=zlib.crc32(PHOTO[:9])))) == PHOTO[:9]


def test_a_file_that_shrank_since_it_was_listed_is_damaged() -> None:
    data = made(File(b"a"), File(b"b", deflated=True))
    for at, length in ((0, 0), (0, 10), (0, 40), (1, len(PHOTO) + 40), (1, len(PHOTO) + 70)):
        with Archive(file := io.BytesIO(data), LIMITS) as archive:
            file.truncate(length)
            with pytest.raises(errors.DamagedImage):
                archive.read(archive.entries[at])


class Failing(io.BytesIO):
    error: Exception | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        if self.error:
            raise self.error
        return super().read(size)


RAISED = [
    zipfile.BadZipFile(), zlib.error(), struct.error(), EOFError(), NotImplementedError(), RuntimeError(),
    RecursionError(), OverflowError(), ValueError(), IndexError(), UnicodeDecodeError("utf-8", b"", 0, 1, ""),
]  # fmt: skip


@pytest.mark.parametrize("error", RAISED, ids=repr)
def test_whatever_the_library_raises_becomes_an_error_of_ours(error: Exception) -> None:
    with Archive(file := Failing(made(File(b"a"))), LIMITS) as archive:
        file.error = error
        with pytest.raises(errors.DamagedImage):
            archive.read(archive.entries[0])
        with pytest.raises(errors.BadArchive):
            Archive(file, LIMITS)


def test_the_disks_own_errors_stay_what_they_are() -> None:
    with Archive(file := Failing(made(File(b"a"))), LIMITS) as archive:
        file.error = OSError("the disk failed")
        with pytest.raises(OSError, match="disk"):
            archive.read(archive.entries[0])


def test_an_empty_picture_is_told_to_be_empty() -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with pytest.raises(errors.InputMissing, match=r"a\.jpg is empty"):
            got(zipped(("a.jpg", b""), method=method))


@pytest.mark.parametrize(
    "start",
    [zipped(("a.jpg", PHOTO)), zipped(), b"PK\7\x08PK\3\4", b"7z\xbc\xaf\x27\x1c\0\4", b"Rar!\x1a\x07\0",
     b"Rar!\x1a\x07\1\0", b"\x1f\x8b\x08", b"name".ljust(257, b"\0") + b"ustar\00000"],
)  # fmt: skip
def test_an_archive_within_the_archive_is_refused_by_itself(start: bytes) -> None:
    data = zipped(("inner.jpg", start), ("large.zip", start + PHOTO), ("b", PHOTO))
    limits = replace(LIMITS, picture_bytes=len(PHOTO))
    for at in (0, 1):
        with pytest.raises(errors.NestedArchive, match="itself an archive"):
            got(data, limits, at)
    assert got(data, limits, 2) == PHOTO


def test_what_systems_put_beside_pictures_is_passed_over() -> None:
    files = [File(each, b"x") for each in (b"a/", b"a/.DS_Store", b"__MACOSX/a/cat.jpg", b"a\\Thumbs.db", b"b\\", b"")]
    folder = File(b"folder", b"", mode=stat.S_IFDIR | 0o755)
    assert names(made(*files, folder, File(b"a/.cat.jpg"))) == ["a/.cat.jpg"]


DECODED = [
    ("Käse 🧀.jpg".encode(), 0x800, "Käse 🧀.jpg"), ("Käse.jpg".encode("cp437"), 0, "Käse.jpg"),
    ("Ka\u0308se.jpg".encode(), 0, "Käse.jpg"),  # as macOS writes it
    # As any program shows it that does not guess.
    ("写真.jpg".encode("cp932"), 0, "Ä╩É^.jpg"), ("ソ.jpg".encode("cp932"), 0, "â/.jpg"),
    (b"a.jpg\0.exe", 0, "a.jpg_.exe"), (b"a\\b/c.jpg", 0, "a/b/c.jpg"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "flags", "expected"), DECODED)
def test_names_are_decoded(raw: bytes, flags: int, expected: str) -> None:
    assert names(made(File(raw, flags=flags))) == [expected]


def test_names_that_are_alike_once_cleaned_are_told_apart() -> None:
    files = [File(each) for each in (b"a.jpg", b"A.jpg", b"a.jpg", b"b?.jpg", b"b*.jpg", b"./a.jpg")]
    assert names(made(*files)) == ["a.jpg", "A-2.jpg", "a-3.jpg", "b_.jpg", "b_-2.jpg", "a-4.jpg"]


def test_whatever_is_spoilt_is_refused_with_an_error_of_ours() -> None:
    dice = random.Random(0)
    whole = [
        zipped(("a.jpg", PHOTO), ("b/", b""), ("b/ä.jpg", PHOTO * 9)),
        made(File(b"a", deflated=True), File(b"b", size=FULL, extra=struct.pack("<2HQ", 1, 8, len(PHOTO)))),
    ]
    for _ in range(4000):
        data = bytearray(dice.choice(whole))
        for _ in range(dice.randrange(1, 4)):
            # Half of them at the end, where the directory is.
            at = dice.choice([dice.randrange(len(data)), len(data) - dice.randrange(1, min(300, len(data)))])
            data[at] ^= 1 << dice.randrange(8)
            if dice.random() < 0.1:
                del data[at : at + dice.randrange(1, 99)]
        with suppress(errors.InputError), Archive(io.BytesIO(data), LIMITS) as archive:
            for entry in archive.entries:
                with suppress(errors.InputError):
                    assert len(archive.read(entry)) == entry.size <= LIMITS.picture_bytes
