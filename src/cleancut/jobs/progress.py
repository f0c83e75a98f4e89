"""What becomes of pictures and of their jobs.

A picture may be handed out more than once (its worker was killed, or was taken for dead). Each time is an attempt with
a number, and only the last one begun may end it: so a result is committed once, whoever comes late.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Update, case, func, select, update

from cleancut.jobs import messages
from cleancut.jobs.database import Database
from cleancut.jobs.records import Item, Job, Row, item_of, job_of
from cleancut.jobs.schema import ITEMS, JOBS

# A picture that has ended so many processes is put aside,
MOST_CRASHES = 3
# and one whose workers have vanished so often. That may have had other reasons, so there is more patience.
MOST_VANISHED = 20


@dataclass(frozen=True, slots=True)
class Begun:
    """A picture that this worker has begun."""

    job: Job
    item: Item


@dataclass(frozen=True, slots=True)
class Done:
    """A result that lies in the store."""

    name: str
    size: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is no result."""

    code: str
    error: str
    hint: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How long what has ended is kept, in seconds."""

    job: float
    delivery: float


def start(base: Database, id: str, number: int, now: float) -> Begun | None:
    """Begin an attempt; None where the picture has ended already, or its job is gone."""
    with base.writing() as connection:
        row = _locked(connection, id)
        if row is None or row["state"] != "open":
            return None
        began = (
            update(ITEMS)
            .where(ITEMS.c.job == id, ITEMS.c.number == number, ITEMS.c.state.in_(("waiting", "running")))
            .values(
                state="running",
                attempt=ITEMS.c.attempt + 1,
                begun=now,
                # Handed out again while it was being worked on: whoever was at it is no more.
                vanished=ITEMS.c.vanished + case((ITEMS.c.state == "running", 1), else_=0),
            )
        )
        found = connection.execute(began.returning(*ITEMS.c)).mappings().one_or_none()
        if found is None:
            return None
        if row["version"] == 1:
            # From here on it is running, which its watchers are told.
            connection.execute(update(JOBS).where(JOBS.c.id == id).values(version=2))
        return Begun(job_of(row), item_of(found))


def finish(base: Database, begun: Begun, outcome: Done | Failed, now: float, terms: Terms) -> str | None:
    """Commit an attempt's outcome, and with the last one the job's end.

    The key of the message that tells of that end, ``""`` where there is none to be sent; None where the outcome comes
    too late and counts for nothing.
    """
    values: dict[str, Any] = {"ended": now}
    if isinstance(outcome, Done):
        values |= {"state": "done", "result": outcome.name, "result_size": outcome.size}
        values["facts"] = json.dumps(dict(outcome.facts))
    else:
        values |= {"state": "failed", "code": outcome.code, "error": outcome.error, "hint": outcome.hint}
    with base.writing() as connection:
        row = _locked(connection, begun.job.id)
        if row is not None and _is_committed(connection, begun, values):
            # Before, and its answer was lost.
            return messages.waiting_of(connection, begun.job.id)
        if row is None or row["state"] != "open":
            return None
        if not connection.execute(_mine(begun).values(version=row["version"] + 1, **values)).rowcount:
            return None
        # Its photo goes.
        held = row["held"] - begun.item.size + (outcome.size if isinstance(outcome, Done) else 0)
        numbers = {values["state"]: row[values["state"]] + 1, "version": row["version"] + 1, "held": held}
        return counted(connection, {**row, **numbers}, now, terms)


def has_ended(base: Database, id: str) -> bool:
    """Whether a job is there and has ended."""
    with base.reading() as connection:
        over = JOBS.c.id == id, JOBS.c.state.in_(("done", "cancelled"))
        return connection.execute(select(JOBS.c.id).where(*over)).first() is not None


def put_back(base: Database, begun: Begun, crashed: bool = False) -> None:
    """Have a picture wait for another attempt; ``crashed``: it has ended the process that was at it."""
    with base.writing() as connection:
        values = {"state": "waiting", "crashes": ITEMS.c.crashes + int(crashed)}
        connection.execute(_mine(begun).values(**values))


def cancel(base: Database, owner: str, id: str, now: float, terms: Terms) -> str | None:
    """Cancel what has not ended; what is being worked on will count for nothing. Like ``finish``; None: no such job."""
    with base.writing() as connection:
        row = _locked(connection, id)
        if row is None or row["owner"] != owner or row["state"] == "receiving":
            return None
        if row["state"] != "open":
            return ""
        return _ended_early(connection, row, "cancelled", {"state": "cancelled"}, now, terms)


def give_up(base: Database, now: float, terms: Terms) -> dict[str, str]:
    """Fail what has waited beyond its job's time; those jobs, each with the message to be sent or ``""``."""
    with base.reading() as connection:
        late = list(connection.execute(select(JOBS.c.id).where(JOBS.c.state == "open", JOBS.c.expires < now)).scalars())
    why = Failed("job_expired", "its turn did not come in time", "send it again when less is waiting")
    values = {"state": "failed", "code": why.code, "error": why.error, "hint": why.hint}
    told = {}
    for id in late:
        with base.writing() as connection:
            row = _locked(connection, id)
            if row is not None and row["state"] == "open":
                told[id] = _ended_early(connection, row, "failed", values, now, terms)
    return told


