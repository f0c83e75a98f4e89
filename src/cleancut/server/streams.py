"""Jobs that are being watched: a few by each client, and never so many that others find no connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from cleancut.server.problems import Refused

# At a time. A page watches two, a program as many as it waits for.
OF_ONE = 20

# A stream ends after it, and who still wants it comes back: so nothing that was forgotten is held for days.
LASTS_S = 300.0

# Most who have been refused ask now and then how the job stands, and need no stream.
_RETRY_AFTER = {"Retry-After": "30"}


class Streams:
    """The streams that are open. For one event loop."""

    def __init__(self, most: int) -> None:
        """``most``: of all clients together."""
        self._most = most
        self._open: Counter[Hashable] = Counter()

    @contextmanager
    def opened(self, client: Hashable) -> Iterator[None]:
        """A place for one more. Raises Refused (rate_limited, server_full)."""
        hint = "end one of them, or ask GET /api/v1/jobs/{id} now and then"
        if self._open[client] >= OF_ONE:
            raise Refused("rate_limited", f"you watch {OF_ONE} jobs already", hint=hint, headers=_RETRY_AFTER)
        if self._open.total() >= self._most:
            raise Refused("server_full", f"{self._most} jobs are watched already", hint=hint, headers=_RETRY_AFTER)
        self._open[client] += 1
        try:
            yield
        finally:
            self._open[client] -= 1
            # Those who are gone are forgotten.
            self._open += Counter()
