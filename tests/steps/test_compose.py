from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cleancut.options import Options
from cleancut.steps.compose import compose
from cleancut.types import Alpha, Pixels, Rgb, Source
from tests.matting.masks import disc
from tests.pictures import profile, srgb_profile
from tests.steps.sources import Colour, plain, ramp, random_photo, rectangle, source

# An image background is decoded before it comes here: the bytes only say that there is one.
PICTURE = b"a picture"


def composed(photo: Source, alpha: Alpha, scene: Source | None = None, **options: object) -> Pixels:
    return compose(photo, photo.rgb, alpha, Options(**options), scene).pixels  # type: ignore[arg-type]


def hexed(colour: Colour) -> str:
    return "#" + bytes(colour).hex()


def mixed(front: Colour | Rgb, alpha: NDArray[np.floating[Any]], behind: Colour | Rgb) -> NDArray[np.float64]:
    weight = alpha[..., None].astype(np.float64)
    return weight * np.asarray(front, np.float64) + (1 - weight) * np.asarray(behind, np.float64)


# ─ The golden rule: what is seen is a·C + (1 − a)·B, whoever lays the cut-out over the background. ─


@pytest.mark.parametrize("behind", [(255, 255, 255), (0, 0, 0), (128, 128, 128)])
@pytest.mark.parametrize("colour", [(200, 30, 90), (0, 0, 0), (255, 255, 255), (1, 254, 128)])
def test_over_a_colour_every_pixel_is_the_mix_of_subject_and_background(colour: Colour, behind: Colour) -> None:
    photo, alpha = source(plain(colour, 256)), ramp(256)
    expected = mixed(colour, alpha, behind)
    ours = composed(photo, alpha, background=hexed(behind))
    assert ours.shape == (32, 256, 3)
    assert np.abs(ours - expected).max() <= 1
    # And by another program, from the transparent cut-out.
    cutout = Image.fromarray(composed(photo, alpha))
    theirs = np.asarray(Image.alpha_composite(Image.new("RGBA", cutout.size, (*behind, 255)), cutout))
    assert np.all(theirs[..., 3] == 255)
    assert np.abs(theirs[..., :3] - expected).max() <= 1


def test_the_rule_holds_for_soft_round_edges_over_a_picture() -> None:
    front, behind, alpha = random_photo(1, 90, 90), random_photo(2, 90, 90), disc(90, 30, softness=15)
    found = composed(source(front), alpha, source(behind), background=PICTURE)
    assert np.abs(found - mixed(front, alpha, behind)).max() <= 1


# ─ Transparent ─


def test_colours_are_the_photos_own_and_nothing_where_nothing_is() -> None:
    rgb, alpha = random_photo(3, 256), ramp(256)
    pixels = composed(source(rgb), alpha)
    assert pixels.shape == (32, 256, 4)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels[..., 3], np.rint(alpha * 255))
    shown = pixels[..., 3] > 0
    np.testing.assert_array_equal(pixels[shown][:, :3], rgb[shown])
    assert shown.any()
    assert not shown.all()
    assert not pixels[~shown].any()


def test_transparency_of_the_file_multiplies() -> None:
    brought = np.tile(np.arange(32, dtype=np.uint8)[:, None] * 8, (1, 48))
    pixels = composed(source(random_photo(4), brought), ramp())
    expected = brought * (np.rint(ramp() * 255) / 255)
    assert np.abs(pixels[..., 3] - expected).max() <= 0.5 + 1e-6
    inside = composed(source(random_photo(4), brought), np.ones((32, 48), np.float32))
    np.testing.assert_array_equal(inside[..., 3], brought)


def test_photo_and_matte_are_left_for_the_next_rendering() -> None:
    photo, alpha = source(random_photo(5), np.full((32, 48), 99, np.uint8)), ramp()
    before = photo.rgb.copy(), alpha.copy()
    for background in ("transparent", "red", "#ff000080", "blur"):
        composed(photo, alpha, background=background, crop=True)
    np.testing.assert_array_equal(photo.rgb, before[0])
    np.testing.assert_array_equal(alpha, before[1])


def test_the_metadata_goes_along() -> None:
    photo = source(random_photo(6), icc=srgb_profile())
    assert compose(photo, photo.rgb, ramp(), Options()).metadata == photo.metadata
    assert compose(photo, photo.rgb, ramp(), Options(background="red")).metadata == photo.metadata


# ─ Colours ─


