"""The work itself: pictures and messages as long as the process lives, and what has to be done now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from cleancut.errors import CleancutError, DatabaseUnavailable
from cleancut.jobs import views
from cleancut.jobs.courier import Courier
from cleancut.jobs.database import reason_of
from cleancut.jobs.desk import Desk
from cleancut.jobs.observer import Observer
from cleancut.jobs.pictures import Pictures

# Waiting for receivers takes no time of this machine. ``turns`` says how many of them may be one client's.
_MESSAGES_AT_ONCE = 128

_SWEEP_EVERY_S = 10.0

# The longest pause between two attempts to reach a data base that is away.
_LONGEST_PAUSE_S = 5.0


async def keep_in_order(desk: Desk, observer: Observer) -> None:
    """For ever: hand out what was left, remove what is over, tell how much there is to do."""

    async def once() -> None:
        await asyncio.to_thread(desk.sweep)
        left = await asyncio.to_thread(views.counts, desk.base)
        observer.pictures_left(**left)

    while True:
        await _for_ever(once, "jobs are not kept in order")
        await asyncio.sleep(_SWEEP_EVERY_S)


async def work(desk: Desk, pictures: Pictures, courier: Courier, at_once: int, patience: float) -> None:
    """Make pictures and bring messages until cancelled; what is under way then has ``patience`` seconds."""

    async def make() -> None:
        await asyncio.to_thread(desk.check)
        await desk.queue.work("picture", pictures.handle, at_once, patience)

    async def bring() -> None:
        await asyncio.to_thread(desk.check)
        await desk.queue.work("message", courier.handle, _MESSAGES_AT_ONCE, patience)

    async with asyncio.TaskGroup() as group:
        group.create_task(_for_ever(make, "no pictures of jobs are made"))
        group.create_task(_for_ever(bring, "no messages are brought"))


def _told_to_end() -> bool:
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


async def _for_ever(do: Callable[[], Coroutine[Any, Any, None]], trouble: str) -> None:
    """Do it until it ends well, again after whatever stops it. Its trouble is told once."""
    pause = 0.5
    told = ""
    while True:
        try:
            await do()
        except CleancutError as error:
            reason = reason_of(error)
            if reason != told:
                structlog.get_logger().error(trouble, problem=str(error), reason=reason)
                told = reason
            if not isinstance(error, DatabaseUnavailable):
                pause = _LONGEST_PAUSE_S
        except (Exception, asyncio.CancelledError) as error:
            # Also where what is called has been cancelled from within, and not we.
            if isinstance(error, asyncio.CancelledError) and _told_to_end():
                raise
            structlog.get_logger().error(trouble, exc_info=error)
            pause = _LONGEST_PAUSE_S
        else:
            if told:
                structlog.get_logger().info("the data base of jobs answers again")
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)
