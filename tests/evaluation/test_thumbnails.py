from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cleancut.evaluation.masks import Mask
from cleancut.evaluation.thumbnails import SIDE, Pictures, error_map, views_of
from tests.evaluation.sets import solid
from tests.fakes.tiny_model import photo


def opened(data: bytes) -> NDArray[np.uint8]:
    with Image.open(BytesIO(data)) as image:
        assert image.format == "WEBP"
        return np.asarray(image.convert("RGB"))


def test_too_much_is_red_and_too_little_is_blue() -> None:
    matte, truth = np.zeros((2, 4, 6), np.uint8)
    matte[0, 0], truth[0, 5], matte[1, 1], truth[1, 1] = 255, 255, 200, 200
    matte[3, 3] = 16
    found = error_map(matte, truth)
    assert found[0, 0].tolist() == [255, 0, 0]
    assert found[0, 5].tolist() == [0, 0, 255]
    assert found[1, 1].tolist() == [255, 255, 255]
    # A sixteenth of the error, a quarter of the colour.
    assert found[3, 3, 1] == pytest.approx(255 * 0.75, abs=1)


def test_large_photos_are_shrunk_and_keep_their_shape() -> None:
    truth = solid(300, 900, 1500)
    pictures = Pictures.of(photo(900, 1500), truth, (views_of(Mask(truth, None), truth, photo(900, 1500)),))
    for data in (pictures.photo, pictures.truth, *(getattr(pictures.views[0], name) for name in ("matte", "magenta"))):
        assert opened(data).shape == (SIDE * 900 // 1500, SIDE, 3)


def test_a_cut_out_lies_over_both_backgrounds_in_its_own_colours() -> None:
    truth = solid(20)
    green = np.zeros((64, 96, 3), np.uint8)
    green[truth > 0] = 0, 200, 0
    views = views_of(Mask(truth, green), truth, photo())
    magenta, checks = opened(views.magenta), opened(views.checkerboard)
    assert np.abs(magenta[32, 48].astype(int) - (0, 200, 0)).max() < 12
    assert np.abs(magenta[4, 4].astype(int) - (255, 0, 255)).max() < 12
    assert np.ptp(checks[4].mean(axis=1)) > 40
    # Without colours of its own it has the photo's.
    plain = opened(views_of(Mask(truth, None), truth, photo()).magenta)
    assert np.abs(plain[32, 48].astype(int) - (20, 0, 10)).max() < 12


def test_shrinking_brings_no_dark_rim() -> None:
    truth = solid(400, 1000, 1000)
    white = np.where(truth[..., None] > 0, 255, 0).astype(np.uint8).repeat(3, axis=2)
    views = views_of(Mask(truth, white), truth, white)
    alpha = opened(views.matte)[..., 0]
    rim = (alpha > 40) & (alpha < 120)
    # A third of white over greys of 153 and 204; colours shrunk before they are multiplied would give 140.
    assert opened(views.checkerboard)[rim].mean() > 170
