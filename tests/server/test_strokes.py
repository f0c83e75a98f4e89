"""Changes of a matte by hand: brush, lasso, and points that grow, as clients send them."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from cleancut.matting.edits import MAX_GROWS
from cleancut.server.edits import STROKES, STROKES_BYTES, STROKES_POINTS
from tests.fakes.tiny_model import photo
from tests.server.calls import brushed, cut, matte_of, picture_of, pixels, refused
from tests.server.conftest import Running

# Beside the dark disc of the photo, which is the subject, and which a point in its middle takes.
BRUSH = {"kind": "brush", "action": "add", "points": [[12, 12]], "radius": 6, "hardness": 1, "opacity": 1}
LASSO = {"kind": "lasso", "action": "add", "points": [[120, 5], [150, 5], [150, 30], [120, 30]], "opacity": 1}
GROW = {"kind": "grow", "action": "remove", "point": [80.5, 64.5], "reach": 0.5}
DISC = np.hypot(*(np.mgrid[:128, :160] - np.array([64, 80])[:, None, None])) < 128 / 3


def alpha_of(server: Running, id: str, *edits: dict[str, Any]) -> Any:
    answer = picture_of(server, id, channels="alpha", strokes=json.dumps(edits))
    assert answer.status_code == 201, answer.text
    return pixels(answer.content)


def test_each_kind_changes_what_it_covers_and_nothing_else(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    plain = pixels(picture_of(shared, id, channels="alpha").content)
    changed = alpha_of(shared, id, BRUSH, LASSO, GROW)
    inside, outside = brushed(128, 160, 12, 12, 6)
    assert (changed[inside] == 255).all()
    assert (changed[5:30, 120:150] == 255).all()
    near = np.abs(np.hypot(*(np.mgrid[:128, :160] - np.array([64, 80])[:, None, None])) - 128 / 3) < 6
    assert (changed[DISC & ~near] == 0).all()
    assert plain[64, 80] > 200
    untouched = outside & ~DISC & ~near
    untouched[4:31, 119:151] = False
    np.testing.assert_array_equal(changed[untouched], plain[untouched])


def test_they_are_made_in_their_order(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    back = {**GROW, "action": "add"}
    assert alpha_of(shared, id, GROW, back)[64, 80] == 255
    assert alpha_of(shared, id, back, GROW)[64, 80] == 0


def test_what_may_be_left_out_and_what_is_not_looked_at(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    short = {name: BRUSH[name] for name in ("action", "points", "radius")}
    np.testing.assert_array_equal(alpha_of(shared, id, BRUSH), alpha_of(shared, id, short))
    noted = [{**each, "group": 7} for each in (BRUSH, LASSO, GROW)]
    np.testing.assert_array_equal(alpha_of(shared, id, BRUSH, LASSO, GROW), alpha_of(shared, id, *noted))
    without = [{k: v for k, v in each.items() if k not in ("opacity", "reach")} for each in (LASSO, GROW)]
    np.testing.assert_array_equal(alpha_of(shared, id, LASSO, GROW), alpha_of(shared, id, *without))


def test_a_picture_is_the_same_at_once_and_of_the_kept_matte(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    strokes = json.dumps([BRUSH, LASSO, GROW])
    at_once = cut(shared, picture, {"Cache-Control": "no-store"}, strokes=strokes)
    assert at_once.content == picture_of(shared, id, strokes=strokes).content


def test_pictures_of_other_strokes_have_other_names(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    names = set()
    for edits in ([], [BRUSH], [LASSO], [GROW], [{**GROW, "reach": 0.6}], [LASSO, GROW], [GROW, LASSO]):
        answer = picture_of(shared, id, {"Accept": "application/json"}, strokes=json.dumps(edits))
        names.add(answer.json()["name"])
    assert len(names) == 7


@pytest.mark.parametrize(
    "wrong",
    [
        {**LASSO, "points": [[1, 1], [2, 2]]}, {**LASSO, "opacity": 1.1}, {**LASSO, "radius": 3},
        {**LASSO, "action": "x"}, {**BRUSH, "kind": None},
        {**GROW, "point": [1]}, {**GROW, "point": [1, "2"]}, {**GROW, "reach": 1.5}, {**GROW, "points": [[1, 1]]},
        {"kind": "grow", "action": "add"}, {**BRUSH, "kind": "smear"}, {**BRUSH, "kind": ["brush"]},
        {**BRUSH, "group": "a"}, {**BRUSH, "colour": 1}, [], None, 3,
    ],
)  # fmt: skip
def test_what_is_no_stroke_is_refused(shared: Running, picture: bytes, wrong: Any) -> None:
    id = matte_of(shared, picture).json()["id"]
    assert "strokes" in refused(picture_of(shared, id, strokes=json.dumps([BRUSH, wrong])), 422, "invalid_value")


@pytest.mark.parametrize(
    ("strokes", "said"),
    [
        (
            [BRUSH, {**BRUSH, "points": [[1, 1], [None, 1]]}],
            r"strokes\.1\.points\.1\.0: Input should be a valid number",
        ),
        ([{**BRUSH, "radius": 0}], r"strokes\.0\.radius: Input should be greater than 0"),
        ([{**BRUSH, "colour": 1}], r"strokes\.0\.colour: Extra inputs are not permitted"),
        ([{"kind": "grow", "action": "add"}], r"strokes\.0\.point: Field required"),
        ([BRUSH, BRUSH, 3], r"strokes\.2: it is no object"),
        ([{**LASSO, "points": 7}], r"strokes\.0\.points: Input should be a valid list"),
        ([{**BRUSH, "kind": "smear"}], r"strokes\.0: there is no kind 'smear': give brush, lasso or grow"),
        ({}, "strokes: it is no array"),
    ],
)
def test_it_is_said_which_part_of_which_stroke_is_wrong(
    shared: Running, picture: bytes, strokes: Any, said: str
) -> None:
    answer = cut(shared, picture, strokes=json.dumps(strokes))
    assert re.fullmatch(said, refused(answer, 422, "invalid_value"))


def test_strokes_that_are_no_json_are_told_to_be_none(shared: Running, picture: bytes) -> None:
    said = refused(cut(shared, picture, strokes="[{"), 422, "invalid_value")
    assert re.fullmatch("strokes: it is no JSON: .* at line 1 column 2", said)
    not_finite = cut(shared, picture, strokes='[{"action":"add","points":[[NaN,1]],"radius":1}]')
    assert refused(not_finite, 422, "invalid_value") == "strokes.0.points.0.0: Input should be a finite number"


def test_strokes_are_bounded_in_number_points_and_bytes(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    dab = '{"action":"add","points":[[1,1]],"radius":1}'
    many = f"[{','.join([dab] * (STROKES + 1))}]"
    assert f"{STROKES:,}" in refused(picture_of(shared, id, strokes=many), 422, "invalid_value")
    line = f'{{"action":"add","points":[{",".join(["[1,1]"] * 10_000)}],"radius":1}}'
    long = f"[{','.join([line] * 10)}]"
    assert len(long) < STROKES_BYTES
    assert picture_of(shared, id, strokes=long).status_code == 201
    longer = f"[{','.join([line] * 10)},{dab}]"
    assert f"{STROKES_POINTS:,}" in refused(picture_of(shared, id, strokes=longer), 422, "invalid_value")
    spaced = f"[{dab}{' ' * STROKES_BYTES}]"
    assert "too long" in refused(picture_of(shared, id, strokes=spaced), 400, "bad_request")
    assert picture_of(shared, id, strokes=f"[{dab}{' ' * (STROKES_BYTES - 100)}]").status_code == 201


def test_what_would_take_for_ever_is_refused(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    points = json.dumps([GROW] * (MAX_GROWS + 1))
    refused(picture_of(shared, id, strokes=points), 400, "bad_option")
    over = json.dumps([{**LASSO, "points": [[-9, -9], [999, -9], [999, 999], [-9, 999]]}] * 301)
    refused(picture_of(shared, id, strokes=over), 400, "bad_option")


def test_the_photo_is_as_the_tests_think() -> None:
    assert (photo(128, 160)[DISC].max(axis=1) < 100).mean() > 0.99
