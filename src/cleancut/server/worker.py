"""A process that makes pictures of jobs and answers no requests, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack

import structlog
from prometheus_client import start_http_server

from cleancut.errors import DatabaseUnavailable, OptionError
from cleancut.jobs.database import reason_of
from cleancut.jobs.desk import Desk
from cleancut.server.crew import at_work, desk_of, ended
from cleancut.server.logs import set_up
from cleancut.server.metrics import Metrics
from cleancut.server.run import LAST_STEP_S, end_after
from cleancut.server.settings import ServerSettings

_OPENS_WITHIN_S = 30.0
_AGAIN_S = 2.0


def run_worker(settings: ServerSettings, working: Callable[[str], None]) -> None:
    """Work until SIGTERM; ``working`` is told where jobs are kept.

    Raises OptionError, Unwritable, DatabaseUnavailable (a data base that cannot be reached at the start);
    KeyboardInterrupt after SIGINT. Whatever hangs, the process has ended ``drain`` and a few seconds after the signal.
    """
    set_up(settings.log_format)
    if settings.job_workers < 1:
        raise OptionError("a worker without pictures to make is none", hint="set CLEANCUT_JOB_WORKERS to 1 or more")
    if not settings.store:
        raise OptionError("a worker keeps what it makes, and nothing may be kept", hint="unset CLEANCUT_STORE")
    metrics = Metrics()
    with ExitStack() as opened:
        desk = desk_of(settings)
        opened.callback(desk.close)
        _open(desk)
        if settings.metrics_port:
            opened.callback(_metrics_at(settings, metrics))
        working(desk.base.place)
        metrics.ready.set(1)
        interrupted = asyncio.run(_work(settings, desk, metrics))
    if interrupted:
        raise KeyboardInterrupt


def _open(desk: Desk) -> None:
    """Have the data base opened, which may be starting as well; one that stays away may be the wrong one, and is told.

    Raises OptionError, DatabaseUnavailable.
    """
    until = time.monotonic() + _OPENS_WITHIN_S
    while True:
        try:
            return desk.open()
        except DatabaseUnavailable as error:
            structlog.get_logger().error("the data base of jobs cannot be opened", reason=reason_of(error))
            if time.monotonic() > until:
                raise
        time.sleep(_AGAIN_S)


def _metrics_at(settings: ServerSettings, metrics: Metrics) -> Callable[[], None]:
    """Have the metrics served; what ends it. Raises OptionError."""
    try:
        server, thread = start_http_server(settings.metrics_port, settings.host, metrics.registry)
    except OSError as error:
        raise OptionError(
            f"cannot listen on {settings.host}:{settings.metrics_port}: {error.strerror}",
            hint="choose another --metrics-port",
        ) from error

    def end() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return end


async def _work(settings: ServerSettings, desk: Desk, metrics: Metrics) -> bool:
    """Work until a signal comes; whether that was SIGINT."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    interrupted = False

    def stop(number: int) -> None:
        nonlocal interrupted
        # Who interrupts twice waits for nothing.
        end_after(0 if told.is_set() and number == signal.SIGINT else settings.drain + LAST_STEP_S)
        interrupted = interrupted or number == signal.SIGINT
        told.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, _: loop.call_soon_threadsafe(stop, number))
    watching = asyncio.create_task(metrics.watch_the_loop())
    async with at_work(settings, desk, metrics, beside=False):
        await told.wait()
    await ended([watching])
    return interrupted
