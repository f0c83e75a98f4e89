"""Messages to webhooks, the secrets that sign them, and the log of their delivery."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from cleancut.client.webhooks import new_secret
from cleancut.jobs.database import Database
from cleancut.jobs.records import Attempt, Delivery, DeliveryState, Job, Row, Secret
from cleancut.jobs.schema import ATTEMPTS, DELIVERIES, SECRETS

JOB_ENDED = "job.ended"

# More would make a header that receivers refuse.
MOST_SECRETS = 3


def write(connection: Connection, job: Job, now: float, expires: float) -> str:
    """Put the message of a job's end into the log, to be sent; its key in the queue."""
    id = f"msg_{secrets.token_hex(16)}"
    last = connection.execute(select(func.max(DELIVERIES.c.made)).where(DELIVERIES.c.owner == job.owner)).scalar()
    body = {
        "type": JOB_ENDED,
        "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {
            "id": job.id, "state": job.state, "pictures": job.pictures, "done": job.done, "failed": job.failed,
            "cancelled": job.cancelled, "url": f"/api/v1/jobs/{job.id}",
        },
    }  # fmt: skip
    row = {
        "id": id, "owner": job.owner, "job": job.id, "event": JOB_ENDED, "url": job.webhook, "state": "waiting",
        "body": json.dumps(body, separators=(",", ":")), "expires": expires,
        # No two at the same time, which lists go by; but for those of several workers at once.
        "made": now if last is None else max(now, round(last + 0.001, 3)),
    }  # fmt: skip
    connection.execute(insert(DELIVERIES).values(row))
    return key_of(id, 1)


def waiting_of(connection: Connection, job: str) -> str:
    """The key of a job's message that is still to be sent; ``""`` where there is none."""
    query = select(DELIVERIES).where(DELIVERIES.c.job == job, DELIVERIES.c.state == "waiting")
    row = connection.execute(query).mappings().first()
    return "" if row is None else key_of(row["id"], row["round"])


def key_of(id: str, round: int) -> str:
    """What a message is called in the queue: each time that it is asked for begins anew."""
    return f"{id}/{round}"


def to_send(base: Database, key: str) -> Delivery | None:
    """A message that is still to be sent, by its key; None also where it has been asked for anew since."""
    id, _, round = key.partition("/")
    found = _found(base, DELIVERIES.c.id == id, DELIVERIES.c.round == int(round), DELIVERIES.c.state == "waiting")
    return found[0] if found else None


def log(
    base: Database, owner: str, job: str | None = None, before: float | None = None, limit: int | None = 100
) -> list[Delivery]:
    """An owner's messages, newest first, of one job or of all, those made before a moment."""
    conditions = [DELIVERIES.c.owner == owner]
    conditions += [] if job is None else [DELIVERIES.c.job == job]
    conditions += [] if before is None else [DELIVERIES.c.made < before]
    return _found(base, *conditions, limit=limit)


def find(base: Database, owner: str, id: str) -> Delivery | None:
    """An owner's message."""
    found = _found(base, DELIVERIES.c.owner == owner, DELIVERIES.c.id == id)
    return found[0] if found else None


def attempted(base: Database, delivery: Delivery, attempt: Attempt, state: DeliveryState, expires: float) -> None:
    """Note an attempt, and what has become of the message by it."""
    with base.writing() as connection:
        here = DELIVERIES.c.id == delivery.id, DELIVERIES.c.round == delivery.round
        ended = None if state == "waiting" else attempt.made
        noted = update(DELIVERIES).where(*here).values(state=state, ended=ended, expires=expires)
        # One that has been deleted with its job's owner, or asked for again meanwhile, is told of no more.
        if connection.execute(noted).rowcount:
            last = select(func.coalesce(func.max(ATTEMPTS.c.number), 0)).where(ATTEMPTS.c.delivery == delivery.id)
            number = connection.execute(last).scalar_one() + 1
            values = {name: getattr(attempt, name) for name in ("round", "made", "ms", "status", "problem")}
            connection.execute(insert(ATTEMPTS).values(delivery=delivery.id, number=number, **values))


def replay(base: Database, owner: str, id: str, expires: float) -> Delivery | None:
    """Have a message sent once more, under the id that it has; None where there is none."""
    with base.writing() as connection:
        again = update(DELIVERIES).where(DELIVERIES.c.owner == owner, DELIVERIES.c.id == id)
        values = {"state": "waiting", "ended": None, "round": DELIVERIES.c.round + 1, "expires": expires}
        connection.execute(again.values(handed_out=False, **values))
    return find(base, owner, id)


def rotate(base: Database, owner: str, now: float, overlap: float) -> Secret:
    """A new secret. The others sign beside it for ``overlap`` more seconds."""
    new = Secret(secrets.token_hex(8), new_secret(), now, None)
    with base.writing() as connection:
        mine = SECRETS.c.owner == owner
        connection.execute(update(SECRETS).where(mine, SECRETS.c.ends.is_(None)).values(ends=now + overlap))
        kept = select(SECRETS.c.id).where(mine).order_by(SECRETS.c.made.desc()).limit(MOST_SECRETS - 1)
        ids = list(connection.execute(kept).scalars())
        connection.execute(delete(SECRETS).where(mine, SECRETS.c.id.not_in(ids) | (SECRETS.c.ends < now)))
        connection.execute(insert(SECRETS).values(owner=owner, **asdict(new)))
    return new


def secrets_of(base: Database, owner: str, now: float) -> list[Secret]:
    """The secrets that an owner's webhooks are signed with, newest first."""
    query = select(SECRETS).where(SECRETS.c.owner == owner, SECRETS.c.ends.is_(None) | (SECRETS.c.ends > now))
    with base.reading() as connection:
        rows = connection.execute(query.order_by(SECRETS.c.made.desc())).mappings()
        return [Secret(**{name: row[name] for name in Secret.__slots__}) for row in rows]


def revoke(base: Database, owner: str, id: str) -> bool:
    """Have a secret sign nothing more, at once; whether there was one."""
    with base.writing() as connection:
        gone = delete(SECRETS).where(SECRETS.c.owner == owner, SECRETS.c.id == id)
        return bool(connection.execute(gone).rowcount)


def _found(base: Database, *conditions: Any, limit: int | None = None) -> list[Delivery]:
    query: Select[Any] = select(DELIVERIES).where(*conditions)
    with base.reading() as connection:
        ordered = query.order_by(DELIVERIES.c.made.desc(), DELIVERIES.c.id).limit(limit)
        rows = connection.execute(ordered).mappings().all()
        ids = [row["id"] for row in rows]
        tried = select(ATTEMPTS).where(ATTEMPTS.c.delivery.in_(ids)).order_by(ATTEMPTS.c.number)
        attempts: dict[str, list[Attempt]] = {id: [] for id in ids}
        for each in connection.execute(tried).mappings():
            attempts[each["delivery"]].append(Attempt(**{name: each[name] for name in Attempt.__slots__}))
    return [_delivery(row, attempts[row["id"]]) for row in rows]


def _delivery(row: Row, attempts: list[Attempt]) -> Delivery:
    names = (name for name in Delivery.__slots__ if name != "attempts")
    return Delivery(**{name: row[name] for name in names}, attempts=tuple(attempts))
