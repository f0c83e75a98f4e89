from __future__ import annotations

import numpy as np
import pytest

from cleancut.evaluation.f_measure import f_measure
from tests.evaluation.sets import disc, solid


def test_it_weighs_precision_and_recall() -> None:
    matte, truth = disc(15, soft=12), disc(20)
    curve = f_measure(matte, truth)
    for threshold in (1, 60, 128, 200, 255):
        mask, wanted = (matte / 255 * 255).astype(np.uint8) >= threshold, truth > 128
        hits = (mask & wanted).sum()
        precision, recall = hits / mask.sum(), hits / wanted.sum()
        expected = 1.3 * precision * recall / (0.3 * precision + recall)
        assert curve.values[255 - threshold] == pytest.approx(expected)


def test_its_ends() -> None:
    truth = solid(20)
    assert f_measure(truth, truth).max == pytest.approx(1)
    assert f_measure(truth, truth).adaptive == pytest.approx(1)
    assert f_measure(255 - truth, truth).values[0] == 0
    assert f_measure(truth, np.zeros_like(truth)).max == 0
    assert f_measure(np.zeros_like(truth), np.zeros_like(truth)).max == 0
