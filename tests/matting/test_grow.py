from __future__ import annotations

import math
import time
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest

from cleancut.errors import OptionError
from cleancut.matting.grow import Grow, coverage, ground_of, pieces
from cleancut.matting.strokes import Action
from cleancut.types import Alpha, Rgb
from tests.matting.drawings import compose, ring

RED, BLUE = (170, 60, 50), (60, 90, 160)


def soft_disc(height: int, width: int, x: float, y: float, radius: float) -> Alpha:
    down, across = np.mgrid[:height, :width] + 0.5
    return np.asarray(np.clip(radius - np.hypot(across - x, down - y) + 0.5, 0, 1), np.float32)


def unknown(rgb: Rgb) -> Alpha:
    """A matte that says nothing."""
    return np.full(rgb.shape[:2], 0.5, np.float32)


def covered(
    rgb: Rgb, x: float, y: float, reach: float = 0.5, matte: Alpha | None = None, action: Action = "add"
) -> Alpha:
    """What a point covers of the whole photo."""
    whole = np.zeros(rgb.shape[:2], np.float32)
    ground = ground_of(rgb, unknown(rgb) if matte is None else matte)
    for box, cover in pieces(Grow(action, (x, y), reach), ground):
        assert cover.shape == (box.height, box.width)
        assert max(cover.shape) <= 512
        whole[box.top : box.bottom, box.left : box.right] = cover
    return whole


def plain(height: int, width: int, colour: tuple[int, int, int]) -> Rgb:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.mark.parametrize("size", [(300, 400), (1203, 1807), (2400, 3001)])
def test_a_point_takes_what_it_lies_on_up_to_the_soft_edge(size: tuple[int, int]) -> None:
    height, width = size
    alpha = soft_disc(height, width, width * 0.4, height * 0.5, height * 0.3)
    rgb = compose(alpha, RED, BLUE, texture=4)
    inside, outside = covered(rgb, width * 0.45, height * 0.5), covered(rgb, 5, height - 5)
    for found, truth in ((inside, alpha), (outside, 1 - alpha)):
        sure = cv2.erode(truth, np.ones((9, 9))) == 1, cv2.dilate(truth, np.ones((9, 9))) == 0
        assert np.percentile(found[sure[0]], 0.1) > 0.97
        assert np.percentile(found[sure[1]], 99.9) < 0.03
        assert found[sure[0]].min() > 0.6
        assert found[sure[1]].max() < 0.4
        # Of the edge's own pixels: without the photo they would be off by a reduced pixel's half, and by 0.5 in places.
        assert np.abs(found - truth)[(alpha > 0) & (alpha < 1)].mean() < 0.2


def test_the_border_follows_the_photo_and_not_the_reduced_one() -> None:
    # Four times reduced, with an edge in the middle of a reduced pixel.
    rgb = plain(3000, 4000, BLUE)
    rgb[:, 2002:] = RED
    row = covered(rgb, 3000, 1500)[1500]
    assert row[2005:].min() > 0.97
    assert row[:1999].max() < 0.03
    assert row[2002] > 0.75
    assert row[2001] < 0.25


def test_only_what_is_connected_is_taken() -> None:
    rgb = ring().rgb
    hole, outside = covered(rgb, 192, 192), covered(rgb, 5, 5)
    assert hole[192, 192] == outside[5, 5] == 1
    assert hole[5, 5] == outside[192, 192] == 0
    assert (hole * outside).max() < 0.1


def test_a_gap_of_two_pixels_is_no_way_out() -> None:
    rgb = plain(200, 200, BLUE)
    rgb[:, 98:102] = RED
    rgb[99:101] = BLUE
    found = covered(rgb, 50, 50, 0.4)
    assert found[50, 50] == 1
    assert found[:, 110:].max() == 0


