from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cleancut.errors import OptionError
from cleancut.matting.strokes import (
    MAX_COORDINATE,
    MAX_COVER,
    MAX_POINTS,
    MAX_RADIUS,
    Action,
    Stroke,
    check_cover,
    coverage,
    paint,
    pieces,
)
from cleancut.types import Alpha
from tests.matting.masks import noise

Points = tuple[tuple[float, float], ...]


def distances(points: Points, width: int, height: int, every: int = 1) -> NDArray[np.float64]:
    """(h, w): from the centre of each pixel, or every nth, to the nearest of the lines, taken one after the other."""
    y, x = np.mgrid[0:height:every, 0:width:every] + 0.5
    nearest: NDArray[np.float64] = np.hypot(x - points[0][0], y - points[0][1])
    for (ax, ay), (bx, by) in pairwise(points):
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / (length or 1), 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)))
    return nearest


def covered(stroke: Stroke, width: int = 47, height: int = 33) -> Alpha:
    """The coverage, in a frame of the photo's size."""
    frame = np.zeros((height, width), np.float32)
    found = coverage(stroke, width, height)
    if found is not None:
        box, cover = found
        assert cover.shape == (box.height, box.width)
        assert cover.dtype == np.float32
        assert cover.flags.c_contiguous
        frame[box.top : box.bottom, box.left : box.right] = cover
    return frame


def dab(x: float, y: float, radius: float, action: Action = "add", **more: float) -> Stroke:
    return Stroke(action, ((x, y),), radius, **more)


def walk(seed: int, number: int, width: int, height: int, step: float) -> Points:
    """A hand's way: it turns, but not at once."""
    random = np.random.default_rng(seed)
    angle = random.uniform(0, 2 * np.pi) + np.cumsum(random.normal(0, 0.2, number))
    places = np.cumsum(np.stack([np.cos(angle), np.sin(angle)], -1) * step, 0)
    places += [width / 2, height / 2] - places.mean(0)
    return tuple((float(x), float(y)) for x, y in places)


def scattered(seed: int, number: int, width: int, height: int) -> Points:
    places = np.random.default_rng(seed).uniform(-0.3, 1.3, (number, 2)) * [width, height]
    return tuple((float(x), float(y)) for x, y in places)


# ─ What is exact ─


@pytest.mark.parametrize("radius", [0.5, 1, 2.5, 4.5, 7.3, 14])
@pytest.mark.parametrize(
    "points", [((20, 15),), ((20.5, 15.5),), ((8.2, 9.7), (30.1, 20.3)), ((8, 12), (30, 12), (20, 25))]
)
def test_inside_is_all_and_outside_is_untouched(points: Points, radius: float) -> None:
    alpha, distance = noise(1), distances(points, 47, 33)
    added = paint(alpha, [Stroke("add", points, radius)])
    removed = paint(alpha, [Stroke("remove", points, radius)])
    inside, outside = distance <= radius - 0.5, distance >= radius + 0.5
    assert np.all(added[inside] == 1)
    assert np.all(removed[inside] == 0)
    np.testing.assert_array_equal(added[outside], alpha[outside])
    np.testing.assert_array_equal(removed[outside], alpha[outside])
    # Closer to either, and it is lost in rounding.
    between = np.abs(distance - radius) < 0.499
    assert np.all((added[between] > alpha[between]) & (added[between] < 1))
    assert np.all((removed[between] < alpha[between]) & (removed[between] > 0))


def test_the_edge_is_as_wide_as_a_pixel() -> None:
    # Half of column 10 lies to the right of x = 10.5, and a quarter to the right of 10.75.
    for x, share in ((10, 1), (10.25, 0.75), (10.5, 0.5), (10.75, 0.25), (11, 0)):
        line = covered(Stroke("add", ((x + 6, -50), (x + 6, 80)), 6))
        np.testing.assert_allclose(line[:, 10], share, atol=1e-6)
        assert np.all(line[:, :10] == 0)
        assert np.all(line[:, 11:21] == 1)


