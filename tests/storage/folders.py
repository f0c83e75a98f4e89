"""The folder of a ``LocalStorage``, looked at from outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cleancut.storage.local import LocalStorage

NOON = 1_800_000_000.0

Make = Callable[..., LocalStorage]
"""Called with ``max_bytes`` or nothing."""


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


def files(folder: Path) -> list[str]:
    """Every object, and every folder that holds nothing."""
    objects = folder / "kept" / "objects"
    return sorted(
        str(each.relative_to(objects)) for each in objects.rglob("*") if each.is_file() or not any(each.iterdir())
    )


def half_written(folder: Path) -> list[Path]:
    """What is being written, or was left so."""
    return [each for each in (folder / "kept" / "incoming").rglob("*") if each.is_file() and each.suffix != ".lock"]
