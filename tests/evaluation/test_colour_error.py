from __future__ import annotations

import numpy as np
import pytest

from cleancut.evaluation.colour_error import colour_error


def test_soft_pixels_count_by_their_alpha() -> None:
    alpha = np.array([[0, 51, 204, 255]], np.uint8)
    truth = np.full((1, 4, 3), 100, np.uint8)
    estimate = truth.copy()
    estimate[0, 0] = estimate[0, 3] = 0  # what is clear or opaque has no part in it
    estimate[0, 1] = 130, 70, 100  # 20 on average
    estimate[0, 2] = 100, 100, 115  # 5 on average
    assert colour_error(estimate, truth, alpha) == pytest.approx((51 * 20 + 204 * 5) / 255)


def test_without_a_soft_edge_there_is_none() -> None:
    colours = np.zeros((4, 4, 3), np.uint8)
    assert colour_error(colours, colours, np.full((4, 4), 255, np.uint8)) is None
