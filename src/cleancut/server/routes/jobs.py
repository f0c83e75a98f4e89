"""Jobs: many pictures, made later."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Header, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from cleancut.batch.plan import PICTURE_SUFFIXES
from cleancut.errors import DatabaseUnavailable
from cleancut.jobs import views
from cleancut.jobs.names import unique
from cleancut.jobs.records import Item, ItemState, Job, Level
from cleancut.server import streams
from cleancut.server.arrivals import Arrival
from cleancut.server.cutouts import gone
from cleancut.server.forms import JOB_FORM, JobForm, bytes_of, options_of
from cleancut.server.moments import Before, seconds_of, shown
from cleancut.server.openapi import NOT_MODIFIED, errors, file, links, pictures
from cleancut.server.photos import keeps
from cleancut.server.problems import Refused
from cleancut.server.replies import Bytes, has, type_of
from cleancut.server.routing import Known, Sending, TheArrival, TheClient, TheService, own, who
from cleancut.server.service import Service
from cleancut.server.submit import submit
from cleancut.server.work import client_gone
from cleancut.server.zips import zipped

_PREFIX = "/api/v1/jobs"

sending = APIRouter(prefix=_PREFIX, tags=["jobs"], route_class=Sending)
reading = APIRouter(prefix=_PREFIX, tags=["jobs"], route_class=Known)

# How often a job is looked at for those who watch it. Between two looks many pictures may end.
_LOOK_S = 0.5

# Browsers come back when a stream ends, of themselves after some seconds; once a job has ended there is nothing to come
# back for.
_BACK_MS, _NEVER_MS = 500, 86_400_000

_LIST = 1000

JobId = Annotated[str, Path(description="A job's id.", examples=["0f343b0931126a20f133d67c2b018a3b"])]
Number = Annotated[int, Path(ge=1, le=1_000_000, description="Of a picture in its job, from 1.")]
_KEY: dict[str, Any] = {"alias": "Idempotency-Key", "min_length": 1, "max_length": 255, "pattern": r"^[\x21-\x7e]+$"}
IdempotencyKey = Annotated[
    str | None, Header(description="The same job sent again under the same key is not made twice.", **_KEY)
]
SentKey = Annotated[str, Header(description="What the job was sent with.", **_KEY)]


class JobInfo(BaseModel):
    """A job."""

    id: str
    state: Literal["queued", "running", "done", "cancelled"] = Field(
        description="done: each picture has ended, well or not."
    )
    priority: Level
    pictures: int
    waiting: int = Field(description="Pictures that have not ended.")
    done: int
    failed: int
    cancelled: int
    bytes: int = Field(description="Of the photos that were sent.")
    made: datetime
    ended: datetime | None
    expires: datetime = Field(
        description="When the job and its results are deleted; before its end, when it is given up."
    )
    items: str = Field(description="Where its pictures are listed.")
    results: str = Field(description="Where a ZIP of all results is.")
    events: str = Field(description="Where it can be watched (server-sent events).")


class Jobs(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobInfo]


class JobProblem(BaseModel):
    """Why there is no result."""

    error: str
    code: str
    hint: str


class ItemInfo(BaseModel):
    """A picture of a job."""

    number: int
    name: str = Field(description="As it was sent, made fit for a file; no two of a job are alike.")
    state: ItemState
    result: str | None = Field(description="Where the picture is, once it is done.")
    bytes: int | None = Field(description="Of the result.")
    problem: JobProblem | None
    model: str | None = None
    device: str | None = None
    precision: str | None = None
    subject: bool | None = Field(None, description="False: nothing was found, and the matte is clear.")
    confidence: float | None = None
    width: int | None = None
    height: int | None = None
    ms: float | None = Field(None, description="Milliseconds of work.")
    notes: list[str] = []


class Items(BaseModel):
    """Pictures of a job, by their numbers."""

    items: list[ItemInfo]
    after: int | None = Field(description="What to ask for next; null where there are no more.")


@sending.post(
    "",
    status_code=202,
    responses=links(202, "id", "$response.body#/id", "job", "items", "cancel_job", "delete_job")
    | errors(400, 403, 404, 409, 413, 415, 422),
    form_limits=JOB_FORM,
)
async def make_job(
    request: Request, form: Annotated[JobForm, Form(media_type="multipart/form-data")], service: TheService,
    client: TheClient, arrival: TheArrival, response: Response, idempotency: IdempotencyKey = None,
) -> JobInfo:  # fmt: skip
    """Have many pictures made, one after the other: send files, a ZIP of them, URLs, or ids of mattes."""
    # The key is judged here; the arrival knows it.
    if form.webhook is not None:
        own(service, client)
    if not keeps(request, service):
        raise Refused("nothing_kept", "a job's results are kept, and nothing is", hint="use POST /api/v1/cutouts")
    upload = form.background_image
    limit = service.settings.v1_max_bytes
    behind = None if upload is None else await bytes_of(upload, limit, "background_image")
    options = await options_of(form, service.settings, behind)
    watching = asyncio.create_task(_stop_with_client(arrival, request))
    try:
        made, repeated = await service.receiving(lambda: submit(form, options, arrival, service), seconds=None)
    finally:
        watching.cancel()
    response.headers["Location"] = f"{_PREFIX}/{made.id}"
    if repeated:
        response.headers["Idempotency-Replayed"] = "true"
    return _info(made)


async def _stop_with_client(arrival: Arrival, request: Request) -> None:
    """Who goes away before the answer has no id to delete the job by, and may have meant it not to be made."""
    await client_gone(request.receive)
    arrival.stop(Refused("client_gone", "the client went away", hint="none"))


@reading.get("", responses=errors(), dependencies=[Depends(own)])
async def jobs(
    service: TheService,
    client: TheClient,
    before: Before | None = None,
    limit: Annotated[int, Query(ge=1, le=_LIST)] = 100,
) -> Jobs:
    """Your jobs, newest first."""
    moment = seconds_of(before)
    found = await service.asking(lambda: views.jobs_of(service.desk.opened(), client.owner, moment, limit))
    return Jobs(jobs=[_info(each) for each in found])


@reading.get("/{id}", responses=NOT_MODIFIED | errors(404), response_model=JobInfo)
async def job(id: JobId, request: Request, service: TheService, client: TheClient, response: Response) -> object:
    """How far a job is. Send its ETag as If-None-Match, and the answer is 304 as long as nothing has changed."""
    found = await _job(id, service, client.owner)
    etag = f'"{found.id}-{found.version}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if has(request, etag):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return _info(found)


@reading.get("/{id}/items", responses=errors(404))
async def items(
    id: JobId, service: TheService, client: TheClient,
    after: Annotated[int, Query(ge=0, le=1_000_000, description="Those after this number.")] = 0,
    limit: Annotated[int, Query(ge=1, le=_LIST)] = 100,
) -> Items:  # fmt: skip
    """A job's pictures: what has become of each, and where its result is."""
    await _job(id, service, client.owner)
    found = await service.asking(lambda: views.items_of(service.desk.base, id, after, limit + 1))
    listed = [_item(each) for each in found[:limit]]
    return Items(items=listed, after=listed[-1].number if len(found) > limit else None)


