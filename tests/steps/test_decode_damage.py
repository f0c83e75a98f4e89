import io
import random
import struct
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from cleancut.errors import DamagedImage, ImageTooLarge, InputError, UnsupportedImage
from cleancut.steps.decode import decode
from cleancut.steps.probe import probe
from cleancut.types import Header
from tests import pictures
from tests.steps.decoding import CUTOUT, HEIGHT, LOSSLESS, LOSSY, RGB, WIDTH, decoded, off


def test_a_tiff_of_many_channels_is_refused_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    data = pictures.tiff(WIDTH, HEIGHT, bytes(WIDTH * HEIGHT * 9), bits=(8,) * 9, photometric=2)
    with pytest.raises(UnsupportedImage, match="6 values"):
        decoded(data)
    assert capfd.readouterr() == ("", "")


def corrupt_exif() -> bytes:
    """A tag whose value lies far beyond the block: Pillow warns of it."""
    row = struct.pack("<HHLL", 0x010E, 2, 5000, 60000)
    return pictures.PREFIX + b"II\x2a\0\x08\0\0\0\x01\0" + row + bytes(4)


def test_warnings_and_prints_of_the_decoders_do_not_leak(capfd: pytest.CaptureFixture[str]) -> None:
    noisy = pictures.saved(RGB, "JPEG", exif=corrupt_exif())
    with pytest.warns(UserWarning, match="larger than file|orrupt"):
        Image.open(io.BytesIO(noisy)).getexif()
    broken = bytearray(pictures.saved(RGB, "TIFF", compression="tiff_adobe_deflate"))
    # The pixels begin behind the header of 8 bytes; libtiff prints what it thinks of them.
    broken[20:60] = bytes(40)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert decoded(noisy).rgb.shape == RGB.shape
        with pytest.raises(DamagedImage):
            decoded(bytes(broken))
    assert caught == []
    assert capfd.readouterr() == ("", "")


def test_other_threads_keep_their_warnings() -> None:
    noisy = pictures.saved(RGB, "JPEG", exif=corrupt_exif())
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            decoded(noisy)

    with ThreadPoolExecutor(2) as pool, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        running = [pool.submit(busy) for _ in range(2)]
        for n in range(200):
            warnings.warn(f"mine {n}", UserWarning, stacklevel=1)
        stop.set()
        for each in running:
            each.result()
    assert [str(each.message) for each in caught] == [f"mine {n}" for n in range(200)]


def test_threads_do_not_disturb_each_other() -> None:
    files = [
        LOSSLESS[name](np.roll(CUTOUT, n, axis=1), exif=pictures.exif(1 + n % 8, sized=False))
        for n, name in enumerate([*LOSSLESS] * 5)
    ]
    alone = [decoded(data) for data in files]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(decoded, files * 4))
    for one, other in zip(alone * 4, together, strict=True):
        assert off(one.rgb, other.rgb) == 0
        assert one.metadata == other.metadata


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    with pytest.raises(ImageTooLarge, match="memory"):
        decode(pictures.saved(RGB, "PNG"), Header("png", WIDTH, HEIGHT))


def test_what_a_decoder_itself_refuses_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ImageTooLarge):
        decode(pictures.saved(RGB, "TIFF"), Header("tiff", WIDTH, HEIGHT))
    # PNG's has no limit of its own, and the one of Image.open is not asked.
    assert off(decoded(pictures.saved(RGB, "PNG")).rgb, RGB) == 0


def test_no_more_is_decoded_than_was_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda _: pytest.fail("decoded"))
    with pytest.raises(DamagedImage, match="48 × 32"):
        decode(pictures.saved(RGB, "PNG"), Header("png", 8, 8))


FUZZED: dict[str, bytes] = {
    **{name: save(RGB, exif=pictures.exif(6, place=True, sized=False)) for name, save in (LOSSLESS | LOSSY).items()},
    "tiff lzw": pictures.saved(RGB, "TIFF", compression="tiff_lzw"),
    "tiff jpeg": pictures.saved(RGB, "TIFF", compression="jpeg"),
    "bmp": pictures.saved(RGB, "BMP"),
    "bmp palette": pictures.saved(Image.fromarray(RGB).quantize(9), "BMP"),
    "gif": pictures.saved(RGB, "GIF", save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
    "apng": pictures.saved(RGB, "PNG", save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
    "cmyk": pictures.saved(Image.fromarray(RGB).convert("CMYK"), "JPEG"),
}


@pytest.mark.parametrize("name", FUZZED)
def test_damage_is_refused_or_survived(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = FUZZED[name]
    chance = random.Random(name)
    refused: list[InputError] = []
    for _ in range(40):
        damaged = bytearray(data[: chance.randrange(len(data))] if chance.random() < 0.4 else data)
        for _ in range(chance.choice((1, 2, 8)) if damaged else 0):
            damaged[chance.randrange(min(len(damaged), chance.choice((200, 10**6))))] ^= 1 << chance.randrange(8)
        try:
            header = probe(bytes(damaged))
            if header.width * header.height < 10**6:
                decoded(bytes(damaged))
        except InputError as error:
            refused.append(error)
    assert refused
    assert all(str(error) and error.hint for error in refused)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF", "BMP"])
def test_a_file_cut_off_in_its_pixels_is_damaged(format: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = pictures.saved(noise, format)
    header = probe(data)
    with pytest.raises(DamagedImage, match="damaged"):
        decode(data[: len(data) * 6 // 10], header)
