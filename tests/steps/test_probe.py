import io
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cleancut.errors import DamagedImage, InputError, NotAnImage, UnsupportedImage
from cleancut.steps.probe import probe
from tests import pictures

WIDTH, HEIGHT = 48, 32


def heic(pixels: pictures.Array) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(file, quality=90)
    return file.getvalue()


def frames(count: int) -> list[Image.Image]:
    return [Image.fromarray(np.roll(pictures.gradient(), 5 * n, axis=1)) for n in range(count)]


def animation(format: str, count: int = 3) -> bytes:
    first, *others = frames(count)
    return pictures.saved(first, format, save_all=True, append_images=others)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("png", pictures.saved(pictures.cutout(), "PNG")),
        ("jpeg", pictures.saved(pictures.gradient(), "JPEG")),
        ("webp", pictures.saved(pictures.gradient(), "WEBP")),
        ("webp", pictures.saved(pictures.gradient(), "WEBP", lossless=True)),
        ("webp", pictures.saved(pictures.cutout(), "WEBP")),
        ("avif", pictures.saved(pictures.gradient(), "AVIF")),
        ("tiff", pictures.saved(pictures.gradient(), "TIFF")),
        ("tiff", pictures.saved(pictures.gradient(), "TIFF", big_tiff=True)),
        ("tiff", pictures.tiff(WIDTH, HEIGHT, pictures.grey().tobytes(), bits=(8,), photometric=1, order=">")),
        ("bmp", pictures.saved(pictures.gradient(), "BMP")),
        ("gif", pictures.saved(pictures.gradient(), "GIF")),
    ],
)
def test_format_size_and_bytes_of_each_format(name: str, data: bytes) -> None:
    header = probe(data)
    assert (header.format, header.width, header.height) == (name, WIDTH, HEIGHT)
    assert (header.frames, header.size) == (1, len(data))


def test_heic() -> None:
    header = probe(heic(pictures.gradient(64, 96)))
    assert (header.format, header.width, header.height, header.frames) == ("heic", 96, 64, 1)


@pytest.mark.parametrize(
    ("format", "name"), [("PNG", "png"), ("WEBP", "webp"), ("AVIF", "avif"), ("GIF", "gif"), ("TIFF", "tiff")]
)
def test_frames_are_counted(format: str, name: str) -> None:
    header = probe(animation(format))
    assert (header.format, header.width, header.height, header.frames) == (name, WIDTH, HEIGHT, 3)


def test_a_jpeg_of_several_pictures_is_a_jpeg() -> None:
    header = probe(animation("MPO"))
    assert (header.format, header.frames) == ("jpeg", 1)


def test_a_gif_is_as_large_as_its_first_frame() -> None:
    data = bytearray(pictures.saved(pictures.gradient(), "GIF"))
    struct.pack_into("<HH", data, 6, 4, 4)
    header = probe(bytes(data))
    assert (header.width, header.height) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("kind", [1, 4])
def test_reduced_versions_and_masks_are_no_pages(kind: int) -> None:
    pages = pictures.saved(frames(2)[0], "TIFF", save_all=True, append_images=frames(2)[1:])
    assert probe(pages).frames == 2
    second = pages.rindex(struct.pack("<HHLL", 256, 4, 1, WIDTH))
    # The writer has no tag 254; its first tag of the second page becomes one, behind the first page's size.
    marked = pages[:second] + struct.pack("<HHLL", 254, 4, 1, kind) + pages[second + 12 :]
    assert probe(marked).frames == 1


