"""Commands that cut one photo and end: what a user waits for who has one."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleancut.errors import InferenceFailed, OptionError

INPUT, OUTPUT = "{input}", "{output}"


@dataclass(frozen=True, slots=True)
class Command:
    """A program that is called anew for each photo; its words name the photo and the cut-out."""

    name: str
    words: tuple[str, ...]

    def of(self, photo: Path, cutout: Path) -> list[str]:
        places = {INPUT: str(photo), OUTPUT: str(cutout)}
        return [places.get(word, word) for word in self.words]


@dataclass(frozen=True, slots=True)
class Called:
    """What one command took for one photo, call by call."""

    entrant: str
    photo: str
    megapixels: float
    seconds: tuple[float, ...]
    peak_bytes: int | None
    """The most memory of all calls."""


def split(text: str) -> tuple[str, ...]:
    """The words of a command line. Raises OptionError."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise OptionError(f"{text}: {error}", hint="close the quotation") from None


def parse(name: str, text: str) -> Command:
    """A command as a user writes it. Raises OptionError."""
    words = split(text)
    if INPUT not in words or OUTPUT not in words:
        raise OptionError(f"{text}: this names no {INPUT} and {OUTPUT}", hint="write both as words of the command")
    return Command(name, words)


def call_in_turn(
    commands: Sequence[Command],
    photos: Sequence[tuple[Path, float]],
    rounds: int,
    work: Path,
    suffix: str = ".png",
    advance: Callable[[], None] = lambda: None,
) -> list[Called]:
    """Each photo by each command in turn, after a round that does not count. Raises InferenceFailed.

    ``photos``: paths and their megapixels; ``work``: a folder for the cut-outs.
    """
    found = []
    for photo, megapixels in photos:
        calls: list[list[tuple[float, int | None]]] = [[] for _ in commands]
        for _ in range(rounds + 1):
            for command, own in zip(commands, calls, strict=True):
                own.append(_call(command, photo, work / f"{photo.stem}{suffix}"))
                advance()
        for command, own in zip(commands, calls, strict=True):
            peaks = [peak for _, peak in own if peak is not None]
            seconds = tuple(spent for spent, _ in own[1:])
            found.append(Called(command.name, photo.name, megapixels, seconds, max(peaks) if peaks else None))
    return found


def _call(command: Command, photo: Path, cutout: Path) -> tuple[float, int | None]:
    cutout.unlink(missing_ok=True)
    words = command.of(photo, cutout)
    told = subprocess.run(
        [sys.executable, "-P", "-m", "cleancut.bench.call", *words], stdout=subprocess.PIPE, check=False
    )
    answer: dict[str, Any] = json.loads(told.stdout) if told.returncode == 0 else {"code": "none, it cannot be called"}
    if answer["code"] != 0 or not cutout.exists():
        raise InferenceFailed(
            f"{command.name} made no {cutout.name} of {photo} (exit code {answer['code']})",
            hint=f"run it by itself: {shlex.join(words)}",
        )
    return answer["seconds"], answer["peak_bytes"]
