from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from cleancut.errors import DamagedImage, ImageTooLarge, InputMissing, UnsupportedImage
from cleancut.evaluation.masks import read_mask, read_truth
from cleancut.options import Limits
from tests import pictures
from tests.evaluation.sets import disc


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_grey_file_is_the_matte(tmp_path: Path) -> None:
    path = written(tmp_path / "m.png", pictures.saved(disc(20), "PNG"))
    mask = read_mask(path, Limits())
    np.testing.assert_array_equal(mask.alpha, disc(20))
    assert mask.rgb is None
    np.testing.assert_array_equal(read_truth(path, Limits()), disc(20))


def test_three_channels_alike_are_a_matte(tmp_path: Path) -> None:
    path = written(tmp_path / "m.png", pictures.saved(np.dstack([disc(20)] * 3), "PNG"))
    mask = read_mask(path, Limits())
    np.testing.assert_array_equal(mask.alpha, disc(20))
    assert mask.rgb is None


def test_a_cut_out_gives_its_alpha_and_its_colours(tmp_path: Path) -> None:
    path = written(tmp_path / "m.png", pictures.saved(pictures.cutout(), "PNG"))
    mask = read_mask(path, Limits())
    np.testing.assert_array_equal(mask.alpha, pictures.disc())
    assert mask.rgb is not None
    np.testing.assert_array_equal(mask.rgb, pictures.gradient())


def test_sixteen_bits_are_rounded_to_eight(tmp_path: Path) -> None:
    wide = np.array([[0, 128, 129, 257 * 200, 65535]] * 2, np.uint16)
    path = written(tmp_path / "m.png", pictures.png(wide, 16, 0))
    assert read_mask(path, Limits()).alpha[0].tolist() == [0, 0, 1, 200, 255]


@pytest.mark.parametrize("mode", ["1", "P"])
def test_palettes_and_bits_are_mattes_too(tmp_path: Path, mode: str) -> None:
    truth = np.where(disc(20) > 127, 255, 0).astype(np.uint8)
    path = written(tmp_path / "m.png", pictures.saved(Image.fromarray(truth).convert(mode), "PNG"))
    np.testing.assert_array_equal(read_mask(path, Limits()).alpha, truth)


def test_a_colour_profile_does_not_change_a_matte(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = written(tmp_path / "m.png", pictures.saved(disc(20), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(read_mask(path, Limits()).alpha, disc(20))


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_colours_without_alpha_are_no_matte(tmp_path: Path, channel: int) -> None:
    pixels = np.dstack([disc(20)] * 3)
    pixels[5, 5, channel] = 1
    path = written(tmp_path / "photo.png", pictures.saved(pixels, "PNG"))
    with pytest.raises(UnsupportedImage, match=r"photo\.png: it has colours and no alpha"):
        read_mask(path, Limits())


def test_a_cut_out_is_no_truth(tmp_path: Path) -> None:
    path = written(tmp_path / "m.png", pictures.saved(pictures.cutout(), "PNG"))
    with pytest.raises(UnsupportedImage, match="not ground truth"):
        read_truth(path, Limits())


def test_a_mode_without_a_meaning_here_is_refused(tmp_path: Path) -> None:
    file = BytesIO()
    Image.new("CMYK", (30, 20)).save(file, "JPEG")
    path = written(tmp_path / "m.jpg", file.getvalue())
    with pytest.raises(UnsupportedImage, match=r"m\.jpg: a CMYK picture of jpeg is no matte"):
        read_mask(path, Limits())


def test_errors_name_the_file(tmp_path: Path) -> None:
    data = pictures.saved(disc(20), "PNG")
    with pytest.raises(InputMissing, match=r"none\.png"):
        read_mask(tmp_path / "none.png", Limits())
    with pytest.raises(DamagedImage, match=r"cut\.png: "):
        read_mask(written(tmp_path / "cut.png", data[: len(data) // 2]), Limits())
    with pytest.raises(ImageTooLarge, match=r"large\.png: "):
        read_mask(written(tmp_path / "large.png", data), Limits(max_pixels=100))
