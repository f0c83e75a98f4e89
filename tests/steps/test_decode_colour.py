import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests import pictures
from tests.steps.decoding import DISC, GREY, HEIGHT, RGB, WIDTH, decoded, grey3, off


def srgb_of(linear: NDArray[Any]) -> NDArray[Any]:
    """Linear light 0..1 to sRGB 0..255 (IEC 61966-2-1)."""
    light = np.clip(linear, 0, 1)
    curved: NDArray[Any] = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return curved * 255


def srgb_of_lab(lab: NDArray[Any]) -> NDArray[Any]:
    """D50 Lab (…, 3) to sRGB 0..255: CIE 15, and sRGB's matrix for D50 (Bradford)."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], axis=-1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.9642, 1, 0.8249)
    matrix = np.array([[3.1339, -1.6169, -0.4906], [-0.9788, 1.9161, 0.0335], [0.0719, -0.2290, 1.4052]])
    return srgb_of(xyz @ matrix.T)


def test_the_formulas_know_white_and_grey() -> None:
    assert srgb_of_lab(np.array([100.0, 0, 0])) == pytest.approx([255] * 3, abs=0.5)
    assert srgb_of_lab(np.array([53.585, 0, 0])) == pytest.approx([128] * 3, abs=0.5)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF"])
def test_an_rgb_profile_and_its_values_stay(format: str) -> None:
    profile = pictures.profile("RGB ", 1.8, swap=True)
    source = decoded(pictures.saved(RGB, format, icc_profile=profile))
    assert off(source.rgb, decoded(pictures.saved(RGB, format)).rgb) == 0
    assert source.metadata.icc == profile
    assert source.notes == ()


@pytest.mark.parametrize("pixels", [GREY, np.dstack([GREY, DISC])], ids=["L", "LA"])
def test_grey_goes_through_its_profile(pixels: pictures.Array) -> None:
    source = decoded(pictures.saved(pixels, "PNG", icc_profile=pictures.profile("GRAY", 1.4)))
    expected = srgb_of((GREY / 255) ** 1.4)
    assert np.abs(expected - GREY).max() > 20
    assert off(source.rgb, grey3(np.round(expected))) <= 1
    assert source.metadata.icc is None
    assert source.notes == ()


@pytest.mark.parametrize("inks", [(64, 0, 0, 0), (0, 0, 128, 0), (0, 64, 0, 0), (0, 0, 0, 255), (0, 0, 0, 0)])
@pytest.mark.parametrize("format", ["TIFF", "JPEG"])
def test_cmyk_goes_through_its_profile(inks: tuple[int, int, int, int], format: str) -> None:
    image = Image.new("CMYK", (16, 16), inks)
    extra: dict[str, Any] = {"quality": 100} if format == "JPEG" else {}
    source = decoded(pictures.saved(image, format, icc_profile=pictures.cmyk_profile(), **extra))
    # What ``cmyk_profile`` says, between its corners.
    c, m, y, k = (ink / 255 for ink in inks)
    lab = np.array([100 - 30 * c - 40 * m - 10 * y - 90 * k, -35 * c + 70 * m, -45 * c + 80 * y])
    assert np.abs(source.rgb[8, 8] - srgb_of_lab(lab)).max() <= 3
    assert source.metadata.icc is None
    assert source.notes == ()


def test_cmyk_without_a_profile() -> None:
    image = Image.new("CMYK", (16, 16), (200, 30, 60, 10))
    expected = np.asarray(image.convert("RGB"))
    assert off(decoded(pictures.saved(image, "TIFF")).rgb, expected) == 0
    inverted = pictures.saved(image, "JPEG", quality=100)
    assert off(decoded(inverted).rgb, expected) <= 3
    marker = inverted.index(b"\xff\xee")
    length = struct.unpack_from(">H", inverted, marker + 2)[0]
    plain = inverted[:marker] + inverted[marker + 2 + length :]
    contrary = np.asarray(Image.new("CMYK", (16, 16), (55, 225, 195, 245)).convert("RGB"))
    assert off(decoded(plain).rgb, contrary) <= 3


def test_lab() -> None:
    light, red = np.meshgrid(np.linspace(100, 220, WIDTH), np.linspace(-20, 20, HEIGHT))
    lab = np.dstack([light, red, -red]).round()
    data = pictures.tiff(
        WIDTH, HEIGHT, (lab.astype(int) & 255).astype(np.uint8).tobytes(), bits=(8, 8, 8), photometric=8
    )
    expected = srgb_of_lab(lab * (100 / 255, 1, 1))
    assert np.abs(decoded(data).rgb - expected).max() <= 3


@pytest.mark.parametrize(
    ("image", "profile", "words"),
    [
        (Image.fromarray(RGB), pictures.cmyk_profile(), "CMYK"),
        (Image.fromarray(RGB), pictures.profile("GRAY", 2.2), "grey"),
        (Image.fromarray(GREY), pictures.profile("RGB ", 2.2), "RGB"),
        (Image.fromarray(RGB).convert("CMYK"), pictures.profile("RGB ", 2.2), "RGB"),
        (Image.fromarray(RGB), b"no profile at all", "damaged"),
        (Image.fromarray(RGB), pictures.profile("RGB ", 2.2)[:200], "damaged"),
    ],
)
def test_a_profile_that_does_not_fit_is_dropped(image: Image.Image, profile: bytes, words: str) -> None:
    source = decoded(pictures.saved(image, "TIFF", icc_profile=profile))
    assert off(source.rgb, np.asarray(image.convert("RGB"))) == 0
    assert source.metadata.icc is None
    assert len(source.notes) == 1
    assert words in source.notes[0]