@pytest.mark.parametrize(
    ("name", "colour"),
    [("white", (255, 255, 255)), ("#fc0", (255, 204, 0)), ("ffcc00ff", (255, 204, 0)), ("#0f0f", (0, 255, 0))],
)
def test_where_the_subject_is_not_the_colour_is_exact(name: str, colour: Colour) -> None:
    pixels = composed(source(random_photo(7)), rectangle(0, 0, 20, 32), background=name)
    assert pixels.shape == (32, 48, 3)
    assert np.all(pixels[:, 20:] == colour)
    np.testing.assert_array_equal(pixels[:, :20], random_photo(7)[:, :20])


@pytest.mark.parametrize(("name", "alpha"), [("#ff000080", 128), ("#f008", 136), ("00ff0001", 1), ("#f000", 0)])
def test_a_see_through_colour_stays_see_through(name: str, alpha: int) -> None:
    rgb = random_photo(8)
    pixels = composed(source(rgb), rectangle(0, 0, 20, 32), background=name)
    assert pixels.shape == (32, 48, 4)
    assert np.all(pixels[:, 20:, 3] == alpha)
    assert np.all(pixels[:, :20, 3] == 255)
    np.testing.assert_array_equal(pixels[:, :20, :3], rgb[:, :20])


def test_a_see_through_colour_over_white_is_seen_as_colour_and_subject_over_white() -> None:
    front: Colour = (20, 60, 220)
    pixels = composed(source(plain(front, 256)), ramp(256), background="#ff000080")
    seen = mixed(pixels[..., :3], pixels[..., 3].astype(np.float32) / 255, (255, 255, 255))
    tinted = mixed((255, 0, 0), np.full((32, 256), 128 / 255, np.float32), (255, 255, 255)).astype(np.uint8)
    expected = mixed(front, ramp(256), tinted)
    assert np.abs(seen - expected).max() <= 2


def test_a_named_colour_is_brought_into_the_photos_colour_space() -> None:
    # Red and green are exchanged in this one: what is red on a screen has the value green.
    swapped = profile("RGB ", 2.2, swap=True)
    pixels = composed(source(random_photo(9), icc=swapped), rectangle(0, 0, 20, 32), background="#fa5078")
    np.testing.assert_allclose(pixels[0, 40], (0x50, 0xFA, 0x78), atol=6)
    see_through = composed(source(random_photo(9), icc=swapped), rectangle(0, 0, 20, 32), background="#fa507880")
    np.testing.assert_allclose(see_through[0, 40], (0x50, 0xFA, 0x78, 0x80), atol=6)
    white = composed(source(random_photo(9), icc=swapped), rectangle(0, 0, 20, 32), background="white")
    assert np.all(white[0, 40] == 255)


# ─ A picture behind ─


def test_a_picture_of_the_same_size_is_untouched() -> None:
    behind = random_photo(10)
    pixels = composed(source(random_photo(11)), rectangle(0, 0, 20, 32), source(behind), background=PICTURE)
    np.testing.assert_array_equal(pixels[:, 20:], behind[:, 20:])


