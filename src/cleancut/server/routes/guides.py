"""The routes of the guides: cut out, edit by brush, set on a background, download."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from cleancut.options import Limits, Options
from cleancut.server.asks import Ask
from cleancut.server.cutouts import gone
from cleancut.server.edits import Number
from cleancut.server.forms import (
    DATA_URL_BYTES,
    EXAMPLE,
    FORM,
    ColourName,
    DataUrl,
    DataUrlOrFile,
    ModelName,
    bytes_of,
    bytes_of_data_url,
)
from cleancut.server.openapi import NAME, NOT_MODIFIED, errors, picture_or, pictures
from cleancut.server.photos import keeps, photo_of, wants_picture
from cleancut.server.problems import Refused
from cleancut.server.replies import Bytes, timing, told, type_of
from cleancut.server.replies import picture as picture_reply
from cleancut.server.routes.results import check_name, kept
from cleancut.server.routing import Known, TheClient, TheService, Work
from cleancut.server.work import StoppableClock, while_connected

Job = Callable[[StoppableClock], bytes]

work = APIRouter(tags=["guides"], route_class=Work)
reading = APIRouter(tags=["guides"], route_class=Known)


class CutOut(BaseModel):
    """A cut-out as a data URL."""

    success: Literal[True] = True
    image: DataUrl
    filename: str | None = Field(description="Name for /api/download; null where nothing is kept.")
    message: str


class Edited(BaseModel):
    """An edited cut-out as a data URL."""

    success: Literal[True] = True
    image: DataUrl


class Composed(Edited):
    """A cut-out on its background as a data URL."""

    message: str


class Edit(BaseModel):
    """One touch of the brush, in pixels of the picture."""

    x: Number = Field(ge=-1e6, le=1e6)
    y: Number = Field(ge=-1e6, le=1e6)
    radius: Number = Field(gt=0, le=10_000)
    action: Literal["add", "remove"]


class Edits(BaseModel):
    """A cut-out and what the brush does to it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{
        "image": EXAMPLE, "original": EXAMPLE,
        "edits": [{"x": 120, "y": 80, "radius": 15, "action": "remove"}],
    }]})  # fmt: skip

    image: DataUrl = Field(description="The cut-out.")
    edits: list[Edit] = Field(max_length=10_000)
    original: DataUrl | None = Field(None, description="The photo, of the same size: restoring takes its colours.")
    filename: str | None = Field(None, max_length=200, description="Or the cut-out's name, where it is still kept.")


class Uploaded(BaseModel):
    """A photo to be cut out."""

    image: UploadFile = Field(description="The photo: PNG, JPEG, WebP and more.")
    model: ModelName | None = Field(None, description="A model of /api/v1/models.")
    method: Literal["local", "removeapi"] = Field("local", description="removeapi: remove.bg, with your key.")
    feather: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] | None = Field(None, description="Pixels; 2.")
    featherRadius: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] | None = None  # noqa: N815
    api_key: str | None = Field(None, max_length=200, description="Your key of the cloud engine.")
    apiKey: str | None = Field(None, max_length=200)  # noqa: N815
    backgroundColor: ColourName | None = None  # noqa: N815


class ForBackground(BaseModel):
    """A cut-out and its new background."""

    foregroundImage: DataUrlOrFile = Field(description="The cut-out, as a data URL or a file.")  # noqa: N815
    backgroundColor: ColourName | None = None  # noqa: N815
    backgroundImage: UploadFile | None = Field(None, description="Scaled to cover, centred.")  # noqa: N815


@work.post(
    "/api/remove-background",
    responses=picture_or(CutOut) | errors(400, 403, 409, 413, 415, 422),
    form_limits=FORM,
    response_model=CutOut,
)
async def remove_background(
    request: Request, form: Annotated[Uploaded, Form(media_type="multipart/form-data")], service: TheService,
    client: TheClient,
) -> Response:  # fmt: skip
    """Cut the subject out of a photo. Send `Accept: image/png` to get the picture itself."""
    if form.method == "removeapi":
        raise _no_cloud(form.api_key or form.apiKey)
    limits = service.settings.guides_limits
    photo = await photo_of(form.image, None, limits, service)
    options = Options(
        model=form.model or service.settings.model,
        device=service.settings.device,
        precision=service.settings.precision,
        feather=next((each for each in (form.feather, form.featherRadius) if each is not None), 2.0),
        background=form.backgroundColor or "transparent",
    )
    ask = Ask(client.owner, photo, options, limits, keeps(request, service))
    made = await while_connected(request, service.cutouts.picture(ask))
    if wants_picture(request, default=False):
        return picture_reply(made, {"Content-Location": f"/api/download/{made.name}"} if made.kept else {})
    said = "the background is gone" if made.facts.subject else "no subject was found: the picture is clear"
    message = "; ".join((said, *made.facts.notes))
    name = made.name if made.kept else None
    return await _as_json(made.data, {"filename": name, "message": message}, told(made))


