"""From readings to the constants, and to figures that say what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scripts.calibration.readings import Reading

Values = NDArray[np.float64]

# Twenty photos fill no more than four bins.
BINS = 4


@dataclass(frozen=True)
class Bin:
    """A quarter of the photos: what was expected of them on average, and what was true."""

    count: int
    expected: float
    true: float


@dataclass(frozen=True)
class Agreement:
    """How well confidence tells the IoU."""

    count: int
    rank_correlation: float
    """Spearman's."""
    mean_difference: float
    rmse: float
    constant_rmse: float
    """Of always saying the mean IoU of these very photos, which no constant beats."""
    bins: tuple[Bin, ...]
    """By confidence, equal in number."""

    @property
    def ece(self) -> float:
        """Expected calibration error: the mean distance in the bins, by their photos."""
        return sum(each.count * abs(each.expected - each.true) for each in self.bins) / self.count


def fit_power(readings: Sequence[Reading]) -> float:
    """The power of ``expected_iou`` that is nearest to the IoU, by least squares, to two digits."""
    expected, true = _expected(readings), _true(readings)
    powers = np.arange(0.5, 5, 0.01)
    return float(powers[np.argmin([np.square(expected**power - true).mean() for power in powers])])


def agreement(readings: Sequence[Reading], power: float) -> Agreement:
    """Of photos with a subject."""
    said, true = _expected(readings) ** power, _true(readings)
    order = np.argsort(said, kind="stable")
    bins = tuple(
        Bin(len(part), float(said[part].mean()), float(true[part].mean())) for part in np.array_split(order, BINS)
    )
    return Agreement(
        len(readings),
        float(np.corrcoef(_ranks(said), _ranks(true))[0, 1]),
        float(np.abs(said - true).mean()),
        float(np.sqrt(np.square(said - true).mean())),
        float(true.std()),
        bins,
    )


def passing(readings: Sequence[Reading], power: float, least: float) -> list[Reading]:
    """Those that read as a subject at that threshold, the surest first."""
    found = [each for each in readings if each.expected**power >= least and not each.speck]
    return sorted(found, key=lambda each: -each.expected)


def second_opinion(
    first: Sequence[Reading], second: Sequence[Reading], power: float, sure: float, lead: float
) -> tuple[float, int, int]:
    """The mean IoU if below ``sure`` a second model is asked, and taken if surer by ``lead``; how often either is."""
    others = {(each.group, each.name): each for each in second}
    kept: list[float] = []
    asked = taken = 0
    for one in first:
        other, said = others[one.group, one.name], one.expected**power
        unsure = said < sure
        better = unsure and other.expected**power >= said + lead
        asked, taken = asked + unsure, taken + better
        kept.append((other if better else one).iou or 0.0)
    return float(np.mean(kept)), asked, taken


def _expected(readings: Sequence[Reading]) -> Values:
    return np.array([each.expected for each in readings])


def _true(readings: Sequence[Reading]) -> Values:
    return np.array([each.iou for each in readings], np.float64)


def _ranks(values: Values) -> Values:
    """Places in the order; equal ones share the mean place."""
    return np.array([(values < each).sum() + (values == each).sum() / 2 for each in values], np.float64)
