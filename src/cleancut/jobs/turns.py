"""Whose message is sent now: so many of one client's at a time, and fewer to one receiver.

So a receiver that takes a message and never answers holds up no messages of others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from cleancut.jobs.records import Delivery

# On their way from this process at a time.
OF_OWNER = 32
OF_RECEIVER = 4

# Who finds no room asks again after this, and behind those who were told so before: however many they are, their
# asking takes no more of the data base.
_AGAIN_S = 1.0
_APART_S = 0.025

_Lane = tuple[str, ...]


class Turns:
    """Counts what is on its way. To be used in one thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._under_way: Counter[_Lane] = Counter()
        self._last: dict[_Lane, float] = {}

    @contextmanager
    def taken(self, delivery: Delivery) -> Iterator[float | None]:
        """A message may be sent within the block, or, where a number is given, in so many seconds at the earliest."""
        lanes: dict[_Lane, int] = {
            (delivery.owner,): OF_OWNER,
            # A host and its port; one client's messages do not wait for those of another to the same.
            (delivery.owner, httpx.URL(delivery.url).netloc.decode()): OF_RECEIVER,
        }
        full = next((lane for lane, most in lanes.items() if self._under_way[lane] >= most), None)
        if full is not None:
            yield self._told_when(full)
            return
        self._under_way.update(lanes.keys())
        try:
            yield None
        finally:
            # Those of which nothing is left are forgotten.
            self._under_way -= Counter(lanes.keys())

    def _told_when(self, lane: _Lane) -> float:
        now = self._clock()
        self._last = {each: when for each, when in self._last.items() if when > now}
        when = max(now + _AGAIN_S, self._last.get(lane, 0.0) + _APART_S)
        self._last[lane] = when
        return when - now
