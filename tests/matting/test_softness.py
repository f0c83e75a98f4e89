from __future__ import annotations

import cv2
import numpy as np

from cleancut.matting.softness import softness
from tests.matting.masks import step


def edge(width: float) -> float:
    """The softness at an edge that fades over ``width`` pixels."""
    ramp = np.clip((np.arange(160) - 80) / width + 0.5, 0, 1).astype(np.float32)
    return float(softness(np.tile(ramp, (80, 1)))[40, 80])


def test_a_hard_edge_is_hard_and_a_wide_one_soft() -> None:
    assert edge(1) < 0.15
    assert edge(12) > 0.95


def test_wider_is_softer() -> None:
    found = [edge(width) for width in (1, 2, 4, 8, 16)]
    assert found == sorted(found)


def test_hair_is_softer_than_the_edge_it_grows_from() -> None:
    # Fine strands leave the mask in doubt over their whole length.
    head = step(160, 160, 80)
    haze = np.clip(cv2.GaussianBlur(head, (0, 0), 6), 0, 1)
    alpha = np.vstack([head, haze])
    found = softness(alpha)
    assert found[40, 80] < 0.3 < 0.9 < found[280, 80]


def test_in_the_pixels_of_a_coarse_mask_an_enlarged_edge_is_hard() -> None:
    ramp = np.tile(np.clip((np.arange(160) - 80) / 4 + 0.5, 0, 1).astype(np.float32), (80, 1))
    assert softness(ramp, pixel=4)[40, 80] < 0.2 < softness(ramp)[40, 80]


def test_where_there_is_no_edge_nothing_is_soft() -> None:
    assert not softness(np.ones((50, 50), np.float32)).any()
    assert not softness(np.zeros((50, 50), np.float32)).any()
