from __future__ import annotations

import numpy as np
import pytest

from cleancut.evaluation.absolute import difference
from cleancut.evaluation.band import unknown_band
from cleancut.evaluation.connectivity import connectivity_difference
from cleancut.evaluation.gradient import gradient_difference
from cleancut.evaluation.metrics import BY_NAME
from cleancut.evaluation.score import score
from tests.evaluation.sets import disc, solid


def test_every_number_is_a_metric_and_the_others_are_of_the_run() -> None:
    assert BY_NAME.keys() - score(disc(18), disc(21)).keys() == {"colour", "seconds"}
    assert score(disc(18), disc(21)).keys() <= BY_NAME.keys()


def test_whole_and_band_are_of_the_same_differences() -> None:
    matte, truth = disc(18), disc(21)
    matte[:4] = 90  # far from the band
    found, band = score(matte, truth), unknown_band(truth)
    levels = difference(matte, truth) / 255
    assert found["mae"] == pytest.approx(levels.mean())
    assert found["band_mae"] == pytest.approx(levels[band].mean())
    assert found["band_mse"] == pytest.approx((levels[band] ** 2).mean())
    assert found["band_sad"] == pytest.approx(levels[band].sum() / 1000)
    assert found["gradient"] == pytest.approx(gradient_difference(matte, truth).mean(), rel=1e-4)
    assert found["band_gradient"] == pytest.approx(gradient_difference(matte, truth)[band].mean(), rel=1e-4)
    assert found["connectivity"] == pytest.approx(connectivity_difference(matte, truth).sum() / 1000)
    assert found["band_connectivity"] == pytest.approx(connectivity_difference(matte, truth)[band].sum() / 1000)


def test_a_perfect_matte() -> None:
    found = score(solid(20), solid(20))
    worth = {name: 1.0 if BY_NAME[name].higher else 0.0 for name in found}
    # A threshold of 0 takes all for foreground, which costs the means a little.
    assert found == pytest.approx(worth, abs=0.01)


def test_without_an_edge_in_the_truth_nothing_is_said_of_the_band() -> None:
    found = score(disc(10), np.zeros((64, 96), np.uint8))
    assert not [name for name in found if name.startswith("band")]
    assert found["mae"] > 0
