import io
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cleancut.errors import CannotHold
from cleancut.options import Format, MetadataPolicy, Options, PngEffort
from cleancut.steps.decode import decode
from cleancut.steps.encode import encode
from cleancut.steps.probe import probe
from cleancut.types import Metadata, Picture, Source
from tests import pictures
from tests.codecs.test_metadata import SECRETS

RGB, GREY, DISC, CUTOUT = pictures.gradient(), pictures.grey(), pictures.disc(), pictures.cutout()
FORMATS: list[Format] = ["png", "webp", "avif", "jpg", "tiff", "zip"]
FULL = Metadata(
    icc=pictures.profile("RGB ", 1.8, swap=True),
    exif=pictures.exif(place=True),
    xmp=pictures.xmp(),
    dpi=(300.0, 150.0),
)


def encoded(pixels: NDArray[Any], beside: Metadata | None = None, **options: Any) -> bytes:
    return encode(Picture(pixels, beside or Metadata()), Options(**options))


def read(data: bytes) -> Source:
    return decode(data, probe(data))


def off(a: NDArray[Any], b: NDArray[Any]) -> int:
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b).max())


def by_opencv(data: bytes) -> NDArray[Any]:
    """Another library's reading, in RGB order."""
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found is not None
    if found.ndim == 2:
        return found
    return cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGB)


@pytest.mark.parametrize("effort", ["fast", "balanced", "small"])
@pytest.mark.parametrize("pixels", [GREY, RGB, CUTOUT], ids=["grey", "rgb", "rgba"])
def test_png_is_exact(effort: PngEffort, pixels: pictures.Array) -> None:
    data = encoded(pixels, FULL, png_effort=effort)
    assert data[25] == {2: 0, 3: 2}.get(pixels.ndim if pixels.ndim == 2 else pixels.shape[2], 6)
    assert off(by_opencv(data), pixels) == 0
    assert off(np.asarray(Image.open(io.BytesIO(data))), pixels) == 0


def test_small_is_smaller() -> None:
    large = pictures.cutout(200, 300)
    sizes = {effort: len(encoded(large, png_effort=effort)) for effort in ("fast", "balanced", "small")}
    assert sizes["small"] < sizes["balanced"]
    assert sizes["fast"] <= 1.3 * sizes["balanced"]


@pytest.mark.parametrize("pixels", [GREY, RGB, CUTOUT], ids=["grey", "rgb", "rgba"])
def test_tiff_is_exact(pixels: pictures.Array) -> None:
    data = encoded(pixels, FULL, format="tiff")
    image: Any = Image.open(io.BytesIO(data))
    assert off(np.asarray(image), pixels) == 0
    theirs = by_opencv(data)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        assert image.tag_v2[338] == (2,)
        # OpenCV's reader multiplies colours by alpha, which leaves what is opaque.
        assert off(theirs[..., 3], DISC) == 0
        assert off(theirs[DISC == 255], pixels[DISC == 255]) == 0
    else:
        assert 338 not in image.tag_v2
        assert off(theirs, pixels) == 0


def test_tiff_of_many_strips() -> None:
    large = np.random.default_rng(1).integers(0, 256, (700, 500, 4), np.uint8)
    image: Any = Image.open(io.BytesIO(encoded(large, format="tiff")))
    assert len(image.tag_v2[273]) > 3
    assert off(np.asarray(image), large) == 0


@pytest.mark.parametrize("pixels", [RGB, CUTOUT], ids=["rgb", "rgba"])
def test_webp_of_quality_100_is_exact(pixels: pictures.Array) -> None:
    assert off(by_opencv(encoded(pixels, format="webp", encode_quality=100)), pixels) == 0


def test_lossy_webp_keeps_alpha_exactly() -> None:
    large = pictures.cutout(128, 128)
    data = encoded(large, format="webp", encode_quality=40)
    found = by_opencv(data)
    assert off(found[..., 3], large[..., 3]) == 0
    assert 0 < off(found[large[..., 3] == 255], large[large[..., 3] == 255]) < 40
    assert len(data) < len(encoded(large, format="webp", encode_quality=95))


