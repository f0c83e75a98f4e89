"""A queue on PostgreSQL, for workers of many machines: procrastinate's.

It locks rows, so that no two workers wait for each other, tells workers of new tasks at once (LISTEN), and knows by
their heartbeats which of them are no more.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, SyncPsycopgConnector, exceptions
from procrastinate.jobs import Job
from procrastinate.retry import RetryDecision
from psycopg_pool import NullConnectionPool
from sqlalchemy import URL

from cleancut.jobs.database import POSTGRES, unavailable
from cleancut.jobs.queues.protocol import AGAIN_S, BEAT_S, SILENT_S, Handle, Kind, Task, after, attempt

# Their own words on each task, and on each attempt to reach a server that is away; ours are said once.
for _name in ("procrastinate", "psycopg.pool"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_TASK = "cleancut"

# Workers are told of new tasks; this is for what they were not told of, as what is due later.
_LOOK_S = 1.0

_WAIT_S = 5.0

# Tasks need a connection for moments alone, when one is taken up and when it ends: more of them share so many.
_CONNECTIONS = 8


class PostgresQueue:
    """A ``Queue`` in procrastinate's tables."""

    def __init__(self, url: URL) -> None:
        """Nothing is asked of the data base yet."""
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._lock = threading.Lock()
        self._app: App | None = None

    def put(self, tasks: Sequence[Task], delay: float = 0.0) -> None:
        """See ``Queue``."""
        with _answering():
            app = self._open()
            task = app.tasks[_TASK]
            when: Any = {"schedule_in": {"seconds": delay}} if delay > 0 else {}
            made = [
                task.configure(queue=each.kind, priority=each.priority, **when).make_new_job(key=each.key)
                for each in tasks
            ]
            # In one statement, however many they are.
            if made:
                app.job_manager.batch_defer_jobs(made)

    def known(self, keys: Sequence[str]) -> set[str]:
        """See ``Queue``."""
        query = "SELECT args->>'key' FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
        query += " AND args->>'key' = ANY(%s)"
        with _answering(), psycopg.connect(self._address, **POSTGRES) as connection:
            return {str(row[0]) for row in connection.execute(query, (list(keys),))}

    async def work(self, kind: Kind, handle: Handle, at_once: int, patience: float) -> None:
        """See ``Queue``."""
        # And one each for looking, listening and the heartbeat.
        most = min(at_once, _CONNECTIONS) + 3
        pool: dict[str, Any] = {"min_size": 1, "max_size": most, "timeout": _WAIT_S, "kwargs": POSTGRES}
        app = App(connector=PsycopgConnector(conninfo=self._address, **pool))

        held = _Held()

        @app.task(name=_TASK, pass_context=True, retry=_AsItSays())
        async def do(context: JobContext, key: str) -> None:
            with held.doing(context.job):
                await _do(handle, Task(kind, key, context.job.priority))

        with _answering():
            async with AsyncExitStack() as opened:
                # Also where opening fails: its pool would go on trying.
                opened.push_async_callback(app.close_async)
                await app.open_async()
                beating = asyncio.create_task(_beat(app, kind, held))
                opened.push_async_callback(_end, beating)
                await app.run_worker_async(
                    queues=[kind], name=kind, concurrency=at_once, fetch_job_polling_interval=_LOOK_S,
                    shutdown_graceful_timeout=patience, delete_jobs="always", install_signal_handlers=False,
                    update_heartbeat_interval=BEAT_S, stalled_worker_timeout=SILENT_S,
                )  # fmt: skip
        # It ends by itself only where it has lost the data base.
        raise unavailable(ConnectionError("procrastinate's worker has stopped"))

    def close(self) -> None:
        """See ``Queue``."""
        with self._lock:
            if self._app is not None:
                self._app.connector.close()

    def _open(self) -> App:
        with self._lock:
            if self._app is None:
                app = App(connector=SyncPsycopgConnector())
                app.task(name=_TASK)(_do_nothing)
                # Jobs come seldom: a connection for each, instead of a pool that takes minutes to believe in a server
                # that is back.
                app.open(NullConnectionPool(self._address, kwargs=POSTGRES, timeout=_WAIT_S, open=True))
                self._app = app
            return self._app


def _do_nothing(key: str) -> None:
    """What those who only put tasks know of them."""


class _Again(Exception):
    """The task is to be handed out again after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


class _AsItSays(BaseRetryStrategy):
    """Without a strategy, procrastinate removes what has failed."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        seconds = exception.seconds if isinstance(exception, _Again) else AGAIN_S
        later = datetime.now(UTC) + timedelta(seconds=seconds)
        return RetryDecision(retry_at=later, priority=after(job.priority, seconds))


async def _do(handle: Handle, task: Task) -> None:
    """Raises _Again."""
    try:
        again = await attempt(handle, task)
    except asyncio.CancelledError:
        # The worker ends. Another one need not wait until this one is missed.
        again = 0.0
    if again is not None:
        raise _Again(again)


class _Held:
    """What this worker holds as the data base has it, against what it is at."""

    def __init__(self) -> None:
        self._at: set[int | None] = set()
        self._worker: int | None = None
        self._missed: dict[tuple[int | None, int], float] = {}

    @contextmanager
    def doing(self, job: Job) -> Iterator[None]:
        """A task is worked on within the block."""
        self._worker = job.worker_id
        self._at.add(job.id)
        try:
            yield
        finally:
            self._at.discard(job.id)

    async def prolong(self, app: App) -> None:
        """Tell the data base that this worker lives."""
        if self._worker is not None:
            await app.job_manager.update_heartbeat(self._worker)

    async def left(self, app: App, kind: Kind) -> list[Job]:
        """Tasks whose end, or whose being taken up, could not be told to the data base, which was away just then.

        While its worker lives, nobody else would ever miss them.
        """
        if self._worker is None:
            return []
        held = await app.job_manager.list_jobs_async(queue=kind, status="doing", worker_id=self._worker)
        idle = {(job.id, job.attempts): job for job in held if job.id not in self._at}
        now = time.monotonic()
        # It takes a moment to begin one, and to tell of its end.
        self._missed = {each: self._missed.get(each, now) for each in idle}
        return [idle[each] for each, since in self._missed.items() if now - since >= SILENT_S]


async def _beat(app: App, kind: Kind, held: _Held) -> None:
    """For ever: say that this worker lives, hand out what those held that do not, and what this one has lost."""
    while True:
        await asyncio.sleep(BEAT_S)
        # Where the data base is away, the worker itself ends by it; and others may have handed it out meanwhile.
        with suppress(exceptions.ConnectorException):
            # procrastinate's own heartbeat stops when the worker is told to end; what is under way then goes on.
            await held.prolong(app)
            stalled = await app.job_manager.get_stalled_jobs(queue=kind, seconds_since_heartbeat=SILENT_S)
            for job in [*stalled, *await held.left(app, kind)]:
                with suppress(exceptions.ConnectorException):
                    await app.job_manager.retry_job(job)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (exceptions.ConnectorException, psycopg.Error) as error:
        raise unavailable(error) from error