@reading.get(
    "/{id}/items/{number}/result",
    response_class=Response,
    responses=pictures("The picture.") | NOT_MODIFIED | errors(404),
)
async def job_result(id: JobId, number: Number, request: Request, service: TheService, client: TheClient) -> Response:
    """A picture of a job, as soon as it is done."""
    await _job(id, service, client.owner)
    item = await service.asking(lambda: views.item(service.desk.base, id, number))
    if item is None or item.result is None:
        raise gone("this result")
    # An attempt's result never changes.
    etag = f'"{id}-{item.result}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if has(request, etag):
        return Response(status_code=304, headers=headers)
    data = await asyncio.to_thread(service.desk.store.get, id, item.result)
    if data is None:
        raise gone("this result")
    return Bytes(data, media_type=type_of(item.result), headers=headers)


@reading.get(
    "/{id}/results.zip",
    response_class=Response,
    responses=file("application/zip", "The results, and results.json on all pictures.") | errors(404),
)
async def results_zip(id: JobId, service: TheService, client: TheClient) -> Response:
    """A ZIP of all results that there are, made while it is sent."""
    await _job(id, service, client.owner)
    found = await service.asking(lambda: views.items_of(service.desk.base, id))
    headers = {
        "Content-Disposition": f'attachment; filename="cleancut-{id[:8]}.zip"', "Cache-Control": "private, no-store",
    }  # fmt: skip
    return StreamingResponse(zipped(_files(id, found, service)), media_type="application/zip", headers=headers)


async def _watched(id: JobId, service: TheService, client: TheClient) -> Job:
    return await _job(id, service, client.owner)


async def _place(request: Request, service: TheService) -> AsyncIterator[None]:
    """A place among those who watch, until the stream has ended."""
    with service.streams.opened(who(request, "streams")):
        yield


