import struct

import pytest
from PIL import ExifTags, Image

from cleancut.codecs import ifd
from cleancut.codecs.metadata import (
    PREFIX,
    apply_policy,
    descriptive,
    orientation,
    utf8,
    without_orientation,
    without_xmp_orientation,
)
from cleancut.types import Metadata
from tests import pictures

# What the block of ``pictures.exif`` has in it, as the bytes that a reader would find.
LATITUDE = struct.pack("<6L", 52, 1, 31, 1, 49, 4)
SECRETS = (LATITUDE, LATITUDE[16:], b"1987:06:05", b"MARKERPLACE", b"THUMBNAIL", b"\xff\xd8\xff")
FULL = Metadata(icc=pictures.srgb_profile(), exif=pictures.exif(place=True), xmp=pictures.xmp(), dpi=(300.0, 200.0))


def loaded(exif: bytes | None) -> Image.Exif:
    """By Pillow, as a second opinion."""
    assert exif is not None
    block = Image.Exif()
    block.load(exif)
    return block


def big_endian(number: int) -> bytes:
    return PREFIX + b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">H", number) + bytes(6)


@pytest.mark.parametrize("number", range(1, 9))
def test_orientation_is_read_in_both_byte_orders_and_from_xmp(number: int) -> None:
    assert orientation(pictures.exif(number), None) == number
    assert orientation(big_endian(number), None) == number
    assert orientation(None, pictures.xmp(f'tiff:Orientation="{number}"')) == number
    assert orientation(None, f"<tiff:Orientation>{number}</tiff:Orientation>".encode()) == number


def test_orientation_of_exif_goes_first_and_nonsense_is_upright() -> None:
    assert orientation(pictures.exif(6), pictures.xmp('tiff:Orientation="3"')) == 6
    assert orientation(pictures.exif(), pictures.xmp('tiff:Orientation="3"')) == 3
    assert orientation(None, None) == 1
    assert orientation(PREFIX + b"nonsense", None) == 1
    assert orientation(big_endian(9), None) == 1
    assert orientation(big_endian(0), None) == 1


def test_orientation_goes_and_all_else_stays() -> None:
    before, after = pictures.exif(6, place=True), without_orientation(pictures.exif(6, place=True))
    assert after is not None
    assert len(after) == len(before)
    expected, found = loaded(before), loaded(after)
    del expected[0x0112]
    assert dict(found) == dict(expected)
    for below in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        assert found.get_ifd(below)
        assert found.get_ifd(below) == expected.get_ifd(below)
    assert all(secret in after for secret in SECRETS)


def test_orientation_stored_twice_goes_twice() -> None:
    row = struct.pack("<HHLHH", 0x0112, 3, 1, 6, 0)
    twice = PREFIX + b"II\x2a\0\x08\0\0\0\x02\0" + row * 2 + bytes(4)
    after = without_orientation(twice)
    assert after is not None
    assert 0x0112 not in loaded(after)


def test_a_block_that_cannot_be_read() -> None:
    for damaged in (b"", PREFIX, PREFIX + b"II\x2a\0\xff\0\0\0", PREFIX + b"II\x2a\0\x08\0\0\0\xff\xff"):
        assert without_orientation(damaged) is None
        assert descriptive(damaged, private=False) is None


def test_xmp_orientation_goes() -> None:
    both = pictures.xmp('tiff:Orientation="6" xmp:Rating="5"') + b"<tiff:Orientation>6</tiff:Orientation>"
    assert without_xmp_orientation(both) == pictures.xmp('xmp:Rating="5"')


def test_keep_keeps() -> None:
    assert apply_policy(FULL, "keep") == FULL


def test_strip_strips_all_but_the_profile() -> None:
    assert apply_policy(FULL, "strip") == Metadata(icc=FULL.icc)


def test_strip_gps_leaves_no_trace_of_the_place() -> None:
    assert FULL.exif is not None
    assert all(secret in FULL.exif for secret in SECRETS)
    kept = apply_policy(FULL, "strip-gps")
    block = loaded(kept.exif)
    assert block[0x010F] == "Maker of cameras"
    assert block.get_ifd(ExifTags.IFD.Exif) == {0x9003: "2020:02:03 04:05:06"}
    assert not block.get_ifd(ExifTags.IFD.GPSInfo)
    assert kept.exif is not None
    assert not any(secret in kept.exif for secret in SECRETS)
    assert (kept.icc, kept.dpi, kept.xmp) == (FULL.icc, FULL.dpi, FULL.xmp)


