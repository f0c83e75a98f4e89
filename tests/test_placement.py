"""Where the photo comes to lie: crop, canvas, scale, position, bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleancut.errors import OptionError
from cleancut.geometry import Box, Cut, Size, parse_region, region_box
from cleancut.options import Options, Shadow
from cleancut.placement import Frame, frame_of, reach, shown

PHOTO = Size(400, 300)
SUBJECT = Box(100, 50, 200, 250)  # 100 × 200

sides = st.integers(1, 5000)


@st.composite
def subjects(draw: st.DrawFn) -> tuple[Size, Box]:
    photo = Size(draw(sides), draw(sides))
    left, top = draw(st.integers(0, photo.width - 1)), draw(st.integers(0, photo.height - 1))
    return photo, Box(left, top, draw(st.integers(left + 1, photo.width)), draw(st.integers(top + 1, photo.height)))


def lying(photo: Size = PHOTO, subject: Box | None = SUBJECT, **options: Any) -> Frame:
    return frame_of(photo, subject, Options(**options))


def test_without_wishes_the_picture_is_the_photo() -> None:
    assert lying() == Frame(400, 300)
    assert lying(crop=False, position="original", scale="original") == Frame(400, 300)


def test_a_crop_is_the_subject_with_its_margins() -> None:
    assert lying(crop=True) == Frame(100, 200, -100, -50)
    assert lying(crop=True, crop_margin="10px 20% 30px 40%") == Frame(160, 240, -60, -40)
    assert lying(subject=None, crop=True, crop_margin="10px") == Frame(400, 300)


@pytest.mark.parametrize(
    ("position", "left", "top"),
    [
        ("center", 150, 50), ("50%", 150, 50), ("0% 0%", 0, 0), ("100%", 300, 100), ("25% 75%", 75, 75),
        ("bottom", 150, 100), ("top left", 0, 0), ("left bottom", 0, 100), ("right", 300, 50),
    ],
)  # fmt: skip
def test_a_position_divides_the_room_that_is_left(position: str, left: int, top: int) -> None:
    frame = lying(position=position)
    assert (frame.width, frame.height, frame.resamples) == (400, 300, False)
    assert frame.shows(SUBJECT) == Box(left, top, left + 100, top + 200)


def test_a_scale_is_of_the_picture_and_centres() -> None:
    # The subject's height is what fills the picture first: 60 % of 300.
    assert lying(scale="60%").shows(SUBJECT) == Box(155, 60, 245, 240)
    assert lying(scale="100%").shows(SUBJECT) == Box(125, 0, 275, 300)
    assert lying(scale="60%", position="0% 100%").shows(SUBJECT) == Box(0, 120, 90, 300)
    assert lying(subject=None, scale="60%") == Frame(400, 300)


def test_on_a_canvas_the_subject_fills_the_room() -> None:
    frame = lying(canvas="1000x1000", padding="10%")
    assert (frame.width, frame.height) == (1000, 1000)
    assert frame.shows(SUBJECT) == Box(300, 100, 700, 900)
    assert lying(canvas="1000x1000").shows(SUBJECT) == Box(250, 0, 750, 1000)
    assert lying(canvas="100x100", padding="10% 20px").shows(SUBJECT) == Box(30, 10, 70, 90)
    assert lying(canvas="1000", padding="10% 0 0 0", position="bottom").shows(SUBJECT) == Box(275, 100, 725, 1000)
    assert lying(canvas="1000", padding="10%", scale="50%").shows(SUBJECT) == Box(400, 300, 600, 700)
    assert lying(subject=None, canvas="640x480").width == 640
    with pytest.raises(OptionError, match="no room"):
        lying(canvas="100x100", padding="50px")


def test_what_the_photo_cuts_off_stands_against_that_border_of_the_canvas() -> None:
    def stands(subject: Box, cut: Cut, **options: Any) -> Box:
        wanted = Options(canvas="1000x1000", padding="10%", **options)
        return frame_of(PHOTO, subject, wanted, cut).shows(subject)

    chest, below = Box(150, 100, 250, 300), Cut(bottom=True)
    assert stands(chest, below) == Box(275, 100, 725, 1000)
    # It merely touches the border.
    assert stands(chest, Cut()) == Box(300, 100, 700, 900)
    assert stands(Box(0, 100, 100, 299), Cut(left=True, bottom=True)) == Box(0, 100, 453, 1000)
    assert stands(Box(0, 100, 400, 200), Cut(left=True, right=True)) == Box(0, 375, 1000, 625)
    # Who says where, is heeded.
    assert stands(chest, below, position="center").bottom == 900
    assert stands(chest, below, scale="50%") == Box(400, 300, 600, 700)


def test_a_result_is_shrunk_to_fit_and_never_enlarged() -> None:
    assert (lying(max_size="200x200").width, lying(max_size="200x200").height) == (200, 150)
    assert lying(max_size="400x300") == lying(max_size="9999") == Frame(400, 300)
    small = lying(crop=True, max_size="50")
    assert (small.width, small.height) == (25, 50)
    assert small.shows(SUBJECT) == Box(0, 0, 25, 50)
    assert lying(canvas="1000x500", max_size="100").shows(SUBJECT) == Box(37, 0, 63, 50)


def test_pixels_are_counted_before_the_crop() -> None:
    half = lying(max_pixels=30_000)
    assert (half.width, half.height, half.across) == (200, 150, 0.5)
    assert lying(max_pixels=30_000, crop=True).shows(SUBJECT) == Box(0, 0, 50, 100)
    assert lying(max_pixels=120_000) == lying(max_pixels=10**9) == Frame(400, 300)
    # As the service that this is for does it: 1920 × 1080 in a quarter of a megapixel.
    assert (lying(Size(1920, 1080), None, max_pixels=250_000).width) == 666


@given(subjects(), st.integers(1, 4000), st.integers(1, 4000))
def test_a_bound_holds_and_is_used(found: tuple[Size, Box], width: int, height: int) -> None:
    photo, subject = found
    for crop in (False, True):
        whole = frame_of(photo, subject, Options(crop=crop))
        frame = frame_of(photo, subject, Options(crop=crop, max_size=f"{width}x{height}"))
        assert 1 <= frame.width <= max(1, min(width, whole.width))
        assert 1 <= frame.height <= max(1, min(height, whole.height))
        used = max(frame.width / width, frame.height / height)
        assert frame == whole or used > 1 - 1 / min(width, height) - 1e-9


@given(subjects(), st.integers(1, 4_000_000))
def test_so_many_pixels_and_no_more(found: tuple[Size, Box], most: int) -> None:
    photo, subject = found
    for options in (Options(max_pixels=most), Options(max_pixels=most, crop=True, crop_margin="100%")):
        frame = frame_of(photo, subject, options)
        assert frame.width * frame.height <= max(most, 3 * photo.width, 3 * photo.height)


@given(
    subjects(),
    st.integers(10, 3000),
    st.integers(10, 3000),
    st.floats(0, 45),
    st.sampled_from(["center", "0% 0%", "100%", "33.3% 66%", "bottom"]),
    st.sampled_from([None, "10%", "73%", "100%"]),
)
def test_on_a_canvas_the_subject_stays_inside_the_padding(
    found: tuple[Size, Box], width: int, height: int, padding: float, position: str, scale: str | None
) -> None:
    photo, subject = found
    options = Options(canvas=f"{width}x{height}", padding=f"{padding:.2f}%", position=position, scale=scale)
    room = options.parsed_padding
    frame = frame_of(photo, subject, options)
    assert (frame.width, frame.height) == (width, height)
    assert frame.across == frame.down
    box = frame.shows(subject)
    free = room.left.pixels(width), room.top.pixels(height)
    # Within a pixel, since it stands at a whole one.
    assert box.left >= free[0] - 1
    assert box.top >= free[1] - 1
    assert box.right <= width - room.right.pixels(width) + 1
    assert box.bottom <= height - room.bottom.pixels(height) + 1
    # As large as it was asked to be.
    share = options.parsed_scale or 1
    wide = (width - free[0] - room.right.pixels(width)) * share / subject.width
    tall = (height - free[1] - room.bottom.pixels(height)) * share / subject.height
    assert frame.across == pytest.approx(min(wide, tall))


@given(subjects(), st.sampled_from(["center", "0%", "100% 0%", "20% 80%"]))
def test_what_is_only_moved_is_moved_by_whole_pixels(found: tuple[Size, Box], position: str) -> None:
    photo, subject = found
    frame = frame_of(photo, subject, Options(position=position))
    assert not frame.resamples
    assert frame.left == int(frame.left)
    assert frame.top == int(frame.top)
    box = frame.shows(subject)
    assert (box.width, box.height) == (subject.width, subject.height)


@pytest.mark.parametrize("shadow", ["drop", "contact", "cast"])
def test_a_crop_leaves_room_for_the_shadow(shadow: Shadow) -> None:
    options = Options(crop=True, shadow=shadow)
    assert shown(PHOTO, SUBJECT, options) == reach(shadow, SUBJECT)
    assert reach(shadow, SUBJECT).bottom > SUBJECT.bottom
    # None is drawn on a floor that is not in the photo, nor one that is not to be seen.
    on_floor = shadow != "drop"
    assert (shown(PHOTO, SUBJECT, options, Cut(bottom=True)) == SUBJECT) == on_floor
    assert shown(PHOTO, SUBJECT, Options(crop=True, shadow=shadow, shadow_opacity=0)) == SUBJECT
    wide = Options(crop=True, crop_margin="100%", shadow=shadow)
    assert shown(PHOTO, SUBJECT, wide) == Box(0, -150, 300, 450)


def test_a_region_is_a_part_of_the_photo() -> None:
    assert region_box(parse_region("0% 0% 100% 100%"), PHOTO) == Box(0, 0, 400, 300)
    assert region_box(parse_region("0 0 100% 100%"), PHOTO) == Box(0, 0, 400, 300)
    assert region_box(parse_region("10px 25% 50% 200px"), PHOTO) == Box(10, 75, 200, 200)
    for text, said in (("0 0 401px 300px", "beyond"), ("50% 0 50% 100%", "nothing"), ("90% 0 10% 100%", "nothing")):
        with pytest.raises(OptionError, match=said):
            region_box(parse_region(text), PHOTO)
