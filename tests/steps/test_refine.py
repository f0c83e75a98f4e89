from __future__ import annotations

import numpy as np
import pytest

from cleancut.steps.refine import refine
from cleancut.types import Fit
from tests.fakes.engines import block, full
from tests.steps.sources import plain, source

WHOLE = Fit(0, 0, 64, 64)


def test_the_matte_has_the_photos_size() -> None:
    matte = refine(block(), WHOLE, source(plain((0, 0, 0), 240, 120)))
    assert matte.alpha.shape == (120, 240)
    assert matte.alpha.dtype == np.float32
    assert matte.subject
    assert matte.confidence == pytest.approx(1)
    assert matte.alpha[60, 120] == 1
    assert matte.alpha[10, 10] == 0
    assert matte.alpha.mean() == pytest.approx(0.25, abs=0.01)


def test_of_a_letterbox_only_the_picture_counts() -> None:
    # What the model answers about the black bars must not reach the photo, nor the confidence.
    fit = Fit(0, 16, 64, 32)
    raw = full(0.4)
    raw[16:48] = 0
    raw[16:48, 32:] = 1
    matte = refine(raw, fit, source(plain((0, 0, 0), 128, 64)))
    assert matte.confidence == pytest.approx(1)
    expected = np.zeros((64, 128))
    expected[:, 64:] = 1
    away = np.r_[0:56, 72:128]
    np.testing.assert_allclose(matte.alpha[:, away], expected[:, away], atol=0.02)
    np.testing.assert_allclose(matte.alpha, np.tile(matte.alpha[0], (64, 1)), atol=1e-5)


def test_a_subject_in_the_bars_alone_is_none() -> None:
    raw = full(1)
    raw[16:48] = 0
    matte = refine(raw, Fit(0, 16, 64, 32), source(plain((0, 0, 0), 128, 64)))
    assert not matte.subject
    assert matte.confidence == 0


@pytest.mark.parametrize("value", [0.0, 0.03, 0.4])
def test_without_a_subject_the_matte_is_clear(value: float) -> None:
    matte = refine(full(value), WHOLE, source(plain((9, 9, 9), 30, 20)))
    assert not matte.subject
    assert matte.confidence == pytest.approx(value)
    assert matte.alpha.shape == (20, 30)
    assert matte.alpha.dtype == np.float32
    assert not matte.alpha.any()


def test_values_in_between_are_kept() -> None:
    matte = refine(full(0.8), WHOLE, source(plain((9, 9, 9), 30, 20)))
    np.testing.assert_allclose(matte.alpha, 0.8, atol=1e-5)
    assert matte.confidence == pytest.approx(0.8)
