from __future__ import annotations

import dataclasses
import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import cleancut
from cleancut.background import Blur, Colour, Transparent
from cleancut.errors import OptionError
from cleancut.geometry import Length
from cleancut.options import Limits, Options, flag, takes_options

NAN, INF = float("nan"), float("inf")

# What works today, and what is refused as wrong; for every option.
GOOD: dict[str, list[object]] = {
    "model": ["isnet-general", "u2netp", "my-own", "auto"],
    "quality": ["fast", "balanced", "best"],
    "roi": [None, "0% 0% 100% 100%", "0 0 100% 100%", "10px 20px 300px 400px"],
    "device": ["auto", "cpu", "cuda:1"],
    "precision": ["auto", "fp32", "int8"],
    "background": ["transparent", "white", "#fc08", "blur", "blur:3.5", b"a picture"],
    "format": ["png", "webp", "avif", "jpg", "tiff", "zip"],
    "channels": ["rgba", "alpha"],
    "feather": [0, 0.0, 0.5, 200],
    "edge_shift": [-200, -0.5, 0, 200.0],
    "translucency": [None, 0, 50, 100],
    "clean": [0, 0.0, 0.5, 500],
    "refine": [True, False],
    "decontaminate": [True, False],
    "invert": [True, False],
    "crop": [True, False],
    "crop_margin": ["0", "10%", "1 2 3 4"],
    "canvas": [None, "2000x1500", "800", "30000x3000"],
    "padding": ["0", "0px"],
    "scale": [None, "original", "10%", "99.5%", "100"],
    "position": [None, "original", "center", "bottom", "top left", "left top", "50%", "0% 100%", "12.5% 0"],
    "shadow": ["none", "drop", "contact", "cast"],
    "shadow_opacity": [0, 50, 100],
    "max_size": [None, "100x100", "2000"],
    "max_pixels": [None, 1, 250_000],
    "max_bytes": [None, 1, 100_000],
    "encode_quality": [1, 90, 100],
    "png_effort": ["fast", "balanced", "small"],
    "metadata": ["keep", "strip", "strip-gps"],
    "require_subject": [True, False],
}
BAD: dict[str, list[object]] = {
    "model": [None, 3, b"u2net"],
    "quality": ["better", "", None, 1],
    "roi": ["", "1 2 3", "a b c d", "1 2 3 4 5", "-1 0 5 5"],
    "device": [None, 0],
    "precision": ["fp16", None],
    "background": ["no colour", "blur:-1", "", None, 3],
    "format": ["gif", "PNG", "jpeg", None],
    "channels": ["rgb", None],
    "feather": [-0.1, 200.1, NAN, INF, "3", None, True],
    "edge_shift": [-200.5, 201, NAN, -INF, "3", None, False],
    "translucency": [-1, 101, NAN, "50", True],
    "clean": [-1, 500.1, NAN, INF, "3", None, True],
    "refine": ["no", 1, 0, None],
    "decontaminate": ["yes", 1, None],
    "invert": ["yes", 1, None],
    "crop": ["yes", 1, None],
    "crop_margin": ["", "1 2 3", "-1", "501", "wide"],
    "canvas": ["", "0x10", "100x", "x100", "-1x5", "30001", "20000x20000", "wide"],
    "padding": ["", "1 2 3", "-1", "50%", "wide"],
    "scale": ["", "9%", "101%", "half"],
    "position": ["", "101%", "1% 2% 3%", "left right", "somewhere", "-5%"],
    "shadow": ["soft", None],
    "shadow_opacity": [-1, 101, 50.5, "50", None],
    "max_size": ["", "0", "axb"],
    "max_pixels": [0, -1, 2.5, "9"],
    "max_bytes": [0, -5, NAN, "9"],
    "encode_quality": [0, 101, -1, NAN, 85.5, 90.0, "90", None, True],
    "png_effort": ["best", None],
    "metadata": ["all", None],
    "require_subject": ["yes", 0, None],
}


def rows(table: dict[str, list[object]]) -> list[Any]:
    return [pytest.param(name, value, id=f"{name}-{value}") for name, values in table.items() for value in values]


def test_these_tables_know_every_option() -> None:
    names = [each.name for each in fields(Options)]
    assert list(GOOD) == names
    assert set(BAD) == set(names)
    for each in fields(Options):
        assert set(each.metadata["choices"]) <= {*map(str, GOOD[each.name])}


@pytest.mark.parametrize(("name", "value"), rows(GOOD))
def test_what_works_is_taken_as_it_is(name: str, value: object) -> None:
    assert getattr(Options(**{name: value}), name) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "value"), rows(BAD))
