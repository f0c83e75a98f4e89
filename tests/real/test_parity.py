"""The masks are those of the models' authors, and those of rembg where it does the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cleancut import Remover

pytestmark = [pytest.mark.real, pytest.mark.datasets]


def matte(path: Path, band: str) -> NDArray[np.float64]:
    """One band of a reference picture, 0..1."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA").getchannel(band)) / 255.0


def difference(remover: Remover, photo: Path, reference: NDArray[np.float64]) -> float:
    return float(np.abs(remover.cut(photo).matte.alpha - reference).mean())


@pytest.mark.parametrize("name", ["anime-girl-1", "car-1", "cloth-1", "plants-1"])
def test_isnet_gives_rembgs_matte(fetched: Callable[[str], str], datasets: Path, name: str) -> None:
    folder = datasets / "reference-outputs" / "rembg"
    reference = matte(folder / "outputs" / f"{name}.isnet-general-use.png", "A")
    remover = Remover(model=fetched("isnet-general"), refine=False)
    assert difference(remover, folder / "im" / f"{name}.jpg", reference) <= 0.003


def test_u2netp_gives_its_authors_masks(fetched: Callable[[str], str], datasets: Path) -> None:
    folder = datasets / "reference-outputs" / "u2net"
    remover = Remover(model=fetched("u2netp"), refine=False)
    photos = sorted((folder / "im").iterdir())
    differences = [
        difference(remover, photo, matte(next((folder / "u2netp").glob(f"{photo.stem}.*")), "R")) for photo in photos
    ]
    assert len(photos) == 18
    assert np.mean(differences) <= 0.008


@pytest.mark.parametrize("name", ["soft24", "highres"])
def test_a_photo_with_a_subject_has_one(fetched: Callable[[str], str], datasets: Path, name: str) -> None:
    remover = Remover(model=fetched("u2netp"))
    results = {photo.name: remover.cut(photo) for photo in sorted((datasets / name / "im").iterdir())}
    missed = [name for name, result in results.items() if not result.subject]
    # The smallest model does not see everything.
    assert len(missed) <= len(results) // 10, missed
