"""The calls that rembg's README shows, answered by the drop-in with the default model."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from cleancut.compat.rembg import new_session, remove
from cleancut.errors import UnknownModel
from tests.real.conftest import EXAMPLES

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def _default(fetched: Callable[[str], str]) -> None:
    fetched("isnet-general")


def opened(file: Path) -> Image.Image:
    return Image.open(BytesIO(file.read_bytes()))


def is_cutout(image: Image.Image) -> bool:
    alpha = np.asarray(image)[..., 3]
    return image.mode == "RGBA" and image.size == (600, 400) and alpha[150, 300] > 200 and alpha[380, 20] < 20


def test_bytes_pil_and_arrays_are_answered_in_kind() -> None:
    data = (EXAMPLES / "cup.jpg").read_bytes()
    output = remove(data)
    assert isinstance(output, bytes)
    assert is_cutout(Image.open(BytesIO(output)))
    image = remove(opened(EXAMPLES / "cup.jpg"))
    assert isinstance(image, Image.Image)
    assert is_cutout(image)
    forced = remove(opened(EXAMPLES / "cup.jpg"), force_return_bytes=True)
    assert isinstance(forced, bytes)
    assert is_cutout(Image.open(BytesIO(forced)))


def test_an_array_of_opencv_comes_back_in_opencvs_order(tmp_path: Path) -> None:
    read = cv2.imread(str(EXAMPLES / "cup.jpg"))
    assert read is not None
    output = remove(np.asarray(read, np.uint8))
    assert isinstance(output, np.ndarray)
    cv2.imwrite(str(tmp_path / "output.png"), output)
    written = opened(tmp_path / "output.png")
    assert is_cutout(written)
    # Red stays red.
    red, _, blue, _ = (int(value) for value in np.asarray(written)[250, 180])
    assert red > blue + 60


def test_a_session_serves_a_folder(tmp_path: Path) -> None:
    for name in ("cup.jpg", "cat.jpg"):
        shutil.copy(EXAMPLES / name, tmp_path)
    session = new_session()
    for file in tmp_path.glob("*.jpg"):
        output = remove(file.read_bytes(), session=session)
        assert isinstance(output, bytes)
        (tmp_path / f"{file.stem}.out.png").write_bytes(output)
    assert is_cutout(opened(tmp_path / "cup.out.png"))
    assert opened(tmp_path / "cat.out.png").mode == "RGBA"


def test_decontaminate_and_matting_are_taken() -> None:
    data = (EXAMPLES / "cat.jpg").read_bytes()
    session = new_session("isnet-general-use")
    plain = remove(data, session=session)
    assert remove(data, session=session, decontaminate=True) != plain
    matted = remove(
        data, session=session, alpha_matting=True, alpha_matting_foreground_threshold=270,
        alpha_matting_background_threshold=20, alpha_matting_erode_size=11,
    )  # fmt: skip
    assert isinstance(matted, bytes)


@pytest.mark.parametrize("name", ["withoutbg", "atlascloud", "sam", "u2net_cloth_seg"])
def test_what_is_not_offered_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(UnknownModel, match=f"^{name} is not offered: ") as caught:
        new_session(name)
    assert caught.value.hint
