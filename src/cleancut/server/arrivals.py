"""Jobs on their way in: a few at a time, fewer of one client, and none that is not wanted any more."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from cleancut.server.admission import Admission
from cleancut.server.problems import Refused

# Jobs that are received at a time. Each may hold as many files open as a form may have, and what of them is in memory.
PLACES = 8

# Of one client: who sends slowly leaves room for others.
OF_ONE = 3


class Arrival:
    """A job on its way in."""

    def __init__(self, client: Hashable, owner: str, idempotency: str | None) -> None:
        self.client = client
        self.owner = owner
        self.idempotency = idempotency
        self._refused: Refused | None = None

    def stop(self, why: Refused) -> None:
        """Have it not be accepted, unless it has been."""
        self._refused = why

    def check(self) -> None:
        """Raises Refused, once it was stopped. From any thread."""
        if self._refused is not None:
            raise self._refused


class Arrivals(Admission):
    """A room for jobs on their way in, from a request's head to its answer. For one event loop."""

    def __init__(self) -> None:
        super().__init__(PLACES, 0)
        self._inside: set[Arrival] = set()

    @contextmanager
    def arriving(self, client: Hashable, owner: str, idempotency: str | None) -> Iterator[Arrival]:
        """A place for a client's job. Raises Refused."""
        with self.entered():
            if sum(each.client == client for each in self._inside) >= OF_ONE:
                raise Refused(
                    "server_full", f"{OF_ONE} jobs of yours are on their way in, and no more are taken",
                    hint="send one job after the other", headers={"Retry-After": str(self.retry_after)},
                )  # fmt: skip
            arrival = Arrival(client, owner, idempotency)
            self._inside.add(arrival)
            try:
                yield arrival
            finally:
                self._inside.discard(arrival)

    def delete(self, owner: str, idempotency: str | None = None) -> None:
        """Have none of an owner's be accepted, or none by an idempotency key.

        To be called before those that were begun are looked for in the data base: so each is met here or there.
        """
        for each in self._inside:
            if each.owner == owner and idempotency in (None, each.idempotency):
                each.stop(
                    Refused("not_found", "this job was deleted while it was sent", hint="send it again if it is wanted")
                )
