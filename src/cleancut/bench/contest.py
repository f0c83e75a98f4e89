"""Programs that cut the same photos in turn."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from cleancut.errors import InferenceFailed

OURS, FLOOR = "cleancut", "bare model"


@dataclass(frozen=True, slots=True)
class Entrant:
    """A program that speaks the protocol of ``worker``."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Times:
    """What one entrant took for one photo, round by round."""

    entrant: str
    photo: str
    megapixels: float
    seconds: tuple[float, ...]
    timings_ms: tuple[dict[str, float], ...]
    peak_bytes: int | None
    precision: str | None = None
    """As the entrant says."""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


class Contestant:
    """An entrant at work: its process lives as long as the block. Raises InferenceFailed if it does not get ready."""

    def __init__(self, entrant: Entrant) -> None:
        self.name = entrant.name
        self.precision: str | None = None
        self._process = subprocess.Popen(
            entrant.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def cut(self, photo: Path) -> dict[str, Any]:
        """One photo, from its bytes to those of its cut-out. Raises InferenceFailed."""
        assert self._process.stdin is not None
        # One that has ended is met by the answer that does not come.
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{photo}\n")
            self._process.stdin.flush()
        return self._answer()

    def __enter__(self) -> Contestant:
        try:
            self.precision = self._answer().get("precision")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError as error:
            raise InferenceFailed(
                f"{self.name} ended instead of answering", hint="see what it wrote above, and run it by itself"
            ) from error
        return answer


def contest(
    entrants: Sequence[Entrant],
    photos: Sequence[tuple[Path, float]],
    rounds: int,
    advance: Callable[[], None] = lambda: None,
) -> list[Times]:
    """Each photo by each entrant in turn, so often as there are rounds, after one that does not count.

    ``photos``: paths and their megapixels. Entrants wait for each other: only one works at a time.
    """
    times = []
    with ExitStack() as running:
        workers = [running.enter_context(Contestant(entrant)) for entrant in entrants]
        for photo, megapixels in photos:
            answers: list[list[dict[str, Any]]] = [[] for _ in workers]
            for _ in range(rounds + 1):
                for worker, found in zip(workers, answers, strict=True):
                    found.append(worker.cut(photo))
                    advance()
            times += [
                Times(
                    worker.name,
                    photo.name,
                    megapixels,
                    tuple(each["seconds"] for each in found[1:]),
                    tuple(each.get("timings_ms", {}) for each in found[1:]),
                    found[-1].get("peak_bytes"),
                    worker.precision,
                )
                for worker, found in zip(workers, answers, strict=True)
            ]
    return times