@reading.get("/{id}/events", response_class=EventSourceResponse, responses=errors(404), dependencies=[Depends(_place)])
async def job_events(
    watched: Annotated[Job, Depends(_watched)], request: Request, service: TheService, client: TheClient,
    seen: Annotated[str | None, Header(alias="Last-Event-ID", description="Go on after it.")] = None,
) -> AsyncIterator[ServerSentEvent]:  # fmt: skip
    """Watch a job: an event `picture` for each that ends, `job` for its numbers, `end` when it has ended."""
    version = int(seen) if seen and re.fullmatch("[0-9]{1,9}", seen) else 0
    base, until = service.desk.base, time.monotonic() + streams.LASTS_S
    while service.auth.is_still(client, request) and not service.admission.closed:
        try:
            now, ended = await service.asking(partial(views.changes, base, client.owner, watched.id, version))
        except DatabaseUnavailable:
            break  # Whoever watches comes back by itself, and is told then.
        if now is None:
            break
        for each in ended:
            yield ServerSentEvent(event="picture", data=_item(each))
        over = time.monotonic() > until
        # With the last word, also where nothing has changed, this is no line that has broken.
        if now.version > version or over:
            version = now.version
            yield ServerSentEvent(event="job", data=_info(now), id=str(version), retry=_BACK_MS if over else None)
        if now.has_ended:
            yield ServerSentEvent(event="end", data={"state": now.state}, id=str(version), retry=_NEVER_MS)
        if now.has_ended or over:
            break
        await asyncio.sleep(_LOOK_S)


@reading.post("/{id}/cancel", responses=errors(404))
async def cancel_job(id: JobId, service: TheService, client: TheClient) -> JobInfo:
    """Cancel what has not ended. What is done stays."""
    if not await service.asking(lambda: service.desk.cancel(client.owner, id)):
        raise gone("this job")
    return _info(await _job(id, service, client.owner))


@reading.delete("/{id}", status_code=204, responses=errors(404))
async def delete_job(id: JobId, service: TheService, client: TheClient) -> None:
    """Delete a job, its photos and its results now."""
    if not await service.asking(lambda: service.desk.remove(client.owner, id)):
        raise gone("this job")


@reading.delete("", status_code=204, responses=errors())
async def delete_sent_job(service: TheService, client: TheClient, idempotency: SentKey) -> None:
    """Delete the job that was sent under an Idempotency-Key, also while it is on its way in; none need be there."""
    # First: what is not in the data base yet will not come there.
    service.sending.delete(client.owner, idempotency)
    await service.asking(lambda: service.desk.remove_sent(client.owner, idempotency))


async def _job(id: str, service: Service, owner: str) -> Job:
    found = await service.asking(lambda: views.find(service.desk.opened(), owner, id))
    if found is None:
        raise gone("this job")
    return found


def _files(id: str, items: Sequence[Item], service: Service) -> Iterator[tuple[str, bytes]]:
    for item, name in zip(items, result_names(items), strict=True):
        data = service.desk.store.get(id, item.result) if item.result else None
        if data is not None:
            yield name, data
    told = [_item(each).model_dump() for each in items]
    yield "results.json", json.dumps(told, indent=2, ensure_ascii=False).encode()


def result_names(items: Sequence[Item]) -> list[str]:
    """The names of results in a ZIP: the photos' own, in the results' format, no two alike."""
    kinds = [each.result.rpartition(".")[2] if each.result else "" for each in items]
    # Of those without a result too, so that a name does not depend on what is done by now.
    kind = next(filter(None, kinds), "png")
    names = (PurePosixPath(each.name) for each in items)
    return unique(
        f"{name.with_suffix('') if name.suffix.lower() in PICTURE_SUFFIXES else name}.{kind}" for name in names
    )


def _info(job: Job) -> JobInfo:
    place = f"{_PREFIX}/{job.id}"
    return JobInfo(
        id=job.id, state=job.state, priority=job.level, pictures=job.pictures,  # type: ignore[arg-type]
        waiting=job.waiting, done=job.done, failed=job.failed, cancelled=job.cancelled, bytes=job.bytes,
        made=shown(job.made), ended=None if job.ended is None else shown(job.ended), expires=shown(job.expires),
        items=f"{place}/items", results=f"{place}/results.zip", events=f"{place}/events",
    )  # fmt: skip


def _item(item: Item) -> ItemInfo:
    problem = JobProblem(error=item.error or "", code=item.code, hint=item.hint or "") if item.code else None
    result = f"{_PREFIX}/{item.job}/items/{item.number}/result" if item.result else None
    known = {name: value for name, value in item.facts.items() if name in ItemInfo.model_fields}
    return ItemInfo(
        number=item.number, name=item.name, state=item.state, result=result, bytes=item.result_size, problem=problem,
        **known,
    )  # fmt: skip


router = APIRouter()
router.include_router(sending)
router.include_router(reading)
