"""Workers of a queue with handlers that note what they do."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from cleancut.jobs.queues.protocol import Kind, Queue, Task


class Doing:
    """A handler that notes what it does, and how much of it at a time."""

    def __init__(self, seconds: float = 0.0, *says: float | Exception | None) -> None:
        self.done: list[str] = []
        self.times: list[float] = []
        self.begun: list[Task] = []
        self.cancelled: list[str] = []
        self.under_way: Counter[str] = Counter()
        self.most = self.most_of_one = 0
        self._seconds = seconds
        self._says = list(says)

    async def __call__(self, task: Task) -> float | None:
        self.begun.append(task)
        self.times.append(time.monotonic())
        self.under_way[task.key] += 1
        self.most = max(self.most, self.under_way.total())
        self.most_of_one = max(self.most_of_one, *self.under_way.values())
        try:
            await asyncio.sleep(self._seconds)
        except asyncio.CancelledError:
            self.cancelled.append(task.key)
            raise
        finally:
            self.under_way[task.key] -= 1
        says = self._says.pop(0) if self._says else None
        if isinstance(says, Exception):
            raise says
        if says is None:
            self.done.append(task.key)
        return says


def tasks(*keys: str, kind: Kind = "picture", priority: int = 0) -> list[Task]:
    return [Task(kind, key, priority) for key in keys]


async def put(queue: Queue, some: Sequence[Task], delay: float = 0.0) -> None:
    await asyncio.to_thread(queue.put, some, delay)


async def until(held: Callable[[], object], what: str, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < end, f"it does not come to this: {what}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def working(
    queue: Queue, handle: Callable[[Task], Awaitable[float | None]], at_once: int = 1, patience: float = 5.0,
    kind: Kind = "picture",
) -> AsyncIterator[None]:  # fmt: skip
    worker = asyncio.create_task(queue.work(kind, handle, at_once, patience))
    try:
        yield
        assert not worker.done(), worker.exception()
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


async def left(queue: Queue, seconds: float = 0.7) -> list[str]:
    """What is handed out to a worker that comes later, within a time."""
    doing = Doing()
    async with working(queue, doing, 8):
        await asyncio.sleep(seconds)
    return doing.done


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())
