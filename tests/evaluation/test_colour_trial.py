from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cleancut.errors import InputError
from cleancut.evaluation.colour_trial import BACKGROUNDS, NONE, Estimator, colour_trial, verdicts
from cleancut.evaluation.dataset import find_photos
from cleancut.options import Limits
from cleancut.types import Alpha8, Rgb
from tests.evaluation.sets import Silence, dataset, disc, solid
from tests.pictures import gradient


def none(rgb: Rgb, alpha: Alpha8) -> Rgb:
    return rgb


def oracle(rgb: Rgb, alpha: Alpha8) -> Rgb:
    return gradient(*alpha.shape)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = dataset(tmp_path / "set", ("a", "b"))
    for name in ("a", "b"):
        Image.fromarray(gradient(64, 96)).save(folder / "im" / f"{name}.png")
    return folder


def test_the_composite_is_as_wrong_as_its_background_shines_through(folder: Path) -> None:
    attempts = colour_trial(find_photos(folder), Limits(), {NONE: none, "oracle": oracle}, Silence())
    assert len(attempts) == 2 * len(BACKGROUNDS) * 2
    photo, alpha = gradient(64, 96), disc(21)
    soft = (alpha > 0) & (alpha < 255)
    weight = alpha[soft] / 255
    for attempt in attempts:
        through = np.abs(photo[soft].astype(float) - BACKGROUNDS[attempt.background]).mean(axis=1) * (1 - weight)
        expected = (through * weight).sum() / weight.sum() if attempt.estimator == NONE else 0
        assert attempt.error == pytest.approx(expected, abs=0.5)
        assert attempt.seconds >= 0


def test_a_verdict_compares_with_doing_nothing(folder: Path) -> None:
    def halfway(rgb: Rgb, alpha: Alpha8) -> Rgb:
        return ((rgb.astype(int) + oracle(rgb, alpha)) // 2).astype(np.uint8)

    compared: dict[str, Estimator] = {NONE: none, "halfway": halfway}
    found = verdicts(colour_trial(find_photos(folder), Limits(), compared, Silence()))
    assert [(each.background, each.estimator) for each in found] == [
        (background, name) for background in BACKGROUNDS for name in compared
    ]
    assert all(each.ratio.value == 1 for each in found if each.estimator == NONE)
    assert all(each.ratio.value == pytest.approx(0.5, abs=0.05) for each in found if each.estimator == "halfway")


def test_photos_without_a_soft_edge_are_left_out(folder: Path) -> None:
    Image.fromarray(solid(20)).save(folder / "gt" / "a.png")
    attempts = colour_trial(find_photos(folder), Limits(), {NONE: none}, Silence())
    assert {each.photo for each in attempts} == {"b"}


def test_another_size_is_refused(folder: Path) -> None:
    Image.fromarray(solid(20, 32, 32)).save(folder / "gt" / "a.png")
    with pytest.raises(InputError, match=r"gt/a\.png is 32 × 32"):
        colour_trial(find_photos(folder), Limits(), {NONE: none}, Silence())
