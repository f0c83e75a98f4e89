import io
import struct
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from cleancut.errors import UnsupportedImage
from tests import pictures
from tests.steps.decoding import CUTOUT, DISC, GREY, HEIGHT, LOSSLESS, LOSSY, RGB, WIDTH, decoded, grey3, off


def heic(pixels: pictures.Array, **keywords: Any) -> bytes:
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    # Of quality -1, the encoder loses nothing but what the conversion to YCbCr rounds.
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(file, quality=-1, chroma=444, **keywords)
    return file.getvalue()


def test_the_comparator_sees_one_level() -> None:
    other = RGB.copy()
    other[3, 4, 1] += 1
    assert off(RGB, RGB) == 0
    assert off(RGB, other) == 1


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("turn", range(1, 9))
def test_upright_as_pillow_turns_it(name: str, turn: int) -> None:
    data = LOSSLESS[name](CUTOUT, exif=pictures.exif(turn, sized=name != "tiff"))
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGBA"))
    source = decoded(data)
    assert off(source.rgb, expected[..., :3]) == 0
    assert source.alpha is not None
    assert off(source.alpha, expected[..., 3]) == 0
    assert (source.width, source.height) == ((HEIGHT, WIDTH) if turn >= 5 else (WIDTH, HEIGHT))
    assert (source.header.width, source.header.height) == (WIDTH, HEIGHT)


# Where the top left corner (red 0, green 0) of the stored picture comes to lie, by the EXIF standard's own words:
# 6 is "0th row = right side, 0th column = top".
CORNERS = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0), 5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}


@pytest.mark.parametrize("name", [*LOSSLESS, *LOSSY])
@pytest.mark.parametrize("turn", range(1, 9))
def test_upright_as_the_standard_says(name: str, turn: int) -> None:
    data = (LOSSLESS | LOSSY)[name](RGB, exif=pictures.exif(turn, sized=name != "tiff"))
    source = decoded(data)
    assert source.rgb[CORNERS[turn]][:2].max() < 12
    assert source.rgb.shape[:2] == ((WIDTH, HEIGHT) if turn >= 5 else (HEIGHT, WIDTH))
    assert source.metadata.exif is not None
    block = Image.Exif()
    block.load(source.metadata.exif)
    assert 0x0112 not in block
    assert block[0x010F] == "Maker of cameras"


@pytest.mark.parametrize("turn", [3, 6])
def test_heic_is_turned_once(turn: int) -> None:
    upright = decoded(heic(RGB)).rgb
    assert off(upright, RGB) < 12
    source = decoded(heic(RGB, exif=pictures.exif(turn)))
    assert source.rgb[CORNERS[turn]][:2].max() < 12


def test_orientation_by_xmp_alone() -> None:
    source = decoded(pictures.saved(RGB, "JPEG", xmp=pictures.xmp('tiff:Orientation="6" xmp:Rating="5"')))
    assert source.rgb.shape[:2] == (WIDTH, HEIGHT)
    assert source.metadata.xmp == pictures.xmp(' xmp:Rating="5"').replace(b"Description  ", b"Description ")


def test_a_tiff_that_names_its_orientation_twice_is_turned_once() -> None:
    # In single quotes, which Pillow overlooks when it takes the orientation out.
    tags: dict[int, Any] = {0x0112: 6, 700: pictures.xmp("tiff:Orientation='6'")}
    source = decoded(pictures.saved(RGB, "TIFF", tiffinfo=tags))
    assert off(source.rgb, np.rot90(RGB, -1)) == 0
    assert source.metadata.xmp is not None
    assert b"Orientation" not in source.metadata.xmp


def test_orientation_in_a_png_by_imagemagick() -> None:
    block = pictures.exif(6).hex()
    text = f"\nexif\n{len(block) // 2:8}\n{block}\n".encode()
    data = pictures.png(RGB, 8, 2, pictures.png_chunk(b"tEXt", b"Raw profile type exif\0" + text))
    assert decoded(data).rgb.shape[:2] == (WIDTH, HEIGHT)


RAMP16 = np.linspace(0, 65535, HEIGHT * WIDTH).round().astype(np.uint16).reshape(HEIGHT, WIDTH)
ROUNDED16 = np.floor(RAMP16.astype(float) * 255 / 65535 + 0.5)
RAMP12 = RAMP16 >> 4


@pytest.mark.parametrize(
    "data",
    [
        pictures.png(RAMP16, 16, 0),
        pictures.tiff(WIDTH, HEIGHT, RAMP16.astype("<u2").tobytes(), bits=(16,), photometric=1),
        pictures.tiff(WIDTH, HEIGHT, RAMP16.astype(">u2").tobytes(), bits=(16,), photometric=1, order=">"),
        pictures.tiff(WIDTH, HEIGHT, (65535 - RAMP16).astype("<u2").tobytes(), bits=(16,), photometric=0),
        pictures.saved(Image.fromarray(RAMP16), "TIFF", compression="tiff_lzw"),
    ],
    ids=["png", "tiff", "tiff big-endian", "tiff white is zero", "tiff lzw"],
)
def test_16_bit_grey_is_rounded(data: bytes) -> None:
    assert off(decoded(data).rgb, grey3(ROUNDED16)) == 0


