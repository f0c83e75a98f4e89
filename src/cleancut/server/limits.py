"""How many requests a client may make: moving windows, with true numbers in the headers."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from cleancut.server.problems import Refused


@dataclass(frozen=True, slots=True)
class Left:
    """What one window still allows."""

    limit: int
    remaining: int
    reset: float
    """Unix time at which the oldest request leaves the window."""

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(math.ceil(self.reset)),
        }


def wider(windows: Sequence[str], times: int) -> tuple[str, ...]:
    """The same windows, with room for so many times as much."""
    items = map(parse, windows)
    return tuple(f"{item.amount * times} per {item.multiples} {item.GRANULARITY.name}" for item in items)


class Rates:
    """Windows of requests, counted for each client by itself; a request must pass all of them."""

    def __init__(self) -> None:
        self._storage = MemoryStorage()
        self._limiter = MovingWindowRateLimiter(self._storage)

    def check(self, windows: Sequence[str], *client: str, cost: int = 1) -> None:
        """Raises Refused (rate_limited) where a window has no room; nothing is counted."""
        for item in map(parse, windows):
            if not self._limiter.test(item, *client, cost=min(cost, item.amount)):
                raise self._refused(item, client, min(cost, item.amount))

    def spend(self, windows: Sequence[str], *client: str, cost: int = 1) -> Left | None:
        """Count a request, unless a window has no room; the tightest window afterwards. Raises Refused (rate_limited).

        ``cost``: how many requests it counts for, at most a whole window. Nothing here waits, so that on one event loop
        no second request comes between looking and counting.
        """
        self.check(windows, *client, cost=cost)
        items = [parse(window) for window in windows]
        for item in items:
            self._limiter.hit(item, *client, cost=min(cost, item.amount))
        return min((self._left(item, client) for item in items), key=lambda left: left.remaining, default=None)

    def forget(self) -> int:
        """Forget clients none of whose requests count any more; how many. The library keeps their names for ever."""
        now = time.time()
        # The newest comes first.
        past = [key for key, found in list(self._storage.events.items()) if not found or found[0].expiry <= now]
        for key in past:
            # The library itself looks through them now and then, in a thread of its own.
            with self._storage.locks[key]:
                self._storage.clear(key)
        return len(past)

    def _left(self, item: RateLimitItem, client: tuple[str, ...]) -> Left:
        stats = self._limiter.get_window_stats(item, *client)
        return Left(item.amount, stats.remaining, stats.reset_time)

    def _refused(self, item: RateLimitItem, client: tuple[str, ...], cost: int) -> Refused:
        left, now = self._left(item, client), time.time()
        # Newest first. So many have to leave the window before there is room.
        entries = [each for each in self._storage.events.get(item.key_for(*client), []) if each.expiry > now]
        leaving = cost - (item.amount - len(entries))
        free = entries[-leaving].expiry if 0 < leaving <= len(entries) else left.reset
        wait = max(1, math.ceil(free - now))
        return Refused(
            "rate_limited",
            f"the limit of {item} is used up",
            hint=f"try again in {wait} s",
            headers={"Retry-After": str(wait), **left.headers},
        )