def quarters(width: int, height: int) -> Rgb:
    """Four quarters of different colours: no flip and no turn looks like it."""
    rgb = plain((200, 0, 0), width, height)
    rgb[: height // 2, width // 2 :] = (0, 200, 0)
    rgb[height // 2 :, : width // 2] = (0, 0, 200)
    rgb[height // 2 :, width // 2 :] = (200, 200, 200)
    return rgb


@pytest.mark.parametrize("scene", [(100, 100), (400, 100), (100, 400), (30, 70), (12, 10), (801, 333)])
@pytest.mark.parametrize("frame", [(160, 90), (90, 160)])
def test_a_picture_covers_the_frame_centred(frame: tuple[int, int], scene: tuple[int, int]) -> None:
    width, height = frame
    empty = np.zeros((height, width), np.float32)
    pixels = composed(source(plain((9, 9, 9), *frame)), empty, source(quarters(*scene)), background=PICTURE)
    assert pixels.shape == (height, width, 3)
    corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
    np.testing.assert_allclose(corners, [(200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 200)], atol=12)
    # The quarters meet in the middle, but for a scene of an odd size by half of its pixel.
    scale = max(width / scene[0], height / scene[1])
    left_of = np.flatnonzero(pixels[1, :, 1] > 100)[0]
    above = np.flatnonzero(pixels[:, 1, 2] > 100)[0]
    assert left_of == pytest.approx(width / 2, abs=1 + scale / 2 * (scene[0] % 2))
    assert above == pytest.approx(height / 2, abs=1 + scale / 2 * (scene[1] % 2))


@pytest.mark.parametrize("scene", [(400, 200), (200, 400), (120, 100)])
@pytest.mark.parametrize("frame", [(160, 90), (90, 160)])
def test_a_picture_keeps_its_aspect(frame: tuple[int, int], scene: tuple[int, int]) -> None:
    # A dot in the middle stays round.
    rgb = plain((0, 0, 0), *scene)
    down, across = np.mgrid[0 : scene[1], 0 : scene[0]] + 0.5
    rgb[np.hypot(down - scene[1] / 2, across - scene[0] / 2) < 30] = 255
    empty = np.zeros((frame[1], frame[0]), np.float32)
    pixels = composed(source(plain((9, 9, 9), *frame)), empty, source(rgb), background=PICTURE)
    white = pixels[..., 0] > 127
    diameter = 60 * max(frame[0] / scene[0], frame[1] / scene[1])
    assert white.any(axis=0).sum() == pytest.approx(min(diameter, frame[0]), abs=1.5)
    assert white.any(axis=1).sum() == pytest.approx(min(diameter, frame[1]), abs=1.5)


def test_a_see_through_picture_behind_lies_on_white() -> None:
    behind = source(plain((0, 100, 200)), np.full((32, 48), 51, np.uint8))
    pixels = composed(source(random_photo(12)), np.zeros((32, 48), np.float32), behind, background=PICTURE)
    assert np.abs(pixels.astype(int) - (204, 224, 244)).max() <= 1


@pytest.mark.parametrize("of_photo", [True, False])
def test_a_picture_behind_is_brought_into_the_photos_colour_space(of_photo: bool) -> None:
    swapped = profile("RGB ", 2.2, swap=True)
    photo = source(random_photo(13), icc=swapped if of_photo else None)
    behind = source(plain((250, 80, 120)), icc=None if of_photo else swapped)
    pixels = composed(photo, np.zeros((32, 48), np.float32), behind, background=PICTURE)
    np.testing.assert_allclose(pixels[5, 5], (80, 250, 120), atol=6)


def test_a_picture_behind_in_the_same_colour_space_keeps_its_values() -> None:
    swapped = profile("RGB ", 2.2, swap=True)
    behind = random_photo(14)
    pixels = composed(
        source(random_photo(13), icc=swapped),
        np.zeros((32, 48), np.float32),
        source(behind, icc=swapped),
        background=PICTURE,
    )
    np.testing.assert_array_equal(pixels, behind)


# ─ Blur ─


def before_a_wall(alpha: Alpha, wall: Colour = (20, 40, 200)) -> Source:
    return source(np.rint(mixed((220, 20, 20), alpha, wall)).astype(np.uint8))


@pytest.mark.parametrize("background", ["blur", "blur:3", "blur:40"])
def test_a_blurred_wall_is_the_wall_and_the_subject_stays_sharp(background: str) -> None:
    alpha = rectangle(60, 40, 140, 160, 200, 200)
    pixels = composed(before_a_wall(alpha), alpha, background=background)
    assert pixels.shape == (200, 200, 3)
    assert np.all(pixels[alpha == 1] == (220, 20, 20))
    assert np.abs(pixels[alpha == 0].astype(int) - (20, 40, 200)).max() <= 6


def test_without_a_radius_the_blur_fits_the_photos_size() -> None:
    stripes = plain((0, 0, 0), 400, 200)
    stripes[:, ::4] = 255
    nothing = np.zeros((200, 400), np.float32)
    by_itself = composed(source(stripes), nothing, background="blur")
    np.testing.assert_array_equal(by_itself, composed(source(stripes), nothing, background="blur:8"))
    assert np.ptp(by_itself[:, 50:350]) <= 2


# ─ Crop ─


def test_cropped_the_subject_fills_the_frame() -> None:
    rgb = random_photo(15)
    pixels = composed(source(rgb), rectangle(10, 5, 31, 28), crop=True)
    np.testing.assert_array_equal(pixels[..., :3], rgb[5:28, 10:31])
    assert np.all(pixels[..., 3] == 255)


def test_margins_in_pixels_go_top_right_bottom_left() -> None:
    rgb = random_photo(15)
    pixels = composed(source(rgb), rectangle(20, 10, 30, 20), background="red", crop=True, crop_margin="1 2px 3 4")
    assert pixels.shape == (14, 16, 3)
    np.testing.assert_array_equal(pixels[1:11, 4:14], rgb[10:20, 20:30])
    pixels[1:11, 4:14] = (255, 0, 0)
    assert np.all(pixels == (255, 0, 0))


def test_margins_in_percent_are_of_the_subjects_own_sides() -> None:
    pixels = composed(source(plain((9, 9, 9), 100, 100)), rectangle(30, 40, 70, 60, 100, 100), crop=True,
                      crop_margin="50% 25%")  # fmt: skip
    assert pixels.shape == (40, 60, 4)
    assert np.all(pixels[10:30, 10:50, 3] == 255)
    assert pixels[..., 3].sum() == 20 * 40 * 255


def test_margins_beyond_the_frame_are_clear() -> None:
    rgb = random_photo(15)
    pixels = composed(source(rgb), rectangle(0, 0, 48, 32), crop=True, crop_margin="10px 20px")
    assert pixels.shape == (52, 88, 4)
    np.testing.assert_array_equal(pixels[10:42, 20:68, :3], rgb)
    assert np.all(pixels[10:42, 20:68, 3] == 255)
    pixels[10:42, 20:68] = 0
    assert not pixels.any()


def test_margins_beyond_the_frame_are_of_the_backgrounds_colour() -> None:
    pixels = composed(source(random_photo(15)), rectangle(0, 0, 48, 32), background="#102030", crop=True,
                      crop_margin="7")  # fmt: skip
    assert pixels.shape == (46, 62, 3)
    pixels[7:39, 7:55] = (16, 32, 48)
    assert np.all(pixels == (16, 32, 48))


@pytest.mark.parametrize("radius", ["", ":4", ":60"])
def test_margins_beyond_the_frame_continue_a_blurred_wall(radius: str) -> None:
    # The subject is cut by the photo's lower border, and is not to be seen in the margin below.
    alpha = rectangle(60, 50, 140, 200, 200, 200)
    pixels = composed(before_a_wall(alpha), alpha, background="blur" + radius, crop=True, crop_margin="30 20")
    assert pixels.shape == (210, 120, 3)
    assert np.all(pixels[30:180, 20:100] == (220, 20, 20))
    subject = np.zeros((210, 120), bool)
    subject[30:180, 20:100] = True
    assert np.abs(pixels[~subject].astype(int) - (20, 40, 200)).max() <= 6


def test_a_picture_behind_covers_the_cropped_frame() -> None:
    behind = random_photo(16, 20, 12)
    pixels = composed(source(random_photo(15)), rectangle(20, 10, 30, 16), source(behind), background=PICTURE,
                      crop=True, crop_margin="50%")  # fmt: skip
    assert pixels.shape == (12, 20, 3)
    np.testing.assert_array_equal(pixels[:3], behind[:3])


def test_dust_and_haze_do_not_widen_the_crop() -> None:
    alpha = rectangle(50, 50, 150, 150, 200, 200)
    alpha[alpha == 0] = 0.05
    alpha[3, 3] = 1
    assert composed(source(plain((9, 9, 9), 200, 200)), alpha, crop=True).shape == (100, 100, 4)


def test_without_a_subject_nothing_is_cropped() -> None:
    nothing = np.zeros((32, 48), np.float32)
    pixels = composed(source(random_photo(15)), nothing, crop=True, crop_margin="10px")
    assert pixels.shape == (32, 48, 4)
    assert not pixels.any()


def test_what_the_file_hid_is_not_the_subject() -> None:
    brought = np.zeros((32, 48), np.uint8)
    brought[10:20, 20:40] = 255
    assert composed(source(random_photo(15), brought), rectangle(0, 0, 30, 32), crop=True).shape == (10, 10, 4)


# ─ Channels and formats ─


def test_the_matte_alone_is_one_channel() -> None:
    photo = source(random_photo(17), icc=srgb_profile())
    picture = compose(photo, photo.rgb, ramp(), Options(channels="alpha", background="red"))
    np.testing.assert_array_equal(picture.pixels, np.rint(ramp() * 255))
    # A colour profile says nothing about a matte.
    assert picture.metadata.icc is None
    assert picture.metadata.dpi == (300, 300)


def test_the_matte_alone_is_cropped_too() -> None:
    pixels = composed(source(random_photo(17)), rectangle(0, 10, 30, 20), channels="alpha", crop=True, crop_margin="5")
    assert pixels.shape == (20, 40)
    assert pixels.sum() == 300 * 255


def test_jpeg_lies_on_white_by_default() -> None:
    photo, alpha = source(random_photo(18)), ramp()
    np.testing.assert_array_equal(composed(photo, alpha, format="jpg"), composed(photo, alpha, background="white"))
    assert np.all(composed(photo, rectangle(0, 0, 9, 9), format="jpg", background="blue")[20, 20] == (0, 0, 255))


def test_a_zip_keeps_the_colours_that_the_matte_hides() -> None:
    rgb, alpha = random_photo(19), rectangle(5, 5, 20, 20)
    pixels = composed(source(rgb), alpha, format="zip")
    np.testing.assert_array_equal(pixels[..., :3], rgb)
    np.testing.assert_array_equal(pixels[..., 3], alpha * 255)
