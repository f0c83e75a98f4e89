"""What int8 changes: each photo of a set by both precisions, beside the ground truth.

    CLEANCUT_DATASETS=FOLDER python -m benchmarks.precision soft24

writes ``results/precision-soft24.json``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click
import numpy as np

import cleancut
from benchmarks.tables import RESULTS
from cleancut.evaluation.dataset import Photo, find_photos
from cleancut.evaluation.machine import machine
from cleancut.evaluation.masks import read_truth
from cleancut.options import Limits
from cleancut.runtime import checked
from cleancut.types import Raw

MODEL = "isnet-general"


def main(name: str) -> None:
    """Measure the photos of one set."""
    photos = []
    found = find_photos(Path(os.environ["CLEANCUT_DATASETS"]) / name)
    with click.progressbar(found, label=name, file=sys.stderr) as bar:
        for photo in bar:
            photos.append(_measured(photo))
    content = {"machine": machine(), "dataset": name, "model": MODEL, "photos": photos}
    (RESULTS / f"precision-{name}.json").write_text(json.dumps(content, indent=1) + "\n", "ascii")


def _measured(photo: Photo) -> dict[str, str | float | int]:
    asked_again = _asked_again()
    exact, quick = (cleancut.Remover(model=MODEL, precision=each).cut(photo.image) for each in ("fp32", "int8"))
    truth = read_truth(photo.truth, Limits()).astype(np.float32) / 255
    return {
        "photo": photo.name,
        "difference": float(np.abs(exact.matte.alpha - quick.matte.alpha).mean()),
        "mae_fp32": float(np.abs(exact.matte.alpha - truth).mean()),
        "mae_int8": float(np.abs(quick.matte.alpha - truth).mean()),
        "asked_again": len(asked_again),
    }


def _asked_again() -> list[bool]:
    """Fills with one entry for each answer from now on that is asked for again."""
    found: list[bool] = []
    judge = _JUDGE

    def doubtful(answer: Raw) -> bool:
        again = judge(answer)
        found.extend([True] * again)
        return again

    checked.doubtful = doubtful
    return found


_JUDGE = checked.doubtful

if __name__ == "__main__":
    main(sys.argv[1])