def test_what_is_wrong_is_refused_by_the_flags_name(name: str, value: object) -> None:
    with pytest.raises(OptionError) as caught:
        Options(**{name: value})  # type: ignore[arg-type]
    assert str(caught.value).startswith(flag(name) + ":")
    assert caught.value.hint


def test_space_on_a_canvas_needs_a_canvas() -> None:
    assert Options(canvas="100x100", padding="10%").parsed_padding.top == Length(10, percent=True)
    with pytest.raises(OptionError, match=r"^--padding is space on a canvas"):
        Options(padding="10%")
    with pytest.raises(OptionError, match=r"^--crop and --canvas do not go together"):
        Options(canvas="100x100", crop=True)


def test_a_refusal_names_what_is_allowed() -> None:
    with pytest.raises(OptionError) as caught:
        Options(format="gif")  # type: ignore[arg-type]
    assert caught.value.hint == "choose one of png, webp, avif, jpg, tiff, zip"
    with pytest.raises(OptionError) as caught:
        Options(feather=300)
    assert caught.value.hint == "give a number from 0 to 200"
    with pytest.raises(OptionError) as caught:
        Options(encode_quality=85.5)  # type: ignore[arg-type]
    assert caught.value.hint == "give a whole number from 1 to 100"
    with pytest.raises(OptionError) as caught:
        Options(clean=-1)
    assert caught.value.hint == "give a number from 0 to 500"
    with pytest.raises(OptionError) as caught:
        Options(max_bytes=0)
    assert caught.value.hint == "give a whole number of at least 1"


def test_the_defaults_are_allowed_and_nothing_can_be_changed_later() -> None:
    options = Options()
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.crop = True  # type: ignore[misc]
    with pytest.raises(OptionError):
        dataclasses.replace(options, feather=-1)
    assert hash(options) == hash(Options())


def test_every_option_explains_itself() -> None:
    for each in fields(Options):
        assert each.metadata["help"].endswith(".")
        assert each.metadata["metavar"] or each.metadata["choices"] or isinstance(each.default, bool)


def test_background_and_margins_are_read_once_more_where_they_are_used() -> None:
    assert Options().parsed_background == Transparent()
    assert Options(background="red").parsed_background == Colour(255, 0, 0)
    assert Options(background="blur:2").parsed_background == Blur(2)
    assert Options(crop_margin="1 2%").margins.right == Length(2, percent=True)


def test_a_flag_is_spelled_with_dashes() -> None:
    assert flag("edge_shift") == "--edge-shift"


def test_limits_let_a_large_photo_through() -> None:
    limits = Limits()
    assert limits.max_pixels is not None
    assert limits.max_bytes is not None
    assert limits.max_pixels >= 100_000_000
    assert limits.max_bytes >= limits.max_pixels * 8
    assert limits.min_side == 2


# ─ takes_options ─


@takes_options(Options)
def example(data: bytes, options: Options) -> tuple[bytes, Options]:
    """What it does."""
    return data, options


@pytest.mark.parametrize("function", [example, cleancut.remove], ids=["example", "remove"])
def test_the_keywords_are_there_to_be_seen(function: Any) -> None:
    first, *keywords = inspect.signature(function).parameters.values()
    assert first.name == "data"
    assert [each.name for each in keywords] == [each.name for each in fields(Options)]
    for parameter, each in zip(keywords, fields(Options), strict=True):
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default == each.default


def test_a_class_shows_them_too() -> None:
    keywords = list(inspect.signature(cleancut.Remover).parameters)
    assert keywords == [each.name for each in fields(Options)]


def test_keywords_become_options() -> None:
    assert example(b"data", crop=True, feather=2) == (b"data", Options(crop=True, feather=2))
    assert example(b"data") == (b"data", Options())


def test_name_and_docstring_stay() -> None:
    assert example.__name__ == "example"
    assert example.__doc__ == "What it does."


def test_a_misspelt_keyword_is_an_error() -> None:
    with pytest.raises(TypeError, match="feathr"):
        example(b"data", feathr=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="colour"):
        cleancut.Remover(colour="red")  # type: ignore[call-arg]


def test_options_are_keywords_only() -> None:
    with pytest.raises(TypeError):
        example(b"data", "u2netp")  # type: ignore[call-arg]


def test_a_wrong_value_is_told_before_any_work_is_done(tmp_path: Path) -> None:
    # The file does not exist; nobody has looked yet.
    with pytest.raises(OptionError, match="--feather"):
        cleancut.remove(tmp_path / "missing.jpg", feather=-1)
