from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cleancut.evaluation.band import unknown_band


def drawn(text: str) -> NDArray[np.bool_]:
    return np.array([[each == "#" for each in line.strip()] for line in text.strip().splitlines()])


def test_it_is_what_is_neither_clear_nor_opaque_and_a_pixel_around() -> None:
    truth = np.zeros((7, 8), np.uint8)
    truth[:, 4:] = 255
    truth[3, 3] = 128
    expected = drawn("""
        ........
        ........
        ..###...
        ..###...
        ..###...
        ........
        ........
    """)
    np.testing.assert_array_equal(unknown_band(truth), expected)


@pytest.mark.parametrize(("value", "unknown"), [(5, False), (6, True), (249, True), (250, False)])
def test_two_per_cent_are_as_good_as_clear_or_opaque(value: int, unknown: bool) -> None:
    truth = np.full((9, 9), 255, np.uint8)
    truth[:4] = 0
    # With another unknown pixel far away the truth is not binary.
    truth[8, 8] = 128
    truth[1, 1] = value
    assert unknown_band(truth)[0, 0] == unknown


def test_of_a_binary_truth_it_is_the_contour_and_a_pixel_around() -> None:
    truth = np.zeros((8, 7), np.uint8)
    truth[4:] = 255
    expected = np.zeros((8, 7), bool)
    # The contour is the two rows that meet.
    expected[2:6] = True
    np.testing.assert_array_equal(unknown_band(truth), expected)


@pytest.mark.parametrize(
    ("height", "width", "side"),
    [(100, 900, 3), (499, 900, 3), (500, 500, 5), (900, 500, 5), (749, 900, 5), (750, 900, 7), (1000, 1200, 9)],
)
def test_it_grows_with_the_shorter_side_and_stays_odd(height: int, width: int, side: int) -> None:
    truth = np.zeros((height, width), np.uint8)
    truth[height // 2, width // 2] = 128
    assert int(unknown_band(truth).sum()) == side * side


@pytest.mark.parametrize("value", [0, 255])
def test_without_an_edge_there_is_none(value: int) -> None:
    assert not unknown_band(np.full((20, 20), value, np.uint8)).any()
