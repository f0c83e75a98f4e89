"""Foreground estimation, tried where the true colours are known because the picture was made from them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from statistics import median
from typing import TypeAlias

import numpy as np

from cleancut.evaluation.bootstrap import Interval, geometric_ratio, mean
from cleancut.evaluation.colour_error import colour_error
from cleancut.evaluation.dataset import Photo
from cleancut.evaluation.masks import about, read_truth, refuse_size
from cleancut.evaluation.run import Watch
from cleancut.files import read
from cleancut.matting.over import over_opaque
from cleancut.options import Limits
from cleancut.pipeline import load
from cleancut.types import Alpha8, Rgb

Estimator: TypeAlias = Callable[[Rgb, Alpha8], Rgb]
"""From a photo (h, w, 3) and its matte (h, w) to the foreground's colours (h, w, 3), all uint8."""

# The page of a shop, a film studio's screen, and the darkest there is.
BACKGROUNDS = {"white": (255, 255, 255), "green": (0, 177, 64), "black": (0, 0, 0)}

# What every estimator has to beat: the composite's own colours.
NONE = "none"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One estimator on one photo over one background."""

    photo: str
    background: str
    estimator: str
    error: float
    """As ``colour_error`` gives it."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """One estimator over one background, all photos together."""

    background: str
    estimator: str
    error: Interval
    median: float
    ratio: Interval
    """Geometric mean of the error ÷ that of the composite's own colours."""
    seconds: float
    """Mean."""


def estimators() -> dict[str, Estimator]:
    """Those that can be compared here: none, ours, and pymatting's where it is installed."""
    from cleancut.matting.foreground import estimate_foreground

    found: dict[str, Estimator] = {NONE: lambda rgb, alpha: rgb, "cleancut": estimate_foreground}
    try:
        theirs = import_module("pymatting.foreground.estimate_foreground_ml").estimate_foreground_ml
    except ImportError:
        return found

    def pymatting(rgb: Rgb, alpha: Alpha8) -> Rgb:
        colours = theirs(rgb / 255, alpha / 255)
        return np.asarray(np.rint(np.clip(colours, 0, 1) * 255), np.uint8)

    return found | {"pymatting": pymatting}


def colour_trial(
    photos: Sequence[Photo], limits: Limits, compared: Mapping[str, Estimator], watch: Watch
) -> tuple[Attempt, ...]:
    """Each photo as the foreground, its truth as the alpha, over plain backgrounds: who finds its colours again?

    The estimators get the composite and the true alpha, so that nothing but their colours is judged. Photos without a
    soft edge say nothing and are left out. Raises InputError.
    """
    watch.begin("colours", len(photos))
    # The first call may compile, or start threads.
    small = np.zeros((32, 32, 3), np.uint8), np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1))
    for estimator in compared.values():
        estimator(*small)
    attempts: list[Attempt] = []
    for photo in photos:
        attempts += _attempts(photo, limits, compared)
        watch.advance()
    return tuple(attempts)


def verdicts(attempts: Sequence[Attempt]) -> tuple[Verdict, ...]:
    """By background and estimator, in the order in which they were tried."""
    found = []
    for background, estimator in dict.fromkeys((each.background, each.estimator) for each in attempts):
        own = [each for each in attempts if (each.background, each.estimator) == (background, estimator)]
        errors = [each.error for each in own]
        plain = [each.error for each in attempts if (each.background, each.estimator) == (background, NONE)]
        ratio = geometric_ratio(errors, plain)
        seconds = sum(each.seconds for each in own) / len(own)
        found.append(Verdict(background, estimator, mean(errors), median(errors), ratio, seconds))
    return tuple(found)


def _attempts(photo: Photo, limits: Limits, compared: Mapping[str, Estimator]) -> Iterator[Attempt]:
    with about(photo.image):
        rgb = load(read(photo.image, limits.max_bytes), limits).rgb
    alpha = read_truth(photo.truth, limits)
    if alpha.shape != rgb.shape[:2]:
        raise refuse_size(photo.truth, alpha.shape[::-1], photo.image, (rgb.shape[1], rgb.shape[0]))
    for background, colour in BACKGROUNDS.items():
        composite = over_opaque(rgb, alpha, np.array([[colour]], np.uint8))
        for name, estimator in compared.items():
            began = time.perf_counter()
            estimate = estimator(composite, alpha)
            seconds = time.perf_counter() - began
            error = colour_error(estimate, rgb, alpha)
            if error is not None:
                yield Attempt(photo.name, background, name, error, seconds)
