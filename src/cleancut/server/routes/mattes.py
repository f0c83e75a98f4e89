"""A matte once, its pictures as often as wanted."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from cleancut.options import Limits
from cleancut.server.asks import Ask, Facts, Made
from cleancut.server.cutouts import gone
from cleancut.server.edits import STROKES_BYTES, edits_of
from cleancut.server.forms import (
    FORM,
    CutoutForm,
    FormLimits,
    MatteForm,
    RenderForm,
    bytes_of,
    options_of,
)
from cleancut.server.moments import shown
from cleancut.server.openapi import ID, NOT_MODIFIED, errors, file, links, picture_or, pictures, stages
from cleancut.server.photos import keeps, photo_of, wants_picture
from cleancut.server.problems import Refused
from cleancut.server.reach import Point, Reach, grown, viewing
from cleancut.server.replies import Bytes, has, picture, timing, told
from cleancut.server.routes.results import kept
from cleancut.server.routing import Known, Look, TheClient, TheService, Work
from cleancut.server.service import Service
from cleancut.server.stages import Outcome, Stages, wants_stages
from cleancut.server.work import Watch, while_connected

work = APIRouter(prefix="/api/v1", tags=["v1"], route_class=Work)
looks = APIRouter(prefix="/api/v1", tags=["v1"], route_class=Look)
reading = APIRouter(prefix="/api/v1", tags=["v1"], route_class=Known)

_ID = re.compile("[0-9a-f]{32}")
_FORM: FormLimits = {**FORM, "max_part_size": STROKES_BYTES}

# What its id leads to.
_OF_A_MATTE = ("matte", "matte_itself", "photo", "view", "make_picture", "reach", "delete_matte")


class MatteInfo(BaseModel):
    """A matte that is kept."""

    id: str
    width: int
    height: int
    subject: bool = Field(description="False: nothing was found, and the matte is clear.")
    confidence: float = Field(ge=0, le=1, description="Expected overlap of the mask with the true subject.")
    model: str
    device: str
    precision: str
    notes: list[str]
    expires: datetime
    matte: str = Field(description="Where the matte itself is: a grey PNG of 16 bits, 65,535 = subject.")
    pictures: str = Field(description="Where to POST for pictures.")


class PictureInfo(BaseModel):
    """A picture that is kept."""

    name: str
    url: str
    bytes: int
    expires: datetime


@work.post(
    "/cutouts",
    response_class=Response,
    responses=pictures("The cut-out.") | errors(400, 403, 409, 413, 415, 422),
    form_limits=_FORM,
)
async def cut_out(
    request: Request, form: Annotated[CutoutForm, Form(media_type="multipart/form-data")], service: TheService,
    client: TheClient,
) -> Response:  # fmt: skip
    """Cut out a photo in one call: the answer is the picture."""
    limits = service.settings.v1_limits
    photo = await photo_of(form.image, form.url, limits, service)
    options = await options_of(form, service.settings, await _behind(form, limits))
    edits = await asyncio.to_thread(edits_of, form.strokes)
    ask = Ask(client.owner, photo, options, limits, keeps(request, service), edits)
    made = await while_connected(request, service.cutouts.picture(ask))
    place = {"Content-Location": f"/api/v1/results/{made.name}"} if made.kept else {}
    return picture(made, place)


@work.post(
    "/mattes",
    status_code=201,
    responses=links(201, "id", "$response.body#/id", *_OF_A_MATTE)
    | stages("matte", "MatteInfo")
    | errors(400, 403, 404, 409, 413, 415, 422),
    response_model=MatteInfo,
    form_limits=_FORM,
)
async def make_matte(
    request: Request, form: Annotated[MatteForm, Form(media_type="multipart/form-data")], service: TheService,
    client: TheClient, response: Response,
) -> Response | MatteInfo:  # fmt: skip
    """Find the subject of a photo. The matte is kept for a while, for any number of pictures."""
    if not keeps(request, service):
        raise _nothing_kept("use POST /api/v1/cutouts")
    limits = service.settings.v1_limits
    photo = await photo_of(form.image, form.url, limits, service)
    ask = Ask(client.owner, photo, await options_of(form, service.settings), limits)
    if wants_stages(request):

        async def work(watch: Watch) -> Outcome:
            made = await service.cutouts.matte(replace(ask, watch=watch))
            return "matte", await asyncio.to_thread(_info, made.name, made.facts, service, client.owner)

        return Stages(request, work)
    made = await while_connected(request, service.cutouts.matte(ask))
    response.headers.update(told(made) | {"Location": f"/api/v1/mattes/{made.name}"})
    return await asyncio.to_thread(_info, made.name, made.facts, service, client.owner)


@reading.get("/mattes/{id}", responses=errors(404))
async def matte(id: ID, service: TheService, client: TheClient) -> MatteInfo:
    """What is known of a matte."""
    facts = await _facts(id, service, client.owner)
    return await asyncio.to_thread(_info, id, facts, service, client.owner)


@reading.get(
    "/mattes/{id}/matte.png",
    response_class=Response,
    responses=file("image/png", "The matte.") | NOT_MODIFIED | errors(404),
)
async def matte_itself(id: ID, request: Request, service: TheService) -> Response:
    """The matte as a grey PNG of 16 bits, 65,535 = subject."""
    check_id(id)
    return await kept(request, service, f"{id}.matte.png", "image/png", "this matte")


@reading.get(
    "/mattes/{id}/photo",
    response_class=Response,
    responses=file("application/octet-stream", "The photo as it was sent.") | NOT_MODIFIED | errors(404),
)
async def photo(id: ID, request: Request, service: TheService) -> Response:
    """The photo that a matte belongs to, byte for byte."""
    check_id(id)
    # Never shown by a browser as what it claims to be: it is a stranger's file.
    return await kept(request, service, f"{id}.source", "application/octet-stream", "this matte")


@work.post(
    "/mattes/{id}/pictures",
    status_code=201,
    responses=picture_or(PictureInfo, 201, links(201, "name", "$response.body#/name", "result", "delete_result"))
    | stages("picture", "PictureInfo")
    | errors(400, 404, 413, 415, 422),
    response_model=PictureInfo,
    form_limits=_FORM,
)
async def make_picture(
    id: ID, request: Request, form: Annotated[RenderForm, Form(media_type="multipart/form-data")],
    service: TheService, client: TheClient, response: Response,
) -> Response | PictureInfo:  # fmt: skip
    """Another picture of a matte, without running the model. Send `Accept: image/*` to get it at once."""
    check_id(id)
    staged, keep = wants_stages(request), keeps(request, service)
    at_once = not staged and wants_picture(request, default=False)
    if not (at_once or keep):
        raise _nothing_kept("accept image/*, to have the picture as the answer")
    limits = service.settings.v1_limits
    options = await options_of(form, service.settings, await _behind(form, limits))
    edits = await asyncio.to_thread(edits_of, form.strokes)
    ask = Ask(client.owner, b"", options, limits, keep, edits, must_be_kept=not at_once)
    if staged:

        async def work(watch: Watch) -> Outcome:
            made = await service.cutouts.render(id, replace(ask, watch=watch))
            return "picture", await asyncio.to_thread(_picture_info, made, service, client.owner)

        return Stages(request, work)
    made = await while_connected(request, service.cutouts.render(id, ask))
    place = f"/api/v1/results/{made.name}"
    if at_once:
        answer = picture(made, {"Location": place} if made.kept else {})
        answer.status_code = 201
        return answer
    response.headers.update(told(made) | {"Location": place})
    return await asyncio.to_thread(_picture_info, made, service, client.owner)


@looks.post(
    "/mattes/{id}/reach",
    responses=errors(400, 404, 413, 422),
    response_model=Reach,
)
async def reach(id: ID, request: Request, point: Point, service: TheService, client: TheClient) -> Response:
    """What a point that grows to the next edge would cover; `strokes` with the same point does it."""
    check_id(id)
    await service.cutouts.in_use(client.owner, id)
    data, timings = await while_connected(request, grown(service.cutouts, service.recent, client.owner, id, point))
    return Bytes(data, media_type="application/json", headers=timing(timings))


@looks.get(
    "/mattes/{id}/view",
    response_class=Response,
    responses=file("image/jpeg", "The photo.") | NOT_MODIFIED | errors(404, 422),
)
async def view(id: ID, request: Request, service: TheService, client: TheClient) -> Response:
    """The photo of a matte as any browser can show it: a JPEG in sRGB, upright, at its full size."""
    await _facts(id, service, client.owner)
    etag = f'"{id}-view"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if has(request, etag):
        return Response(status_code=304, headers=headers)
    job = viewing(service.cutouts, client.owner, id)
    data, timings = await while_connected(request, service.cutouts.once(job, (client.owner, id, "view")))
    return Bytes(data, media_type="image/jpeg", headers=headers | timing(timings))


@reading.delete("/mattes/{id}", status_code=204, responses=errors(404))
async def delete_matte(id: ID, service: TheService, client: TheClient) -> None:
    """Delete a matte, its photo and all its pictures now."""
    check_id(id)
    if not await asyncio.to_thread(service.cutouts.delete, client.owner, id):
        raise gone("this matte")


def check_id(id: str) -> None:
    """Refuse what is no matte's id. Raises Refused (not_found)."""
    if not _ID.fullmatch(id):
        raise gone("this matte")