def _ended_early(
    connection: Connection, row: Row, counter: str, values: Mapping[str, Any], now: float, terms: Terms
) -> str:
    version = row["version"] + 1
    left = ITEMS.c.job == row["id"], ITEMS.c.state.in_(("waiting", "running"))
    size = connection.execute(select(func.coalesce(func.sum(ITEMS.c.size), 0)).where(*left)).scalar_one()
    count = connection.execute(update(ITEMS).where(*left).values(version=version, ended=now, **values)).rowcount
    numbers = {counter: row[counter] + count, "version": version, "held": row["held"] - size}
    return counted(connection, {**row, **numbers}, now, terms)


def counted(connection: Connection, row: Row, now: float, terms: Terms) -> str:
    """Write a job's numbers, and its end where nothing is left of it; the message's key, or ``""``."""
    values = {name: row[name] for name in ("version", "done", "failed", "cancelled", "held")}
    message = ""
    if row["done"] + row["failed"] + row["cancelled"] == row["pictures"]:
        # Where only the last picture could be cancelled, others have results all the same.
        state = "cancelled" if row["cancelled"] else "done"
        # Its results alone are left: what its pictures shared goes with the last of them.
        sizes = select(func.coalesce(func.sum(ITEMS.c.result_size), 0)).where(ITEMS.c.job == row["id"])
        held = int(connection.execute(sizes).scalar_one())
        values |= {"state": state, "ended": now, "expires": now + terms.job, "held": held}
        if row["webhook"]:
            message = messages.write(connection, job_of({**row, **values}), now, now + terms.delivery)
    connection.execute(update(JOBS).where(JOBS.c.id == row["id"]).values(**values))
    return message


def _mine(begun: Begun) -> Update:
    """A change of the picture, as long as this attempt is its last."""
    where = (ITEMS.c.job == begun.job.id, ITEMS.c.number == begun.item.number, ITEMS.c.state == "running")
    return update(ITEMS).where(*where, ITEMS.c.attempt == begun.item.attempt)


def _is_committed(connection: Connection, begun: Begun, values: Mapping[str, Any]) -> bool:
    """Whether this very attempt has ended the picture, and not another one, or a cancellation."""
    where = ITEMS.c.job == begun.job.id, ITEMS.c.number == begun.item.number, ITEMS.c.attempt == begun.item.attempt
    found = connection.execute(select(ITEMS.c.state, ITEMS.c.result, ITEMS.c.code).where(*where)).one_or_none()
    return found is not None and tuple(found) == (values["state"], values.get("result"), values.get("code"))


def _locked(connection: Connection, id: str) -> Row | None:
    """A job's row, which nobody else changes until the end of the transaction; None where there is none.

    All that changes a job's numbers begins here: so no two wait for each other.
    """
    return connection.execute(select(JOBS).where(JOBS.c.id == id).with_for_update()).mappings().one_or_none()
