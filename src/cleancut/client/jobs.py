"""Jobs of the service: many pictures, made later; and the messages to webhooks that tell of their end."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from time import monotonic
from typing import TypeVar
from urllib.parse import urlencode

from cleancut.client.answers import check_kind, foreign, told
from cleancut.client.events import followed
from cleancut.client.fields import JobFields, Photo, job_form
from cleancut.client.transport import Transport, path_of
from cleancut.errors import OptionError
from cleancut.options import also_takes_options

Kind = TypeVar("Kind")

# The most that the service lists in one answer.
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was when the service told of it."""

    id: str
    state: str
    """``queued``, ``running``, ``done`` (each picture has ended, well or not) or ``cancelled``."""
    priority: str
    pictures: int
    waiting: int
    """Pictures that have not ended."""
    done: int
    failed: int
    cancelled: int
    bytes: int
    """Of the photos that were sent."""
    made: datetime
    ended: datetime | None
    expires: datetime
    """When the job and its results are deleted; before its end, when it is given up."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it will change any more."""
        return self.ended is not None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no result."""

    error: str
    code: str
    hint: str


@dataclass(frozen=True, slots=True)
class Item:
    """A picture of a job. What is told of its result is None as long as there is none."""

    number: int
    """From 1: first the photos that were sent as files, then those of the archive, of URLs, and of mattes."""
    name: str
    """As it was sent, made fit for a file; no two of a job are alike."""
    state: str
    """``waiting``, ``running``, ``done``, ``failed`` or ``cancelled``."""
    bytes: int | None
    """Of the result."""
    problem: Problem | None
    model: str | None
    device: str | None
    precision: str | None
    subject: bool | None
    """False: nothing was found, and the matte is clear."""
    confidence: float | None
    width: int | None
    height: int | None
    ms: float | None
    """Milliseconds of work."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Secret:
    """What messages to webhooks are signed with, without what is secret of it."""

    id: str
    made: datetime
    ends: datetime | None
    """When it signs nothing any more; None for the newest."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to deliver a message."""

    number: int
    made: datetime
    ms: float
    status: int | None
    """What the receiver answered; None where it did not."""
    problem: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A message to a webhook."""

    id: str
    """What ``verify_webhook`` gives at its receiver."""
    job: str
    event: str
    url: str
    state: str
    """``waiting``, ``delivered`` or ``given_up``."""
    made: datetime
    ended: datetime | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class _Jobs:
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class _Items:
    items: tuple[Item, ...]
    after: int | None


@dataclass(frozen=True, slots=True)
class _Messages:
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class _Secrets:
    secrets: tuple[Secret, ...]


@dataclass(frozen=True, slots=True)
class _NewSecret:
    secret: str = field(repr=False)


class JobCalls:
    """The part of ``Client`` that is about jobs. A job is named by a ``Job`` or its id."""

    _transport: Transport

    @also_takes_options(JobFields)
    def submit(self, photos: Iterable[Photo], given: JobFields) -> Job:
        """Have many pictures made, all in the same way: bytes, Paths and URLs, mixed; also a ZIP, and mattes.

        At most 100 as bytes and Paths. Of a Path its last part is told, and its result named after it. Sent again, as
        after a lost answer, it is the same job: by a random key, or by ``idempotency``, which can be kept for longer.
        """
        key = token_hex() if given.idempotency is None else given.idempotency
        if not re.fullmatch("[!-~]{1,255}", key):
            raise OptionError(
                f"idempotency: {key!r} cannot be sent", hint="give 1 to 255 letters, digits and signs of ASCII"
            )
        headers = {"Idempotency-Key": key}
        with self._transport.answer("POST", "/api/v1/jobs", job_form(photos, given), headers) as response:
            return told(response, Job)

    def job(self, job: Job | str) -> Job:
        """How far a job is."""
        return self._told("GET", _place(job), Job)

    def jobs(self, *, limit: int = 100, before: datetime | None = None) -> tuple[Job, ...]:
        """Jobs, newest first, of those made before a moment; at most 1000."""
        return self._told("GET", _asking("/api/v1/jobs", limit=limit, before=_moment(before)), _Jobs).jobs

    def watch(self, job: Job | str, timeout: float | None = None) -> Iterator[Item]:
        """The pictures of a job as they end, each once, those that have ended already first; until the job has ended.

        A connection that breaks is made anew. Raises TimeoutError where the job has not ended within so many seconds;
        it goes on.
        """
        return self._watched(f"{_place(job)}/events", _moment_after(timeout))

    def _watched(self, path: str, until: float) -> Iterator[Item]:
        seen = set[int]()
        for item in followed(self._transport, path, "picture", Item, until):
            if item.number not in seen:
                seen.add(item.number)
                yield item

    def wait(self, job: Job | str, timeout: float | None = None) -> Job:
        """A job once it has ended. Raises TimeoutError, as ``watch`` does."""
        for _ in self.watch(job, timeout):
            pass
        return self.job(job)

    def items(self, job: Job | str) -> Iterator[Item]:
        """All pictures of a job by their numbers, as they are now."""
        return self._listed(f"{_place(job)}/items")

    def _listed(self, path: str) -> Iterator[Item]:
        after = 0
        while True:
            with self._transport.answer("GET", _asking(path, after=after, limit=_PAGE)) as response:
                page = told(response, _Items)
                if page.after is not None and page.after <= after:
                    raise foreign(response, f"after: {page.after} leads back")
            yield from page.items
            if page.after is None:
                return
            after = page.after

    def job_picture(self, job: Job | str, picture: Item | int) -> bytes:
        """A picture of a job, or the one with that number, as soon as it is done."""
        number = picture.number if isinstance(picture, Item) else picture
        if number < 1:
            raise OptionError(f"{number!r} is no number of a picture", hint="give an Item, or a number from 1")
        with self._transport.answer("GET", f"{_place(job)}/items/{number}/result") as response:
            check_kind(response, "image/", "application/zip")
            return response.read()

    def job_results(self, job: Job | str, target: Path) -> None:
        """Write a ZIP of all results that there are, and ``results.json`` on all pictures.

        Also raises Unwritable. The file appears whole or not at all.
        """
        self._transport.download(f"{_place(job)}/results.zip", "application/zip", target)

    def cancel(self, job: Job | str) -> Job:
        """Cancel what has not ended. What is done stays."""
        return self._told("POST", f"{_place(job)}/cancel", Job)

    def delete_job(self, job: Job | str) -> None:
        """Delete a job, its photos and its results now."""
        with self._transport.answer("DELETE", _place(job)):
            return

    def new_webhook_secret(self) -> str:
        """Make a secret that messages to webhooks are signed with; it is shown this once.

        The ones before sign beside it for a day, so that receivers can change to it. See ``verify_webhook``.
        """
        # Each one more pushes out the oldest, which receivers may still need.
        with self._transport.answer("POST", "/api/v1/webhooks/secrets", once=True) as response:
            return told(response, _NewSecret).secret

    def webhook_secrets(self) -> tuple[Secret, ...]:
        """The secrets that sign at present, newest first."""
        return self._told("GET", "/api/v1/webhooks/secrets", _Secrets).secrets

    def revoke_webhook_secret(self, secret: Secret | str) -> None:
        """Have a secret, or the one with that id, sign nothing more, at once."""
        id = secret.id if isinstance(secret, Secret) else secret
        hint = "give what client.webhook_secrets() answered, or its id"
        with self._transport.answer("DELETE", path_of("webhooks/secrets", id, "secret", hint)):
            return

    def webhook_messages(self, job: Job | str | None = None, *, before: datetime | None = None) -> tuple[Message, ...]:
        """Messages that were sent to webhooks, of one job or of all, newest first; the last 100 before a moment."""
        id = job.id if isinstance(job, Job) else job
        path = _asking("/api/v1/webhooks/messages", job=id, before=_moment(before))
        return self._told("GET", path, _Messages).messages

    def replay(self, message: Message | str) -> Message:
        """Have a message, or the one with that id, sent once more."""
        id = message.id if isinstance(message, Message) else message
        path = path_of("webhooks/messages", id, "message", "give what client.webhook_messages() answered, or its id")
        return self._told("POST", f"{path}/replay", Message)

    def _told(self, method: str, path: str, kind: type[Kind]) -> Kind:
        with self._transport.answer(method, path) as response:
            return told(response, kind)


def _place(job: Job | str) -> str:
    id = job.id if isinstance(job, Job) else job
    return path_of("jobs", id, "job", "give what client.submit() answered, or its id")


def _asking(path: str, **given: object) -> str:
    """A path with those of its parameters that are given."""
    asked = {name: value for name, value in given.items() if value is not None}
    return f"{path}?{urlencode(asked)}" if asked else path


def _moment(given: datetime | None) -> str | None:
    return None if given is None else given.astimezone(UTC).isoformat()


def _moment_after(timeout: float | None) -> float:
    """The moment (monotonic) at which so many seconds are over. Raises OptionError."""
    if timeout is None:
        return math.inf
    if not timeout > 0:
        raise OptionError(f"timeout: {timeout!r} is out of range", hint="give a number of seconds above 0, or None")
    return monotonic() + timeout
