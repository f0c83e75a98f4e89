"""A job as it is sent: its photos put into the store, whatever way they come, and then accepted."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from fastapi import UploadFile
from starlette.datastructures import UploadFile as AnyUpload

from cleancut.errors import (
    ArchiveTooLarge,
    CleancutError,
    DatabaseUnavailable,
    FileTooLarge,
    InputError,
    InputMissing,
)
from cleancut.files import too_large
from cleancut.jobs import intake, messages, views
from cleancut.jobs.archive import Archive, ArchiveLimits
from cleancut.jobs.database import reason_of
from cleancut.jobs.desk import Desk
from cleancut.jobs.intake import Quota, Wanted
from cleancut.jobs.names import clean_name, unique
from cleancut.jobs.records import BACKGROUND, EDITS, Job, NewItem, source_of
from cleancut.matting.edits import as_plain
from cleancut.options import Options
from cleancut.outside.post import check_url
from cleancut.server.arrivals import Arrival
from cleancut.server.asks import OF_THE_SERVER
from cleancut.server.cutouts import empty, gone
from cleancut.server.edits import edits_of
from cleancut.server.forms import JobForm, as_sent
from cleancut.server.models import check_installed, model_for
from cleancut.server.problems import Refused
from cleancut.server.service import Service
from cleancut.steps.probe import probe
from cleancut.steps.validate import validate

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Sent:
    """A photo of a job: its name, and where its bytes are to be had, or its URL."""

    name: str
    data: Callable[[], bytes] | None = None
    """Raises InputError, which concerns this photo alone."""
    url: str | None = None


def submit(form: JobForm, options: Options, arrival: Arrival, service: Service) -> tuple[Job, bool]:
    """The accepted job, and whether it was there already. Blocks: on the data base for a while, on the disk for ever.

    Raises CleancutError, Refused.
    """
    settings, desk, answered = service.settings, service.desk, service.asking.wait
    owner, idempotency = arrival.owner, arrival.idempotency
    digest = None
    if idempotency is not None:
        # First: what was accepted is told, whatever has changed since.
        digest = _digest(form)
        if known := answered(lambda: intake.known(desk.opened(), owner, idempotency)):
            return _repeated(known, digest), True
    _check(form, options, owner, service)
    shared = _shared(form, options)
    with _Photos(form, owner, service) as photos:
        now = desk.clock()
        values = {each.name: getattr(options, each.name) for each in fields(Options) if each.name not in OF_THE_SERVER}
        if isinstance(values["background"], bytes):
            del values["background"]
        size = photos.size + sum(map(len, shared.values()))
        wanted = Wanted(owner, values, len(photos.sent), size, form.priority, form.webhook, idempotency, digest)
        quota = Quota(settings.jobs_pictures, settings.jobs_bytes)
        job = answered(lambda: intake.begin(desk.opened(), wanted, quota, now, now + settings.job_longest_seconds))
        if job is None:
            known = answered(lambda: intake.known(desk.base, owner, idempotency or ""))
            if known is None:
                raise _still_coming()
            return _repeated(known, digest), True
        return _received(job, photos.sent, shared, arrival, service), False


def _shared(form: JobForm, options: Options) -> dict[str, bytes]:
    """What all pictures of a job share, by its name in the store. Raises OptionError."""
    found = {}
    if isinstance(options.background, bytes):
        found[BACKGROUND] = options.background
    if edits := edits_of(form.strokes):
        found[EDITS] = json.dumps(as_plain(edits)).encode()
    return found


def _received(job: Job, sent: Sequence[Sent], shared: Mapping[str, bytes], arrival: Arrival, service: Service) -> Job:
    """The job, once all of it is in the store and it is accepted. Raises CleancutError, Refused."""
    desk, keep = service.desk, service.settings.job_longest_seconds + service.settings.job_seconds
    size = sum(map(len, shared.values()))
    try:
        for name, data in shared.items():
            desk.store.put(job.id, name, data, keep)
        items = list(_stored(job, sent, arrival, service, keep))
        # Whoever stops it from here on finds it in the data base.
        arrival.check()
        accepted = service.asking.wait(lambda: intake.accept(desk.base, job.id, items, desk.clock(), desk.terms, size))
        if accepted is None:
            arrival.check()
            raise Refused("too_slow", "the job came too slowly", hint="send it again")
    except DatabaseUnavailable:
        # Perhaps it is accepted all the same, which is known when the data base answers again.
        service.asking.begin(lambda: _undo(desk, job.id))
        raise
    except BaseException:
        service.asking.wait(lambda: _undo(desk, job.id))
        raise
    try:
        service.asking.wait(lambda: _begun(desk, accepted))
    except DatabaseUnavailable as error:
        # It is accepted all the same: what was not handed out is found and handed out later.
        structlog.get_logger().warning("a job waits to be handed out", job=job.id, problem=reason_of(error))
    return accepted


def _begun(desk: Desk, accepted: Job) -> None:
    """Have an accepted job's pictures made. Raises DatabaseUnavailable."""
    desk.hand_out(accepted)
    if accepted.has_ended:
        desk.drop_photos(accepted.id)
        with desk.base.reading() as connection:
            message = messages.waiting_of(connection, accepted.id)
        desk.send([message])


