from __future__ import annotations

import numpy as np
import pytest

from cleancut.matting.confidence import LEAST, OVERCONFIDENCE, confidence, expected_iou, has_subject
from cleancut.types import Raw
from tests.matting.masks import disc, noise


def sure(raw: Raw) -> bool:
    return has_subject(raw, confidence(raw))


def test_a_crisp_mask_is_certain() -> None:
    mask = np.zeros((64, 64), np.float32)
    mask[10:30, 20:50] = 1
    assert confidence(mask) == pytest.approx(1)
    assert sure(mask)


def test_it_is_the_mean_iou_with_what_the_values_promise() -> None:
    mask = noise(3, 200, 200)
    random = np.random.default_rng(4)
    drawn = [random.random(mask.shape) < mask for _ in range(20)]
    ious = [np.minimum(mask, truth).sum() / np.maximum(mask, truth).sum() for truth in drawn]
    assert expected_iou(mask) == pytest.approx(np.mean(ious), abs=0.005)


@pytest.mark.parametrize("value", [1e-30, 0.001, 0.2, 0.5, 1])
def test_an_even_mask_by_hand(value: float) -> None:
    even = np.full((64, 64), value, np.float32)
    assert expected_iou(even) == pytest.approx(value / (2 - value), rel=1e-5)
    assert confidence(even) == pytest.approx((value / (2 - value)) ** OVERCONFIDENCE, rel=1e-5)


def test_soft_edges_cost_little() -> None:
    soft = disc(256, 80, softness=20)
    assert 0.75 < confidence(soft) < 1
    assert sure(soft)


def test_an_empty_mask_is_no_subject() -> None:
    empty = np.zeros((64, 64), np.float32)
    assert confidence(empty) == 0
    assert not sure(empty)


@pytest.mark.parametrize("value", [1e-30, 0.001, 0.03, 0.3, 0.49])
def test_a_faint_answer_is_doubt(value: float) -> None:
    faint = np.full((64, 64), value, np.float32)
    assert confidence(faint) < LEAST
    assert not sure(faint)


def test_a_faint_subject_is_doubt_however_much_its_shape_stands_out() -> None:
    mask = np.full((64, 64), 0.01, np.float32)
    mask[10:40, 10:40] = 0.35
    assert not sure(mask)


def test_a_decided_spot_in_a_field_of_doubt_is_no_subject() -> None:
    mask = np.full((64, 64), 0.3, np.float32)
    mask[30:36, 30:36] = 1
    assert not sure(mask)


def test_faint_noise_is_no_subject() -> None:
    assert not sure(np.random.default_rng(1).random((64, 64), np.float32) * np.float32(0.2))


def test_the_whole_frame_may_be_the_subject() -> None:
    assert sure(np.ones((64, 64), np.float32))


@pytest.mark.parametrize(("side", "found"), [(7, False), (8, True)])
def test_less_than_8_by_8_of_1024_is_a_speck(side: int, found: bool) -> None:
    mask = np.zeros((1024, 1024), np.float32)
    mask[500 : 500 + side, 500 : 500 + side] = 1
    assert sure(mask) is found


def test_certainty_grows_with_the_values() -> None:
    rising = [confidence(disc(64, 20) * np.float32(value)) for value in (0.2, 0.5, 0.8, 1)]
    assert rising == sorted(rising)
    assert rising[0] < 0.2 < rising[-1] <= 1
