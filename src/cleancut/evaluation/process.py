"""One candidate's work, in a process of its own, so that the memory it takes is its own too."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image

from cleancut.errors import CleancutError, ImageTooLarge
from cleancut.evaluation.candidates import Candidate
from cleancut.evaluation.dataset import Photo
from cleancut.evaluation.masks import about
from cleancut.files import read
from cleancut.pipeline import render
from cleancut.remover import Remover
from cleancut.settings import Settings
from cleancut.types import Result


@dataclass(frozen=True, slots=True)
class Order:
    """What a process is told to do."""

    candidate: Candidate
    photos: tuple[Photo, ...]
    folder: Path
    """Where the mattes go: 0.png, 1.png, …"""
    settings: Settings
    colours: bool
    """Whether the cut-outs' colours are wanted too."""

    def file(self, place: int) -> Path:
        return self.folder / f"{place}.png"


@dataclass(frozen=True, slots=True)
class Fetching:
    """Bytes of a download."""

    what: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Cost:
    """The time that one photo took, from its bytes to its matte."""

    seconds: float
    timings: Mapping[str, float]
    """Milliseconds of each step."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What the candidate ran on."""

    model: str
    device: str
    provider: str
    precision: str
    peak_bytes: int | None
    """Most memory that the process held at a time; None where the system does not tell."""


Message: TypeAlias = Fetching | Cost | Ran | CleancutError


def work(order: Order, connection: Connection) -> None:
    """Make all mattes, and tell of it: one Cost a photo, then Ran; or the error that ended it."""
    # Ctrl-C goes to all processes of a terminal; the parent ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parent that is gone has no ears.
    with suppress(OSError):
        try:
            for message in _run(order, connection):
                connection.send(message)
        except CleancutError as error:
            connection.send(error)


def _run(order: Order, connection: Connection) -> Iterator[Message]:
    remover = Remover.of(order.candidate.options, order.settings)

    def report(what: str, done: int, total: int | None) -> None:
        connection.send(Fetching(what, done, total))

    # The first run loads the model and warms the machine up; it does not count.
    with _memory_for(order.photos[0]):
        remover.cut(read(order.photos[0].image, order.settings.limits.max_bytes), report)
    for place, photo in enumerate(order.photos):
        with _memory_for(photo):
            data = read(photo.image, order.settings.limits.max_bytes)
            began = time.perf_counter()
            result = remover.cut(data)
            cost = Cost(time.perf_counter() - began, dict(result.timings))
            _keep(result, order, place)
        yield cost
    yield Ran(result.model, result.device, result.provider, result.precision, peak_bytes())


@contextmanager
def _memory_for(photo: Photo) -> Iterator[None]:
    """A block that works on a photo: its errors name the file."""
    with about(photo.image):
        try:
            yield
        except MemoryError as error:
            raise ImageTooLarge("there is not enough memory for it", hint="shrink it, or free some memory") from error


def _keep(result: Result, order: Order, place: int) -> None:
    """Put the matte, or the cut-out with this very matte, where the parent finds it."""
    pixels = matte = result.picture.pixels
    if order.colours:
        options = replace(order.candidate.options, channels="rgba")
        rgb = render(result.source, result.matte, options, order.settings.limits).pixels[..., :3]
        pixels = np.dstack([rgb, matte])
    # Level 1: it is read once and thrown away.
    Image.fromarray(pixels).save(order.file(place), compress_level=1)


def peak_bytes() -> int | None:
    """The most memory that this process has held at a time, in bytes; None where the system does not tell.

    On Linux by its own record: what getrusage says begins with the peak of the process that started this one.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