def _stored(job: Job, sent: Sequence[Sent], arrival: Arrival, service: Service, keep: float) -> Iterator[NewItem]:
    """The photos put into the store, one after the other. Raises Unwritable, DatabaseUnavailable, Refused."""
    desk = service.desk
    touched = time.monotonic()
    for number, each in enumerate(sent, 1):
        arrival.check()
        if time.monotonic() - touched > intake.TOUCH_S:
            service.asking.wait(lambda: intake.touch(desk.base, job.id, desk.clock()))
            touched = time.monotonic()
        try:
            if each.data is None:
                check_url(each.url or "", allowed=service.settings.url_networks)
                yield NewItem(each.name, url=each.url)
                continue
            data = each.data()
        except InputError as error:
            yield NewItem(each.name, problem=as_sent(error) if isinstance(error, FileTooLarge) else error)
            continue
        desk.store.put(job.id, source_of(number), data, keep)
        yield NewItem(each.name, len(data))


def _undo(desk: Desk, id: str) -> None:
    try:
        desk.give_back(id)
    except CleancutError as error:
        # The sweep finds it later.
        structlog.get_logger().warning("what came of a job was not removed", job=id, problem=str(error))


def _check(form: JobForm, options: Options, owner: str, service: Service) -> None:
    """Refuse at once what can never be done. Raises CleancutError, Refused."""
    settings = service.settings
    check_installed(model_for(options.model, settings), settings)
    if isinstance(options.background, bytes):
        validate(probe(options.background), settings.v1_limits)
    if form.url and not settings.allow_url:
        raise Refused("url_not_allowed", "this server fetches no URLs", hint="send the pictures themselves as image")
    if form.webhook is not None:
        check_url(form.webhook, allowed=settings.webhook_networks)
        desk = service.desk
        if not service.asking.wait(lambda: messages.secrets_of(desk.opened(), owner, desk.clock())):
            raise Refused(
                "no_webhook_secret", "there is no secret that messages to a webhook could be signed with",
                hint="make one: POST /api/v1/webhooks/secrets",
            )  # fmt: skip


