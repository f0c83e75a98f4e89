"""The default model in 8-bit integers gives what it gives in floating point."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cleancut import Remover
from cleancut.engines import model_of, quick_engine
from cleancut.pipeline import load
from cleancut.runtime.checked import doubtful
from cleancut.settings import read_settings
from cleancut.steps.preprocess import preprocess
from tests.real.conftest import EXAMPLES
from tests.real.test_photos import nothing

pytestmark = pytest.mark.real

MODEL = "isnet-general"


def difference(photo: Path) -> float:
    exact, quick = (Remover(model=MODEL, precision=precision).cut(photo) for precision in ("fp32", "int8"))
    assert (exact.precision, quick.precision) == ("fp32", "int8")
    return float(np.abs(exact.matte.alpha - quick.matte.alpha).mean())


@pytest.mark.parametrize("name", ["portrait.jpg", "cat.jpg", "cup.jpg"])
def test_the_examples_look_the_same(fetched: Callable[[str], str], name: str) -> None:
    fetched(MODEL)
    assert difference(EXAMPLES / name) <= 0.003


@pytest.mark.datasets
def test_photos_that_no_range_was_observed_on(fetched: Callable[[str], str], datasets: Path) -> None:
    fetched(MODEL)
    # The even half of soft24, every second of it.
    photos = sorted((datasets / "soft24" / "im").iterdir())[1::4]
    assert np.mean([difference(photo) for photo in photos]) <= 0.001


@pytest.mark.parametrize("kind", ["white", "noise", "gradient"])
def test_a_picture_of_nothing_has_no_subject(fetched: Callable[[str], str], kind: str) -> None:
    result = Remover(model=fetched(MODEL), precision="int8").cut(nothing(kind))
    assert not result.subject


@pytest.mark.datasets
def test_a_photo_that_the_model_wavers_at_is_asked_for_again(fetched: Callable[[str], str], datasets: Path) -> None:
    fetched(MODEL)
    photo, settings = datasets / "soft24" / "im" / "GT01.png", read_settings()
    spec = model_of(MODEL, settings)
    tensor, _ = preprocess(load(photo.read_bytes(), settings.limits), spec)
    assert doubtful(quick_engine(spec, "cpu", settings).session.run(tensor))
    assert difference(photo) == 0