@pytest.mark.parametrize("tag", [0x8825, 0x014A, 0x83BB, 0x8649, 0x02BC, 0xC634, 0x0201])
def test_tags_that_may_hold_a_place_or_a_picture_go(tag: int) -> None:
    entry = ifd.Entry(7, 6, memoryview(b"SECRET"))
    artist = ifd.Entry(2, 6, memoryview(b"Artist"))
    block = PREFIX + ifd.write(ifd.Tree({tag: entry, 0x013B: artist}), ">")
    kept = descriptive(block, private=False)
    assert kept is not None
    assert b"SECRET" not in kept
    assert loaded(kept)[0x013B] == "Artist"


def test_exif_of_nothing_but_a_place_becomes_nothing() -> None:
    block = Image.Exif()
    block.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    assert apply_policy(Metadata(exif=block.tobytes()), "strip-gps").exif is None
    assert apply_policy(Metadata(exif=PREFIX + b"damaged"), "strip-gps").exif is None


@pytest.mark.parametrize(
    "properties",
    [
        'exif:GPSLatitude="52,31.2N"',
        'photoshop:City="Berlin"',
        'photoshop:Country="DE"',
        'photoshop:State="BE"',
        'Iptc4xmpCore:Location="Mitte"',
        'Iptc4xmpCore:CountryCode="DE"',
        'Iptc4xmpExt:LocationCreated="x"',
        'Iptc4xmpExt:ProvinceState="x"',
        'xmpGImg:image="aGVsbG8="',
        'GImage:Data="aGVsbG8="',
    ],
)
def test_xmp_of_a_place_or_a_picture_is_dropped_whole(properties: str) -> None:
    assert apply_policy(Metadata(xmp=pictures.xmp(properties)), "strip-gps").xmp is None
    wide = pictures.xmp(properties).decode().encode("utf-16")
    assert apply_policy(Metadata(xmp=wide), "strip-gps").xmp is None


@pytest.mark.parametrize("properties", ['xmp:Rating="5"', 'dc:title="The city of Opacity"', 'xmp:CreatorTool="Geo 2"'])
def test_xmp_of_other_things_stays(properties: str) -> None:
    text = pictures.xmp(properties)
    assert apply_policy(Metadata(xmp=text), "strip-gps").xmp == text


def test_xmp_that_cannot_be_searched_is_dropped() -> None:
    assert apply_policy(Metadata(xmp=b"\xff\xfe\xfd"), "strip-gps").xmp is None


def test_xmp_becomes_utf8() -> None:
    text = pictures.xmp('dc:title="Ärger"')
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert utf8(text.decode().encode(encoding)) == text
    assert utf8(text + b"\0") == text
    assert utf8(b"\xff\xfe\xfd") is None
    assert utf8(bytes(20)) is None


def test_a_written_directory_reads_back_in_both_orders() -> None:
    for order in "<>":
        entries = {0x010E: ifd.Entry(2, 3, memoryview(b"abc")), 0x0131: ifd.Entry(2, 9, memoryview(b"nine long"))}
        below = ifd.Tree({0x9003: ifd.Entry(2, 7, memoryview(b"odd len"))})
        block = ifd.write(ifd.Tree(entries, {0x8769: below}), order)
        head = ifd.start(block)
        read, following = ifd.read(block, head.first, head.order)
        assert (head.order, following) == (order, 0)
        assert {tag: bytes(read[tag].value) for tag in entries} == {0x010E: b"abc", 0x0131: b"nine long"}
        at = ifd.integer(read, 0x8769, order)
        assert at is not None
        assert bytes(ifd.read(block, at, order)[0][0x9003].value) == b"odd len"


def test_a_directory_that_lies_about_its_length_is_refused_at_once() -> None:
    big = b"II\x2b\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + b"\xff" * 40
    head = ifd.start(big)
    with pytest.raises(ValueError, match="cut off"):
        ifd.read(big, head.first, head.order, big=head.big)
