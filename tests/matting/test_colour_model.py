from __future__ import annotations

import numpy as np
import pytest

from cleancut.matting.colour_model import ColourModel, colour_model
from cleancut.types import Alpha

RED, GREY = np.array([0.8, 0.2, 0.2], np.float32), np.array([0.4, 0.4, 0.45], np.float32)


def halves(left: Alpha, right: Alpha, noise: float = 0.01) -> Alpha:
    """(64, 128, 3): one colour at the left, another at the right."""
    rgb = np.empty((64, 128, 3), np.float32)
    rgb[:, :64], rgb[:, 64:] = left, right
    return rgb + np.random.default_rng(2).normal(0, noise, rgb.shape).astype(np.float32)


def known() -> Alpha:
    """Clear at the left, opaque at the right, open between."""
    return np.tile(np.clip((np.arange(128) - 56) / 16, 0, 1).astype(np.float32), (64, 1))


def answer(model: ColourModel, colour: Alpha, row: int = 8, column: int = 16) -> float:
    weights = [float(each[row, column]) for each in model.weights]
    return float(np.dot(weights, colour) + model.offset[row, column])


def test_mixtures_answer_their_share() -> None:
    model = colour_model(halves(GREY, RED), known())
    for share in (0.25, 0.5, 0.75):
        assert answer(model, share * RED + (1 - share) * GREY) == pytest.approx(share, abs=0.06)
    assert answer(model, RED) >= 0.99
    assert answer(model, GREY) <= 0.01


def test_colours_far_apart_are_trusted_and_near_ones_are_not() -> None:
    assert colour_model(halves(GREY, RED), known()).trust[8, 16] > 0.9
    assert colour_model(halves(GREY, GREY + 0.02), known()).trust[8, 16] < 0.1
    assert colour_model(halves(GREY, RED, noise=0.3), known()).trust[8, 16] < 0.5


def test_shading_is_no_transparency() -> None:
    # The foreground gets darker and lighter, the background differs in hue: the discriminant looks at the hue.
    rgb = halves(np.array([0.2, 0.5, 0.3], np.float32), RED)
    rgb[:, 64:] *= np.random.default_rng(5).uniform(0.5, 1.3, (64, 64, 1)).astype(np.float32)
    model = colour_model(rgb, known())
    assert answer(model, 0.6 * RED) > 0.85
    assert answer(model, 1.2 * RED) > 0.85


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_with_nothing_to_learn_from_there_is_no_trust(value: float) -> None:
    model = colour_model(halves(GREY, RED), np.full((64, 128), value, np.float32))
    assert np.isfinite(model.offset).all()
    assert all(np.isfinite(each).all() for each in model.weights)
    assert not (model.trust > 0.01).any()


def test_a_side_that_is_nowhere_near_is_not_black() -> None:
    # All is grey glass in doubt; only far away something is sure.
    rgb = np.full((64, 900, 3), 0.8, np.float32)
    alpha = np.full((64, 900), 0.75, np.float32)
    alpha[:, :20], rgb[:, :20] = 0, 1
    assert not (colour_model(rgb, alpha).trust[:, 30:] > 0.01).any()


def test_a_single_pixel_is_a_picture_too() -> None:
    model = colour_model(np.zeros((1, 1, 3), np.float32), np.zeros((1, 1), np.float32))
    assert model.trust.shape == (1, 1)
    assert np.isfinite(model.trust).all()