async def _behind(form: RenderForm, limits: Limits) -> bytes | None:
    upload = form.background_image
    return None if upload is None else await bytes_of(upload, limits.max_bytes, "background_image")


async def _facts(id: str, service: Service, owner: str) -> Facts:
    check_id(id)
    facts = await asyncio.to_thread(service.cutouts.facts, owner, id)
    if facts is None:
        raise gone("this matte")
    return facts


def _nothing_kept(hint: str) -> Refused:
    return Refused("nothing_kept", "what is asked for is of use only where it is kept, and nothing is", hint=hint)


def _info(id: str, facts: Facts, service: Service, owner: str) -> MatteInfo:
    stored = service.storage.find(owner, f"{id}.json")
    if stored is None:
        raise gone("this matte")
    return MatteInfo(
        id=id, width=facts.width, height=facts.height, subject=facts.subject, confidence=facts.confidence,
        model=facts.model, device=facts.device, precision=facts.precision, notes=list(facts.notes),
        expires=shown(stored.expires),
        matte=f"/api/v1/mattes/{id}/matte.png", pictures=f"/api/v1/mattes/{id}/pictures",
    )  # fmt: skip


def _picture_info(made: Made, service: Service, owner: str) -> PictureInfo:
    stored = service.storage.find(owner, made.name)
    if stored is None:
        raise gone("this picture")
    return PictureInfo(
        name=made.name, url=f"/api/v1/results/{made.name}", bytes=len(made.data), expires=shown(stored.expires)
    )


router = APIRouter()
router.include_router(work)
router.include_router(looks)
router.include_router(reading)