def test_a_brush_covers_its_area() -> None:
    for radius in (2, 5.5, 12):
        assert covered(dab(23.3, 16.8, radius)).sum() == pytest.approx(math.pi * radius**2, rel=0.02)


@pytest.mark.parametrize("action", ["add", "remove"])
def test_the_formula(action: Action) -> None:
    alpha, stroke = noise(2), Stroke(action, ((5, 5), (30, 20)), 8, hardness=0.2, opacity=0.7)
    cover = covered(stroke)
    expected = alpha + (1 - alpha) * cover if action == "add" else alpha * (1 - cover)
    np.testing.assert_allclose(paint(alpha, [stroke]), expected, atol=1e-6)
    assert 0.69 < cover.max() <= np.float32(0.7)


# ─ Where a pixel is ─


def test_a_pixels_centre_is_half_a_pixel_from_its_corner() -> None:
    single = covered(dab(10.5, 20.5, 0.5))
    assert np.argwhere(single).tolist() == [[20, 10]]
    assert single[20, 10] == 1
    corner = covered(dab(10, 20, 0.5))
    assert np.argwhere(corner).tolist() == [[19, 9], [19, 10], [20, 9], [20, 10]]
    np.testing.assert_allclose(corner[corner > 0], 1 - math.sqrt(0.5), atol=1e-6)


def test_a_fraction_of_a_pixel_moves_the_brush_by_that_much() -> None:
    def centre(stroke: Stroke) -> tuple[float, float]:
        cover = covered(stroke)
        y, x = np.mgrid[0:33, 0:47] + 0.5
        return float((cover * x).sum() / cover.sum()), float((cover * y).sum() / cover.sum())

    for x, y in ((20, 15), (20.25, 15.6), (20.9, 15.1)):
        assert centre(dab(x, y, 6)) == pytest.approx((x, y), abs=0.02)


def test_a_brush_that_meets_no_centre_touches_nothing() -> None:
    assert coverage(dab(10, 20, 0.1), 47, 33) is None
    assert coverage(dab(10.5, 20.5, 0.1), 47, 33) is not None


@pytest.mark.parametrize("points", [((16.5, 16.5),), ((10, 16.5), (23, 16.5)), ((10, 10), (23, 23))])
@pytest.mark.parametrize("hardness", [0, 0.6, 1])
def test_shapes_are_symmetric(points: Points, hardness: float) -> None:
    cover = covered(Stroke("add", points, 7.2, hardness), 33, 33)
    np.testing.assert_allclose(cover, cover[::-1, ::-1], atol=1e-6)
    np.testing.assert_allclose(cover, cover.T if points[0][0] == points[0][1] else cover[::-1], atol=1e-6)
    back = covered(Stroke("add", points[::-1], 7.2, hardness), 33, 33)
    np.testing.assert_array_equal(cover, back)


# ─ The way of the brush ─


@pytest.mark.parametrize("seed", range(24))
def test_a_stroke_is_all_that_is_near_its_lines(seed: int) -> None:
    random = np.random.default_rng(seed)
    # Larger than a block of 512 now and then, and so small that one is cut.
    width, height = int(random.integers(1, 700)), int(random.integers(1, 90))
    number = int(random.integers(1, 60))
    points = scattered(seed, number, width, height) if seed % 2 else walk(seed, number, width, height, 4)
    stroke = Stroke("add", points, random.uniform(0.2, 40), random.choice([0, random.random(), 1]), random.random())
    inner = min(stroke.hardness * stroke.radius, stroke.radius - 0.5)
    outer = max(stroke.radius, inner + 1)
    expected = stroke.opacity * np.clip((outer - distances(points, width, height)) / (outer - inner), 0, 1)
    np.testing.assert_allclose(covered(stroke, width, height), expected, atol=1e-6)


