"""Canvas and shadow, and what is told of where the subject is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cleancut.errors import ImageTooLarge
from cleancut.geometry import Box
from cleancut.options import Options
from cleancut.steps.compose import compose
from cleancut.types import Alpha, Pixels, Source
from tests.steps.sources import plain, random_photo, rectangle, source

# An image background is decoded before it comes here: the bytes only say that there is one.
PICTURE = b"a picture"


def composed(photo: Source, alpha: Alpha, scene: Source | None = None, **options: Any) -> Pixels:
    return compose(photo, photo.rgb, alpha, Options(**options), scene).pixels


def test_on_a_canvas_the_subject_stands_in_the_middle_of_its_colour() -> None:
    photo, alpha = source(plain((200, 30, 90), 48)), rectangle(10, 8, 20, 16)
    pixels = composed(photo, alpha, background="#0000ff", canvas="100x80", padding="10%")
    assert pixels.shape == (80, 100, 3)
    # 10 × 8 in a room of 80 × 64: eight times as large.
    assert tuple(pixels[40, 50]) == (200, 30, 90)
    assert tuple(pixels[40, 14]) == (200, 30, 90)
    assert tuple(pixels[40, 1]) == (0, 0, 255)
    assert tuple(pixels[1, 50]) == (0, 0, 255)


@pytest.mark.parametrize("background", ["transparent", "white", "#ff000080", "blur", PICTURE])
@pytest.mark.parametrize("shadow", ["drop", "contact", "cast"])
def test_a_shadow_darkens_what_is_behind_and_not_the_subject(background: str | bytes, shadow: str) -> None:
    photo, alpha = source(random_photo(20, 96, 64)), rectangle(30, 20, 50, 40, width=96, height=64)
    scene = source(random_photo(21, 30, 30)) if background == PICTURE else None
    plainly = composed(photo, alpha, scene, background=background)
    shaded = composed(photo, alpha, scene, background=background, shadow=shadow, shadow_opacity=80)
    assert shaded.shape == plainly.shape
    inside = alpha == 1
    np.testing.assert_array_equal(shaded[inside][:, :3], plainly[inside][:, :3])
    if background == "transparent":
        assert (shaded[..., 3] >= plainly[..., 3]).all()
        assert shaded[..., 3].sum(dtype=int) > plainly[..., 3].sum(dtype=int) + 1000
    else:
        assert (shaded[..., :3].astype(int) <= plainly[..., :3].astype(int) + 1).all()
        assert shaded[..., :3].sum(dtype=int) < plainly[..., :3].sum(dtype=int) - 1000


def test_a_subject_whose_foot_the_photo_cuts_off_casts_no_shadow_on_a_floor() -> None:
    photo, alpha = source(random_photo(22, 96, 64)), rectangle(30, 20, 50, 64, width=96, height=64)
    for shadow, drawn in (("drop", True), ("contact", False), ("cast", False)):
        plainly, shaded = (composed(photo, alpha, background="white", shadow=each) for each in ("none", shadow))
        assert (plainly != shaded).any() == drawn, shadow


def test_where_the_subject_is_in_the_picture_is_told() -> None:
    photo, alpha = source(random_photo(23)), rectangle(20, 10, 30, 20)
    made = compose(photo, photo.rgb, alpha, Options(crop=True, crop_margin="3"))
    assert made.subject == Box(3, 3, 13, 13)
    assert compose(photo, photo.rgb, alpha * 0, Options(crop=True)).subject is None


def test_a_result_beyond_the_limit_is_refused() -> None:
    photo, alpha = source(random_photo(24)), rectangle(0, 0, 48, 32)
    wishes: list[dict[str, Any]] = [{"canvas": "100x100"}, {"crop": True, "crop_margin": "100%"}]
    for options in wishes:
        with pytest.raises(ImageTooLarge, match="the result would have"):
            compose(photo, photo.rgb, alpha, Options(**options), None, 5000)


def test_what_was_cut_out_before_is_cut_off_by_nothing() -> None:
    photo = source(plain((200, 30, 90), 48), np.full((32, 48), 255, np.uint8))
    pixels = composed(photo, np.ones((32, 48), np.float32), background="white", canvas="100x100", padding="20%")
    rows, columns = np.nonzero(pixels[..., 1] < 100)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (20, 79, 30, 69)
