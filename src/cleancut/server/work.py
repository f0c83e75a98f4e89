"""Work beside the event loop: in a bounded pool, done once for all who ask the same, stopped when nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Generic, ParamSpec, TypeVar

from starlette.requests import Request
from starlette.types import Receive

from cleancut.jobs.database import unavailable
from cleancut.pipeline import Clock
from cleancut.server.problems import Refused

P = ParamSpec("P")
T = TypeVar("T")

Watch = Callable[[str], None]
"""Told the name of each step as it begins, from any thread."""

# A question to a data base that has not been answered by then is refused.
_ANSWERS_S = 20.0


class Abandoned(Exception):
    """Nobody waits for this work any more."""


class StoppableClock(Clock):
    """A clock that begins no further step once nobody waits for the picture, and breaks long ones off."""

    def __init__(self) -> None:
        super().__init__()
        self.abandoned = False
        self._step = ""
        self._watchers: list[Watch] = []

    def begin(self, step: str) -> None:
        """Tell those who watch that a step begins; one that follows itself is one step."""
        if step != self._step:
            self._step = step
            for watch in tuple(self._watchers):
                watch(step)

    def add(self, watch: Watch) -> None:
        """Have ``watch`` told of each step from now on, and of the one under way."""
        self._watchers.append(watch)
        if self._step:
            watch(self._step)

    def remove(self, watch: Watch) -> None:
        """Tell it no more."""
        self._watchers.remove(watch)

    def __call__(self, step: Callable[P, T], *args: P.args, **keywords: P.kwargs) -> T:
        self.look()
        self.begin(step.__name__)
        return super().__call__(step, *args, **keywords)

    def look(self) -> None:
        """Raises Abandoned once nobody waits for the picture."""
        if self.abandoned:
            raise Abandoned


class _Flight(Generic[T]):
    """Work under way, and how many wait for it."""

    def __init__(self, task: asyncio.Task[T], clock: StoppableClock) -> None:
        self.task = task
        self.clock = clock
        self.waiting = 0


class Workers:
    """A pool of threads for pictures."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="picture")
        self._flights: dict[Hashable, _Flight[Any]] = {}

    async def run(self, job: Callable[[], T]) -> T:
        """What ``job`` gives, computed in the pool."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)

    async def share(
        self, key: Hashable, make: Callable[[StoppableClock], Coroutine[Any, Any, T]], watch: Watch | None = None
    ) -> tuple[T, StoppableClock, bool]:
        """What ``make`` gives, done once for all who ask by the same key meanwhile; its clock; whether it was joined.

        Raises what it raises. When the last who waits for it has been cancelled, it is cancelled too, and what runs in
        the pool stops at its next step. ``watch`` is told of the steps, also of one that is under way already.
        """
        flight = self._flights.get(key)
        joined = flight is not None
        if flight is None:
            clock = StoppableClock()
            flight = self._flights[key] = _Flight(asyncio.ensure_future(make(clock)), clock)
            flight.task.add_done_callback(lambda task: self._landed(key, task))
        flight.waiting += 1
        if watch is not None:
            flight.clock.add(watch)
        try:
            return await asyncio.shield(flight.task), flight.clock, joined
        finally:
            flight.waiting -= 1
            if watch is not None:
                flight.clock.remove(watch)
            if not flight.waiting and not flight.task.done():
                flight.clock.abandoned = True
                flight.task.cancel()
                # Whoever asks from now on begins anew.
                self._flights.pop(key, None)

    def _landed(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        flight = self._flights.get(key)
        if flight is not None and flight.task is task:
            del self._flights[key]
        if not task.cancelled():
            task.exception()  # those who left never look at it

    def close(self) -> None:
        """Begin nothing more, and stop what is under way at its next step."""
        for flight in self._flights.values():
            flight.clock.abandoned = True
        self._pool.shutdown(wait=False, cancel_futures=True)


class Threads:
    """Threads of their own for what may take long: the others' calls go on, and nobody waits for ever.

    A data base that is frozen answers nothing, and not even a refusal.
    """

    def __init__(self, count: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def __call__(self, call: Callable[[], T], seconds: float | None = _ANSWERS_S) -> T:
        """What ``call`` gives. Raises DatabaseUnavailable where it has not come in so many seconds."""
        try:
            async with asyncio.timeout(seconds) as limit:
                return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise unavailable(error) from error

    def wait(self, call: Callable[[], T], seconds: float = _ANSWERS_S) -> T:
        """The same for a thread that is none of these."""
        asked = self.begin(call)
        if not wait([asked], seconds).done:
            asked.cancel()
            raise unavailable(TimeoutError())
        return asked.result()

    def begin(self, call: Callable[[], T]) -> Future[T]:
        """The call, under way. Raises DatabaseUnavailable where the server has stopped."""
        try:
            return self._pool.submit(call)
        except RuntimeError as error:
            raise unavailable(error) from error

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """What ``work`` gives, unless the client goes away first: then it is cancelled. The body must have been read.

    Raises Refused (client_gone), or what ``work`` raises.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(client_gone(request.receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Refused("client_gone", "the client went away", hint="none")
        return await task
    finally:
        gone.cancel()
        task.cancel()


async def client_gone(receive: Receive) -> None:
    """Wait until the client goes away. The body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
