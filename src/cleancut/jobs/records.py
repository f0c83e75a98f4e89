"""What is known of jobs, as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cleancut.errors import CleancutError

Row = Mapping[Any, Any]
"""A row of a table, by its columns' names."""

State = Literal["receiving", "queued", "running", "done", "cancelled"]
ItemState = Literal["waiting", "running", "done", "failed", "cancelled"]
DeliveryState = Literal["waiting", "delivered", "given_up"]

Level = Literal["low", "normal", "high"]
LEVELS: dict[Level, int] = {"low": 0, "normal": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class Job:
    """A job: its pictures share their options."""

    id: str
    owner: str
    state: State
    level: Level
    options: Mapping[str, Any]
    webhook: str | None
    idempotency: str | None
    digest: str | None
    """Of what was sent: the same key with something else is no repetition."""
    version: int
    """Counts the job's changes."""
    pictures: int
    done: int
    failed: int
    cancelled: int
    bytes: int
    """Of the pictures as they were sent."""
    held: int
    """Bytes that lie in the store: of photos that wait, and of results."""
    made: float
    touched: float
    ended: float | None
    expires: float
    """Unix time at which it is deleted; until it has ended, the time at which it is given up."""

    @property
    def has_ended(self) -> bool:
        return self.state in ("done", "cancelled")

    @property
    def waiting(self) -> int:
        """Pictures that have not ended."""
        return self.pictures - self.done - self.failed - self.cancelled


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of a job."""

    job: str
    number: int
    """From 1."""
    name: str
    url: str | None
    state: ItemState
    version: int
    """The job's, at this picture's last change."""
    attempt: int
    crashes: int
    """How many processes it has ended."""
    vanished: int
    """How many workers were killed, or lost, while they were at it."""
    size: int
    result: str | None
    """Its object's name in the store of jobs."""
    result_size: int | None
    facts: Mapping[str, Any]
    """What is told of the result: model, confidence …"""
    code: str | None
    error: str | None
    hint: str | None
    begun: float | None
    ended: float | None


@dataclass(frozen=True, slots=True)
class NewItem:
    """A picture to be made: its photo is in the store, or at a URL."""

    name: str
    size: int = 0
    url: str | None = None
    problem: CleancutError | None = None
    """Why there is no photo: it has failed before it began."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What webhooks of an owner are signed with."""

    id: str
    secret: str = field(repr=False)
    made: float
    ends: float | None
    """From then on it signs nothing; None: it is the newest."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver."""

    number: int
    round: int
    made: float
    ms: float
    status: int | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to a webhook."""

    id: str
    owner: str
    job: str
    event: str
    url: str
    body: str
    state: DeliveryState
    round: int
    """How often it was asked for: 1, and one more with each replay."""
    made: float
    ended: float | None
    attempts: tuple[Attempt, ...] = ()


SOURCE = ".source"


def source_of(number: int) -> str:
    """The name of a picture's photo in the store of jobs."""
    return f"{number}{SOURCE}"


BACKGROUND = "background"

# Changes of each picture's matte by hand, as JSON.
EDITS = "edits.json"


def job_of(row: Row) -> Job:
    """A row of ``JOBS``."""
    values = {name: row[name] for name in Job.__slots__ if name in row}
    level = next(level for level, number in LEVELS.items() if number == row["priority"])
    state = row["state"]
    if state == "open":
        # Told by what has become of its pictures, so that no row has to be written for it.
        state = "running" if row["version"] > 1 else "queued"
    return Job(**{**values, "level": level, "state": state, "options": json.loads(row["options"])})


def item_of(row: Row) -> Item:
    """A row of ``ITEMS``."""
    facts = json.loads(row["facts"]) if row["facts"] else {}
    return Item(**{**{name: row[name] for name in Item.__slots__}, "facts": facts})
