"""Shadows: where they lie, how dark they are, and that they are soft."""

from __future__ import annotations

import numpy as np
import pytest

from cleancut.geometry import Box
from cleancut.matting.eight_bits import eight_bits
from cleancut.matting.shadow import shadow
from cleancut.options import Shadow
from cleancut.placement import reach
from cleancut.types import Alpha8
from tests.matting.masks import disc

KINDS: list[Shadow] = ["drop", "contact", "cast"]


def standing(factor: int = 1) -> tuple[Alpha8, Box]:
    """A block that stands in the middle of a large frame."""
    alpha = np.zeros((600 * factor, 800 * factor), np.uint8)
    box = Box(320 * factor, 200 * factor, 480 * factor, 400 * factor)
    alpha[box.top : box.bottom, box.left : box.right] = 255
    return alpha, box


def centre(dark: Alpha8) -> tuple[float, float]:
    rows, columns = np.nonzero(dark)
    weights = dark[rows, columns].astype(float)
    return float((columns * weights).sum() / weights.sum()), float((rows * weights).sum() / weights.sum())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("opacity", [10, 50, 100])
def test_no_pixel_is_darker_than_asked_for_and_one_is_nearly_so(kind: Shadow, opacity: int) -> None:
    dark = shadow(*standing(), kind, opacity)
    assert dark.shape == (600, 800)
    most = opacity * 2.55
    assert 0.85 * most <= dark.max() <= most + 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_shadow_stays_within_its_reach(kind: Shadow) -> None:
    alpha, box = standing()
    there = reach(kind, box)
    dark = shadow(alpha, box, kind, 100)
    outside = dark.copy()
    outside[there.top : there.bottom, there.left : there.right] = 0
    # What is less than 3 % dark nobody sees end.
    assert outside.max() <= 8


def test_a_drop_shadow_is_the_silhouette_a_little_below() -> None:
    alpha, box = standing()
    across, down = centre(shadow(alpha, box, "drop", 100))
    assert across == pytest.approx(399.5, abs=0.5)
    assert down == pytest.approx(299.5 + 0.03 * 180, abs=0.5)


def test_a_contact_shadow_is_where_the_subject_stands_and_not_where_it_hangs_over() -> None:
    alpha, _ = standing()
    # A roof, far above the floor.
    alpha[160:200, 200:600] = 255
    dark = shadow(alpha, Box(200, 160, 600, 400), "contact", 100)
    assert dark[400, 400] > 150
    assert dark[:360].max() < 40
    assert dark[:, 220].max() < 10
    assert dark[:, 580].max() < 10
    assert dark[460:].max() < 10


def test_a_cast_shadow_leans_to_the_right_behind_the_subject_and_fades() -> None:
    alpha, box = standing()
    dark = shadow(alpha, box, "cast", 100)
    beside = dark[:, box.right + 6 :]
    assert beside.max() > 100
    assert centre(dark)[0] > 410
    assert dark[: box.bottom - 90].max() < 10
    near, far = dark[390, box.right + 4], dark[356, box.right + 40]
    assert near > far > 5


@pytest.mark.parametrize("kind", KINDS)
def test_shadows_are_soft(kind: Shadow) -> None:
    dark = shadow(*standing(), kind, 100).astype(int)
    for axis in (0, 1):
        assert np.abs(np.diff(dark, axis=axis)).max() < 90


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_picture_has_the_shadow_of_a_small_one(kind: Shadow) -> None:
    small, large = shadow(*standing(), kind, 100), shadow(*standing(4), kind, 100)
    assert large.shape == (2400, 3200)
    reduced = large.reshape(600, 4, 800, 4).mean(axis=(1, 3))
    assert np.abs(reduced - small).mean() < 1
    assert np.abs(reduced - small).max() < 40


@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_of_hardly_a_pixel_or_cut_by_the_frame_is_no_trouble(kind: Shadow) -> None:
    dot = np.zeros((40, 50), np.uint8)
    dot[20, 25] = 255
    assert shadow(dot, Box(25, 20, 26, 21), kind, 50).shape == (40, 50)
    full = np.full((40, 50), 255, np.uint8)
    assert shadow(full, Box(0, 0, 50, 40), kind, 50).shape == (40, 50)
    faint = eight_bits(disc(60, 20) * np.float32(0.3))
    assert shadow(faint, Box(10, 10, 50, 50), kind, 50).max() < 60
