"""All the numbers of one matte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleancut.evaluation.absolute import difference, mean_absolute, mean_squared, sum_absolute
from cleancut.evaluation.band import unknown_band
from cleancut.evaluation.boundary_iou import boundary_iou
from cleancut.evaluation.connectivity import connectivity_difference
from cleancut.evaluation.e_measure import e_measure
from cleancut.evaluation.f_measure import f_measure
from cleancut.evaluation.gradient import gradient_difference
from cleancut.evaluation.s_measure import s_measure
from cleancut.evaluation.weighted_f_measure import weighted_f_measure
from cleancut.types import Alpha8

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cleancut.types import Alpha


def score(matte: Alpha8, truth: Alpha8) -> dict[str, float]:
    """The metrics of ``metrics.py`` by name, of two mattes (h, w) uint8; those in the band only if there is one.

    Without an edge in the truth (all clear, all opaque) there is no band.
    """
    band = unknown_band(truth)
    levels = difference(matte, truth)
    gradient, connectivity = gradient_difference(matte, truth), connectivity_difference(matte, truth)
    found = {
        "mae": mean_absolute(levels),
        "mse": mean_squared(levels),
        "sad": sum_absolute(levels),
        "gradient": _mean(gradient),
        "connectivity": _thousands(connectivity),
    }
    if band.any():
        inside = levels[band]
        found |= {
            "band_mae": mean_absolute(inside),
            "band_mse": mean_squared(inside),
            "band_sad": sum_absolute(inside),
            "band_gradient": _mean(gradient[band]),
            "band_connectivity": _thousands(connectivity[band]),
        }
    return found | _of_salient_objects(matte, truth)


def _of_salient_objects(matte: Alpha8, truth: Alpha8) -> dict[str, float]:
    e, f = e_measure(matte, truth), f_measure(matte, truth)
    return {
        "s_measure": s_measure(matte, truth),
        "e_mean": e.mean,
        "e_max": e.max,
        "e_adaptive": e.adaptive,
        "f_mean": f.mean,
        "f_max": f.max,
        "f_weighted": weighted_f_measure(matte, truth),
        "boundary_iou": boundary_iou(matte, truth),
    }


def _mean(values: Alpha) -> float:
    return float(values.mean(dtype="float64"))


def _thousands(values: NDArray[np.float32]) -> float:
    return float(values.sum(dtype="float64")) / 1000
