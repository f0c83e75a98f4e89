from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cleancut.options import Limits, Options
from cleancut.pipeline import load, render
from cleancut.steps.decontaminate import decontaminate
from cleancut.types import Alpha, Matte, Pixels, Rgb, Source
from tests.matting.masks import disc
from tests.pictures import saved
from tests.steps.sources import Colour, plain, random_photo, rectangle, source

ORANGE: Colour = (200, 100, 50)
WALLS: list[Colour] = [(255, 255, 255), (0, 177, 64), (0, 0, 0)]
SIDE = 160
SOFT = disc(SIDE, 45, softness=12)


def mixed(front: Colour | Rgb, alpha: Alpha, behind: Colour | Rgb) -> Rgb:
    weight = alpha[..., None].astype(np.float64)
    rgb: Rgb = np.rint(weight * np.asarray(front) + (1 - weight) * np.asarray(behind)).astype(np.uint8)
    return rgb


def before(wall: Colour, alpha: Alpha = SOFT) -> Source:
    return source(mixed(ORANGE, alpha, wall))


def rendered(photo: Source, alpha: Alpha, **options: object) -> Pixels:
    matte = Matte(alpha, subject=True, confidence=1)
    return render(photo, matte, Options(**options)).pixels  # type: ignore[arg-type]


def off(found: NDArray[np.uint8], expected: object) -> NDArray[np.int64]:
    levels: NDArray[np.int64] = np.abs(found[..., :3].astype(int) - np.asarray(expected, int)).max(axis=-1)
    return levels


# ─ What is seen: nothing of the old wall. ─


@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("behind", [(255, 255, 255), (0, 0, 0), (128, 128, 128)])
def test_over_another_colour_nothing_of_the_old_wall_is_left(wall: Colour, behind: Colour) -> None:
    expected = mixed(ORANGE, SOFT, behind)
    ours = rendered(before(wall), SOFT, background="#" + bytes(behind).hex())
    assert off(ours, expected).max() <= 2
    # And by another program, from the transparent cut-out.
    cutout = Image.fromarray(rendered(before(wall), SOFT))
    theirs = Image.alpha_composite(Image.new("RGBA", cutout.size, (*behind, 255)), cutout)
    assert off(np.asarray(theirs), expected).max() <= 2


@pytest.mark.parametrize("wall", WALLS)
def test_over_a_picture_and_a_see_through_colour_too(wall: Colour) -> None:
    behind = random_photo(1, SIDE, SIDE)
    scene = rendered(before(wall), SOFT, background=saved(behind, "PNG"))
    assert off(scene, mixed(ORANGE, SOFT, behind)).max() <= 2
    tinted = rendered(before(wall), SOFT, background="#0000ff80")
    opaque = SOFT == 1
    assert off(tinted[opaque], ORANGE).max() <= 1
    assert tinted[..., 1][SOFT > 0.5].min() >= 45  # from 100 of the subject; the tint has no green


def test_a_blurred_wall_is_still_the_photos() -> None:
    # Colours of the subject must not get into the blur, where soft edges now have more of them.
    pixels = rendered(before((0, 60, 200)), SOFT, background="blur:10")
    assert off(pixels, mixed(ORANGE, SOFT, (0, 60, 200)))[SOFT < 1].mean() <= 12
    before_it = rendered(before((0, 60, 200)), SOFT, background="blur:10", decontaminate=False)
    clear = SOFT == 0
    np.testing.assert_array_equal(pixels[clear], before_it[clear])


@pytest.mark.parametrize("wall", WALLS)
def test_a_feather_shows_the_subjects_colours_on_both_sides_of_its_edge(wall: Colour) -> None:
    # The photo is sharp: taken for mixed, its colours inside would be pushed away from the wall's.
    hard = disc(SIDE, 45, softness=1)
    pixels = rendered(before(wall, hard), hard, feather=20)
    shown = pixels[..., 3] > 0
    assert (hard[shown] == 0).mean() > 0.2
    assert off(pixels[shown], ORANGE).max() <= 2


def test_turned_inside_out_the_wall_is_freed_from_the_subject() -> None:
    wall = (0, 60, 200)
    pixels = rendered(before(wall), SOFT, invert=True)
    shown = pixels[..., 3] > 0
    assert off(pixels[shown], wall).max() <= 2


def test_a_crop_changes_no_colour() -> None:
    photo = source(mixed(random_photo(2, SIDE, SIDE), SOFT, (0, 177, 64)))
    whole, cropped = rendered(photo, SOFT), rendered(photo, SOFT, crop=True, crop_margin="10px")
    height, width = cropped.shape[:2]
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    assert height < SIDE
    np.testing.assert_array_equal(cropped, whole[top : top + height, left : left + width])


