from __future__ import annotations

import math
import time
import tracemalloc
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cleancut.errors import OptionError
from cleancut.geometry import Box
from cleancut.matting import lasso
from cleancut.matting.lasso import MAX_ROWS, Lasso, area, pieces, rows
from cleancut.matting.strokes import MAX_COORDINATE, MAX_POINTS
from cleancut.types import Alpha

Points = tuple[tuple[float, float], ...]


def covered(shape: Lasso, width: int = 40, height: int = 30) -> Alpha:
    whole = np.zeros((height, width), np.float32)
    for box, cover in pieces(shape, width, height):
        assert cover.shape == (box.height, box.width)
        assert cover.dtype == np.float32
        whole[box.top : box.bottom, box.left : box.right] += cover
    return whole


def sampled(points: Points, width: int = 40, height: int = 30, finer: int = 64) -> NDArray[np.float64]:
    """The share of each pixel that lies inside, by trying places of it."""
    x, y = ((np.arange(side * finer) + 0.5) / finer for side in (width, height))
    inside = np.zeros((height * finer, width * finer), bool)
    for (ax, ay), (bx, by) in pairwise((*points, points[0])):
        if ay != by:
            crosses = (ay <= y) != (by <= y)
            inside ^= crosses[:, None] & (x >= (ax + (y - ay) * (bx - ax) / (by - ay))[:, None])
    return np.asarray(inside.reshape(height, finer, width, finer).mean(axis=(1, 3)))


def scattered(seed: int, count: int) -> Points:
    random = np.random.default_rng(seed)
    return tuple((float(x), float(y)) for x, y in random.uniform(-8, 48, (count, 2)))


