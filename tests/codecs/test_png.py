"""Our PNG files hold what they are given, whoever reads them."""

from __future__ import annotations

import io
import zlib

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cleancut.codecs import png as module
from cleancut.codecs.png import Filter, descriptions, png

Pixels = NDArray[np.uint8]

FILTERS: tuple[Filter, ...] = ("up", "average")


def noise(height: int, width: int, channels: int) -> Pixels:
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(height * width + channels).integers(0, 256, shape, np.uint8)


def by_pillow(file: bytes) -> Pixels:
    with Image.open(io.BytesIO(file)) as image:
        image.load()
        return np.array(image)


def by_opencv(file: bytes) -> Pixels:
    found = np.asarray(cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_UNCHANGED), np.uint8)
    return found if found.ndim == 2 else found[..., [2, 1, 0, 3][: found.shape[2]]]


# A strip has 64 rows: one less, one more, none over.
@pytest.mark.parametrize("kind", FILTERS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (63, 5), (64, 5), (65, 3), (128, 2), (200, 31)])
def test_every_value_comes_back(size: tuple[int, int], channels: int, kind: Filter) -> None:
    pixels = noise(*size, channels)
    file = png(pixels, kind)
    np.testing.assert_array_equal(by_pillow(file), pixels)
    np.testing.assert_array_equal(by_opencv(file), pixels)


@pytest.mark.parametrize("kind", FILTERS)
def test_zlib_serves_where_there_is_no_isal(monkeypatch: pytest.MonkeyPatch, kind: Filter) -> None:
    monkeypatch.setattr(module, "_deflate", zlib)
    monkeypatch.setattr(module, "_LEVEL", 1)
    pixels = noise(70, 9, 4)
    np.testing.assert_array_equal(by_pillow(png(pixels, kind)), pixels)


def test_rows_that_are_alike_take_next_to_nothing() -> None:
    assert len(png(np.full((1000, 1000, 4), 77, np.uint8), "up")) < 20_000


def test_descriptions_are_whole_chunks_before_the_pixels() -> None:
    file = io.BytesIO()
    # A profile that names what ends the search for one that only looks for the name.
    Image.new("RGB", (2, 2)).save(file, "PNG", dpi=(300, 300), icc_profile=b"xIDATxIENDx" * 3)
    found = descriptions(file.getvalue())
    assert [found.count(name) for name in (b"iCCP", b"pHYs", b"IHDR")] == [1, 1, 0]
    with Image.open(io.BytesIO(png(noise(3, 3, 3), "up", found))) as image:
        assert image.info["icc_profile"] == b"xIDATxIENDx" * 3
        assert round(image.info["dpi"][0]) == 300


@pytest.mark.parametrize("kind", ["up", "average"])
@pytest.mark.parametrize("shape", [(5, 7), (70, 3), (1, 1), (6, 5, 3), (6, 5, 4)])
def test_two_bytes_a_value_are_as_exact(kind: Filter, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(3).integers(0, 65_536, shape).astype(np.uint16)
    read = cv2.imdecode(np.frombuffer(png(values, kind), np.uint8), cv2.IMREAD_UNCHANGED)
    assert read is not None
    # OpenCV turns colours round.
    assert np.array_equal(read, values if values.ndim == 2 else values[..., [2, 1, 0, *range(3, shape[-1])]])