# ─ What stays. ─


def test_opaque_and_hidden_pixels_keep_the_photos_colours() -> None:
    photo = source(random_photo(3, SIDE, SIDE))
    pixels = rendered(photo, SOFT)
    opaque, clear = pixels[..., 3] == 255, pixels[..., 3] == 0
    np.testing.assert_array_equal(pixels[opaque][:, :3], photo.rgb[opaque])
    assert not pixels[clear].any()
    assert (off(pixels, photo.rgb)[~opaque & ~clear] > 0).mean() > 0.9
    # The colours of a ZIP are those of the whole frame.
    frame = rendered(photo, SOFT, format="zip")
    np.testing.assert_array_equal(frame[clear][:, :3], photo.rgb[clear])
    np.testing.assert_array_equal(frame[~clear], pixels[~clear])


def test_without_it_the_photos_colours_stay_everywhere() -> None:
    photo = source(random_photo(4, SIDE, SIDE))
    assert decontaminate(photo, SOFT, SOFT, Options(decontaminate=False)) is photo.rgb
    pixels = rendered(photo, SOFT, decontaminate=False)
    np.testing.assert_array_equal(pixels[pixels[..., 3] > 0][:, :3], photo.rgb[pixels[..., 3] > 0])


def test_nothing_is_done_where_no_colour_is_asked_for_or_to_be_found() -> None:
    photo = source(random_photo(5, SIDE, SIDE))
    assert decontaminate(photo, SOFT, SOFT, Options(channels="alpha")) is photo.rgb
    hard = rectangle(20, 20, 90, 90, SIDE, SIDE)
    assert decontaminate(photo, hard, hard, Options()) is photo.rgb


def test_the_photo_is_left_for_the_next_rendering() -> None:
    for brought in (None, np.full((SIDE, SIDE), 254, np.uint8), np.tile(np.arange(SIDE, dtype=np.uint8), (SIDE, 1))):
        photo = source(random_photo(6, SIDE, SIDE), brought)
        rgb = photo.rgb.copy()
        decontaminate(photo, SOFT, SOFT, Options())
        np.testing.assert_array_equal(photo.rgb, rgb)


# ─ Files that bring transparency of their own. ─


@pytest.mark.parametrize("hidden", [(0, 0, 0), (255, 255, 255), (0, 255, 0)])
def test_what_was_cut_out_before_keeps_its_colours(hidden: Colour) -> None:
    # Straight colours under a soft edge; the model sees that edge again.
    pixels = plain(ORANGE, SIDE, SIDE)
    pixels[SOFT == 0] = hidden
    brought = np.rint(SOFT * 255).astype(np.uint8)
    again = rendered(source(pixels, brought), disc(SIDE, 44, softness=16))
    shown = again[..., 3] > 0
    assert off(again[shown], ORANGE).max() <= 2
    # An edge that the file cuts hard: opaque pixels that the matte takes for mixed lie right beside hidden ones.
    hard = plain(ORANGE, SIDE, SIDE)
    opaque = disc(SIDE, 45, softness=0.01) > 0.5
    hard[~opaque] = hidden
    again = rendered(source(hard, opaque.astype(np.uint8) * 255), SOFT)
    shown = again[..., 3] > 0
    assert off(again[shown], ORANGE).max() <= 2


@pytest.mark.parametrize("wall", WALLS)
def test_where_such_a_file_is_opaque_the_wall_goes_as_ever(wall: Colour) -> None:
    photo = before(wall)
    brought = np.full((SIDE, SIDE), 255, np.uint8)
    brought[:8] = 0  # a strip of the frame, far from the subject
    pixels = rendered(source(photo.rgb, brought), SOFT)
    assert off(pixels[pixels[..., 3] > 0], ORANGE).max() <= 2


def test_what_such_a_file_hides_stays_as_it_was() -> None:
    photo = source(random_photo(7, SIDE, SIDE), np.tile(np.arange(SIDE, dtype=np.uint8), (SIDE, 1)))
    np.testing.assert_array_equal(decontaminate(photo, SOFT, SOFT, Options()), photo.rgb)


def test_a_file_without_transparency_and_one_that_is_all_but_opaque_look_the_same() -> None:
    photo = before((0, 177, 64))
    brought = np.full((SIDE, SIDE), 255, np.uint8)
    brought[0, 0] = 254
    found = decontaminate(source(photo.rgb, brought), SOFT, SOFT, Options())
    expected = decontaminate(photo, SOFT, SOFT, Options())
    np.testing.assert_array_equal(found, expected)
    loaded = load(saved(np.dstack((photo.rgb, np.full_like(brought, 255))), "PNG"), Limits())
    np.testing.assert_array_equal(decontaminate(loaded, SOFT, SOFT, Options()), expected)
