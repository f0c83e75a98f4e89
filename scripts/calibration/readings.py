"""What models say of pictures, and how right it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from scripts.calibration.boxes import background_boxes
from scripts.calibration.drawn import drawn

from cleancut.engines import engine_of
from cleancut.matting.confidence import HALF, SMALLEST_SHARE, expected_iou
from cleancut.options import Options
from cleancut.pipeline import load
from cleancut.settings import read_settings
from cleancut.steps.decode import from_image
from cleancut.steps.infer import infer
from cleancut.steps.preprocess import preprocess
from cleancut.types import Raw, Rgb

MODELS = ("isnet-general", "u2netp")
SETS = ("soft24", "highres", "lemur")

# The single photo of lemur is no background to speak of.
SETS_OF_BOXES = ("soft24", "highres")

Half = Literal["odd", "even"]
HALVES: tuple[Half, ...] = ("odd", "even")


@dataclass(frozen=True)
class Reading:
    """One model's mask of one picture, in figures."""

    model: str
    group: str
    """A set of photos; or ``drawn`` or ``boxes``, which show no subject."""
    name: str
    half: Half
    """By the place in the sorted order of its group, which begins with 1."""
    expected: float
    """``expected_iou`` of the mask."""
    speck: bool
    """Whether the mask is too small to be a subject."""
    iou: float | None
    """Σ min / Σ max of the mask and the truth, the photo squeezed to the model's square; None without a subject."""


def measure(datasets: Path, models: tuple[str, ...] = MODELS) -> Iterator[Reading]:
    """The readings of all photos and of all pictures without subject, for each model."""
    for model in models:
        for half in HALVES:
            yield from of_photos(datasets, model, half)
        yield from of_nothing(datasets, model)


def of_photos(datasets: Path, model: str, half: Half) -> Iterator[Reading]:
    """The readings of one half of every set."""
    for group in SETS:
        for place, (image, truth) in enumerate(_photos(datasets / group)):
            if half == HALVES[place % 2]:
                mask = _mask(image, model)
                yield _reading(model, group, image.stem, half, mask, _iou(mask, truth))


def of_nothing(datasets: Path, model: str) -> Iterator[Reading]:
    """The readings of the drawn pictures and the boxes of background."""
    for place, (group, name, rgb) in enumerate(_nothing(datasets)):
        yield _reading(model, group, name, HALVES[place % 2], _mask(rgb, model), None)


def _nothing(datasets: Path) -> Iterator[tuple[str, str, Rgb]]:
    for name, rgb in drawn():
        yield "drawn", name, rgb
    for group in SETS_OF_BOXES:
        for image, truth in _photos(datasets / group):
            for number, rgb in enumerate(background_boxes(image, truth)):
                yield "boxes", f"{group}/{image.stem}-{number}", rgb


def _photos(folder: Path) -> list[tuple[Path, Path]]:
    """Photos and truths, sorted by name."""
    images = sorted((folder / "im").iterdir(), key=lambda path: path.stem)
    return [(image, folder / "gt" / f"{image.stem}.png") for image in images]


def _mask(photo: Path | Rgb, model: str) -> Raw:
    """The model's answer to the whole picture, before anything else is done."""
    settings = read_settings()
    engine = engine_of(Options(model=model), settings)
    if isinstance(photo, Path):
        source = load(photo.read_bytes(), settings.limits)
    else:
        source = from_image(Image.fromarray(photo))
    tensor, _ = preprocess(source, engine.spec)
    return infer(tensor, engine)


def _iou(mask: Raw, truth: Path) -> float:
    with Image.open(truth) as file:
        size = (mask.shape[1], mask.shape[0])
        squeezed = np.asarray(file.convert("L").resize(size, Image.Resampling.BOX), np.float32) / 255
    return float(np.minimum(mask, squeezed).sum() / np.maximum(mask, squeezed).sum())


def _reading(model: str, group: str, name: str, half: Half, mask: Raw, iou: float | None) -> Reading:
    speck = float((mask >= HALF).mean()) < SMALLEST_SHARE
    return Reading(
        model, group, name, half, round(expected_iou(mask), 4), speck, None if iou is None else round(iou, 4)
    )
