"""What is kept for a key: all of it to take away, or gone at once (GDPR, articles 15, 17 and 20)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from cleancut.errors import Unwritable
from cleancut.jobs import removal, views
from cleancut.jobs.records import Job
from cleancut.server import audit
from cleancut.server.openapi import errors, file
from cleancut.server.routing import Known, TheClient, TheService, count, own
from cleancut.server.service import Service
from cleancut.server.submit import exported
from cleancut.server.zips import zipped

router = APIRouter(prefix="/api/v1/data", tags=["data"], route_class=Known, dependencies=[Depends(own)])


class Erased(BaseModel):
    """How much is gone."""

    erased: int


@router.get(
    "",
    response_class=Response,
    responses=file("application/zip", "All that is kept.") | errors(403),
)
async def export(request: Request, service: TheService, client: TheClient) -> Response:
    """A ZIP of all that is kept under this key: photos, mattes, pictures, and the audit's lines."""
    # Each leaves a line for the audit, for ever.
    count(request)
    await asyncio.to_thread(audit.note, service.settings.folder, "export", client.owner)
    # Now, since of an answer under way only its end before its time could tell of a trouble.
    jobs = await service.asking(lambda: views.jobs_of(service.desk.opened(), client.owner))
    headers = {"Content-Disposition": 'attachment; filename="cleancut-data.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(
        zipped(_all_of(service, client.owner, jobs)), media_type="application/zip", headers=headers
    )


@router.delete("", responses=errors(403))
async def erase(service: TheService, client: TheClient) -> Erased:
    """Delete all that is kept under this key, now."""
    # Before what is kept of those that have begun, so that none is missed in between.
    service.sending.delete(client.owner)
    objects = await asyncio.to_thread(_erased, service, client.owner)
    try:
        await asyncio.to_thread(audit.note, service.settings.folder, "erase", client.owner, objects=objects)
    except Unwritable as error:
        # It is done, whoever can tell of it.
        structlog.get_logger().error("no line for the audit", action="erase", owner=client.owner, problem=str(error))
    return Erased(erased=objects)


def _erased(service: Service, owner: str) -> int:
    desk, answered = service.desk, service.asking.wait
    jobs = answered(lambda: removal.doom_all(desk.opened(), owner))
    for id in jobs:
        desk.clear(id)
    return service.cutouts.erase(owner) + len(jobs) + answered(lambda: removal.forget_owner(desk.base, owner))


def _all_of(service: Service, owner: str, jobs: Sequence[Job]) -> Iterator[tuple[str, bytes]]:
    for each in service.storage.of(owner):
        data = service.storage.get(owner, each.name)
        if data is not None:
            yield each.name, data
    yield from exported(service.desk, owner, jobs)
    yield "audit.json", json.dumps(audit.lines(service.settings.folder, owner), indent=2).encode()
