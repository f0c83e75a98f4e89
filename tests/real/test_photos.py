"""Real weights on the example photos, and on pictures of nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import cleancut
from cleancut.compat import rembg
from tests.real.conftest import EXAMPLES

pytestmark = pytest.mark.real

MODELS = ["isnet-general", "u2netp"]

# A point on the subject and one on the background, as (row, column).
PHOTOS = {
    "portrait.jpg": ((150, 220), (20, 20)),
    "cat.jpg": ((120, 220), (10, 440)),
    "cup.jpg": ((150, 300), (380, 20)),
}


# The smallest model takes the cat's face alone.
@pytest.mark.parametrize(
    ("model", "name"), [(model, name) for model in MODELS for name in PHOTOS if (model, name) != ("u2netp", "cat.jpg")]
)
def test_the_subject_is_kept_and_the_rest_is_gone(fetched: Callable[[str], str], model: str, name: str) -> None:
    photo = EXAMPLES / name
    result = cleancut.Remover(model=fetched(model)).cut(photo)
    pixels = result.picture.pixels
    inside, outside = PHOTOS[name]
    assert result.subject
    assert result.confidence > 0.7
    assert pixels[inside][3] > 250
    assert pixels[outside].tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("model", MODELS)
def test_colours_are_the_photos_own(fetched: Callable[[str], str], model: str) -> None:
    photo = EXAMPLES / "portrait.jpg"
    png = cleancut.remove(photo.read_bytes(), model=fetched(model))
    cutout = np.asarray(Image.open(BytesIO(png)))
    with Image.open(photo) as image:
        original = np.asarray(image.convert("RGB"))
    opaque, clear = cutout[..., 3] == 255, cutout[..., 3] == 0
    assert opaque.mean() > 0.1
    assert clear.mean() > 0.1
    np.testing.assert_array_equal(cutout[opaque, :3], original[opaque])
    assert not cutout[clear].any()


def nothing(kind: str) -> NDArray[np.uint8]:
    random = np.random.default_rng(7)
    shape = (480, 640, 3)
    if kind == "noise":
        return random.integers(0, 256, shape, np.uint8)
    if kind == "grain":
        return np.clip(128 + random.normal(0, 4, shape), 0, 255).astype(np.uint8)
    if kind == "gradient":
        return np.broadcast_to(np.linspace(0, 255, shape[1])[None, :, None], shape).astype(np.uint8)
    return np.full(shape, {"white": 255, "grey": 128, "black": 0}[kind], np.uint8)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", ["white", "grey", "black", "noise", "grain", "gradient"])
def test_a_picture_of_nothing_has_no_subject(fetched: Callable[[str], str], model: str, kind: str) -> None:
    result = cleancut.Remover(model=fetched(model)).cut(nothing(kind))
    assert not result.subject
    assert result.confidence < 0.5
    assert not result.picture.pixels.any()


def test_zip_composited_by_someone_else_is_the_flattened_picture(fetched: Callable[[str], str]) -> None:
    data = (EXAMPLES / "cup.jpg").read_bytes()
    model = fetched("u2netp")
    with zipfile.ZipFile(BytesIO(cleancut.remove(data, model=model, format="zip", encode_quality=100))) as archive:
        colour, alpha = (Image.open(BytesIO(archive.read(name))) for name in ("color.jpg", "alpha.png"))
    theirs = Image.new("RGB", colour.size, "white")
    theirs.paste(colour, mask=alpha)
    ours = Image.open(BytesIO(cleancut.remove(data, model=model, background="white")))
    # JPEG at quality 100 is within a level or two of the photo.
    assert np.abs(np.asarray(theirs, np.int16) - np.asarray(ours, np.int16)).mean() < 1


def test_the_answer_is_of_the_kind_of_the_question(fetched: Callable[[str], str], tmp_path: Path) -> None:
    remover = cleancut.Remover(model=fetched("u2netp"))
    path = tmp_path / "cup.jpg"
    path.write_bytes((EXAMPLES / "cup.jpg").read_bytes())
    with Image.open(path) as image:
        image.load()
    array = np.asarray(image)
    from_bytes, from_path = remover.remove(path.read_bytes()), remover.remove(path)
    from_image, from_array = remover.remove(image), remover.remove(array)
    assert from_path == tmp_path / "cup-cutout.png"
    assert from_path.read_bytes() == from_bytes
    np.testing.assert_array_equal(np.asarray(from_image), from_array)
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(from_bytes))), from_array)


def test_another_rendering_needs_no_other_run(fetched: Callable[[str], str]) -> None:
    result = cleancut.Remover(model=fetched("u2netp"), feather=2).cut(EXAMPLES / "cup.jpg")
    again = cleancut.render(result.source, result.matte, feather=2)
    np.testing.assert_array_equal(again.pixels, result.picture.pixels)
    white = cleancut.render(result.source, result.matte, background="white")
    assert white.pixels.shape == (400, 600, 3)


def test_rembgs_calls(fetched: Callable[[str], str]) -> None:
    data = (EXAMPLES / "cup.jpg").read_bytes()
    session = rembg.new_session(fetched("u2netp"))
    cutout = rembg.remove(data, session=session)
    assert isinstance(cutout, bytes)
    mask = rembg.remove(data, session=session, only_mask=True)
    assert isinstance(mask, bytes)
    assert Image.open(BytesIO(mask)).mode == "L"
    flat = rembg.remove(Image.open(BytesIO(data)), session=session, bgcolor=(255, 0, 0, 255))
    assert isinstance(flat, Image.Image)
    assert flat.getpixel((20, 380)) == (255, 0, 0)
    hard = rembg.remove(np.asarray(Image.open(BytesIO(data))), session=session, only_mask=True, post_process_mask=True)
    assert isinstance(hard, np.ndarray)
    assert set(np.unique(hard)) == {0, 255}