def test_avif_is_near_and_keeps_full_colour() -> None:
    dots = np.zeros((32, 32, 3), np.uint8)
    dots[::2, ::2] = dots[1::2, 1::2] = (255, 0, 0)
    dots[dots[..., 0] == 0] = (0, 0, 255)
    # Halved colour would make one purple of neighbours.
    assert off(read(encoded(dots, format="avif", encode_quality=95)).rgb, dots) < 40
    source = read(encoded(CUTOUT, format="avif"))
    assert source.alpha is not None
    assert off(source.alpha, DISC) <= 6
    assert off(source.rgb[DISC == 255], RGB[DISC == 255]) < 16


def test_jpg_shows_the_picture_on_white() -> None:
    found = by_opencv(encoded(CUTOUT, format="jpg", encode_quality=98))
    share = DISC[..., None] / 255
    assert off(found, np.round(RGB * share + 255 * (1 - share))) < 12
    assert found[0, -1].min() > 250


@pytest.mark.parametrize(("quality", "sampling"), [(89, (2, 2)), (90, (1, 1)), (100, (1, 1))])
def test_jpg_halves_colour_below_90(quality: int, sampling: tuple[int, int]) -> None:
    image: Any = Image.open(io.BytesIO(encoded(RGB, format="jpg", encode_quality=quality)))
    assert image.layer[0][1:3] == sampling


@pytest.mark.parametrize("format", ["png", "jpg", "tiff"])
def test_a_matte_is_grey(format: Format) -> None:
    data = encoded(DISC, FULL, format=format)
    assert Image.open(io.BytesIO(data)).mode == "L"
    assert off(by_opencv(data), DISC) <= (12 if format == "jpg" else 0)


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_a_matte_is_equal_rgb_where_there_is_no_grey(format: Format) -> None:
    found = read(encoded(DISC, FULL, format=format, encode_quality=100)).rgb
    assert off(found, np.repeat(DISC[..., None], 3, axis=2)) <= (3 if format == "avif" else 0)


@pytest.mark.parametrize("format", ["png", "webp", "avif", "jpg", "tiff"])
def test_a_matte_has_no_profile(format: Format) -> None:
    assert "icc_profile" not in Image.open(io.BytesIO(encoded(DISC, FULL, format=format))).info


