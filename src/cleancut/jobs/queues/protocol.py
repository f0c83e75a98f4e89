"""What a queue offers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog

from cleancut.errors import DatabaseUnavailable
from cleancut.jobs.database import reason_of

Kind = Literal["picture", "message"]

# A worker says so often that it is alive; what one held that has been silent for so long is handed out again.
BEAT_S = 3.0
SILENT_S = 10.0


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done: what it is about is in the data base, under its key."""

    kind: Kind
    key: str
    """``JOB/NUMBER`` of a picture, or a message's id."""
    priority: int = 0
    """Higher ones first, equal ones in the order in which they came; each time that one is put off takes 1 of it."""


Handle = Callable[[Task], Awaitable[float | None]]
"""Does a task. None: it is done with; a number: to be handed out again after so many seconds.

What it raises is a defect, or a trouble of the data base; the task is handed out again a little later.
"""

# After a handler failed in a way that nobody foresaw.
AGAIN_S = 5.0


def after(priority: int, seconds: float) -> int:
    """The priority of a task that is to be handed out again: one that was put off comes behind its equals."""
    return priority - 1 if seconds > 0 else priority


async def attempt(handle: Handle, task: Task) -> float | None:
    """What ``handle`` says of a task; what it raises is told in the log."""
    try:
        return await handle(task)
    except DatabaseUnavailable as error:
        structlog.get_logger().warning("a task waits for the data base", task=task.key, problem=reason_of(error))
    except Exception as error:
        structlog.get_logger().error("a task failed", task=task.key, exc_info=error)
    return AGAIN_S


class Queue(Protocol):
    """Hands out each task at least once: again where its worker was killed. Calls may come from any thread."""

    def put(self, tasks: Sequence[Task], delay: float = 0.0) -> None:
        """Have tasks handed out, from ``delay`` seconds on. Raises DatabaseUnavailable."""
        ...

    def known(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that the queue has a task of. Raises DatabaseUnavailable."""
        ...

    async def work(self, kind: Kind, handle: Handle, at_once: int, patience: float) -> None:
        """Do tasks of one kind, so many at a time, until cancelled: then no more are begun.

        Those under way have ``patience`` seconds; what has not ended by then is cancelled and handed out again.
        Raises DatabaseUnavailable, whereupon it may be called again.
        """
        ...

    def close(self) -> None:
        """Close what is open."""
        ...