@pytest.mark.parametrize("hardness", [0.3, 1])
def test_a_polyline_is_the_union_of_its_lines(hardness: float) -> None:
    points = walk(3, 30, 47, 33, 3)
    lines = [covered(Stroke("add", pair, 2.7, hardness)) for pair in pairwise(points)]
    np.testing.assert_allclose(covered(Stroke("add", points, 2.7, hardness)), np.maximum.reduce(lines), atol=1e-6)


def test_a_stroke_does_not_build_up_where_it_crosses_itself() -> None:
    crossing = covered(Stroke("add", ((5, 16), (40, 16), (22, 5), (22, 30)), 4, opacity=0.4))
    assert crossing.max() == np.float32(0.4)
    there_and_back = covered(Stroke("add", ((5, 16), (40, 16), (5, 16), (5, 16)), 4, 0.5))
    np.testing.assert_array_equal(there_and_back, covered(Stroke("add", ((5, 16), (40, 16)), 4, 0.5)))


@pytest.mark.parametrize("points", [((9, 9), (9, 9)), ((9, 9),) * 5, ((9, 0), (9, 1e-200)), ((-0.0, 0.0), (0.0, -0.0))])
def test_a_brush_that_rests_is_a_dab(points: Points) -> None:
    np.testing.assert_array_equal(covered(Stroke("add", points, 4)), covered(Stroke("add", points[:1], 4)))


@pytest.mark.parametrize(("radius", "hardness"), [(3, 1), (40, 1), (40, 0)])
def test_thousands_of_points(radius: float, hardness: float) -> None:
    points = walk(5, 2000, 900, 600, 1.5)
    stroke = Stroke("add", points, radius, hardness)
    inner = min(hardness * radius, radius - 0.5)
    outer = max(radius, inner + 1)
    expected = np.clip((outer - distances(points, 900, 600, every=7)) / (outer - inner), 0, 1)
    np.testing.assert_allclose(covered(stroke, 900, 600)[::7, ::7], expected, atol=1e-6)


def test_many_points_in_one_place() -> None:
    # None of them is much further than the others: hard to tell apart from afar.
    points = tuple((100 + float(x), 30 + float(y)) for x, y in np.random.default_rng(6).uniform(0, 1, (400, 2)))
    stroke = Stroke("add", points, 90, 0)
    expected = np.clip(1 - distances(points, 300, 60) / 90, 0, 1)
    np.testing.assert_allclose(covered(stroke, 300, 60), expected, atol=1e-6)


def test_a_way_round_a_place_is_as_far_from_it_everywhere() -> None:
    angle = np.linspace(0, 2 * np.pi, 300)
    points = tuple((float(x), float(y)) for x, y in np.stack([60 + 55 * np.cos(angle), 60 + 55 * np.sin(angle)], -1))
    stroke = Stroke("add", points, 70, 0)
    expected = np.clip(1 - distances(points, 120, 120) / 70, 0, 1)
    np.testing.assert_allclose(covered(stroke, 120, 120), expected, atol=1e-6)


# ─ Hardness and opacity ─


def profile(radius: float, hardness: float) -> Alpha:
    """(1, 47): what a brush leaves at a distance of 0, 1, 2, … pixels."""
    return covered(Stroke("add", ((0.5, -100), (0.5, 200)), radius, hardness), 47, 1)


def test_hardness_is_the_share_that_is_painted_fully() -> None:
    far = np.arange(47)
    for hardness in (0, 0.25, 0.5, 0.9):
        line = profile(20, hardness)[0]
        np.testing.assert_allclose(line, np.clip((20 - far) / (20 * (1 - hardness)), 0, 1), atol=1e-6)
        assert np.all(line[: int(20 * hardness) + 1] == 1)
        assert np.all(line[20:] == 0)


