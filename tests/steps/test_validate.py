from dataclasses import replace

import pytest

from cleancut.errors import FileTooLarge, ImageTooLarge, ImageTooSmall, InputError
from cleancut.options import Limits
from cleancut.steps.validate import validate
from cleancut.types import Header

HEADER = Header(format="png", width=300, height=200, size=5000)
OPEN = Limits(max_pixels=None, max_bytes=None, max_side=None, min_side=1)


@pytest.mark.parametrize(
    ("limits", "error", "figures", "setting"),
    [
        (replace(OPEN, max_pixels=59_999), ImageTooLarge, ("60,000", "59,999"), "CLEANCUT_MAX_PIXELS"),
        (replace(OPEN, max_bytes=4999), FileTooLarge, ("5,000", "4,999"), "CLEANCUT_MAX_BYTES"),
        (replace(OPEN, max_side=299), ImageTooLarge, ("300 × 200", "299"), "CLEANCUT_MAX_SIDE"),
        (replace(OPEN, min_side=201), ImageTooSmall, ("300 × 200", "201"), "CLEANCUT_MIN_SIDE"),
    ],
)
def test_beyond_a_limit(limits: Limits, error: type[InputError], figures: tuple[str, str], setting: str) -> None:
    with pytest.raises(error) as caught:
        validate(HEADER, limits)
    assert type(caught.value) is error
    assert all(figure in str(caught.value) for figure in figures)
    assert setting in caught.value.hint


@pytest.mark.parametrize(
    "limits", [OPEN, Limits(max_pixels=60_000, max_bytes=5000, max_side=300, min_side=200), Limits()]
)
def test_at_the_limits(limits: Limits) -> None:
    assert validate(HEADER, limits) is HEADER


def test_the_side_limits_hold_for_a_portrait_too() -> None:
    portrait = replace(HEADER, width=200, height=300)
    with pytest.raises(ImageTooLarge):
        validate(portrait, replace(OPEN, max_side=299))
    with pytest.raises(ImageTooSmall):
        validate(portrait, replace(OPEN, min_side=201))


def test_no_limit_lets_everything_pass() -> None:
    huge = Header(format="png", width=10**6, height=10**6, size=10**12)
    assert validate(huge, OPEN) is huge
