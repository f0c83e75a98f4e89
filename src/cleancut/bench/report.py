"""What a contest found, as JSON and as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from cleancut.bench.contest import OURS, Times
from cleancut.evaluation.machine import machine
from cleancut.options import Options


def dumps(times: Sequence[Times], options: Options, rounds: int) -> bytes:
    """A file of all numbers; no paths and no names of this machine."""
    content = {
        "machine": machine(),
        "options": {"model": options.model, "quality": options.quality, "precision": options.precision},
        "rounds": rounds,
        "times": [
            {
                "entrant": each.entrant,
                "photo": each.photo,
                "megapixels": round(each.megapixels, 2),
                "median": each.median,
                "seconds": each.seconds,
                "timings_ms": each.timings_ms,
                "peak_bytes": each.peak_bytes,
            }
            for each in times
        ],
    }
    return (json.dumps(content, indent=1) + "\n").encode("ascii")


def lines(times: Sequence[Times]) -> Iterator[str]:
    """One line an entrant and photo: its median, how many of it ours takes, and its peak memory."""
    ours = {each.photo: each.median for each in times if each.entrant == OURS}
    for each in times:
        peak = f"{each.peak_bytes / 1e6:6.0f} MB" if each.peak_bytes else ""
        ratio = f"{OURS} ÷ it {ours[each.photo] / each.median:5.2f}"
        yield f"{each.photo:24} {each.megapixels:5.1f} MP  {each.entrant:12} {each.median:7.3f} s  {ratio}  {peak}"
