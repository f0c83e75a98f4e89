"""A job on its way in: a row first, then its photos, then its pictures; only with these it is accepted.

So whatever is in the store belongs to a row, and what a killed server was receiving is found and removed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from cleancut.errors import QuotaUsedUp
from cleancut.jobs.database import Database
from cleancut.jobs.progress import Terms, counted
from cleancut.jobs.records import LEVELS, Job, Level, NewItem, job_of
from cleancut.jobs.schema import ITEMS, JOBS

# A server that receives says so every few seconds. Whoever is silent for so long is no more.
TOUCH_S = 5.0
STALE_S = 60.0


@dataclass(frozen=True, slots=True)
class Quota:
    """What may be waiting at a time."""

    pictures: int
    """Of one owner."""
    bytes: int
    """Of all owners: photos that wait, and results that are kept."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job as it is asked for."""

    owner: str
    options: Mapping[str, Any]
    pictures: int = 0
    bytes: int = 0
    """Of its photos, and of what they share."""
    level: Level = "normal"
    webhook: str | None = None
    idempotency: str | None = None
    digest: str | None = None


def begin(base: Database, wanted: Wanted, quota: Quota, now: float, expires: float) -> Job | None:
    """A new job that is being received; None where its owner has one by that idempotency key. Raises QuotaUsedUp."""
    id = secrets.token_hex(16)
    row: dict[str, Any] = {
        "id": id, "owner": wanted.owner, "state": "receiving", "priority": LEVELS[wanted.level],
        "options": json.dumps(dict(wanted.options), sort_keys=True), "webhook": wanted.webhook,
        "idempotency": wanted.idempotency, "digest": wanted.digest, "pictures": wanted.pictures,
        "held": wanted.bytes, "touched": now, "expires": expires,
    }  # fmt: skip
    with base.writing() as connection:
        if base.is_postgres:
            # One job of an owner at a time gets past here, as with SQLite one of all owners.
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(wanted.owner))))
        if wanted.idempotency is not None and _has(connection, wanted.owner, wanted.idempotency):
            return None
        _check_quota(connection, wanted, quota)
        row["made"] = _made(connection, wanted.owner, now)
        made = insert(JOBS).values(row).returning(*JOBS.c)
        return job_of(connection.execute(made).mappings().one())


def _made(connection: Connection, owner: str, now: float) -> float:
    """Now, or a moment later: no two jobs of an owner are made at the same time, which lists go by."""
    last = connection.execute(select(func.max(JOBS.c.made)).where(JOBS.c.owner == owner)).scalar()
    return now if last is None else max(now, round(last + 0.001, 3))


def _has(connection: Connection, owner: str, idempotency: str) -> bool:
    query = select(JOBS.c.id).where(JOBS.c.owner == owner, JOBS.c.idempotency == idempotency)
    return connection.execute(query).first() is not None


def _check_quota(connection: Connection, wanted: Wanted, quota: Quota) -> None:
    left = func.coalesce(func.sum(JOBS.c.pictures - JOBS.c.done - JOBS.c.failed - JOBS.c.cancelled), 0)
    waiting = connection.execute(select(left).where(JOBS.c.owner == wanted.owner)).scalar_one()
    held = connection.execute(select(func.coalesce(func.sum(JOBS.c.held), 0))).scalar_one()
    if waiting + wanted.pictures > quota.pictures:
        raise QuotaUsedUp(
            f"{waiting:,} of your pictures are waiting, and {quota.pictures:,} may be",
            hint="wait until some are done, or cancel a job",
        )
    if held + wanted.bytes > quota.bytes:
        raise QuotaUsedUp("there is no room for more jobs at present", hint="delete jobs whose results you have")


def known(base: Database, owner: str, idempotency: str) -> Job | None:
    """The owner's job by that idempotency key."""
    with base.reading() as connection:
        query = select(JOBS).where(JOBS.c.owner == owner, JOBS.c.idempotency == idempotency)
        row = connection.execute(query).mappings().one_or_none()
    return None if row is None else job_of(row)


def touch(base: Database, id: str, now: float) -> None:
    """Say that a job is still being received."""
    with base.writing() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == id, JOBS.c.state == "receiving").values(touched=now))


def accept(base: Database, id: str, items: Sequence[NewItem], now: float, terms: Terms, shared: int = 0) -> Job | None:
    """Have a job that was received begin; None where it is no more: it was deleted, or taken for abandoned.

    ``shared``: bytes beside the photos, which its pictures share.
    """
    failed = sum(each.problem is not None for each in items)
    values = {
        "state": "open", "version": 1, "pictures": len(items), "failed": failed, "touched": now,
        "bytes": (size := sum(each.size for each in items)), "held": size + shared,
    }  # fmt: skip
    with base.writing() as connection:
        opened = update(JOBS).where(JOBS.c.id == id, JOBS.c.state == "receiving").values(**values)
        if not connection.execute(opened).rowcount:
            return None
        connection.execute(insert(ITEMS), [_row(id, number, each, now) for number, each in enumerate(items, 1)])
        if failed == len(items):
            row = connection.execute(select(JOBS).where(JOBS.c.id == id)).mappings().one()
            counted(connection, row, now, terms)
        return job_of(connection.execute(select(JOBS).where(JOBS.c.id == id)).mappings().one())


def _row(job: str, number: int, item: NewItem, now: float) -> dict[str, Any]:
    row = {"job": job, "number": number, "name": item.name, "url": item.url, "size": item.size}
    if item.problem is None:
        return {**row, "state": "waiting", "version": 0, "code": None, "error": None, "hint": None, "ended": None}
    why = {"code": item.problem.code, "error": str(item.problem), "hint": item.problem.hint}
    return {**row, "state": "failed", "version": 1, "ended": now, **why}


def abandoned(base: Database, now: float) -> list[str]:
    """Jobs whose server was killed while it received them."""
    with base.reading() as connection:
        query = select(JOBS.c.id).where(JOBS.c.state == "receiving", JOBS.c.touched < now - STALE_S)
        return list(connection.execute(query).scalars())
