"""What the numbers of all photos come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from cleancut.evaluation.bootstrap import Interval, geometric_ratio, mean, mean_difference
from cleancut.evaluation.metrics import METRICS

# Above this mean error a matte has the wrong subject, or misses a part of it: errors at edges alone stay below. A few
# such photos outweigh all others in a mean, so both kinds are told apart, by the baseline for all candidates alike.
MISSED = 0.06

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Group:
    """Photos that are summed up together."""

    name: str
    title: str
    photos: tuple[int, ...]
    """Their places in the dataset's order."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One metric of one candidate, over a group's photos."""

    photos: int
    """How many have this metric."""
    mean: Interval
    median: float
    against: Interval | None
    """Compared with the baseline, photo by photo: the geometric mean of the ratios, or the mean of the differences
    where higher is better. None where the baseline lacks the metric."""


def groups_of(baseline: Sequence[Scores]) -> tuple[Group, ...]:
    """All photos; and those that the baseline got right, and those that it missed, where there are both."""
    everything = tuple(range(len(baseline)))
    right = tuple(at for at in everything if baseline[at]["mae"] <= MISSED)
    missed = tuple(at for at in everything if baseline[at]["mae"] > MISSED)
    groups: tuple[Group, ...] = (Group("all", "all photos", everything),)
    if right and missed:
        groups += (Group("right", f"right (baseline's MAE ≤ {MISSED})", right), Group("missed", "missed", missed))
    return groups


def summarise(scores: Sequence[Scores], baseline: Sequence[Scores], group: Group) -> dict[str, Summary]:
    """By metric; those that no photo of the group has are left out."""
    found = {}
    for metric in METRICS:
        values = [scores[at][metric.name] for at in group.photos if metric.name in scores[at]]
        if not values:
            continue
        both = [at for at in group.photos if metric.name in scores[at] and metric.name in baseline[at]]
        pairs = [scores[at][metric.name] for at in both], [baseline[at][metric.name] for at in both]
        compare = mean_difference if metric.higher else geometric_ratio
        against = compare(*pairs) if both else None
        found[metric.name] = Summary(len(values), mean(values), median(values), against)
    return found
