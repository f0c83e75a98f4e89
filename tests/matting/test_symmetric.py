from __future__ import annotations

import numpy as np
import pytest

from cleancut.matting.symmetric import PAIRS, factors, quadratic, solve
from cleancut.types import Alpha


def matrices(seed: int, noise: float) -> tuple[np.ndarray, list[Alpha]]:
    """Covariances of nearly grey colours: (20, 20, 3, 3), and their six planes."""
    random = np.random.default_rng(seed)
    colours = random.random((20, 20, 30, 1)) + noise * random.normal(size=(20, 20, 30, 3))
    centred = colours - colours.mean(axis=2, keepdims=True)
    full = np.einsum("abki,abkj->abij", centred, centred) / 30
    return full, [full[..., i, j].astype(np.float32) for i, j in PAIRS]


@pytest.mark.parametrize("noise", [1.0, 0.03])
def test_solves_what_numpy_solves(noise: float) -> None:
    full, planes = matrices(3, noise)
    vector = np.random.default_rng(4).normal(size=(20, 20, 3))
    found = solve(factors(planes), [vector[..., i].astype(np.float32) for i in range(3)])
    np.testing.assert_allclose(
        np.stack(found, axis=-1), np.linalg.solve(full, vector[..., None])[..., 0], rtol=2e-2, atol=2e-2 / noise
    )


def test_grey_colours_with_the_least_noise_still_have_a_solution() -> None:
    grey = np.float32(0.05)
    matrix = [np.full((2, 2), grey + (1e-5 if i == j else 0), np.float32) for i, j in PAIRS]
    found = solve(factors(matrix), [np.ones((2, 2), np.float32)] * 3)
    np.testing.assert_allclose(found, 1 / (3 * grey + 1e-5), rtol=0.05)


def test_the_quadratic_form() -> None:
    full, planes = matrices(5, 0.3)
    vector = [np.full((20, 20), value, np.float32) for value in (0.5, -2.0, 1.5)]
    expected = np.einsum("abij,i,j->ab", full, [0.5, -2, 1.5], [0.5, -2, 1.5])
    np.testing.assert_allclose(quadratic(planes, vector), expected, rtol=1e-3, atol=1e-5)