def test_further_reach_takes_colours_that_differ_more() -> None:
    # Greys of a lightness of 50, 60 and 90: half of their squared difference counts.
    rgb = plain(120, 300, (119, 119, 119))
    rgb[:, 100:200], rgb[:, 200:] = 145, 226
    rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 12), np.uint8)
    taken = [[covered(rgb, 30, 60, reach)[60, x] > 0.5 for x in (30, 150, 270)] for reach in (0, 0.5, 1)]
    assert taken == [[True, False, False], [True, True, False], [True, True, True]]


def test_more_reach_never_covers_less() -> None:
    rgb = compose(soft_disc(300, 400, 150, 150, 90), RED, BLUE, texture=14)
    areas = [float(covered(rgb, 150, 150, reach).sum()) for reach in np.linspace(0, 1, 9)]
    assert all(later >= before * 0.99 for before, later in pairwise(areas))


def test_specks_are_the_things_own_but_holes_are_not() -> None:
    rgb = plain(300, 300, BLUE)
    rgb[100:110, 100:110] = 255
    rgb[180:220, 180:220] = 255
    found = covered(rgb, 20, 20)
    assert found[105, 105] == 1
    assert found[200, 200] == 0


def test_a_point_on_texture_takes_more_than_the_one_colour_it_hit() -> None:
    fur = 120 + cv2.GaussianBlur(np.random.default_rng(0).normal(0, 350, (150, 200)), (0, 0), 2.5)
    rgb = plain(300, 400, (30, 50, 230))
    rgb[:150, :200] = np.clip(fur, 0, 255).astype(np.uint8)[..., None]
    found = covered(rgb, 100, 75)
    assert found[10:140, 10:190].mean() > 0.9
    assert found[160:].max() < 0.1
    assert found[:, 210:].max() < 0.1


def faint() -> tuple[Rgb, Alpha]:
    """A subject on the left whose colour goes over into the background's with no edge between; and its true matte."""
    ramp = np.clip((np.arange(400) - 150) / 100, 0, 1)[:, None]
    row = (1 - ramp) * np.array((150, 110, 100)) + ramp * np.array((120, 115, 120))
    rgb = np.broadcast_to(row.round().astype(np.uint8), (300, 400, 3)).copy()
    truth = np.zeros((300, 400), np.float32)
    truth[:, :200] = 1
    return rgb, truth


@pytest.mark.parametrize("reach", [0.3, 0.5, 0.7])
def test_colours_of_the_other_side_are_not_passed(reach: float) -> None:
    rgb, truth = faint()
    matte = truth.copy()
    matte[100:200, 200:380] = 1
    assert covered(rgb, 300, 150, 0.5)[150, 20] == 1, "by colour alone it runs out"
    found = covered(rgb, 300, 150, reach, matte, "remove")
    assert found[110:190, 260:370].min() == 1
    assert found[:, :170].max() == 0


def test_adding_is_removing_of_what_is_left() -> None:
    rgb, truth = faint()
    matte = truth.copy()
    matte[100:200, 200:380] = 1
    for x in (100, 300):
        taken = covered(rgb, x, 150, 0.5, matte, "remove")
        assert taken.any()
        np.testing.assert_array_equal(taken, covered(rgb, x, 150, 0.5, 1 - matte, "add"))


def test_what_is_right_already_is_not_touched_and_no_bridge() -> None:
    rgb = plain(300, 400, BLUE)
    matte = np.zeros((300, 400), np.float32)
    matte[50:250, 40:140] = matte[50:250, 260:360] = 1
    found = covered(rgb, 90, 150, 0.5, matte, "remove")
    assert found[60:240, 50:130].min() == 1
    assert found[:, 150:].max() == 0


def test_where_the_model_was_right_a_point_undoes_edits() -> None:
    alpha = soft_disc(300, 400, 150, 150, 90)
    found = covered(compose(alpha, RED, BLUE), 150, 150, 0.5, alpha, "add")
    assert found[alpha == 1].mean() > 0.97
    assert found[alpha == 0].mean() < 0.01