def test_12_bit_grey() -> None:
    pairs = RAMP12.reshape(-1, 2).astype(int)
    packed = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], axis=1)
    data = pictures.tiff(WIDTH, HEIGHT, packed.astype(np.uint8).tobytes(), bits=(12,), photometric=1)
    expected = np.floor(RAMP12.astype(float) * 255 / 4095 + 0.5)
    assert off(decoded(data).rgb, grey3(expected)) == 0


WIDE = np.dstack([RAMP16, RAMP16[::-1], RAMP16[:, ::-1], RAMP16[::-1, ::-1]])


@pytest.mark.parametrize("samples", [3, 4])
@pytest.mark.parametrize("order", ["png", "<", ">"])
def test_16_bit_colour_is_within_one_level(samples: int, order: str) -> None:
    values = np.ascontiguousarray(WIDE[..., :samples])
    if order == "png":
        data = pictures.png(values, 16, {3: 2, 4: 6}[samples])
    else:
        extra: dict[str, Any] = {"alpha": 2} if samples == 4 else {}
        stored = values.astype(order + "u2").tobytes()
        data = pictures.tiff(WIDTH, HEIGHT, stored, bits=(16,) * samples, photometric=2, order=order, **extra)
    source = decoded(data)
    expected = np.round(values.astype(float) * 255 / 65535)
    assert off(source.rgb, expected[..., :3]) <= 1
    if samples == 4:
        assert source.alpha is not None
        assert off(source.alpha, expected[..., 3]) <= 1
    else:
        assert source.alpha is None


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_few_bits_of_grey_are_stretched(depth: int) -> None:
    top = (1 << depth) - 1
    values = (GREY >> (8 - depth)).astype(np.uint8)
    source = decoded(pictures.png(values, depth, 0))
    assert off(source.rgb, grey3(values.astype(int) * 255 // top)) == 0
    assert source.alpha is None


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_grey_colour_key_is_clear(depth: int) -> None:
    values = RAMP16 >> (16 - depth)
    key = int(values[10, 20])
    data = pictures.png(values, depth, 0, pictures.png_chunk(b"tRNS", struct.pack(">H", key)))
    source = decoded(data)
    assert source.alpha is not None
    assert off(source.alpha, np.where(values == key, 0, 255)) == 0


def test_a_colour_key_is_clear() -> None:
    key = RGB[10, 20]
    data = pictures.png(RGB, 8, 2, pictures.png_chunk(b"tRNS", struct.pack(">3H", *key)))
    source = decoded(data)
    assert source.alpha is not None
    assert off(source.alpha, np.where((key == RGB).all(axis=2), 0, 255)) == 0
    assert off(source.rgb, RGB) == 0


def test_a_16_bit_colour_key_is_clear() -> None:
    values = np.ascontiguousarray(WIDE[..., :3])
    key = values[10, 20]
    source = decoded(pictures.png(values, 16, 2, pictures.png_chunk(b"tRNS", struct.pack(">3H", *key))))
    assert source.alpha is not None
    assert off(source.alpha, np.where((values >> 8 == key >> 8).all(axis=2), 0, 255)) == 0


def test_a_palette_with_alpha() -> None:
    values = (np.arange(HEIGHT * WIDTH) % 5).reshape(HEIGHT, WIDTH).astype(np.uint8)
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 8, 7], [200, 100, 50]], np.uint8)
    table = np.array([0, 100, 255, 254, 255], np.uint8)
    chunks = pictures.png_chunk(b"PLTE", colours.tobytes()), pictures.png_chunk(b"tRNS", table.tobytes())
    source = decoded(pictures.png(values, 8, 3, *chunks))
    assert off(source.rgb, colours[values]) == 0
    assert source.alpha is not None
    assert off(source.alpha, table[values]) == 0
    opaque = decoded(pictures.png(values, 8, 3, chunks[0]))
    assert off(opaque.rgb, colours[values]) == 0
    assert opaque.alpha is None


