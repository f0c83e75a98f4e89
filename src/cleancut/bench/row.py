"""A server that is asked for one picture after the other: what becomes of its memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from cleancut.bench.load import Target, started, unseen
from cleancut.bench.memory import held_bytes
from cleancut.errors import InferenceFailed


@dataclass(frozen=True, slots=True)
class Row:
    """Requests of one client, one after the other."""

    name: str
    seconds: tuple[float, ...]
    """What each took."""
    held: tuple[int | None, ...]
    """Bytes that the server held after each."""


def in_a_row(photos: Sequence[Path], target: Target, count: int, advance: Callable[[], None] = lambda: None) -> Row:
    """Ask for ``count`` pictures, of the photos in turn, no photo sent before. Raises InferenceFailed."""
    bodies = [photo.read_bytes() for photo in photos]
    seconds, held = [], []
    with started(target) as (process, address), httpx.Client(base_url=address, timeout=120, trust_env=False) as client:
        for number, body in zip(range(count), unseen(bodies), strict=False):
            began = time.monotonic()
            files = {target.field: ("photo.jpg", body)}
            answer = client.post(target.path, files=files, data=dict(target.others))
            if answer.status_code != 200:
                raise InferenceFailed(
                    f"{target.name} answered {answer.status_code} to request {number}", hint="see what it says by hand"
                )
            seconds.append(time.monotonic() - began)
            held.append(held_bytes(process.pid))
            advance()
    return Row(target.name, tuple(seconds), tuple(held))
