from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cleancut.evaluation.e_measure import e_measure
from tests.evaluation.sets import disc, solid


def reference(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Fan et al., IJCAI 2018, on the pixels themselves."""
    if not truth.any():
        return float((~mask).sum() / (mask.size - 1))
    if truth.all():
        return float(mask.sum() / (mask.size - 1))
    x, y = mask - mask.mean(), truth - truth.mean()
    alignment = 2 * x * y / (x**2 + y**2 + 1e-16)
    return float(((1 + alignment) ** 2 / 4).sum() / (mask.size - 1))


@pytest.mark.parametrize("kind", ["disc", "empty", "full"])
def test_it_is_that_of_fan_et_al(kind: str) -> None:
    truth = {"disc": disc(20), "empty": disc(-9), "full": disc(900)}[kind]
    matte = disc(15, soft=12)
    curve = e_measure(matte, truth)
    for threshold in (1, 60, 128, 200, 255):
        mask = (matte / 255 * 255).astype(np.uint8) >= threshold
        assert curve.values[255 - threshold] == pytest.approx(reference(mask, truth > 128))
    adaptive = matte / 255 >= min(1, 2 * (matte / 255).mean())
    assert curve.adaptive == pytest.approx(reference(adaptive, truth > 128))
    assert curve.max == curve.values.max()
    assert curve.mean == pytest.approx(curve.values.mean())


def test_the_same_mask_is_best() -> None:
    truth = solid(20)
    assert e_measure(truth, truth).max == pytest.approx(1, abs=1e-3)
    assert e_measure(255 - truth, truth).values[0] == pytest.approx(0, abs=1e-6)
