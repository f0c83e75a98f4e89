"""What a process has for jobs, from its settings: the same for a server and for a worker beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from cleancut.jobs.courier import Courier, Post
from cleancut.jobs.desk import Desk
from cleancut.jobs.observer import Observer
from cleancut.jobs.pictures import Means, Pictures
from cleancut.jobs.progress import Terms
from cleancut.jobs.work import keep_in_order, work
from cleancut.server.settings import ServerSettings

# Seconds that the log of messages goes back.
_LOG_S = 30 * 86_400

# Whoever waits for an answer comes before jobs, where both are made on one machine.
_NICE = 10


def desk_of(settings: ServerSettings) -> Desk:
    """The jobs that servers and workers share. Raises OptionError, Unwritable."""
    folder = settings.folder / "jobs"
    objects = settings.jobs_folder or folder / "store"
    return Desk(settings.database, folder, objects, Terms(settings.job_seconds, _LOG_S))


@asynccontextmanager
async def at_work(settings: ServerSettings, desk: Desk, observer: Observer, beside: bool) -> AsyncIterator[None]:
    """Have jobs kept in order within the block, and worked on if the settings say so.

    ``beside``: in a process that answers requests as well. At the end what is under way has ``drain`` seconds.
    """
    if not settings.store:
        yield
        return
    pictures = _pictures_of(settings, desk, observer, beside) if settings.job_workers else None
    for_ever = [keep_in_order(desk, observer)]
    if pictures is not None:
        courier = Courier(desk, Post(settings.webhook_networks), observer)
        for_ever.append(work(desk, pictures, courier, settings.job_workers, settings.drain))
    tasks = [asyncio.create_task(each) for each in for_ever]
    try:
        yield
    finally:
        await ended(tasks)
        if pictures is not None:
            await asyncio.to_thread(pictures.close)


async def ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks, and wait until they are over."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


def _pictures_of(settings: ServerSettings, desk: Desk, observer: Observer, beside: bool) -> Pictures:
    means = Means(
        core=settings.core,
        limits=settings.v1_limits,
        device=settings.device,
        precision=settings.precision,
        loaded_models=settings.loaded_models,
        at_once=settings.job_workers,
        seconds=settings.job_picture_seconds,
        networks=settings.url_networks,
        keep=settings.job_longest_seconds + settings.job_seconds,
        nice=_NICE if beside else 0,
    )
    return Pictures(desk, means, observer)
