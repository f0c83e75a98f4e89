"""The ranges of activations that the project carries, a file a model."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from cleancut.models.spec import ModelSpec

_TABLES = files("cleancut.quantisation") / "tables"


def has_ranges(spec: ModelSpec) -> bool:
    """Whether there are ranges for a model, so that it can run in integers."""
    return (_TABLES / f"{spec.name}.json").is_file()


def ranges_of(spec: ModelSpec) -> dict[str, tuple[float, float]]:
    """For each tensor by its name the lowest and highest value that is told apart. ``has_ranges`` says if there are."""
    content: dict[str, Any] = json.loads((_TABLES / f"{spec.name}.json").read_text("utf-8"))
    return {name: (low, high) for name, (low, high) in content["ranges"].items()}