@work.post("/api/edit-mask", responses=picture_or(Edited) | errors(400, 404, 413, 415, 422), response_model=Edited)
async def edit_mask(request: Request, edits: Edits, service: TheService, client: TheClient) -> Response:
    """Restore or remove parts of a cut-out by brush."""
    limits = service.settings.guides_limits
    original: bytes | None = None
    if edits.original is None and edits.filename is not None:
        check_name(edits.filename)
        original = await asyncio.to_thread(service.cutouts.photo_of, client.owner, edits.filename)
        if original is None:
            raise gone("the photo of this picture")
    job = _editing(edits, original, limits)
    data, timings = await while_connected(request, service.cutouts.once(job))
    if wants_picture(request, default=False):
        return Bytes(data, media_type="image/png", headers=timing(timings))
    return await _as_json(data, {}, timing(timings))


@work.post(
    "/api/add-background",
    responses=picture_or(Composed) | errors(400, 413, 415, 422),
    form_limits={**FORM, "max_part_size": DATA_URL_BYTES},
    response_model=Composed,
)
async def add_background(
    request: Request, form: Annotated[ForBackground, Form(media_type="multipart/form-data")], service: TheService
) -> Response:
    """Set a cut-out on a colour or a picture."""
    limits = service.settings.guides_limits
    if form.backgroundColor is None and form.backgroundImage is None:
        raise Refused(
            "bad_request", "there is no background", hint="send backgroundColor, or a file as backgroundImage"
        )
    behind: str | bytes = form.backgroundColor or ""
    if form.backgroundImage is not None:
        behind = await bytes_of(form.backgroundImage, limits.max_bytes, "backgroundImage")
    front = form.foregroundImage
    cutout = front if isinstance(front, str) else await bytes_of(front, limits.max_bytes, "foregroundImage")
    data, timings = await while_connected(request, service.cutouts.once(_composing(cutout, behind, limits)))
    if wants_picture(request, default=False):
        return Bytes(data, media_type="image/png", headers=timing(timings))
    return await _as_json(data, {"message": "the background is set"}, timing(timings))


@reading.get(
    "/api/download/{filename}",
    response_class=Response,
    responses=pictures("The picture, as an attachment.") | NOT_MODIFIED | errors(404),
)
async def download(filename: NAME, request: Request, service: TheService) -> Response:
    """A cut-out under the name that /api/remove-background gave it, as long as it is kept."""
    check_name(filename)
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return await kept(request, service, filename, type_of(filename), "this picture", headers)


def _no_cloud(key: str | None) -> Refused:
    if not key:
        return Refused("bad_request", "remove.bg wants a key of yours", hint="send it as api_key")
    return Refused(
        "provider_unavailable", "this server calls no cloud engine", hint="leave method out to use its own models"
    )


def _editing(edits: Edits, original: bytes | None, limits: Limits) -> Job:
    def job(clock: StoppableClock) -> bytes:
        import numpy as np

        from cleancut.matting.edits import parts
        from cleancut.matting.strokes import Stroke, check_cover
        from cleancut.pipeline import load
        from cleancut.steps.edit import edit
        from cleancut.steps.encode import encode

        cutout = load(bytes_of_data_url(edits.image, limits.max_bytes, "image"), limits, clock)
        photo = original
        if edits.original is not None:
            photo = bytes_of_data_url(edits.original, limits.max_bytes, "original")
        whole = None if photo is None else load(photo, limits, clock)
        strokes = [Stroke(each.action, ((each.x, each.y),), each.radius) for each in edits.edits]
        check_cover(strokes, cutout.width, cutout.height)
        if whole is None:
            # Together, since what one has cleared the next could not restore.
            return clock(encode, clock(edit, cutout, strokes, whole), Options())
        picture = clock(edit, cutout, (), whole)
        for some in parts(strokes):
            picture = clock(edit, cutout, some, whole)
            rgb, alpha = np.split(picture.pixels, [3], axis=2)
            cutout = replace(cutout, rgb=np.ascontiguousarray(rgb), alpha=np.ascontiguousarray(alpha[..., 0]))
        return clock(encode, picture, Options())

    return job


def _composing(cutout: str | bytes, behind: str | bytes, limits: Limits) -> Job:
    def job(clock: StoppableClock) -> bytes:
        import numpy as np

        from cleancut.pipeline import load, render
        from cleancut.steps.encode import encode
        from cleancut.types import Matte

        data = cutout
        if isinstance(data, str):
            data = bytes_of_data_url(data, limits.max_bytes, "foregroundImage")
        source = load(data, limits, clock)
        # Its own transparency is the matte; its colours have been cleaned before.
        whole = Matte(np.ones((source.height, source.width), np.float32), subject=True, confidence=1.0)
        options = Options(background=behind, decontaminate=False)
        return clock(encode, render(source, whole, options, limits, clock), options)

    return job


async def _as_json(data: bytes, said: dict[str, Any], headers: dict[str, str]) -> Response:
    """The picture as a data URL in JSON, put together as bytes: a JSON writer would look at every character of it."""

    def write() -> bytes:
        rest = json.dumps(said)[1:-1]
        picture = b'"image":"data:image/png;base64,' + base64.b64encode(data) + b'"'
        return b'{"success":true,' + picture + (b"," + rest.encode() if rest else b"") + b"}"

    # Not in the pool: a picture that is found again need not wait for others' to be made.
    return Bytes(await asyncio.to_thread(write), media_type="application/json", headers=headers)


router = APIRouter()
router.include_router(work)
router.include_router(reading)
