from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from cleancut.codecs.colour import from_srgb, to_srgb
from cleancut.errors import OptionError, OriginalNeeded
from cleancut.matting.strokes import Action, Stroke, coverage, paint
from cleancut.steps.edit import edit
from cleancut.types import Alpha, Alpha8, Pixels, Rgb, Source
from tests.matting.masks import disc
from tests.pictures import profile, srgb_profile
from tests.steps.sources import random_photo, source

WIDTH, HEIGHT = 48, 32
WHOLE = Stroke("add", ((24, 16),), 100)


def soft_disc() -> Alpha8:
    """(h, w): clear at the sides, opaque in the middle, soft between."""
    return np.rint(disc(WIDTH, 12, softness=8)[8:40] * 255).astype(np.uint8)


def cutout(alpha: Alpha8 | None = None, icc: bytes | None = None) -> Source:
    """Its colours differ from the original's, as those of a soft edge do; none are left where it is clear."""
    alpha = soft_disc() if alpha is None else alpha
    return source(random_photo(1) * (alpha > 0)[..., None].astype(np.uint8), alpha, icc)


def original(alpha: Alpha8 | None = None, icc: bytes | None = None) -> Source:
    return source(random_photo(2), alpha, icc)


def dab(action: Action, x: float = 24, y: float = 16, radius: float = 6, opacity: float = 1) -> Stroke:
    return Stroke(action, ((x, y),), radius, opacity=opacity)


def edited(photo: Source, *strokes: Stroke, original: Source | None = None) -> Pixels:
    before = photo.rgb.copy(), None if photo.alpha is None else photo.alpha.copy()
    pixels = edit(photo, strokes, original).pixels
    assert pixels.shape == (HEIGHT, WIDTH, 4)
    assert pixels.dtype == np.uint8
    assert not pixels[pixels[..., 3] == 0].any()
    np.testing.assert_array_equal(photo.rgb, before[0])
    if photo.alpha is not None:
        np.testing.assert_array_equal(photo.alpha, before[1])
    return pixels


def covers(stroke: Stroke) -> Alpha:
    frame = np.zeros((HEIGHT, WIDTH), np.float32)
    found = coverage(stroke, WIDTH, HEIGHT)
    assert found is not None
    box, cover = found
    frame[box.top : box.bottom, box.left : box.right] = cover
    return frame


def assert_colours(pixels: Pixels, where: NDArray[np.bool_], colours: Rgb) -> None:
    assert where.any()
    np.testing.assert_array_equal(pixels[where][:, :3], colours[where])


# ─ Nothing to do ─


def test_without_strokes_the_cutout_is_what_it_was() -> None:
    # Every level of alpha there is.
    levels = np.resize(np.arange(256, dtype=np.uint8), (HEIGHT, WIDTH))
    for pixels in (edited(cutout(levels)), edited(cutout(levels), original=original())):
        np.testing.assert_array_equal(pixels, np.dstack([cutout(levels).rgb, levels]))


def test_colours_that_are_hidden_go() -> None:
    hidden = replace(cutout(), rgb=random_photo(1))
    pixels = edited(hidden, dab("remove", 2, 2))
    assert (soft_disc() == 0).any()
    assert_colours(pixels, soft_disc() > 0, hidden.rgb)


def test_a_stroke_beside_the_picture_needs_no_original() -> None:
    np.testing.assert_array_equal(edited(cutout(), dab("add", -50, -50)), edited(cutout()))


# ─ Alpha ─


def test_alpha_is_what_the_strokes_say() -> None:
    strokes = [dab("remove", 20), Stroke("add", ((4, 4), (30, 20)), 5, 0.3, 0.8), dab("remove", 30, 20, 4, 0.5)]
    pixels = edited(cutout(), *strokes, original=original())
    expected = 255 * paint((soft_disc() / 255).astype(np.float32), strokes)
    assert np.abs(pixels[..., 3] - expected).max() <= 0.5 + 1e-4
    untouched = np.maximum.reduce([covers(stroke) for stroke in strokes]) == 0
    np.testing.assert_array_equal(pixels[..., 3][untouched], soft_disc()[untouched])


def test_the_pixels_under_a_brush() -> None:
    strokes = Stroke("add", ((3, 3.5), (9, 3.5)), 1.5), Stroke("remove", ((24.5, 16.5),), 0.5)
    pixels = edited(cutout(), *strokes, original=original())
    np.testing.assert_array_equal(pixels[2:5, 3:9, 3], 255)
    assert not pixels[[1, 5], 3:9].any()
    assert not pixels[16, 24].any()
    assert pixels[16, 23, 3] == soft_disc()[16, 23] == 255


def test_a_cutout_without_alpha_is_opaque() -> None:
    whole = source(random_photo(1))
    removed = edited(whole, dab("remove"))
    cover = covers(dab("remove"))
    np.testing.assert_array_equal(removed[..., 3][cover == 1], 0)
    np.testing.assert_array_equal(removed[..., 3][cover == 0], 255)
    assert_colours(removed, cover < 1, whole.rgb)
    # What is removed and added again has never lost its colours.
    again = edited(whole, dab("remove"), dab("add", radius=8))
    np.testing.assert_array_equal(again, np.dstack([whole.rgb, np.full((HEIGHT, WIDTH), 255, np.uint8)]))


# ─ Colours ─


