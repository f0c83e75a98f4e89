"""The ranges of activations that the project carries, a file a model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cleancut.models.spec import ModelSpec

_TABLES = files("cleancut.quantisation") / "tables"


@dataclass(frozen=True, slots=True)
class Range:
    """What one value of a network is rounded in."""

    name: str
    kind: str
    """The operator that answers it."""
    low: float
    high: float


def has_ranges(spec: ModelSpec) -> bool:
    """Whether there are ranges for a model, so that it can run in integers."""
    # An answer that is no share, 0..1, could not be told to be doubtful.
    return spec.activation == "none" and bool(ranges_of(spec))


def ranges_of(spec: ModelSpec) -> tuple[Range, ...]:
    """The ranges of a model, in the order of its graph; none if the project has no table of it."""
    return _read(spec.name)


@cache
def _read(name: str) -> tuple[Range, ...]:
    table = _TABLES / f"{name}.json"
    if not table.is_file():
        return ()
    content: dict[str, Any] = json.loads(table.read_text("utf-8"))
    # Disks that tell no capitals from small letters find one model's file by another's name.
    return tuple(Range(*each) for each in content["ranges"]) if content["model"] == name else ()