class _Photos:
    """All photos of a form, in order, with names of their own."""

    def __init__(self, form: JobForm, owner: str, service: Service) -> None:
        """Raises BadArchive, UnsafeArchive, ArchiveTooLarge, Refused."""
        settings = service.settings
        self._most = settings.v1_max_bytes
        self._archive: Archive | None = None
        self.size = sum(each.size or 0 for each in form.image)
        sent = [Sent(clean_name(each.filename or ""), self._of_upload(each)) for each in form.image]
        if form.archive is not None:
            limits = ArchiveLimits(settings.job_pictures, self._most, settings.job_bytes)
            self._archive = Archive(form.archive.file, limits)
            sent += [Sent(each.name, self._of_entry(each)) for each in self._archive.entries]
            self.size += sum(each.size for each in self._archive.entries)
        sent += [Sent(_name_of(each), url=each) for each in form.url]
        for each in form.matte:
            size, data = _of_matte(each, owner, service)
            sent.append(Sent(each, data))
            self.size += size
        if not sent:
            raise Refused("invalid_value", "there is no picture", hint="send image, archive, url or matte")
        if len(sent) > settings.job_pictures or self.size > settings.job_bytes:
            self.__exit__()
            raise ArchiveTooLarge(
                f"the job has {len(sent):,} pictures of {self.size:,} bytes; "
                f"{settings.job_pictures:,} and {settings.job_bytes:,} are the limits",
                hint="send them as several jobs",
            )
        names = unique(each.name for each in sent)
        self.sent = [Sent(name, each.data, each.url) for name, each in zip(names, sent, strict=True)]

    def __enter__(self) -> _Photos:
        return self

    def __exit__(self, *_: object) -> None:
        if self._archive is not None:
            self._archive.close()

    def _of_upload(self, upload: UploadFile) -> Callable[[], bytes]:
        def data() -> bytes:
            if upload.size is not None and upload.size > self._most:
                raise too_large("the picture", upload.size, self._most)
            upload.file.seek(0)
            found = upload.file.read()
            if not found:
                raise empty("the picture")
            return found

        return data

    def _of_entry(self, entry: Any) -> Callable[[], bytes]:
        archive = self._archive
        assert archive is not None
        return lambda: archive.read(entry)


def _of_matte(id: str, owner: str, service: Service) -> tuple[int, Callable[[], bytes]]:
    """The size of a matte's photo, and how it is had. Raises Refused: the whole job is, where there is none."""
    stored = service.storage.find(owner, f"{id}.source")
    if stored is None:
        raise gone("this matte")

    def data() -> bytes:
        found = service.storage.get(owner, f"{id}.source")
        if found is None:
            # It has expired in the last moments.
            raise InputMissing("this matte is not there any more", hint="send its photo")
        return found

    return stored.size, data


def _name_of(url: str) -> str:
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    return clean_name(last) if last else "picture"


def _digest(form: JobForm) -> str:
    """Of all that was sent: the same key with something else is another job, and no repetition."""
    told: dict[str, Any] = {}
    for name, value in form:
        values = value if isinstance(value, list) else [value]
        told[name] = [_told(each) if isinstance(each, AnyUpload) else each for each in values]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def _told(upload: AnyUpload) -> list[str]:
    upload.file.seek(0)
    whole = hashlib.sha256()
    while chunk := upload.file.read(_CHUNK):
        whole.update(chunk)
    upload.file.seek(0)
    return [upload.filename or "", whole.hexdigest()]


def _repeated(known: Job, digest: str | None) -> Job:
    """The job that this one repeats. Raises Refused."""
    if known.digest != digest:
        raise Refused(
            "idempotency_conflict", "another job has been sent with this Idempotency-Key",
            hint="give each job a key of its own",
        )  # fmt: skip
    if known.state == "receiving":
        raise _still_coming()
    return known


def _still_coming() -> Refused:
    return Refused(
        "idempotency_conflict", "the job with this Idempotency-Key is still being received",
        hint="try again in a few seconds", headers={"Retry-After": "5"},
    )  # fmt: skip


def exported(desk: Desk, owner: str, jobs: Sequence[Job]) -> Iterator[tuple[str, bytes]]:
    """All that is kept of an owner's jobs, as files. Blocks."""
    for job in jobs:
        items = views.items_of(desk.base, job.id)
        told = {"job": asdict(job), "pictures": [asdict(each) for each in items]}
        yield f"jobs/{job.id}/job.json", json.dumps(told, indent=2, default=str).encode()
        for each in desk.store.of(job.id):
            data = desk.store.get(job.id, each.name)
            if data is not None:
                yield f"jobs/{job.id}/{each.name}", data
    told = {"messages": [asdict(each) for each in messages.log(desk.base, owner, limit=None)]}
    yield "webhooks.json", json.dumps(told, indent=2, default=str).encode()
