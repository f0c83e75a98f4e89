from __future__ import annotations

from pathlib import Path

import pytest

from cleancut.background import Blur, Colour, Image, Transparent, parse_background, parse_colour
from cleancut.errors import OptionError


def test_transparent_is_nothing() -> None:
    assert parse_background("transparent") == Transparent()


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#fff", Colour(255, 255, 255)),
        ("abc", Colour(0xAA, 0xBB, 0xCC)),
        ("#1238", Colour(0x11, 0x22, 0x33, 0x88)),
        ("#FFcc00", Colour(255, 204, 0)),
        ("ffcc00", Colour(255, 204, 0)),
        ("#ffcc0080", Colour(255, 204, 0, 128)),
        ("00000000", Colour(0, 0, 0, 0)),
        ("white", Colour(255, 255, 255)),
        ("ReBeccaPurple", Colour(0x66, 0x33, 0x99)),
        ("lightgoldenrodyellow", Colour(250, 250, 210)),
    ],
)
def test_a_colour_by_hex_digits_or_its_css_name(text: str, colour: Colour) -> None:
    assert parse_background(text) == colour
    assert parse_colour(text) == colour


@pytest.mark.parametrize(
    "text", ["#", "#ff", "#fffff", "#fffffff", "#ggg", "##fff", "rgb(1,2,3)", "no-colour", "", "red "]
)
def test_what_is_no_colour(text: str) -> None:
    assert parse_colour(text) is None
    with pytest.raises(OptionError, match=r"--background: .* is neither a colour nor a file"):
        parse_background(text)


@pytest.mark.parametrize(
    ("text", "radius"), [("blur", None), ("blur:", None), ("blur:8", 8), ("blur:0.5", 0.5), ("blur:1000", 1000)]
)
def test_blur_with_and_without_a_radius(text: str, radius: float | None) -> None:
    assert parse_background(text) == Blur(radius)


@pytest.mark.parametrize("radius", ["0", "-1", "1000.1", "nan", "inf", "-inf", "wide", "8px"])
def test_a_radius_that_cannot_be_used(radius: str) -> None:
    with pytest.raises(OptionError, match="has no usable radius") as caught:
        parse_background(f"blur:{radius}")
    assert "blur:RADIUS" in caught.value.hint


def test_bytes_are_a_picture() -> None:
    assert parse_background(b"bytes") == Image(b"bytes")


def test_a_file_is_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wall.jpg"
    path.write_bytes(b"picture")
    assert parse_background(str(path)) == Image(path)
    monkeypatch.chdir(tmp_path)
    assert parse_background("wall.jpg") == Image(Path("wall.jpg"))


def test_a_colours_name_wins_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "red").write_bytes(b"picture")
    monkeypatch.chdir(tmp_path)
    assert parse_background("red") == Colour(255, 0, 0)
    assert parse_background("./red") == Image(Path("red"))


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="neither a colour nor a file"):
        parse_background(str(tmp_path))


@pytest.mark.parametrize("text", ["x" * 5000, "a\0b", "data:image/png;base64," + "A" * 9000])
def test_what_can_be_no_files_name_is_refused_like_any_other(text: str) -> None:
    with pytest.raises(OptionError, match="neither a colour nor a file"):
        parse_background(text)


def test_a_slip_is_answered_with_the_nearest_colour() -> None:
    with pytest.raises(OptionError) as caught:
        parse_background("whte")
    assert "did you mean white?" in caught.value.hint


@pytest.mark.parametrize("value", [None, 3, ["white"]])
def test_another_type_is_refused(value: object) -> None:
    with pytest.raises(OptionError, match=r"--background: .* cannot be used"):
        parse_background(value)  # type: ignore[arg-type]


def test_a_path_is_a_picture_file(tmp_path: Path) -> None:
    (tmp_path / "red").touch()
    assert parse_background(tmp_path / "red") == Image(tmp_path / "red")
    with pytest.raises(OptionError, match="no file"):
        parse_background(tmp_path / "missing.jpg")