def test_a_gif_with_a_clear_colour() -> None:
    image = Image.fromarray((GREY // 60).astype(np.uint8), "L").convert("P")
    image.putpalette([value for n in range(5) for value in (n * 50, 255 - n * 50, 7)])
    source = decoded(pictures.saved(image, "GIF", transparency=2))
    assert source.alpha is not None
    assert off(source.alpha, np.where(GREY // 60 == 2, 0, 255)) == 0


@pytest.mark.parametrize("name", LOSSLESS)
def test_colours_and_alpha_are_exact(name: str) -> None:
    source = decoded(LOSSLESS[name](CUTOUT))
    assert off(source.rgb, RGB) == 0
    assert source.alpha is not None
    assert off(source.alpha, DISC) == 0


def test_grey_with_alpha() -> None:
    for format in ("PNG", "TIFF"):
        source = decoded(pictures.saved(np.dstack([GREY, DISC]), format))
        assert off(source.rgb, grey3(GREY)) == 0
        assert source.alpha is not None
        assert off(source.alpha, DISC) == 0


def test_alpha_that_hides_nothing_is_none() -> None:
    assert decoded(pictures.saved(np.dstack([RGB, np.full_like(DISC, 255)]), "PNG")).alpha is None
    nearly = np.full_like(DISC, 255)
    nearly[5, 5] = 254
    alpha = decoded(pictures.saved(np.dstack([RGB, nearly]), "PNG")).alpha
    assert alpha is not None
    assert off(alpha, nearly) == 0


def test_multiplied_alpha_is_divided_out() -> None:
    multiplied = np.dstack([np.round(RGB * (DISC[..., None] / 255)), DISC]).astype(np.uint8)
    data = pictures.tiff(WIDTH, HEIGHT, multiplied.tobytes(), bits=(8,) * 4, photometric=2, alpha=1)
    source = decoded(data)
    assert source.alpha is not None
    assert off(source.alpha, DISC) == 0
    solid = DISC > 200
    assert off(source.rgb[solid], RGB[solid]) <= 1


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_are_near(name: str) -> None:
    assert off(decoded(LOSSY[name](RGB)).rgb, RGB) < 12


def test_jpeg_agrees_with_opencv() -> None:
    data = pictures.saved(RGB, "JPEG", quality=80)
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert theirs is not None
    assert off(decoded(data).rgb, theirs[..., ::-1]) <= 1


def test_bmp_and_one_bit() -> None:
    assert off(decoded(pictures.saved(RGB, "BMP")).rgb, RGB) == 0
    dots = Image.fromarray(GREY > 100)
    assert off(decoded(pictures.saved(dots, "PNG")).rgb, grey3(np.where(GREY > 100, 255, 0))) == 0


@pytest.mark.parametrize(
    "data",
    [
        pictures.saved(Image.fromarray(RAMP16.astype(np.int32)), "TIFF"),
        pictures.saved(Image.fromarray(RAMP16.astype(np.float32)), "TIFF"),
        pictures.tiff(WIDTH, HEIGHT, RAMP16.tobytes(), bits=(16,), photometric=1, format=2),
    ],
    ids=["32-bit", "float", "signed"],
)
def test_values_without_a_white_are_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedImage, match="white") as caught:
        decoded(data)
    assert "8 or 16 bits" in caught.value.hint


@pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF", "GIF"])
def test_of_an_animation_the_first_frame_is_used(format: str) -> None:
    others = [Image.fromarray(np.roll(RGB, 9 * n, axis=1)) for n in (1, 2)]
    settings: dict[str, dict[str, Any]] = {
        "WEBP": {"lossless": True},
        "AVIF": {"quality": 98, "subsampling": "4:4:4"},
    }
    data = pictures.saved(Image.fromarray(RGB), format, save_all=True, append_images=others, **settings.get(format, {}))
    source = decoded(data)
    # GIF has 256 colours for all frames.
    assert off(source.rgb, RGB) <= {"GIF": 40, "AVIF": 12}.get(format, 0)
    assert source.notes == ("animated: only the first of 3 frames is used",)


def test_of_several_pages_the_first_is_used() -> None:
    data = pictures.saved(Image.fromarray(RGB), "TIFF", save_all=True, append_images=[Image.fromarray(GREY)])
    source = decoded(data)
    assert off(source.rgb, RGB) == 0
    assert source.notes == ("several pages: only the first of 2 frames is used",)


def test_a_jpeg_of_several_pictures_has_no_note() -> None:
    data = pictures.saved(Image.fromarray(RGB), "MPO", save_all=True, append_images=[Image.fromarray(RGB[::-1])])
    assert decoded(data).notes == ()


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF"])
def test_metadata_comes_along(format: str) -> None:
    icc = pictures.profile("RGB ", 2.2)
    block = pictures.exif(6, sized=format != "TIFF")
    source = decoded(pictures.saved(RGB, format, exif=block, icc_profile=icc, dpi=(300, 150)))
    found = source.metadata
    assert found.icc == icc
    assert found.exif is not None
    assert b"Maker of cameras" in found.exif
    assert found.dpi is not None
    # Stored 300 across and 150 down, on its side.
    assert found.dpi == pytest.approx((150, 300), abs=0.02)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_exif_but_for_the_orientation_and_xmp_are_kept(format: str) -> None:
    block, text = pictures.exif(place=True), pictures.xmp()
    extra: dict[str, Any] = {"xmp": text}
    if format == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", text.decode())
        extra = {"pnginfo": info}
    found = decoded(pictures.saved(RGB, format, exif=block, **extra)).metadata
    assert (found.exif, found.xmp) == (block, text)


def test_no_metadata_is_none() -> None:
    for format in ("PNG", "JPEG", "WEBP", "AVIF", "BMP", "GIF"):
        found = decoded(pictures.saved(RGB, format)).metadata
        assert (found.icc, found.exif, found.xmp) == (None, None, None)
    assert decoded(pictures.saved(RGB, "TIFF")).metadata.dpi is None
