from __future__ import annotations

import numpy as np

from cleancut.matting.closed_form import _EPSILON, _Laplacian, closed_form
from tests.matting.drawings import as_a_model_sees_it, as_alpha, error, hair


def test_what_the_colours_explain_is_found() -> None:
    drawing = hair(256)
    estimate = as_a_model_sees_it(drawing.alpha, 2)
    rgb = as_alpha(drawing.rgb / 255)
    band = ((estimate > 0.02) & (estimate < 0.98)).astype(np.float32)
    solved = closed_form(rgb, estimate, band)
    assert error(solved, drawing.alpha) < 0.95 * error(estimate, drawing.alpha)
    assert solved.min() >= 0
    assert solved.max() <= 1


def test_the_operator_is_the_matrix_of_the_paper() -> None:
    """L = Σ over windows of (δᵢⱼ - (1 + (Iᵢ - μ)ᵀ(Σ + εU)⁻¹(Iⱼ - μ)) / 9), window by window; ours is a ninth of it."""
    random = np.random.default_rng(3)
    rgb, alpha = random.random((12, 14, 3), np.float32), random.random((12, 14), np.float32)
    expected = np.zeros((12, 14))
    for top in range(10):
        for left in range(12):
            window = np.s_[top : top + 3, left : left + 3]
            colours = rgb[window].reshape(9, 3).astype(float)
            colours -= colours.mean(axis=0)
            inverse = np.linalg.inv(colours.T @ colours / 9 + _EPSILON * np.eye(3))
            local = np.eye(9) - (1 + colours @ inverse @ colours.T) / 9
            expected[window] += (local @ alpha[window].ravel()).reshape(3, 3)
    inside = np.s_[2:-2, 2:-2]
    np.testing.assert_allclose(_Laplacian(rgb)(alpha)[inside], expected[inside] / 9, atol=1e-4)


def test_what_is_known_stays() -> None:
    drawing = hair(128)
    band = np.zeros((128, 128), np.float32)
    np.testing.assert_allclose(closed_form(as_alpha(drawing.rgb / 255), drawing.alpha, band), drawing.alpha, atol=0.1)


def test_constant_alpha_stays_constant() -> None:
    rgb = np.random.default_rng(1).random((40, 40, 3), np.float32)
    alpha = np.full((40, 40), 0.4, np.float32)
    np.testing.assert_allclose(closed_form(rgb, alpha, np.ones_like(alpha)), alpha, atol=1e-3)


def test_grey_pictures_have_a_solution() -> None:
    grey = np.repeat(np.random.default_rng(2).random((60, 60, 1), np.float32), 3, axis=2)
    estimate = np.clip(grey[..., 0] * 2 - 0.5, 0, 1)
    assert np.isfinite(closed_form(grey, estimate, np.ones_like(estimate))).all()