def test_harder_never_means_less_and_does_not_jump() -> None:
    lines = [covered(dab(20.3, 15.2, 6.4, hardness=hardness)) for hardness in np.linspace(0, 1, 201)]
    for softer, harder in pairwise(lines):
        # Outside the radius, full hardness reaches half a pixel further.
        assert np.abs(harder - softer).max() < 0.05
        assert harder.sum() > softer.sum() - 1e-4


def test_a_small_brush_is_as_soft_as_a_pixel() -> None:
    # It cannot be harder than it can be shown, nor softer than it is wide.
    np.testing.assert_allclose(profile(0.5, 0)[0, :3], [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(profile(0.25, 1)[0, :3], [0.75, 0, 0], atol=1e-6)
    np.testing.assert_allclose(profile(1.25, 1)[0, :3], [1, 0.75, 0], atol=1e-6)


@pytest.mark.parametrize("opacity", [0.01, 0.3, 0.999])
def test_opacity_scales_all_of_it(opacity: float) -> None:
    whole = Stroke("add", ((9, 9), (30, 20)), 7, 0.4)
    np.testing.assert_allclose(covered(replace(whole, opacity=opacity)), opacity * covered(whole), atol=1e-6)


@pytest.mark.parametrize("action", ["add", "remove"])
def test_a_brush_without_opacity_does_nothing(action: Action) -> None:
    stroke = dab(20, 20, 8, action, opacity=0)
    assert coverage(stroke, 47, 33) is None
    np.testing.assert_array_equal(paint(noise(3), [stroke]), noise(3))


# ─ Several strokes ─


def test_strokes_are_painted_in_their_order() -> None:
    add, remove = dab(18, 16, 8), dab(26, 16, 8, "remove")
    alpha, both = noise(4), np.minimum(covered(add), covered(remove)) == 1
    assert both.any()
    assert np.all(paint(alpha, [add, remove])[both] == 0)
    assert np.all(paint(alpha, [remove, add])[both] == 1)
    np.testing.assert_array_equal(paint(alpha, [add, remove]), paint(paint(alpha, [add]), [remove]))


def test_what_is_removed_can_be_added_again() -> None:
    alpha = np.ones((33, 47), np.float32)
    stroke = Stroke("remove", ((5, 5), (30, 20)), 6)
    removed = paint(alpha, [stroke])
    assert removed.min() == 0
    np.testing.assert_array_equal(paint(removed, [replace(stroke, action="add", radius=8)]), alpha)


def test_strokes_build_up() -> None:
    half = dab(20, 16, 9, opacity=0.5)
    twice = paint(np.zeros((33, 47), np.float32), [half, half])
    np.testing.assert_allclose(twice[covered(half) == 0.5], 0.75)


def test_values_stay_within_0_and_1() -> None:
    alpha, random = noise(7), np.random.default_rng(7)
    for i in range(60):
        action: Action = "add" if i % 2 else "remove"
        alpha = paint(alpha, [Stroke(action, scattered(i, 3, 47, 33), 9, random.random(), random.random())])
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert alpha.max() <= 1


def test_the_matte_given_is_left_as_it_was() -> None:
    alpha = noise(8)
    for strokes in ([], [dab(20, 20, 9)], [dab(20, 20, 9, "remove")]):
        painted = paint(alpha, strokes)
        assert not np.shares_memory(painted, alpha)
    np.testing.assert_array_equal(alpha, noise(8))


# ─ Where the picture ends ─


@pytest.mark.parametrize(
    "points",
    [
        ((-30, 5),),
        ((90, 5),),
        ((20, -9),),
        ((20, 60),),
        ((1e6, 1e6),),
        ((-1e6, -20), (1e6, -20)),
        ((-6, -6),),
        ((53, 39),),
    ],
)
def test_a_stroke_beside_the_picture_touches_nothing(points: Points) -> None:
    # The last two's boxes reach the pixel in a corner, the round brush does not.
    stroke = Stroke("add", points, 8)
    assert coverage(stroke, 47, 33) is None
    np.testing.assert_array_equal(paint(noise(9), [stroke]), noise(9))


def test_a_stroke_is_cut_by_the_frame() -> None:
    inside = covered(dab(40, 30, 12), 80, 70)
    np.testing.assert_array_equal(covered(dab(40, 30, 12), 44, 31), inside[:31, :44])
    np.testing.assert_array_equal(covered(dab(4, 5, 12), 44, 31), inside[25:56, 36:80])
    found = coverage(dab(4, 5, 12), 44, 31)
    assert found is not None
    assert (found[0].left, found[0].top, found[0].right, found[0].bottom) == (0, 0, 16, 17)


def test_a_line_from_far_outside_to_far_outside_goes_through() -> None:
    line = covered(Stroke("add", ((-1e6, -1e6), (1e6, 1e6)), 3))
    np.testing.assert_allclose(line, np.clip(3.5 - distances(((-99, -99), (99, 99)), 47, 33), 0, 1), atol=1e-6)


@pytest.mark.parametrize("hardness", [0, 1])
def test_one_pixel(hardness: float) -> None:
    pixel = np.full((1, 1), 0.5, np.float32)
    assert paint(pixel, [dab(0.5, 0.5, 3, hardness=hardness)]) == 1
    assert paint(pixel, [dab(0.5, 0.5, MAX_RADIUS, "remove", hardness=hardness)]) == 0
    assert paint(pixel, [dab(9, 9, 3, hardness=hardness)]) == 0.5


def test_the_largest_brush_fills_a_picture_of_several_blocks() -> None:
    assert np.all(paint(np.zeros((530, 1100), np.float32), [dab(-1000, 300, MAX_RADIUS)]) == 1)


def test_only_what_lies_along_a_stroke_is_worked_out() -> None:
    width, height = 20_000, 10_000
    parts = list(pieces(Stroke("add", ((0, 0), (width, height)), 4), width, height))
    assert all(cover.shape == (box.height, box.width) for box, cover in parts)
    assert max(cover.size for _, cover in parts) <= 512 * 512
    # Of 800 blocks, those on the diagonal.
    assert len(parts) < 80


# ─ Values that cannot be ─

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    "wrong",
    [
        *({"radius": value} for value in (0, -1, NAN, INF, 1e9, MAX_RADIUS + 1)),
        *({"hardness": value} for value in (-0.1, 1.1, NAN, INF)),
        *({"opacity": value} for value in (-0.1, 1.1, NAN, -INF)),
        *({"points": ((1.0, 2.0), (value, 0.0))} for value in (NAN, INF, -INF, 1e7, -MAX_COORDINATE - 1)),
        *({"points": ((0.0, value),)} for value in (NAN, INF, 1e7)),
        {"points": ()},
        {"points": ((1.0, 2.0),) * (MAX_POINTS + 1)},
        {"action": "paint"},
    ],
)
def test_values_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    good: dict[str, Any] = {"action": "add", "points": ((1.0, 2.0),), "radius": 3.0}
    with pytest.raises(OptionError) as caught:
        Stroke(**{**good, **wrong})
    assert str(caught.value)
    assert "give" in caught.value.hint


def test_the_limits_themselves_are_accepted() -> None:
    Stroke("add", ((MAX_COORDINATE, -MAX_COORDINATE),) * MAX_POINTS, MAX_RADIUS, 0, 1)
    Stroke("remove", ((0, 0),), 1e-9, 1, 0)


def test_strokes_that_paint_a_picture_over_and_over_are_refused() -> None:
    wide = Stroke("add", ((50.0, 50.0),), 10_000)
    check_cover([wide] * MAX_COVER, 100, 100)
    with pytest.raises(OptionError, match="cover the picture more than"):
        check_cover([wide] * (MAX_COVER + 1), 100, 100)
    check_cover([Stroke("add", ((1.0, 1.0),) * 100, 2)] * 100, 4000, 3000)
