"""What a process holds of memory, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def held_bytes(process: int | str = "self") -> int | None:
    """The memory that a process holds, by its number; None where the system does not tell."""
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), None)


def growth(held: Sequence[int | None], after: int) -> float | None:
    """The most memory in the second half of what follows the first ``after``, as a multiple of its first half's."""
    told = [each for each in held[after:] if each]
    middle = len(told) // 2
    return max(told[middle:]) / max(told[:middle]) if middle else None
