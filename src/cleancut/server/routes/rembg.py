"""rembg's route: ``/api/remove``, with the parameters of rembg 2.0.86 in the form or in the URL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator
from starlette.datastructures import UploadFile

from cleancut.options import Options
from cleancut.server.asks import Ask
from cleancut.server.auth import Client
from cleancut.server.forms import FORM, bytes_of
from cleancut.server.openapi import errors, file
from cleancut.server.photos import keeps, photo_of
from cleancut.server.problems import Refused
from cleancut.server.replies import picture as picture_reply
from cleancut.server.routing import TheClient, TheService, Work
from cleancut.server.service import Service
from cleancut.server.work import while_connected

router = APIRouter(tags=["rembg"], route_class=Work)


def _four(text: str) -> str:
    numbers = [each.strip() for each in text.split(",")]
    if text and not (len(numbers) == 4 and all(each.isdecimal() and int(each) <= 255 for each in numbers)):
        raise ValueError("give four numbers from 0 to 255: red,green,blue,alpha")
    return text


class Parameters(BaseModel):
    """What rembg's server takes; empty values are no values."""

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Any) -> Any:
        return {name: value for name, value in given.items() if value != ""} if isinstance(given, dict) else given

    model: str | None = Field(None, max_length=100, description="A model of rembg or of cleancut.")
    a: bool = Field(False, description="Alpha matting: here, the background's colour is taken out of soft edges.")
    af: int = Field(240, ge=0, le=255, description="Of no effect: the matte is cleancut's own.")
    ab: int = Field(10, ge=0, le=255, description="Of no effect.")
    ae: int = Field(10, ge=0, le=1_000_000, description="Of no effect.")
    om: bool = Field(False, description="Only the mask.")
    ppm: bool = Field(False, description="A hard mask without specks.")
    dc: bool = Field(False, description="Take the background's colour out of soft edges.")
    vm: bool = Field(False, description="Of no effect: edges are refined in any case.")
    bgc: Annotated[str, AfterValidator(_four)] = Field("", description="Background: red,green,blue,alpha.")
    # In a URL the length is bounded; what is wrong with it is passed over, as there.
    extras: str = Field(
        "", description="A JSON object; what else it asks for is passed over.",
        json_schema_extra={"maxLength": 2000, "pattern": "^[ -~]*$"},
    )  # fmt: skip


class Detail(BaseModel):
    """Every refusal."""

    detail: str | list[dict[str, Any]]


_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}, **Parameters.model_json_schema()["properties"]},
}

_URL = Query(max_length=2048, pattern="^https?://[!-~]*$", description="Of the photo, where allowed.")

_REFUSALS = errors(400, 409, 413, 415, shape=Detail)


@router.get("/api/remove", responses=file("image/png", "The cut-out.") | _REFUSALS, response_class=Response)
async def rembg_of_url(
    request: Request, service: TheService, client: TheClient, parameters: Annotated[Parameters, Query()],
    url: Annotated[str, _URL],
) -> Response:  # fmt: skip
    """Cut out the photo behind a URL, as rembg's server does."""
    photo = await photo_of(None, url, service.settings.v1_limits, service)
    return await _cut(request, service, client, photo, parameters)


@router.post(
    "/api/remove",
    responses=file("image/png", "The cut-out.") | _REFUSALS,
    response_class=Response,
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def rembg_of_file(request: Request, service: TheService, client: TheClient) -> Response:
    """Cut out the photo in the part `file`, as rembg's server does; parameters in the form or in the URL."""
    async with request.form(max_files=FORM["max_files"], max_fields=FORM["max_fields"]) as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise Refused("invalid_value", "file: there is no picture", hint="send the photo in the part file")
        parameters = _read({**request.query_params, **{name: value for name, value in form.items() if name != "file"}})
        photo = await bytes_of(upload, service.settings.v1_limits.max_bytes, "file")
    return await _cut(request, service, client, photo, parameters)


def _read(given: Mapping[str, Any]) -> Parameters:
    try:
        return Parameters.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(each) for each in first["loc"])
        raise Refused("invalid_value", f"{place}: {first['msg']}", hint="see docs/migrate-from-rembg.md") from None


async def _cut(request: Request, service: Service, client: Client, photo: bytes, given: Parameters) -> Response:
    _judge(given.extras)
    settings = service.settings
    options = Options(
        model=given.model or settings.model,
        device=settings.device,
        precision=settings.precision,
        channels="alpha" if given.om else "rgba",
        background=_colour(given.bgc),
        # As in rembg: where nobody asks, the photo's own colours stay.
        decontaminate=given.dc or given.a,
    )
    ask = Ask(client.owner, photo, options, settings.v1_limits, keeps(request, service), hard=given.ppm)
    return picture_reply(await while_connected(request, service.cutouts.picture(ask)))


def _colour(bgc: str) -> str:
    return "#" + bytes(int(each) for each in bgc.split(",")).hex() if bgc else "transparent"


def _judge(extras: str) -> None:
    """Refuse what would make another picture than was asked for. What is no JSON is passed over, as there."""
    try:
        asked = json.loads(extras) if extras else {}
    except (ValueError, RecursionError):
        return
    if not isinstance(asked, dict):
        return
    if "sam_prompt" in asked:
        raise Refused(
            "invalid_value", "extras: sam_prompt asks for the model SAM, which cleancut does not have",
            hint="mend the matte by strokes instead: POST /api/v1/mattes/{id}/pictures",
        )  # fmt: skip
    if "model_path" in asked:
        raise Refused(
            "invalid_value", "extras: model_path names a file of the server, and clients name none",
            hint="have its operator add the model; see docs/models.md",
        )  # fmt: skip