@pytest.mark.parametrize("alpha", [True, False])
def test_zip_has_the_colours_and_the_matte(alpha: bool) -> None:
    data = encoded(CUTOUT if alpha else RGB, FULL, format="zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["color.jpg", "alpha.png"]
        colour, matte = archive.read("color.jpg"), archive.read("alpha.png")
    assert off(by_opencv(matte), DISC if alpha else np.full_like(DISC, 255)) == 0
    assert off(by_opencv(colour), RGB) < 12
    assert read(colour).metadata.icc == FULL.icc
    assert read(matte).metadata == Metadata()


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_picture_gives_the_same_bytes(format: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    first = encoded(CUTOUT, FULL, format=format)
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    assert encoded(CUTOUT, FULL, format=format) == first


def outer(format: Format, data: bytes) -> bytes:
    """The file that has the metadata."""
    if format != "zip":
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("color.jpg")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("policy", ["keep", "strip", "strip-gps"])
def test_the_profile_is_always_kept(format: Format, policy: MetadataPolicy) -> None:
    data = outer(format, encoded(CUTOUT, FULL, format=format, metadata=policy))
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == FULL.icc
    assert "icc_profile" not in Image.open(io.BytesIO(outer(format, encoded(CUTOUT, format=format)))).info


@pytest.mark.parametrize("format", ["png", "webp", "avif", "jpg", "zip"])
@pytest.mark.parametrize("effort", ["fast", "balanced"])
def test_keep_writes_exif_and_xmp_as_they_are(format: Format, effort: PngEffort) -> None:
    data = encoded(CUTOUT, FULL, format=format, metadata="keep", png_effort=effort)
    found = read(outer(format, data)).metadata
    assert (found.exif, found.xmp) == (FULL.exif, FULL.xmp)


@pytest.mark.parametrize("order", ["II", "MM"])
def test_keep_in_tiff_has_the_description_the_place_and_the_makers_notes(order: str) -> None:
    block = FULL.exif
    if order == "MM":
        big = Image.Exif()
        big.endian = ">"
        big[0x010F] = "Maker of cameras"
        big.get_ifd(0x8769)[0x9003] = "2020:02:03 04:05:06"
        big.get_ifd(0x8769)[0x927C] = b"maker's note near MARKERPLACE"
        big.get_ifd(0x8825)[1] = "N"
        block = big.tobytes()
        assert block[6:8] == b"MM"
    data = encoded(CUTOUT, replace(FULL, exif=block), format="tiff", metadata="keep")
    image: Any = Image.open(io.BytesIO(data))
    assert off(np.asarray(image), CUTOUT) == 0
    exif = image.getexif()
    assert exif[0x010F] == "Maker of cameras"
    assert exif.get_ifd(0x8769) == {0x9003: "2020:02:03 04:05:06", 0x927C: b"maker's note near MARKERPLACE"}
    assert exif.get_ifd(0x8825)[1] == "N"
    assert image.info["xmp"] == FULL.xmp
    assert image.info["dpi"] == FULL.dpi


@pytest.mark.parametrize("format", FORMATS)
def test_strip_gps_leaves_no_byte_of_the_place(format: Format) -> None:
    metadata = replace(FULL, xmp=pictures.xmp('photoshop:City="XMPTOWN"'))
    data = encoded(CUTOUT, metadata, format=format)
    found = read(outer(format, data)).metadata
    assert found.exif is not None
    assert b"Maker of cameras" in found.exif
    assert found.xmp is None
    hidden = [secret for secret in (*SECRETS, b"XMPTOWN") if secret != b"\xff\xd8\xff"]
    kept = outer(format, encoded(CUTOUT, metadata, format=format, metadata="keep"))
    thumbnail = {b"THUMBNAIL"} if format == "tiff" else set()
    assert all(secret in kept for secret in hidden if secret not in thumbnail)
    assert not any(secret in outer(format, data) for secret in hidden)


@pytest.mark.parametrize("format", FORMATS)
def test_strip_leaves_nothing(format: Format) -> None:
    data = outer(format, encoded(CUTOUT, FULL, format=format, metadata="strip"))
    assert read(data).metadata == Metadata(icc=FULL.icc)
    assert not any(word in data for word in (b"Maker of cameras", b"xmpmeta"))


@pytest.mark.parametrize("format", ["png", "jpg", "tiff"])
@pytest.mark.parametrize("effort", ["fast", "balanced"])
def test_dpi(format: Format, effort: PngEffort) -> None:
    found = read(encoded(CUTOUT, Metadata(dpi=(300.0, 150.0)), format=format, png_effort=effort)).metadata.dpi
    # PNG counts whole dots a metre.
    assert found == pytest.approx((300, 150), abs=0.02)


@pytest.mark.parametrize(("format", "side"), [("webp", 16383), ("jpg", 65500), ("zip", 65500), ("avif", 65536)])
@pytest.mark.parametrize("upright", [True, False])
def test_what_a_format_cannot_hold(format: Format, side: int, upright: bool) -> None:
    shape = (side + 1, 1, 3) if upright else (1, side + 1, 3)
    with pytest.raises(CannotHold, match=f"{side}.*{side + 1}") as caught:
        encoded(np.zeros(shape, np.uint8), format=format)
    assert "png" in caught.value.hint


@pytest.mark.parametrize(("format", "side"), [("webp", 16383), ("jpg", 65500), ("png", 70000), ("tiff", 70000)])
def test_the_longest_that_fits(format: Format, side: int) -> None:
    header = probe(encoded(np.zeros((2, side, 3), np.uint8), format=format))
    assert (header.width, header.height) == (side, 2)


def test_a_matte_alone_is_no_zip() -> None:
    with pytest.raises(CannotHold, match="matte"):
        encoded(DISC, format="zip")


@pytest.mark.parametrize("metadata", [Metadata(exif=pictures.PREFIX + bytes(70_000)), Metadata(xmp=b"<" * 65_520)])
def test_jpg_has_no_room_for_large_metadata(metadata: Metadata) -> None:
    with pytest.raises(CannotHold, match="64 kB") as caught:
        encoded(RGB, metadata, format="jpg", metadata="keep")
    assert "--metadata strip" in caught.value.hint


@pytest.mark.parametrize("format", FORMATS)
def test_what_an_encoder_refuses_is_an_error_of_ours(format: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("encoder error -2")

    monkeypatch.setattr("cleancut.steps.encode.tiff" if format == "tiff" else "PIL.Image.Image.save", fail)
    with pytest.raises(CannotHold, match="encoder error -2"):
        encoded(RGB, format=format)


@pytest.mark.parametrize("format", FORMATS)
def test_a_view_of_a_larger_array_will_do(format: Format) -> None:
    view = pictures.cutout(64, 96)[::2, ::2]
    assert not view.flags.c_contiguous
    assert encoded(view, format=format) == encoded(view.copy(), format=format)


def test_threads_write_what_one_alone_writes() -> None:
    jobs = [(format, np.roll(CUTOUT, n, axis=1)) for n in range(3) for format in FORMATS]
    alone = [encoded(pixels, FULL, format=format) for format, pixels in jobs]
    with warnings.catch_warnings(), ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: encoded(job[1], FULL, format=job[0]), jobs))
    assert together == alone


@pytest.mark.parametrize("dpi", [None, (72.0, 72.0), (300.0, 300.0)])
def test_a_zip_of_quality_100_has_the_colours_within_two_levels(dpi: tuple[float, float] | None) -> None:
    photo = np.random.default_rng(3).integers(0, 256, (64, 80, 3), np.uint8)
    with zipfile.ZipFile(io.BytesIO(encoded(photo, Metadata(dpi=dpi), format="zip", encode_quality=100))) as archive:
        data = archive.read("color.jpg")
    assert off(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), photo) <= 2
    assert off(by_opencv(data), photo) <= 2


