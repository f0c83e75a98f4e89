"""Who is let in: so many requests are worked on, so many more may upload or wait, all others are refused at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from cleancut.server.problems import Refused


class Admission:
    """A room with ``workers`` places to work and ``waiting`` to wait, first come first served. For one event loop."""

    def __init__(self, workers: int, waiting: int) -> None:
        self.places = workers + waiting
        self._working = asyncio.Semaphore(workers)
        self.inside = 0
        self.working = 0
        self.closed = False
        self._spell = 2.0

    @contextmanager
    def entered(self) -> Iterator[None]:
        """A place in the room, from the request's head to its answer. Raises Refused."""
        if self.closed:
            raise Refused(
                "shutting_down", "the server is shutting down", hint="try again", headers={"Retry-After": "5"}
            )
        if self.inside >= self.places:
            raise Refused(
                "server_full",
                f"{self.places} requests are under way, and no more are taken",
                hint="try again after Retry-After seconds",
                headers={"Retry-After": str(self.retry_after)},
            )
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """One's turn to work; gives the seconds that were waited for it."""
        came = time.monotonic()
        async with self._working:
            began = time.monotonic()
            self.working += 1
            try:
                yield began - came
            finally:
                self.working -= 1
                # What a picture takes at present, by an average that forgets: for Retry-After.
                self._spell += 0.2 * (time.monotonic() - began - self._spell)

    @property
    def waiting(self) -> int:
        """Requests inside that are not worked on: uploading, or waiting for their turn."""
        # A request that has been refused is out before its work has been stopped.
        return max(0, self.inside - self.working)

    @property
    def retry_after(self) -> int:
        """Seconds after which a place has probably become free."""
        return max(1, min(60, round(self._spell)))