def round_(count: int, width: int, height: int, waves: float = 0) -> Points:
    turn = np.linspace(0, 2 * math.pi, count, endpoint=False)
    far = 0.45 * (1 + 0.1 * np.sin(waves * turn))
    across, down = width * (0.5 + far * np.cos(turn)), height * (0.5 + far * np.sin(turn))
    return tuple(zip(across.tolist(), down.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(12))
def test_coverage_is_the_area_inside(seed: int) -> None:
    points = scattered(seed, 3 + seed)
    assert np.abs(covered(Lasso("add", points)) - sampled(points)).max() <= 0.02


def test_slanting_lines_are_where_they_are() -> None:
    points = ((5.0, 5.0), (35.0, 5.0), (12.0, 25.0))
    assert np.abs(covered(Lasso("add", points)) - sampled(points)).max() <= 0.006


def test_whole_pixels_are_covered_fully_and_others_not_at_all() -> None:
    expected = np.zeros((30, 40), np.float32)
    expected[5:20, 10:31] = 1
    square = ((10, 5), (31, 5), (31, 20), (10, 20))
    np.testing.assert_array_equal(covered(Lasso("add", square)), expected)
    np.testing.assert_array_equal(covered(Lasso("remove", square[::-1], 0.25)), expected / 4)


def test_halves_and_quarters_of_pixels() -> None:
    cover = covered(Lasso("add", ((1.5, 1.25), (3, 1.25), (3, 2.5), (1.5, 2.5))))
    np.testing.assert_allclose(cover[1:3, 1:4], [[0.375, 0.75, 0], [0.25, 0.5, 0]], atol=1e-6)
    assert cover.sum() == pytest.approx(1.875)


def test_what_is_enclosed_twice_lies_outside() -> None:
    corners = [(20 + 14 * math.sin(i * 0.8 * math.pi), 15 - 14 * math.cos(i * 0.8 * math.pi)) for i in range(5)]
    cover = covered(Lasso("add", tuple(corners)))
    assert cover[15, 20] == 0
    assert cover[5, 20] == 1
    twice = round_(50, 40, 30) * 2
    assert not covered(Lasso("add", twice)).any()


def test_what_lies_outside_the_photo_counts_for_its_inside() -> None:
    assert (covered(Lasso("add", ((-1e6, -1e6), (1e6, -1e6), (1e6, 1e6), (-1e6, 1e6)))) == 1).all()
    assert not covered(Lasso("add", ((50, 5), (60, 5), (55, 20)))).any()
    assert list(pieces(Lasso("add", ((50, 5), (60, 5), (55, 20))), 40, 30)) == []
    left = covered(Lasso("add", ((-20, -20), (15, -20), (15, 50), (-20, 50))))
    assert (left[:, :15] == 1).all()
    assert not left[:, 15:].any()


def test_a_line_to_and_fro_and_an_opacity_of_zero_cover_nothing() -> None:
    assert not covered(Lasso("add", ((3, 3), (30, 20), (3, 3)))).any()
    assert list(pieces(Lasso("add", ((3, 3), (30, 3), (9, 20)), 0), 40, 30)) == []


def test_many_crossings_are_done_in_fewer_rows_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = Lasso("add", scattered(3, 200))
    at_once = covered(shape)
    heights: list[int] = []
    whole = lasso._filled

    def filled(crossings: Any, strip: Box) -> Alpha:
        heights.append(strip.height)
        return whole(crossings, strip)

    monkeypatch.setattr(lasso, "_filled", filled)
    monkeypatch.setattr(lasso, "_CROSSINGS", 5000)
    np.testing.assert_array_equal(covered(shape), at_once)
    assert max(heights) < 8


def test_the_longest_line_that_is_let_in_takes_seconds() -> None:
    # To and fro over 12 MP; a tenth of the photo stands for all of it.
    count = MAX_ROWS // 3000
    line = tuple((3.0 * i, 3000.0 * (i % 2)) for i in range(count))
    began = time.process_time()
    for box, _ in pieces(Lasso("add", line), 4000, 3000):
        if box.bottom >= 300:
            break
    # 0.3 s. It was 5 s where twenty million rows were let in, without a cache in mind.
    assert time.process_time() - began < 2


def test_ten_thousand_points_around_a_large_photo() -> None:
    shape = Lasso("add", round_(10_000, 8000, 6000, waves=400))
    began = time.process_time()
    area = sum(float(cover.sum(dtype=np.float64)) for _, cover in pieces(shape, 8000, 6000))
    # A third of a second; of this process alone, whatever else runs.
    assert time.process_time() - began < 4
    x, y = np.array(shape.points).T
    assert area == pytest.approx(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2, rel=1e-4)
    strips = [box for box, _ in pieces(shape, 8000, 6000)]
    assert max(box.height for box in strips) <= 64


def test_memory_does_not_grow_with_the_photo() -> None:
    points = tuple((float(x), float(y)) for x, y in np.random.default_rng(0).uniform(0, 10_000, (100, 2)))
    tracemalloc.start()
    try:
        for _ in pieces(Lasso("add", points), 10_000, 10_000):
            pass
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100_000_000


def test_its_work_is_told_before_it_is_done() -> None:
    square = Lasso("add", ((10, 5), (31, 5), (31, 20), (10, 20)))
    assert area(square, 40, 30) == 21 * 15
    assert area(square, 20, 10) == 10 * 5
    assert rows(square, 30) == 30
    assert rows(Lasso("add", ((10, -1e6), (31, 1e6), (31, 20))), 30) == 90
    wild = tuple((float(x), float(y)) for x, y in np.random.default_rng(1).uniform(0, 6000, (MAX_POINTS, 2)))
    assert rows(Lasso("add", wild), 6000) > MAX_ROWS > 300 * rows(Lasso("add", round_(10_000, 8000, 6000)), 6000)


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "smear"}, {"points": ((0, 0), (1, 1))}, {"points": ((0, 0),) * (MAX_POINTS + 1)},
        {"points": ((0, 0), (1, 1), (float("nan"), 1))}, {"points": ((0, 0), (1, 1), (MAX_COORDINATE * 1.1, 1))},
        {"opacity": 1.1}, {"opacity": -0.1}, {"opacity": float("nan")},
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        Lasso(**{"action": "add", "points": ((0, 0), (1, 0), (1, 1)), **wrong})
