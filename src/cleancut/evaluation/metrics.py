"""What is measured of each photo, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One number a photo."""

    name: str
    """Its key in JSON."""
    title: str
    digits: int
    """Decimals that a table shows."""
    higher: bool = False
    """Whether higher is better."""


METRICS = (
    Metric("mae", "MAE", 4),
    Metric("mse", "MSE", 4),
    Metric("sad", "SAD", 2),
    Metric("gradient", "gradient", 3),
    Metric("connectivity", "connectivity", 2),
    Metric("band_mae", "band error", 4),
    Metric("band_mse", "band MSE", 4),
    Metric("band_sad", "band SAD", 2),
    Metric("band_gradient", "band gradient", 2),
    Metric("band_connectivity", "band connectivity", 2),
    Metric("s_measure", "S-measure", 3, higher=True),
    Metric("e_mean", "E mean", 3, higher=True),
    Metric("e_max", "E max", 3, higher=True),
    Metric("e_adaptive", "E adaptive", 3, higher=True),
    Metric("f_mean", "F mean", 3, higher=True),
    Metric("f_max", "F max", 3, higher=True),
    Metric("f_weighted", "F weighted", 3, higher=True),
    Metric("boundary_iou", "boundary IoU", 3, higher=True),
    Metric("colour", "colour error", 2),
    Metric("seconds", "s a photo", 2),
)
BY_NAME = {metric.name: metric for metric in METRICS}