def test_without_a_subject_a_point_still_finds_one() -> None:
    alpha = soft_disc(300, 400, 150, 150, 90)
    rgb = compose(alpha, RED, BLUE, texture=4)
    found = covered(rgb, 150, 150, 0.5, np.zeros((300, 400), np.float32), "add")
    assert found[alpha == 1].mean() > 0.97
    assert found[alpha == 0].mean() < 0.01


def test_on_a_steep_ramp_reach_still_helps() -> None:
    ramp = np.clip((np.arange(64) - 25) / 10, 0, 1) * 215 + 20
    rgb = np.repeat(np.broadcast_to(ramp[None, :, None], (64, 64, 1)), 3, axis=2).astype(np.uint8)
    matte = np.broadcast_to((np.arange(64) < 20).astype(np.float32), (64, 64)).copy()
    assert not covered(rgb, 30, 32, 0, matte).any()
    assert covered(rgb, 30, 32, 1, matte)[:, 30].mean() > 0.9


def test_a_point_on_a_thin_line_takes_the_line() -> None:
    rgb = plain(200, 200, BLUE)
    rgb[80:86] = RED
    found = covered(rgb, 100, 83)
    assert found[82:84].min() > 0.9
    assert found[:70].max() == found[95:].max() == 0


def test_a_plain_photo_is_covered_to_its_last_pixel() -> None:
    for height, width in ((3, 2), (40, 1), (1201, 1503), (1600, 2501)):
        assert (covered(plain(height, width, RED), width - 0.5, height - 0.5) == 1).all()


@pytest.mark.parametrize("point", [(-1, 5), (5, -0.1), (48, 5), (5, 32), (1e6, 1e6)])
def test_a_point_outside_the_photo_covers_nothing(point: tuple[float, float]) -> None:
    rgb = plain(32, 48, RED)
    ground = ground_of(rgb, unknown(rgb))
    assert list(pieces(Grow("add", point), ground)) == []
    assert coverage(Grow("add", point), ground) is None


def test_as_a_picture_it_is_the_same_within_the_box_that_it_touches() -> None:
    rgb = compose(soft_disc(1200, 1500, 600, 500, 200), RED, BLUE)
    whole = covered(rgb, 600, 500)
    found = coverage(Grow("add", (600, 500)), ground_of(rgb, unknown(rgb)))
    assert found is not None
    box, cover = found
    assert cover.dtype == np.uint8
    assert cover.shape == (box.height, box.width)
    np.testing.assert_array_equal(cover / np.float32(255), whole[box.top : box.bottom, box.left : box.right])
    assert whole.sum() == pytest.approx(float(cover.sum()) / 255, rel=1e-4)
    assert all(each.any() for each in (cover[0], cover[-1], cover[:, 0], cover[:, -1]))


def test_the_memory_of_a_photo_is_told() -> None:
    rgb = plain(3000, 4000, RED)
    assert rgb.nbytes < ground_of(rgb, unknown(rgb)).nbytes < rgb.nbytes + 36_000_000


def test_a_large_photo_takes_no_longer_than_a_click_may() -> None:
    matte = soft_disc(3000, 4000, 2000, 1500, 1200)
    rgb = compose(matte, RED, BLUE)
    matte[:, :2000] = 1 - matte[:, :2000]
    ground = ground_of(rgb, matte)
    began = time.process_time()
    assert coverage(Grow("remove", (5, 5), 0.7), ground) is not None
    # A fifth of a second; of this process alone, whatever else runs.
    assert time.process_time() - began < 2.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "smear"}, {"point": (math.nan, 1)}, {"point": (1, 1_000_001)}, {"reach": 1.1}, {"reach": -0.1},
        {"reach": math.nan},
    ],
)  # fmt: skip
def test_what_cannot_grow_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        Grow(**{"action": "add", "point": (1, 1), "reach": 0.5, **wrong})