def test_the_size_is_the_stored_one() -> None:
    for format in ("JPEG", "TIFF"):
        data = pictures.saved(pictures.gradient(), format, exif=_turned())
        assert (probe(data).width, probe(data).height) == (WIDTH, HEIGHT)


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", NotAnImage, "empty"),
        (b"just some words", NotAnImage, "a text"),
        (b"BMW is not a bitmap, whatever it begins with", NotAnImage, "a text"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", NotAnImage, "web page"),
        (b'<?xml version="1.0"?>\n<!-- made -->\n<svg xmlns="x">', NotAnImage, "SVG"),
        (b"<?xml version='1.0'?><note/>", NotAnImage, "XML"),
        (b"%PDF-1.7\n", NotAnImage, "PDF"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", NotAnImage, "video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", NotAnImage, "video"),
        (b"\x1a\x45\xdf\xa3 matroska", NotAnImage, "video"),
        (b"PK\x03\x04", NotAnImage, "ZIP"),
        (bytes(range(255, 0, -1)), NotAnImage, "another kind"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", UnsupportedImage, "JPEG XL"),
        (b"\xff\x0a\xfa\x1f", UnsupportedImage, "JPEG XL"),
        (b"8BPS\0\x01", UnsupportedImage, "Photoshop"),
        (b"II\x2a\0\x10\0\0\0CR\x02\0", UnsupportedImage, "raw"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", UnsupportedImage, "raw"),
        (b"FUJIFILMCCD-RAW 0201", UnsupportedImage, "raw"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, error: type[InputError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        probe(data)
    assert type(caught.value) is error
    assert "JPEG" in caught.value.hint


def test_a_camera_raw_in_a_tiff_is_not_taken_for_its_preview() -> None:
    data = pictures.saved(pictures.gradient(), "TIFF", tiffinfo={50706: b"\x01\x04\0\0"})
    with pytest.raises(UnsupportedImage, match="raw"):
        probe(data)


def test_heic_without_its_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic(pictures.gradient(64, 64))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnsupportedImage) as caught:
        probe(data)
    assert caught.value.hint == "pip install 'cleancut[heic]'"


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP", "GIF"])
def test_a_cut_off_header_is_damaged(format: str) -> None:
    data = pictures.saved(pictures.gradient(), format)
    assert probe(data).width == WIDTH
    for length in (9, 17, 20):
        with pytest.raises((DamagedImage, NotAnImage)):
            probe(data[:length])


@pytest.mark.parametrize("format", ["PNG", "BMP", "GIF", "TIFF"])
def test_a_size_of_zero_is_damaged(format: str) -> None:
    data = bytearray(pictures.saved(pictures.gradient(), format))
    place = {"PNG": 16, "BMP": 18, "GIF": 6, "TIFF": data.find(struct.pack("<HHL", 256, 4, 1)) + 8}[format]
    data[place : place + (2 if format == "GIF" else 4)] = bytes(2 if format == "GIF" else 4)
    if format == "GIF":
        frame = data.index(b"\x2c\0\0\0\0")
        data[frame + 5 : frame + 7] = bytes(2)
    with pytest.raises(DamagedImage):
        probe(bytes(data))


# 60,000 × 60,000 pixels would take 3.6 GB as grey and 10.8 GB as RGB.
SIDE = 60_000


def _bomb_png() -> bytes:
    data = pictures.png(np.zeros((4, 4, 3), np.uint8), 8, 2)
    header = struct.pack(">LLBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return data[:8] + pictures.png_chunk(b"IHDR", header) + data[33:]


def _bomb_gif() -> bytes:
    data = bytearray(pictures.saved(pictures.grey(), "GIF"))
    frame = data.index(b"\x2c\0\0\0\0")
    struct.pack_into("<HH", data, 6, SIDE, SIDE)
    struct.pack_into("<HH", data, frame + 5, SIDE, SIDE)
    # Dispose to the background: the plugin prepares that background when it opens the file.
    return bytes(data[:frame]) + b"\x21\xf9\x04\x09\0\0\0\0" + bytes(data[frame:])


def _bomb_webp() -> bytes:
    side = struct.pack("<L", SIDE - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<LL", 10, 2) + side + side
    body += pictures.saved(pictures.gradient(), "WEBP")[12:]
    return b"RIFF" + struct.pack("<L", len(body)) + body


def _bomb_tiff() -> bytes:
    return pictures.tiff(SIDE, SIDE, bytes(100), bits=(8, 8, 8), photometric=2)


def _bomb_bmp() -> bytes:
    data = bytearray(pictures.saved(pictures.gradient(), "BMP"))
    struct.pack_into("<ll", data, 18, SIDE, SIDE)
    return bytes(data)


def _bomb_avif() -> bytes:
    data = bytearray(pictures.saved(pictures.gradient(), "AVIF"))
    struct.pack_into(">LL", data, data.index(b"ispe") + 8, SIDE, SIDE)
    return bytes(data)


def _bomb_jpeg() -> bytes:
    data = bytearray(pictures.saved(pictures.gradient(), "JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, SIDE, SIDE)
    return bytes(data)


_BOMBS: list[Callable[[], bytes]] = [
    _bomb_png, _bomb_gif, _bomb_webp, _bomb_tiff, _bomb_bmp, _bomb_avif, _bomb_jpeg
]  # fmt: skip

# A process of its own, since a peak once reached hides all lower ones. It opens a small file of the format first:
# the libraries themselves are not what is measured.
_MEASURE = """
import resource, sys
from pathlib import Path
from cleancut.steps.probe import probe
small, bomb = (Path(name).read_bytes() for name in sys.argv[1:])
probe(small)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
header = probe(bomb)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(header.width, header.height, grown * 1024 if sys.platform != "darwin" else grown)
"""


@pytest.mark.skipif(os.name == "nt", reason="no resource module")
@pytest.mark.parametrize("bomb", _BOMBS, ids=lambda bomb: bomb.__name__[6:])
def test_a_bomb_costs_nothing_to_probe(bomb: Callable[[], bytes], tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(bomb())
    small = pictures.saved(pictures.gradient(), bomb.__name__[6:].upper())
    (tmp_path / "small").write_bytes(small)
    command = [sys.executable, "-c", _MEASURE, str(tmp_path / "small"), str(tmp_path / "bomb")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    width, height, grown = map(int, done.stdout.split())
    assert (width, height) == (SIDE, SIDE)
    assert grown < 200_000_000
    assert done.stderr == ""


def test_only_the_plugin_needed_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(pictures.saved(pictures.gradient(), "PNG"))
    script = (
        "import sys; from pathlib import Path; from cleancut.steps.probe import probe;"
        "probe(Path(sys.argv[1]).read_bytes());"
        "print(*(name for name in sys.modules if name.endswith('ImagePlugin')))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["PIL.PngImagePlugin"]
