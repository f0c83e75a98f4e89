"""A queue in a SQLite file, for the processes of one machine.

A task is held by one worker for a time, which the worker prolongs while it lives. So what a killed one held is
handed out again after ``SILENT_S`` seconds, without anybody watching processes.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from sqlalchemy import delete, insert, select, update

from cleancut.errors import DatabaseUnavailable
from cleancut.jobs.database import Database
from cleancut.jobs.queues.protocol import BEAT_S, SILENT_S, Handle, Kind, Task, after, attempt
from cleancut.jobs.schema import TASKS

# How often another process's tasks are looked for; those of this one are known at once.
_LOOK_S = 0.5


class SqliteQueue:
    """A ``Queue`` in the table of tasks."""

    def __init__(self, base: Database, clock: Callable[[], float] = time.time) -> None:
        """Nothing is asked of the data base yet."""
        self._base = base
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def put(self, tasks: Sequence[Task], delay: float = 0.0) -> None:
        """See ``Queue``."""
        due = self._clock() + delay
        rows = [{"kind": each.kind, "key": each.key, "priority": each.priority, "due": due} for each in tasks]
        if rows:
            with self._base.writing() as connection:
                connection.execute(insert(TASKS), rows)
            self._wake()

    def known(self, keys: Sequence[str]) -> set[str]:
        """See ``Queue``."""
        with self._base.reading() as connection:
            return set(connection.execute(select(TASKS.c.key).where(TASKS.c.key.in_(keys))).scalars())

    async def work(self, kind: Kind, handle: Handle, at_once: int, patience: float) -> None:
        """See ``Queue``."""
        holder, woken = secrets.token_hex(8), asyncio.Event()
        place = asyncio.get_running_loop(), woken
        with self._lock:
            self._waiting.add(place)
        under_way: set[asyncio.Task[None]] = set()
        beating = asyncio.create_task(self._beat(holder))
        try:
            while True:
                woken.clear()
                while len(under_way) < at_once and (held := await asyncio.to_thread(self._take, kind, holder)):
                    under_way.add(asyncio.create_task(self._do(held, holder, handle)))
                watched = {*under_way, beating, asyncio.ensure_future(woken.wait())}
                await asyncio.wait(watched, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                for each in watched - under_way - {beating}:
                    each.cancel()
                for each in [each for each in (*under_way, beating) if each.done()]:
                    under_way.discard(each)
                    each.result()
        finally:
            with self._lock:
                self._waiting.discard(place)
            await _ended(under_way, patience)
            beating.cancel()
            with suppress(asyncio.CancelledError, DatabaseUnavailable):
                await beating

    def close(self) -> None:
        """See ``Queue``."""

    def _wake(self) -> None:
        with self._lock:
            for loop, event in self._waiting:
                # The loop may have ended since.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(event.set)

    async def _beat(self, holder: str) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            await asyncio.to_thread(self._prolong, holder)

    async def _do(self, held: tuple[int, Task], holder: str, handle: Handle) -> None:
        id, task = held
        again: float | None = 0.0
        try:
            again = await attempt(handle, task)
        finally:
            # Also where it was cancelled: whoever comes next need not wait until its time is over.
            await asyncio.shield(asyncio.to_thread(self._let_go, id, task, holder, again))

    def _take(self, kind: Kind, holder: str) -> tuple[int, Task] | None:
        now = self._clock()
        free = TASKS.c.holder.is_(None) | (TASKS.c.held_until < now)
        first = select(TASKS.c.id).where(TASKS.c.kind == kind, TASKS.c.due <= now, free)
        chosen = first.order_by(TASKS.c.priority.desc(), TASKS.c.id).limit(1).scalar_subquery()
        with self._base.reading() as connection:
            if connection.execute(select(chosen)).scalar() is None:
                return None  # so that those who wait for work do not write
        with self._base.writing() as connection:
            taken = update(TASKS).where(TASKS.c.id == chosen).values(holder=holder, held_until=now + SILENT_S)
            row = connection.execute(taken.returning(*TASKS.c)).mappings().one_or_none()
        return None if row is None else (row["id"], Task(row["kind"], row["key"], row["priority"]))

    def _prolong(self, holder: str) -> None:
        with self._base.reading() as connection:
            if connection.execute(select(TASKS.c.id).where(TASKS.c.holder == holder).limit(1)).scalar() is None:
                return
        with self._base.writing() as connection:
            until = self._clock() + SILENT_S
            connection.execute(update(TASKS).where(TASKS.c.holder == holder).values(held_until=until))

    def _let_go(self, id: int, task: Task, holder: str, again: float | None) -> None:
        """Remove a task that is done with, or have it handed out again after so many seconds."""
        with self._base.writing() as connection:
            # One that was taken for dead holds it no more.
            mine = TASKS.c.id == id, TASKS.c.holder == holder
            if again is None:
                connection.execute(delete(TASKS).where(*mine))
            else:
                values = {"due": self._clock() + again, "priority": after(task.priority, again)}
                connection.execute(update(TASKS).where(*mine).values(holder=None, held_until=None, **values))


async def _ended(tasks: set[asyncio.Task[None]], patience: float) -> None:
    """Wait for tasks, so long; then cancel them."""
    if tasks:
        await asyncio.wait(tasks, timeout=patience)
    for each in tasks:
        each.cancel()
    # Their troubles have been told.
    await asyncio.gather(*tasks, return_exceptions=True)
