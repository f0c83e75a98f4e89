"""The front door, as far as no model has to run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cleancut


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (np.zeros((0, 0, 3), np.uint8), "image_too_small"),
        (np.zeros((1, 1, 3), np.uint8), "image_too_small"),
        (Image.new("1", (11_000, 10_000)), "image_too_large"),
        (b"", "not_an_image"),
        (bytearray(b"x"), "bad_option"),
        ("photo.jpg", "bad_option"),
        (np.zeros((8, 8, 3), np.float32), "bad_option"),
        (np.zeros((8, 8, 2), np.uint8), "bad_option"),
    ],
)
@pytest.mark.parametrize("call", [cleancut.remove, cleancut.estimate_matte])
def test_what_is_refused_is_refused_in_every_form(call: Callable[..., Any], data: object, code: str) -> None:
    with pytest.raises(cleancut.CleancutError) as caught:
        call(data)
    assert caught.value.code == code
    assert caught.value.hint


def test_a_matte_of_another_photo_is_refused() -> None:
    matte = cleancut.Matte(np.zeros((4, 4), np.float32), subject=True, confidence=1.0)
    with pytest.raises(cleancut.OptionError, match="4 × 4"):
        cleancut.render(np.zeros((8, 8, 3), np.uint8), matte)


def test_a_rendering_needs_no_model() -> None:
    photo = np.full((6, 8, 3), 100, np.uint8)
    matte = cleancut.Matte(np.ones((6, 8), np.float32), subject=True, confidence=1.0)
    picture = cleancut.render(photo, matte, background="white", invert=True)
    assert (picture.pixels == 255).all()
    assert cleancut.encode(picture, cleancut.Options(format="jpg")).startswith(b"\xff\xd8")
