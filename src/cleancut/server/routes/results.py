"""Pictures that have been made, under names that never change their meaning."""

from __future__ import annotations

import asyncio
import re
import time

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cleancut.server.cutouts import gone
from cleancut.server.openapi import NAME, NOT_MODIFIED, errors, pictures
from cleancut.server.replies import TYPES, Bytes, has, type_of
from cleancut.server.routing import Known, TheClient, TheService
from cleancut.server.service import Service

router = APIRouter(tags=["v1"], route_class=Known)

_NAME = re.compile(rf"[0-9a-f]{{32}}-[0-9a-f]{{16}}\.({'|'.join(TYPES)})")


def check_name(name: str) -> None:
    """Refuse what is no picture's name, also that of all else that is kept. Raises Refused (not_found)."""
    if not _NAME.fullmatch(name):
        raise gone("this picture")


async def kept(
    request: Request, service: Service, name: str, kind: str, what: str, headers: dict[str, str] | None = None
) -> Response:
    """What the client has under a name, to be cached for as long as it is kept; 304 to those who have it still.

    Raises Refused (not_found).
    """
    owner: str = request.state.client.owner
    found = await asyncio.to_thread(service.storage.find, owner, name)
    if found is None:
        raise gone(what)
    etag = f'"{name}"'
    left = max(0, int(found.expires - time.time()))
    caching = {"ETag": etag, "Cache-Control": f"private, max-age={left}, immutable"}
    if has(request, etag):
        return Response(status_code=304, headers=caching)
    data = await asyncio.to_thread(service.storage.get, owner, name)
    if data is None:
        raise gone(what)
    return Bytes(data, media_type=kind, headers=caching | (headers or {}))


@router.get(
    "/api/v1/results/{name}",
    response_class=Response,
    responses=pictures("The picture.") | NOT_MODIFIED | errors(404),
)
async def result(name: NAME, request: Request, service: TheService) -> Response:
    """A picture by its name. What a name means never changes, so that it may be cached for as long as it is kept."""
    check_name(name)
    return await kept(request, service, name, type_of(name), "this picture")


@router.delete("/api/v1/results/{name}", status_code=204, responses=errors(404))
async def delete_result(name: NAME, service: TheService, client: TheClient) -> None:
    """Delete a picture now."""
    check_name(name)
    if not await asyncio.to_thread(service.cutouts.delete, client.owner, name):
        raise gone("this picture")
