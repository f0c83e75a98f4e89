from __future__ import annotations

import pytest

from cleancut import geometry
from cleancut.errors import OptionError
from cleancut.geometry import Box, Length, Margins


def parse_margins(text: str) -> Margins:
    return geometry.parse_margins(text, "--crop-margin", most_pixels=500, most_percent=100)


def lengths(text: str) -> list[tuple[float, bool]]:
    margins = parse_margins(text)
    return [(each.value, each.percent) for each in (margins.top, margins.right, margins.bottom, margins.left)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", [(0, False)] * 4),
        ("20", [(20, False)] * 4),
        ("20px", [(20, False)] * 4),
        ("7.5%", [(7.5, True)] * 4),
        ("10 20", [(10, False), (20, False), (10, False), (20, False)]),
        ("1px 2% 3 4%", [(1, False), (2, True), (3, False), (4, True)]),
        ("1,2,3,4", [(1, False), (2, False), (3, False), (4, False)]),
        (" 10 ,  20 ", [(10, False), (20, False), (10, False), (20, False)]),
        ("500px", [(500, False)] * 4),
        ("100%", [(100, True)] * 4),
    ],
)
def test_margins_are_read_as_in_css(text: str, expected: list[tuple[float, bool]]) -> None:
    assert lengths(text) == expected


@pytest.mark.parametrize("text", ["", " ", "1 2 3", "1 2 3 4 5"])
def test_another_number_of_values_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match=r"--crop-margin: .* values") as caught:
        parse_margins(text)
    assert "top right bottom left" in caught.value.hint


@pytest.mark.parametrize(
    "word", ["-1", "ten", "1em", "1 px", "%", "px", "1e2", "nan", "inf", "1..5", ".5", "+1", "0x1"]
)
def test_what_is_no_length_is_refused(word: str) -> None:
    with pytest.raises(OptionError, match=r"--crop-margin: .* is no length"):
        parse_margins(word)


@pytest.mark.parametrize("word", ["501", "500.5px", "101%", "9" * 400])
def test_too_much_is_an_accident(word: str) -> None:
    with pytest.raises(OptionError, match="is too much") as caught:
        parse_margins(f"1 {word}")
    assert "500px or 100%" in caught.value.hint


@pytest.mark.parametrize(
    ("length", "pixels"),
    [(Length(3), 3), (Length(3.4), 3), (Length(10, True), 20), (Length(0.2, True), 0), (Length(100, True), 200)],
)
def test_a_length_in_whole_pixels(length: Length, pixels: int) -> None:
    assert length.pixels(200) == pixels


def test_a_box_knows_its_sides() -> None:
    box = Box(3, 5, 13, 9)
    assert (box.width, box.height) == (10, 4)


def test_a_box_grows_by_its_margins_and_may_leave_the_picture() -> None:
    box = Box(10, 20, 30, 60)
    assert box.grown(parse_margins("1 2 3 4")) == Box(6, 19, 32, 63)
    assert box.grown(parse_margins("50% 100%")) == Box(-10, 0, 50, 80)
    assert box.grown(Margins(*[Length(0)] * 4)) == box
