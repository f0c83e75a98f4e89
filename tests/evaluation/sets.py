"""Datasets that the tests draw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cleancut.evaluation.candidates import Predictions
from cleancut.evaluation.dataset import find_photos
from cleancut.evaluation.evaluate import Evaluation, evaluate
from cleancut.evaluation.run import Watch
from cleancut.settings import Settings
from tests.fakes.tiny_model import photo

Array = NDArray[np.uint8]


def disc(radius: float, height: int = 64, width: int = 96, soft: float = 2.0) -> Array:
    """(h, w): a disc in the middle whose edge fades over ``soft`` pixels each way."""
    down, across = np.mgrid[:height, :width]
    distance = np.hypot(down - height / 2, across - width / 2)
    values: Array = np.rint(np.clip((radius - distance) / (2 * soft) + 0.5, 0, 1) * 255).astype(np.uint8)
    return values


def solid(radius: float, height: int = 64, width: int = 96) -> Array:
    """(h, w): the same without a soft edge."""
    values: Array = np.where(disc(radius, height, width) > 127, 255, 0).astype(np.uint8)
    return values


def mattes(folder: Path, radii: dict[str, float]) -> Path:
    """A folder with a disc of some radius for each name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, radius in radii.items():
        Image.fromarray(disc(radius)).save(folder / f"{name}.png")
    return folder


def dataset(folder: Path, names: tuple[str, ...] = ("a", "b", "c"), radius: float = 21) -> Path:
    """Photos of a dark disc, and its true matte."""
    (folder / "im").mkdir(parents=True)
    for name in names:
        Image.fromarray(photo()).save(folder / "im" / f"{name}.png")
    mattes(folder / "gt", dict.fromkeys(names, radius))
    return folder


class Silence:
    """A watch that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def begin(self, what: str, count: int) -> None:
        self.told.append(f"{what} {count}")

    def advance(self) -> None:
        self.told.append(".")

    def fetch(self, what: str, done: int, total: int | None) -> None:
        self.told.append(what)


def compared(
    folder: Path, radii: dict[str, float], watch: Watch | None = None, *, pictures: bool = False
) -> Evaluation:
    """An evaluation of predictions that are discs of some radius each; the true one is of 21."""
    photos = find_photos(dataset(folder / "set"))
    entries = []
    for at, (name, radius) in enumerate(radii.items()):
        made = {photo.name: radius - 0.1 * place for place, photo in enumerate(photos)}
        entries.append(Predictions(name, mattes(folder / f"of-{at}", made)))
    return evaluate(photos, entries, Settings(folder), watch or Silence(), pictures=pictures)
