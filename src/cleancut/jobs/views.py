"""Jobs as their owners see them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, select

from cleancut.jobs.database import Database
from cleancut.jobs.records import Item, Job, item_of, job_of
from cleancut.jobs.schema import ITEMS, JOBS


def find(base: Database, owner: str, id: str) -> Job | None:
    """An owner's job; None also for one that is still being received."""
    with base.reading() as connection:
        row = connection.execute(_jobs(owner).where(JOBS.c.id == id)).mappings().one_or_none()
    return None if row is None else job_of(row)


def jobs_of(base: Database, owner: str, before: float | None = None, limit: int | None = None) -> list[Job]:
    """An owner's jobs, newest first, those made before a moment."""
    query = _jobs(owner).order_by(JOBS.c.made.desc(), JOBS.c.id).limit(limit)
    if before is not None:
        query = query.where(JOBS.c.made < before)
    with base.reading() as connection:
        return [job_of(row) for row in connection.execute(query).mappings()]


def items_of(base: Database, job: str, after: int = 0, limit: int | None = None) -> list[Item]:
    """A job's pictures by their numbers, from the one after ``after``."""
    query = select(ITEMS).where(ITEMS.c.job == job, ITEMS.c.number > after).order_by(ITEMS.c.number).limit(limit)
    with base.reading() as connection:
        return [item_of(row) for row in connection.execute(query).mappings()]


def item(base: Database, job: str, number: int) -> Item | None:
    """One picture of a job."""
    with base.reading() as connection:
        query = select(ITEMS).where(ITEMS.c.job == job, ITEMS.c.number == number)
        row = connection.execute(query).mappings().one_or_none()
    return None if row is None else item_of(row)


def changes(base: Database, owner: str, id: str, version: int) -> tuple[Job | None, list[Item]]:
    """A job, and those of its pictures that have ended since a version of it and by now, in that order."""
    with base.reading() as connection:
        row = connection.execute(_jobs(owner).where(JOBS.c.id == id)).mappings().one_or_none()
        if row is None:
            return None, []
        return job_of(row), _ended(connection, id, version, row["version"]) if row["version"] > version else []


def counts(base: Database) -> dict[str, int]:
    """How many pictures are in each state that is not an end, for the metrics."""
    of_open = select(ITEMS.c.state, func.count()).join(JOBS).where(JOBS.c.state == "open")
    query = of_open.where(ITEMS.c.state.in_(("waiting", "running"))).group_by(ITEMS.c.state)
    with base.reading() as connection:
        found = {str(state): int(count) for state, count in connection.execute(query)}
    return {"waiting": 0, "running": 0} | found


def _ended(connection: Connection, job: str, since: int, until: int) -> list[Item]:
    # Each query of PostgreSQL sees what has been committed by then, and more may have ended between the two.
    these = ITEMS.c.version > since, ITEMS.c.version <= until, ITEMS.c.state.in_(("done", "failed", "cancelled"))
    query = select(ITEMS).where(ITEMS.c.job == job, *these)
    rows = connection.execute(query.order_by(ITEMS.c.version, ITEMS.c.number)).mappings()
    return [item_of(row) for row in rows]


def _jobs(owner: str) -> Select[Any]:
    return select(JOBS).where(JOBS.c.owner == owner, JOBS.c.state.not_in(("receiving", "deleting")))