@pytest.mark.parametrize("format", ["jpg", "webp", "avif", "zip"])
def test_quality_is_lowered_until_the_bytes_suffice_and_no_further(format: Format) -> None:
    photo = np.asarray(Image.fromarray(pictures.cutout(64, 64)).convert("RGB").resize((256, 256)))
    full = encoded(photo, format=format)
    most = len(full) * 2 // 3
    bounded = encoded(photo, format=format, max_bytes=most)
    assert len(bounded) <= most
    assert encoded(photo, format=format, max_bytes=len(full)) == full
    fitting = [quality for quality in range(1, 91) if bounded == encoded(photo, format=format, encode_quality=quality)]
    assert fitting
    assert len(encoded(photo, format=format, encode_quality=fitting[-1] + 1)) > most


def test_bytes_that_suffice_for_no_quality_are_refused() -> None:
    for format in FORMATS:
        with pytest.raises(CannotHold, match="in 50 bytes") as caught:
            encoded(RGB, format=format, max_bytes=50)
        assert "--max-size" in caught.value.hint


def test_a_png_is_made_as_small_as_it_can_be_before_it_is_refused() -> None:
    flat = np.tile(np.arange(200, dtype=np.uint8)[:, None, None], (1, 300, 3))
    small, quick = encoded(flat, png_effort="small"), encoded(flat, png_effort="fast")
    assert len(small) < len(quick)
    assert encoded(flat, png_effort="fast", max_bytes=len(quick) - 1) == small