def test_added_all_over_it_is_the_original() -> None:
    pixels = edited(cutout(), WHOLE, original=original())
    np.testing.assert_array_equal(pixels[..., :3], original().rgb)
    assert np.all(pixels[..., 3] == 255)


@pytest.mark.parametrize("opacity", [0.3, 1])
def test_colours_are_the_originals_where_something_is_added_and_only_there(opacity: float) -> None:
    stroke = Stroke("add", ((2, 10), (30, 14)), 5, 0.5, opacity)
    pixels = edited(cutout(), stroke, original=original())
    seen = pixels[..., 3] > 0
    assert_colours(pixels, (covers(stroke) > 0) & seen, original().rgb)
    assert_colours(pixels, (covers(stroke) == 0) & seen, cutout().rgb)


def test_removing_keeps_the_colours_of_what_is_left() -> None:
    pixels = edited(cutout(), dab("remove", opacity=0.5), original=original())
    assert_colours(pixels, pixels[..., 3] > 0, cutout().rgb)
    assert not np.array_equal(pixels[..., 3], soft_disc())


def test_far_apart_strokes_leave_what_is_between_them() -> None:
    strokes = dab("add", 20, 16, 3), dab("add", 44, 28, 3)
    pixels = edited(cutout(), *strokes, original=original())
    between = (covers(strokes[0]) + covers(strokes[1]) == 0) & (soft_disc() > 0)
    assert_colours(pixels, between, cutout().rgb)


def test_the_metadata_is_the_cutouts() -> None:
    photo = cutout(icc=srgb_profile())
    assert edit(photo, [WHOLE], original()).metadata == photo.metadata
    assert edit(photo, []).metadata == photo.metadata


# ─ Without the original ─


def test_restoring_what_is_gone_needs_the_original() -> None:
    with pytest.raises(OriginalNeeded, match="original's colours") as caught:
        edit(cutout(), [dab("add", 4, 4)])
    assert "original" in caught.value.hint
    assert caught.value.code == "original_needed"
    assert isinstance(caught.value, OptionError)
    # The original would have been needed for the first stroke, too, but nothing of it is left.
    edited(cutout(), dab("add", 4, 4), dab("remove", 4, 4, 9))


def test_one_pixel_that_is_gone_suffices() -> None:
    alpha = np.full((HEIGHT, WIDTH), 1, np.uint8)
    edited(cutout(alpha), WHOLE)
    alpha[31, 47] = 0
    with pytest.raises(OriginalNeeded):
        edit(cutout(alpha), [WHOLE])


def test_what_is_seen_in_part_has_its_own_colours() -> None:
    stroke = dab("add", radius=12)
    assert np.any((covers(stroke) > 0) & (soft_disc() < 255))
    pixels = edited(cutout(), stroke)
    assert_colours(pixels, soft_disc() > 0, cutout().rgb)
    assert np.all(pixels[..., 3][covers(stroke) == 1] == 255)


# ─ An original that does not fit at once ─


@pytest.mark.parametrize("strokes", [[], [WHOLE]])
def test_an_original_of_another_size_is_refused(strokes: list[Stroke]) -> None:
    with pytest.raises(OptionError, match=r"47 × 32.*48 × 32") as caught:
        edit(cutout(), strokes, source(random_photo(2, 47, 32)))
    assert caught.value.hint
    assert not isinstance(caught.value, OriginalNeeded)


def test_what_the_original_does_not_show_is_not_added() -> None:
    brought = np.tile(np.arange(WIDTH, dtype=np.uint8) * 5, (HEIGHT, 1))
    clear = cutout(np.zeros((HEIGHT, WIDTH), np.uint8))
    pixels = edited(clear, WHOLE, original=original(brought))
    np.testing.assert_array_equal(pixels[..., 3], brought)
    # A later stroke takes its share of that.
    half = edited(clear, WHOLE, replace(WHOLE, action="remove", opacity=0.5), original=original(brought))
    assert np.abs(half[..., 3] - brought / 2).max() <= 0.5


def test_the_originals_transparency_is_only_asked_where_something_is_added() -> None:
    stroke = dab("add", radius=4)
    pixels = edited(cutout(), stroke, original=original(np.zeros((HEIGHT, WIDTH), np.uint8)))
    there = covers(stroke) > 0
    assert not pixels[there].any()
    np.testing.assert_array_equal(pixels[..., 3][~there], soft_disc()[~there])


@pytest.mark.parametrize("of_cutout", [True, False])
def test_colours_are_brought_into_the_cutouts_space(of_cutout: bool) -> None:
    swapped = profile("RGB ", 2.2, swap=True)
    photo = original(icc=None if of_cutout else swapped)
    target = swapped if of_cutout else None
    stroke = dab("add", 14, 12, 9)
    pixels = edited(cutout(icc=target), stroke, original=photo)
    expected = from_srgb(to_srgb(photo.rgb, photo.metadata.icc), target)
    assert np.abs(expected.astype(int) - photo.rgb).max() > 50
    assert_colours(pixels, (covers(stroke) > 0) & (pixels[..., 3] > 0), expected)
    assert_colours(pixels, (covers(stroke) == 0) & (pixels[..., 3] > 0), cutout().rgb)


def test_colours_of_the_same_space_stay_byte_for_byte() -> None:
    swapped = profile("RGB ", 2.2, swap=True)
    pixels = edited(cutout(icc=swapped), WHOLE, original=original(icc=swapped))
    np.testing.assert_array_equal(pixels[..., :3], original().rgb)
