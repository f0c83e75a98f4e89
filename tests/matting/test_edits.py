from __future__ import annotations

import json

import numpy as np
import pytest

from cleancut.errors import OptionError
from cleancut.matting.edits import MAX_GROWS, Edit, as_plain, check, of_plain, paint, parts
from cleancut.matting.grow import Ground, Grow, ground_of
from cleancut.matting.lasso import Lasso
from cleancut.matting.strokes import Stroke
from cleancut.types import Alpha

RGB = np.full((60, 80, 3), (40, 90, 160), np.uint8)
RGB[20:40, 30:60] = (200, 60, 40)
SQUARE = ((10.0, 10.0), (50.0, 10.0), (50.0, 50.0), (10.0, 50.0))
ALL: tuple[Edit, ...] = (
    Stroke("add", ((5.0, 5.0), (9.0, 5.0)), 3, 0.5, 0.5),
    Lasso("remove", SQUARE, 0.5),
    Grow("add", (45.0, 30.0), 0.25),
)


def ground() -> Ground:
    return ground_of(RGB, np.full((60, 80), 0.5, np.float32))


def never() -> Ground:
    raise AssertionError("nothing grows")


def painted(*edits: Edit, alpha: Alpha | None = None) -> Alpha:
    return paint(np.full((60, 80), 0.5, np.float32) if alpha is None else alpha, edits, ground)


def test_each_kind_changes_what_it_covers() -> None:
    assert painted(Lasso("add", SQUARE))[30, 30] == 1
    assert painted(Lasso("remove", SQUARE, 0.5))[30, 30] == 0.25
    assert painted(Lasso("add", SQUARE))[5, 5] == 0.5
    grown = painted(Grow("remove", (45, 30)))
    assert grown[30, 45] == 0
    assert grown[5, 5] == 0.5
    assert painted(Stroke("add", ((5, 5),), 3))[5, 5] == 1


def test_edits_are_made_in_their_order() -> None:
    there, back = Lasso("add", SQUARE), Grow("remove", (45, 30))
    assert painted(there, back)[30, 45] == 0
    assert painted(back, there)[30, 45] == 1
    both = painted(*ALL)
    one_by_one = np.full((60, 80), 0.5, np.float32)
    for edit in ALL:
        one_by_one = painted(edit, alpha=one_by_one)
    np.testing.assert_array_equal(both, one_by_one)


def test_the_matte_that_was_given_stays_and_the_photo_is_asked_for_only_to_grow() -> None:
    alpha = np.full((60, 80), 0.5, np.float32)
    paint(alpha, ALL[:2], never)
    assert (alpha == 0.5).all()
    with pytest.raises(AssertionError, match="nothing grows"):
        paint(alpha, ALL, never)


def test_a_long_edit_is_left_between_two_pieces() -> None:
    lasso = Lasso("add", ((10, 0), (30, 0), (30, 600), (10, 600)))
    alpha, looks = np.zeros((600, 40), np.float32), list[int]()

    def look() -> None:
        looks.append(len(looks))
        if len(looks) == 3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        paint(alpha, [lasso], never, look)
    looks.extend([0] * 10)
    assert paint(alpha, [lasso], never, look)[599, 20] == 1
    # One in each strip of 64 rows.
    assert len(looks) == 3 + 10 + 10


def test_parts_are_all_edits_in_order_and_a_point_ends_one() -> None:
    edits = [*ALL[:2] * 60, ALL[2], *ALL]
    found = list(parts(edits))
    assert [each for part in found for each in part] == edits
    assert [len(part) for part in found] == [50, 50, 21, 3]
    assert list(parts([])) == []


def test_as_plain_data_they_come_back_the_same() -> None:
    plain = as_plain(ALL)
    assert [each["kind"] for each in plain] == ["brush", "lasso", "grow"]
    assert of_plain(json.loads(json.dumps(plain))) == ALL


def test_edits_that_paint_a_picture_over_and_over_are_refused() -> None:
    check([*ALL] * 3, 80, 60)
    all_over = Lasso("add", ((-10, -10), (100, -10), (100, 100), (-10, 100)))
    with pytest.raises(OptionError, match="300"):
        check([all_over] * 301, 80, 60)
    check([all_over] * 299, 80, 60)
    wide = Stroke("add", ((50.0, 50.0),), 10_000)
    with pytest.raises(OptionError, match="300"):
        check([*[wide] * 299, *[Lasso("add", ((0, 0), (80, 0), (80, 60), (0, 60)))] * 2], 80, 60)


def test_lassos_that_run_to_and_fro_for_minutes_are_refused() -> None:
    wild = tuple((float(x), float(y)) for x, y in np.random.default_rng(1).uniform(0, 6000, (9000, 2)))
    with pytest.raises(OptionError, match="lassos"):
        check([Lasso("add", wild)] * 2, 8000, 6000)


def test_so_many_points_may_grow() -> None:
    check([ALL[2]] * MAX_GROWS, 80, 60)
    with pytest.raises(OptionError, match="grow"):
        check([ALL[2]] * (MAX_GROWS + 1), 80, 60)
