"""The metrics give what others' code gives for the same files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cleancut.evaluation.absolute import difference, mean_absolute
from cleancut.evaluation.e_measure import e_measure
from cleancut.evaluation.f_measure import f_measure
from cleancut.evaluation.levels import foreground, stretched
from cleancut.evaluation.masks import read_mask
from cleancut.evaluation.s_measure import s_measure
from cleancut.evaluation.weighted_f_measure import weighted_f_measure
from cleancut.options import Limits

pytestmark = pytest.mark.datasets


def test_pysodmetrics_gives_the_same(datasets: Path) -> None:
    folder = datasets / "metrics-reference"
    expected = json.loads((folder / "version_performance.json").read_text("utf-8"))["v1_4_3"]
    found: dict[str, list[float]] = {name: [] for name in ("MAE", "Smeasure", "wFmeasure", "adpEm", "adpFm")}
    e_curves, f_curves = [], []
    for path in sorted((folder / "test_data" / "masks").iterdir()):
        truth = read_mask(path, Limits()).alpha
        matte = read_mask(folder / "test_data" / "preds" / path.name, Limits()).alpha
        e, f = e_measure(matte, truth), f_measure(matte, truth)
        e_curves.append(e.values)
        f_curves.append(f.values)
        # Its MAE is that of what the other measures see.
        seen = np.rint(stretched(matte) * 255).astype(np.uint8)[matte], foreground(truth).astype(np.uint8) * 255
        found["MAE"].append(mean_absolute(difference(*seen)))
        found["Smeasure"].append(s_measure(matte, truth))
        found["wFmeasure"].append(weighted_f_measure(matte, truth))
        found["adpEm"].append(e.adaptive)
        found["adpFm"].append(f.adaptive)
    means = {name: float(np.mean(values)) for name, values in found.items()}
    # Of a whole set: the maximum of the mean curve, not the mean of the maxima.
    for name, curves in (("Em", e_curves), ("Fm", f_curves)):
        means[f"mean{name}"], means[f"max{name}"] = (
            float(np.mean(curves)), float(np.mean(curves, axis=0).max()),
        )  # fmt: skip
    exact = {name: value for name, value in means.items() if name not in ("wFmeasure", "MAE")}
    assert exact == pytest.approx({name: expected[name] for name in exact}, abs=1e-9)
    assert means["wFmeasure"] == pytest.approx(expected["wFmeasure"], abs=1e-4)
    assert means["MAE"] == pytest.approx(expected["MAE"], abs=1e-3)
