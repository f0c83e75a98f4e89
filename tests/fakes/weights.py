"""Made-up weights, and models that they belong to."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from cleancut.models.spec import PLAIN, Licence, ModelSpec, Origin, Weights
from cleancut.models.store import Store

BYTES = random.Random(1).randbytes(40_000)
OTHER = random.Random(2).randbytes(40_000)

FREE = Licence("MIT", commercial=True, url="https://licences.invalid/mit")


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def weights(origin: Origin, data: bytes = BYTES) -> Weights:
    return Weights(origin, sha256(data), len(data))


def model(*weights: Weights, name: str = "toy", licence: Licence = FREE) -> ModelSpec:
    return ModelSpec(
        name=name,
        summary="A toy.",
        input_size=32,
        normalisation=PLAIN,
        activation="none",
        licence=licence,
        training_data="none",
        citation="none",
        weights=weights,
    )


def by_hand(spec: ModelSpec, store: Store, data: bytes = BYTES) -> Path:
    """Put weights in their place, as a user would."""
    store.folder.mkdir(parents=True, exist_ok=True)
    path = store.file(spec)
    path.write_bytes(data)
    return path


def kept(store: Store) -> set[str]:
    """What lies in the folder, locks aside."""
    return {each.name for each in store.folder.iterdir() if each.suffix != ".lock"}
