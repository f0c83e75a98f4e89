"""Jobs that are to be no more: their objects go first, then their rows, so that a kill in between loses none."""

from __future__ import annotations

import math

from sqlalchemy import delete, select, update

from cleancut.jobs.database import Database
from cleancut.jobs.schema import DELIVERIES, JOBS, SECRETS

_ENDED = ("done", "cancelled")


def doom(base: Database, owner: str, id: str) -> bool:
    """Have a job be gone for all but what removes it; whether there was one."""
    with base.writing() as connection:
        mine = JOBS.c.owner == owner, JOBS.c.id == id, JOBS.c.state.not_in(("receiving", "deleting"))
        # Its idempotency key is free again.
        return bool(connection.execute(update(JOBS).where(*mine).values(state="deleting", idempotency=None)).rowcount)


def doom_sent(base: Database, owner: str, idempotency: str) -> str | None:
    """The same for one by its idempotency key, also while it is being received; its id, None where there is none."""
    with base.writing() as connection:
        mine = JOBS.c.owner == owner, JOBS.c.idempotency == idempotency
        gone = update(JOBS).where(*mine).values(state="deleting", idempotency=None)
        id: str | None = connection.execute(gone.returning(JOBS.c.id)).scalar()
        return id


def doom_all(base: Database, owner: str) -> list[str]:
    """The same for all of an owner, also for those that are being received; their ids."""
    with base.writing() as connection:
        mine = JOBS.c.owner == owner, JOBS.c.state != "deleting"
        gone = update(JOBS).where(*mine).values(state="deleting", idempotency=None)
        return list(connection.execute(gone.returning(JOBS.c.id)).scalars())


def doom_expired(base: Database, now: float) -> None:
    """The same for all whose time is over."""
    with base.writing() as connection:
        over = update(JOBS).where(JOBS.c.state.in_(_ENDED), JOBS.c.expires < now)
        connection.execute(over.values(state="deleting", idempotency=None))


def doom_received(base: Database, id: str, touched_before: float = math.inf) -> bool:
    """The same for one that is still being received, and of which nothing has come since a moment."""
    with base.writing() as connection:
        left = JOBS.c.id == id, JOBS.c.state == "receiving", JOBS.c.touched < touched_before
        return bool(connection.execute(update(JOBS).where(*left).values(state="deleting", idempotency=None)).rowcount)


def is_accepted(base: Database, id: str) -> bool:
    """Whether there is such a job, which is neither being received nor to be no more."""
    with base.reading() as connection:
        there = JOBS.c.id == id, JOBS.c.state.not_in(("receiving", "deleting"))
        return connection.execute(select(JOBS.c.id).where(*there)).first() is not None


def doomed(base: Database) -> list[str]:
    """Jobs whose objects are to be removed, and then their rows."""
    with base.reading() as connection:
        return list(connection.execute(select(JOBS.c.id).where(JOBS.c.state == "deleting")).scalars())


def forget(base: Database, id: str) -> None:
    """Remove a job's rows."""
    with base.writing() as connection:
        connection.execute(delete(JOBS).where(JOBS.c.id == id, JOBS.c.state == "deleting"))


def forget_owner(base: Database, owner: str) -> int:
    """Remove an owner's messages and secrets; how many."""
    with base.writing() as connection:
        gone = (connection.execute(delete(each).where(each.c.owner == owner)) for each in (DELIVERIES, SECRETS))
        return sum(each.rowcount for each in gone)


def forget_messages(base: Database, now: float) -> None:
    """Remove messages whose time in the log is over."""
    with base.writing() as connection:
        connection.execute(delete(DELIVERIES).where(DELIVERIES.c.state != "waiting", DELIVERIES.c.expires < now))
