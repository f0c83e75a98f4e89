"""All that a process needs for jobs: their data base, the store of their photos and results, the queue."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import structlog
from sqlalchemy import select, update

from cleancut.errors import DatabaseUnavailable, Unwritable
from cleancut.jobs import intake, progress, removal
from cleancut.jobs.database import Database, open_database
from cleancut.jobs.messages import key_of
from cleancut.jobs.progress import Terms
from cleancut.jobs.queues.protocol import Queue, Task
from cleancut.jobs.queues.sqlite import SqliteQueue
from cleancut.jobs.records import BACKGROUND, EDITS, LEVELS, SOURCE, Job, Level, job_of
from cleancut.jobs.schema import DELIVERIES, ITEMS, JOBS
from cleancut.storage.local import LocalStorage

# Whoever has accepted a job hands out its pictures at once. What is left after so long, others hand out.
_LEFT_S = 30.0

# What was begun so long ago is looked for in the queue, so many at a time.
_LOST_S = 60.0
_LOOKED_AT = 500

# It looks at every file, of a store that may be far away.
_STORE_EVERY_S = 60.0

# A job's pictures come after those of the same number of other jobs: a large job leaves room for small ones.
_STEP = 1_000_000


def now() -> float:
    """Unix time, as fine as it is shown: what is asked for by a time that was shown is found by it."""
    return round(time.time(), 3)


class Desk:
    """Jobs as one process sees them. All calls block; any thread may make them."""

    def __init__(
        self, url: str | None, folder: Path, objects: Path, terms: Terms, clock: Callable[[], float] = now
    ) -> None:
        """Nothing is asked of the data base yet; ``folder`` is where the SQLite file lies, if there is no ``url``.

        Raises OptionError, Unwritable.
        """
        self.base: Database = open_database(url, folder / "jobs.sqlite")
        # Of the photos of accepted jobs none makes room for others.
        self.store = LocalStorage(objects, None, clock, durable=True)
        self.queue: Queue = _queue(self.base, clock)
        self.terms = terms
        self.clock = clock
        self._lock = threading.Lock()
        self._opened = False
        self._store_due = 0.0

    def open(self) -> None:
        """Make the tables, or bring them up to date, unless that has been done.

        Raises DatabaseUnavailable, OptionError.
        """
        with self._lock:
            if not self._opened:
                # Alembic takes half a second to load, which the start need not wait for.
                from cleancut.jobs.migrate import migrate

                migrate(self.base)
                self._opened = True

    def opened(self) -> Database:
        """The data base, with its tables. Raises DatabaseUnavailable, OptionError."""
        if not self._opened:
            self.open()
        return self.base

    def check(self) -> None:
        """Find out at once whether the data base answers. Raises DatabaseUnavailable, OptionError."""
        with self.opened().reading() as connection:
            connection.execute(select(1))

    def hand_out(self, job: Job) -> None:
        """Have an accepted job's pictures made. Raises DatabaseUnavailable; then ``sweep`` does it later."""
        self.queue.put([_task(job.id, each, job.level) for each in range(1, job.pictures + 1)])
        with self.base.writing() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(handed_out=True))

    def send(self, keys: Iterable[str]) -> None:
        """Have messages sent. Raises DatabaseUnavailable; then ``sweep`` does it later."""
        wanted = [each for each in keys if each]
        if wanted:
            self.queue.put([Task("message", each) for each in wanted])
            ids = [each.partition("/")[0] for each in wanted]
            with self.base.writing() as connection:
                connection.execute(update(DELIVERIES).where(DELIVERIES.c.id.in_(ids)).values(handed_out=True))

    def cancel(self, owner: str, id: str) -> bool:
        """Cancel what of a job has not ended; whether there is such a job. Raises DatabaseUnavailable."""
        message = progress.cancel(self.opened(), owner, id, self.clock(), self.terms)
        if message is None:
            return False
        self.drop_photos(id)
        with suppress(DatabaseUnavailable):
            self.send([message])
        return True

    def remove(self, owner: str, id: str) -> bool:
        """Delete a job with all that belongs to it; whether there was one. Raises DatabaseUnavailable, Unwritable."""
        was_there = removal.doom(self.opened(), owner, id)
        if was_there:
            self.clear(id)
        return was_there

    def remove_sent(self, owner: str, idempotency: str) -> None:
        """Delete what was sent under a key, also if it is on its way in. Raises DatabaseUnavailable, Unwritable."""
        id = removal.doom_sent(self.opened(), owner, idempotency)
        if id is not None:
            self.clear(id)

    def give_back(self, id: str) -> None:
        """Remove what has come of a job, unless it was accepted. Raises DatabaseUnavailable, Unwritable.

        Whoever lost the data base while it accepted a job does not know whether it has.
        """
        if removal.doom_received(self.base, id) or not removal.is_accepted(self.base, id):
            # Also where it was deleted meanwhile, or taken for abandoned: more may have come of it afterwards.
            self.clear(id)

    def sweep(self) -> None:
        """Hand out what has been left or lost, remove what is over. To be called now and then.

        Raises DatabaseUnavailable, Unwritable.
        """
        base, moment = self.opened(), self.clock()
        self._hand_out_left(moment)
        self._put_lost(moment)
        given_up = progress.give_up(base, moment, self.terms)
        self.send(given_up.values())
        for id in given_up:
            self.drop_photos(id)
        for id in intake.abandoned(base, moment):
            removal.doom_received(base, id, moment - intake.STALE_S)
        removal.doom_expired(base, moment)
        for id in removal.doomed(base):
            self.clear(id)
        removal.forget_messages(base, moment)
        if moment >= self._store_due:
            self._store_due = moment + _STORE_EVERY_S
            self.store.sweep()

    def close(self) -> None:
        """Close what is open."""
        self.queue.close()
        self.base.close()
        self.store.close()

    def clear(self, id: str) -> None:
        """Remove what is left of a job that is to be no more. Raises DatabaseUnavailable, Unwritable."""
        self.store.erase(id)
        removal.forget(self.base, id)

    def drop_photos(self, id: str) -> None:
        """Remove what a job that has ended needs no more."""
        try:
            for each in self.store.of(id):
                if each.name.endswith(SOURCE) or each.name in (BACKGROUND, EDITS):
                    self.store.delete(id, each.name)
        except (Unwritable, OSError) as error:
            # They go with the job.
            structlog.get_logger().warning("photos were not removed", job=id, problem=str(error))

    def _hand_out_left(self, moment: float) -> None:
        """Hand out what those who accepted it did not."""
        since = moment - _LEFT_S
        left = JOBS.c.state == "open", JOBS.c.handed_out.is_(False), JOBS.c.touched < since
        unsent = DELIVERIES.c.state == "waiting", DELIVERIES.c.handed_out.is_(False), DELIVERIES.c.made < since
        with self.base.reading() as connection:
            ids = connection.execute(select(JOBS.c.id).where(*left)).scalars().all()
            messages = connection.execute(select(DELIVERIES.c.id, DELIVERIES.c.round).where(*unsent)).all()
        for id in ids:
            with self.base.writing() as connection:
                # One of those who see it.
                claimed = update(JOBS).where(JOBS.c.id == id, *left).values(touched=moment)
                row = connection.execute(claimed.returning(*JOBS.c)).mappings().one_or_none()
            if row is not None:
                self.hand_out(job_of(row))
        self.send(key_of(*each) for each in messages)

    def _put_lost(self, moment: float) -> None:
        """Put what is in no queue any more: who was taken for dead has let go of what another one held."""
        since = moment - _LOST_S
        with self.base.reading() as connection:
            begun = select(ITEMS.c.job, ITEMS.c.number, JOBS.c.priority).join(JOBS).where(
                JOBS.c.state == "open", ITEMS.c.state.in_(("waiting", "running")), ITEMS.c.begun < since
            )  # fmt: skip
            items = connection.execute(begun.limit(_LOOKED_AT)).all()
            waiting = select(DELIVERIES.c.id, DELIVERIES.c.round).where(
                DELIVERIES.c.state == "waiting", DELIVERIES.c.handed_out.is_(True), DELIVERIES.c.made < since
            )  # fmt: skip
            messages = connection.execute(waiting.limit(_LOOKED_AT)).all()
        levels = {rank: level for level, rank in LEVELS.items()}
        tasks = [_task(job, number, levels[rank]) for job, number, rank in items]
        tasks += [Task("message", key_of(*each)) for each in messages]
        known = self.queue.known([each.key for each in tasks])
        self.queue.put([each for each in tasks if each.key not in known])


def _task(job: str, number: int, level: Level) -> Task:
    return Task("picture", f"{job}/{number}", LEVELS[level] * _STEP - number)


def _queue(base: Database, clock: Callable[[], float]) -> Queue:
    if not base.is_postgres:
        return SqliteQueue(base, clock)
    from cleancut.jobs.queues.postgres import PostgresQueue

    return PostgresQueue(base.url)
