"""What is kept for a key: all of it to take away, or gone at once (GDPR, articles 15, 17 and 20)."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Iterator

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from cleancut.errors import Unwritable
from cleancut.server import audit
from cleancut.server.auth import Client
from cleancut.server.openapi import errors, file
from cleancut.server.problems import Refused
from cleancut.server.replies import PART
from cleancut.server.routing import Known, TheClient, TheService, count
from cleancut.server.service import Service

router = APIRouter(prefix="/api/v1/data", tags=["data"], route_class=Known)


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
    _only_ones_own(client, service)
    # Each leaves a line for the audit, for ever.
    count(request)
    await asyncio.to_thread(audit.note, service.settings.folder, "export", client.owner)
    headers = {"Content-Disposition": 'attachment; filename="cleancut-data.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(_zipped(service, client.owner), media_type="application/zip", headers=headers)


@router.delete("", responses=errors(403))
async def erase(service: TheService, client: TheClient) -> Erased:
    """Delete all that is kept under this key, now."""
    _only_ones_own(client, service)
    count = await asyncio.to_thread(service.cutouts.erase, client.owner)
    try:
        await asyncio.to_thread(audit.note, service.settings.folder, "erase", client.owner, objects=count)
    except Unwritable as error:
        # It is done, whoever can tell of it.
        structlog.get_logger().error("no line for the audit", action="erase", owner=client.owner, problem=str(error))
    return Erased(erased=count)


def _only_ones_own(client: Client, service: Service) -> None:
    if client.by == "nobody" and service.settings.exposed:
        raise Refused(
            "needs_keys", "without keys, nobody's data can be told from others'", hint="ask the operator to make keys"
        )


def _zipped(service: Service, owner: str) -> Iterator[bytes]:
    """A ZIP in parts, one object in memory at a time."""
    target = _Parts()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for each in service.storage.of(owner):
            data = service.storage.get(owner, each.name)
            if data is not None:
                archive.writestr(each.name, data)
                yield from target.taken()
        archive.writestr("audit.json", json.dumps(audit.lines(service.settings.folder, owner), indent=2))
    yield from target.taken()


class _Parts(io.RawIOBase):
    """A file that cannot be read back: what is written is taken from it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts += part
        return len(part)

    def taken(self) -> Iterator[bytes]:
        """What has been written since the last time, in parts that slow clients can take."""
        whole = bytes(self._parts)
        self._parts.clear()
        return (whole[begin : begin + PART] for begin in range(0, len(whole), PART))
