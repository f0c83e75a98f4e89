"""Who is told what is done for jobs, for the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Observer(Protocol):
    """May be told by any thread."""

    def steps_taken(self, timings: Mapping[str, float]) -> None: ...

    def ran(self, model: str, device: str, precision: str) -> None: ...

    def picture_ended(self, state: str) -> None: ...

    def pictures_left(self, waiting: int, running: int) -> None: ...

    def message_attempted(self, state: str) -> None: ...
