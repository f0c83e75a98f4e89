"""Cutting out whatever appears in a folder, for as long as the program runs.

The folder is looked through again and again, rather than its events listened to: network file systems tell of none, a
queue of them can overflow, and after a restart they are gone. What has been done is seen by its output, so that nothing
has to be remembered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cleancut.batch.plan import Job

# (mtime in nanoseconds, bytes): another one of either is another photo.
Stamp = tuple[int, int]

# A disk may have room again, or a drive be there again.
AGAIN_S = 30.0

# Looking takes at most this share of the time, however many files there are.
_SHARE = 0.1


class Watched:
    """What is known of the files that were seen."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, Stamp] = {}
        self._tried: dict[str, Stamp] = {}
        self._changed: set[str] = set()
        self._later: dict[str, float] = {}

    def ready(self, jobs: list[Job]) -> list[Job]:
        """Those that are complete, which is when two looks found them alike, and that have not been done or tried."""
        seen = {job.input: stamp for job in jobs if (stamp := _stamp(Path(job.input))) is not None}
        ready = [job for job in jobs if job.input in seen and self._is_due(job, seen[job.input])]
        self._changed |= {name for name, stamp in seen.items() if self._seen.get(name, stamp) != stamp}
        self._seen = seen
        # What has gone may come back.
        self._tried = {name: stamp for name, stamp in self._tried.items() if name in seen}
        return ready

    def tried(self, job: Job) -> None:
        """Do not begin with this one again, whatever became of it, until its file changes."""
        self._changed.discard(job.input)
        if job.input in self._seen:
            self._tried[job.input] = self._seen[job.input]

    def postponed(self, job: Job) -> None:
        """Begin with this one again after a while: its trouble is not its own, such as a disk that is full."""
        self._later[job.input] = self._clock() + AGAIN_S

    def _is_due(self, job: Job, stamp: Stamp) -> bool:
        if self._seen.get(job.input) != stamp or self._tried.get(job.input) == stamp or not stamp[1]:
            return False
        if self._clock() < self._later.get(job.input, 0.0):
            return False
        # Replaced before our eyes, perhaps by a file with an older time.
        if job.input in self._changed:
            return True
        done = None if job.output is None else _stamp(job.output)
        # A photo that is newer than its cut-out has been replaced since.
        return done is None or done[0] < stamp[0]


def watch(
    look: Callable[[], list[Job]], every: float, sleep: Callable[[float], None] = time.sleep
) -> Iterator[tuple[Watched, list[Job]]]:
    """Jobs that have become ready, for ever; ``look`` gives all there are now, done or not."""
    watched = Watched()
    while True:
        began = time.monotonic()
        ready = watched.ready(look())
        if ready:
            yield watched, ready
        sleep(max(every, (time.monotonic() - began) / _SHARE if not ready else 0.0))


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
