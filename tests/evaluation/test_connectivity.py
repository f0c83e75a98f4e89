from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cleancut.evaluation.connectivity import connectivity_difference

Plane = NDArray[np.float64]


def largest(mask: NDArray[np.bool_]) -> set[tuple[int, int]]:
    """The largest part with 4 neighbours, by flooding."""
    left = {(int(row), int(column)) for row, column in np.argwhere(mask)}
    best: set[tuple[int, int]] = set()
    while left:
        part, todo = set(), [min(left)]
        while todo:
            row, column = todo.pop()
            if (row, column) in left:
                left.remove((row, column))
                part.add((row, column))
                todo += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
        best = part if len(part) > len(best) else best
    return best


def reference(matte: Plane, truth: Plane) -> Plane:
    """Rhemann et al. by the letter: pixel by pixel, threshold by threshold."""
    found = np.zeros(matte.shape)
    parts = [largest((matte >= level / 10) & (truth >= level / 10)) for level in range(1, 11)]
    for row, column in np.ndindex(matte.shape):
        held = [(row, column) in part for part in parts]
        connected = held.index(False) / 10 if False in held else 1.0
        degrees = []
        for alpha in (matte[row, column], truth[row, column]):
            beyond = alpha - connected
            degrees.append(1 - beyond * (beyond >= 0.15))
        found[row, column] = abs(degrees[0] - degrees[1])
    return found


def test_it_is_that_of_rhemann_et_al() -> None:
    random = np.random.default_rng(3)
    for _ in range(5):
        # Multiples of a twentieth: no two parts are of the same size by chance of rounding.
        matte, truth = (np.clip(random.normal(0.6, 0.35, (14, 17)), 0, 1) for _ in range(2))
        matte, truth = (np.rint(each * 255) for each in (matte, truth))
        found = connectivity_difference(matte.astype(np.uint8), truth.astype(np.uint8))
        np.testing.assert_allclose(found, reference(matte / 255, truth / 255), atol=1e-6)


def test_a_piece_that_came_off_costs_what_it_holds() -> None:
    truth = np.zeros((10, 20), np.uint8)
    truth[2:8, 2:18] = 255
    matte = truth.copy()
    matte[:, 12] = 0
    found = connectivity_difference(matte, truth)
    # The cut costs its pixels; the smaller piece is whole in both mattes, so that its loss is the same.
    assert float(found.sum()) == 6
    assert found[4, 12] == 1


def test_empty_and_equal_mattes_differ_nowhere() -> None:
    empty = np.zeros((9, 9), np.uint8)
    assert not connectivity_difference(empty, empty).any()
    full = np.full((9, 9), 255, np.uint8)
    assert not connectivity_difference(full, full).any()
