"""remove.bg's routes: a client of that service changes its base URL, and nothing else."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cleancut.background import parse_colour
from cleancut.errors import FileTooLarge, InputError
from cleancut.geometry import Size, is_beyond, is_empty, parse_region, region_pixels
from cleancut.options import Options
from cleancut.outside.fetch import fetch
from cleancut.server.asks import Ask, Made, Placed
from cleancut.server.auth import Client
from cleancut.server.forms import bytes_of
from cleancut.server.openapi import errors, pictures
from cleancut.server.photos import keeps, wants_json
from cleancut.server.problems import Refused
from cleancut.server.removebg.bodies import decoded, parameters_of
from cleancut.server.removebg.credits import charged
from cleancut.server.removebg.faults import Fault
from cleancut.server.removebg.parameters import Parameters, Wanted, wanted
from cleancut.server.removebg.schema import IMPROVE, REMOVEBG, Faults
from cleancut.server.removebg.sizes import Order, largest, orders
from cleancut.server.replies import Bytes, told, type_of
from cleancut.server.routing import Known, TheClient, TheService, Work, count, count_address, service_in, weigh, who
from cleancut.server.service import Service
from cleancut.server.settings import ServerSettings
from cleancut.server.work import while_connected

IMPROVE_LIMIT = ("100/day",)

# What is counted so is counted apart from requests.
MEGAPIXELS = "megapixels"


class Megapixels(Work):
    """Work that is counted by the size of its photo, which is known when its body has been read."""

    @staticmethod
    def admit(request: Request) -> None:
        service = service_in(request)
        count_address(request, service.settings.address_limits)
        service.rates.check(service.settings.removebg_limits, *who(request, MEGAPIXELS))


class Improvements(Work):
    """Pictures sent so that they can be learnt from."""

    @staticmethod
    def admit(request: Request) -> None:
        count(request)
        weigh(request, IMPROVE_LIMIT, 1, "improve")


work = APIRouter(prefix="/v1.0", tags=["remove.bg"], route_class=Megapixels)
improvements = APIRouter(prefix="/v1.0", tags=["remove.bg"], route_class=Improvements)
reading = APIRouter(prefix="/v1.0", tags=["remove.bg"], route_class=Known)


@work.post(
    "/removebg",
    response_class=Response,
    responses=pictures("The result; JSON where only that is accepted.") | errors(400, 402, 409, shape=Faults),
    openapi_extra=REMOVEBG,
)
async def removebg(request: Request, service: TheService, client: TheClient) -> Response:
    """Remove the background of a photo, as remove.bg's API does."""
    settings = service.settings
    try:
        asked, photo, behind = await _read(request, service)
        size = await asyncio.to_thread(_judged, photo, asked, settings)
    except Exception:
        # It has been read all the same.
        weigh(request, settings.removebg_limits, 1, MEGAPIXELS)
        raise
    weigh(request, settings.removebg_limits, max(1, round(size.width * size.height / 1_000_000)), MEGAPIXELS)
    format = _format(asked, behind)
    wishes = {each.credits: each for each in orders(asked.size, format == "png")}
    async with charged(service.ledger, client.owner, tuple(wishes), _plan(client, service)) as receipt:
        ordered = wishes[receipt.credits]
        options = _options(asked, format, behind, ordered, settings)
        ask = Ask(client.owner, photo, options, settings.removebg_accepts, keeps(request, service))
        made = await while_connected(request, service.cutouts.picture(ask))
        json = await asyncio.to_thread(_as_json, made) if wants_json(request) else None
    headers = told(made) | _headers(asked, size, format, ordered)
    if json is not None:
        return Bytes(json, media_type="application/json", headers=headers)
    return Bytes(made.data, media_type=type_of(made.name), headers=headers)


def _plan(client: Client, service: Service) -> int | None:
    """The credits that a client has in a month; None: any number."""
    key = None if client.by == "nobody" else service.auth.keys.of(client.owner)
    return service.settings.credits if key is None or key.credits is None else key.credits


async def _read(request: Request, service: Service) -> tuple[Wanted, bytes, bytes | None]:
    """What is asked for, the photo, and the picture behind it; nothing else of the body is held afterwards."""
    async with parameters_of(request) as given:
        return wanted(given), await source_of(given, service), await _behind(given, service)


@reading.get("/account", responses=errors(403, shape=Faults))
async def account(service: TheService, client: TheClient) -> dict[str, Any]:
    """The credits that are left to a key this month, in remove.bg's words."""
    left = await asyncio.to_thread(service.ledger.left, client.owner, _plan(client, service))
    # Whole numbers as such, as some clients want them.
    shown = int(left) if left.is_integer() else left
    credits = {"total": shown, "subscription": shown, "payg": 0, "enterprise": 0}
    return {"data": {"attributes": {"credits": credits, "api": {"free_calls": 0, "sizes": "all"}}}}


@improvements.post("/improve", responses=errors(400, 409, shape=Faults), openapi_extra=IMPROVE)
async def improve(request: Request, service: TheService, client: TheClient) -> dict[str, str]:
    """Keep a picture that came out badly, with its tag, for whoever runs this server."""
    if not keeps(request, service):
        raise Refused("nothing_kept", "this server keeps no pictures", hint="tell its operator")
    settings, id = service.settings, str(uuid.uuid4())
    async with parameters_of(request) as given:
        photo = await source_of(given, service)
        said = {"tag": given.text("tag"), "image_filename": given.text("image_filename")}
    await asyncio.to_thread(_judged, photo, None, settings)
    for name, data in ((f"feedback-{id}.source", photo), (f"feedback-{id}.json", json.dumps(said).encode())):
        await asyncio.to_thread(service.storage.put, client.owner, name, data, settings.feedback_seconds)
    return {"id": id}


async def source_of(given: Parameters, service: Service) -> bytes:
    """The photo that a request brings or names. Raises Fault, FileTooLarge."""
    upload, encoded, url = given.file("image_file"), given.text("image_file_b64"), given.text("image_url")
    sources = [each for each in (upload, encoded, url) if each is not None]
    if not sources:
        raise Fault("missing_source", "send one of image_file, image_file_b64 and image_url")
    if len(sources) > 1:
        raise Fault("multiple_sources", "send only one of image_file, image_file_b64 and image_url")
    most = service.settings.removebg_max_bytes
    if upload is not None:
        return await bytes_of(upload, most, "image_file")
    if encoded is not None:
        return await asyncio.to_thread(decoded, encoded, most)
    return await _fetched(str(url), service, "invalid_image_url", "failed_image_download")


async def _fetched(url: str, service: Service, invalid: str, failed: str) -> bytes:
    settings = service.settings
    if not url.lower().startswith(("http://", "https://")):
        raise Fault(invalid, "give an http or https URL")
    if not settings.allow_url:
        raise Fault(failed, "this server fetches no URLs: send the file, or have it started with --allow-url")
    try:
        return await fetch(url, settings.removebg_max_bytes, allowed=settings.url_networks)
    except FileTooLarge:
        raise
    except InputError as error:
        raise Fault(failed, str(error)) from None


async def _behind(given: Parameters, service: Service) -> bytes | None:
    """The picture to stand behind the subject."""
    upload, url = given.file("bg_image_file"), given.text("bg_image_url")
    if upload is not None:
        return await bytes_of(upload, service.settings.removebg_max_bytes, "bg_image_file")
    if url is not None:
        return await _fetched(url, service, "invalid_bg_image_url", "failed_bg_download")
    return None


def _judged(photo: bytes, asked: Wanted | None, settings: ServerSettings) -> Size:
    """The photo's size as it is seen, judged by its head alone. Blocks. Raises InputError, Fault."""
    from cleancut.steps.decode import upright
    from cleancut.steps.probe import probe
    from cleancut.steps.validate import validate

    size = upright(photo, validate(probe(photo), settings.removebg_accepts))
    if asked is not None and asked.roi is not None:
        box, said = region_pixels(parse_region(asked.roi), size), f"of {size.width} × {size.height}"
        if is_beyond(box, size):
            raise Fault("roi_exceeds_bounds", f"roi is {asked.roi!r} in a photo {said}")
        if is_empty(box):
            raise Fault("roi_region_empty", f"roi is {asked.roi!r} in a photo {said}")
    return size


def _format(asked: Wanted, behind: bytes | None) -> str:
    if asked.format != "auto":
        return asked.format
    colour = None if asked.colour is None else parse_colour(asked.colour)
    clear = behind is None and (colour is None or colour.alpha < 255)
    return "png" if clear or asked.channels == "alpha" else "jpg"


def _options(asked: Wanted, format: str, behind: bytes | None, ordered: Order, settings: ServerSettings) -> Options:
    if format == "zip" and asked.channels == "alpha":
        raise Fault("invalid_channels", "a zip holds color.jpg and alpha.png: leave out channels")
    return Options(
        model=settings.model,
        device=settings.device,
        precision=settings.precision,
        roi=asked.roi,
        background=behind if behind is not None else asked.colour or "transparent",
        format=format,  # type: ignore[arg-type]
        channels=asked.channels,
        # Glass of cars alone is what that service lets through.
        translucency=0 if asked.opaque_glass and asked.type in ("auto", "car") else None,
        crop=asked.crop,
        crop_margin=asked.crop_margin,
        scale=asked.scale,
        position=asked.position,
        shadow=asked.shadow,
        shadow_opacity=asked.shadow_opacity,
        max_pixels=ordered.pixels,
        # Whoever puts a ZIP together again wants what the PNG would have been.
        encode_quality=100 if format == "zip" else 90,
        require_subject=True,
    )


def _headers(asked: Wanted, photo: Size, format: str, ordered: Order) -> dict[str, str]:
    most = largest(photo, format == "png", asked.size)
    factor = min(1.0, (most / (photo.width * photo.height)) ** 0.5)
    said = {
        "X-Max-Width": str(int(photo.width * factor + 1e-6)),
        "X-Max-Height": str(int(photo.height * factor + 1e-6)),
        "X-Credits-Charged": f"{ordered.credits:g}",
    }
    if asked.type_level != "none":
        # No model here tells what is in a photo: the client's own word, or none.
        said["X-Type"] = "other" if asked.type == "auto" else asked.type
    return said


def _as_json(made: Made) -> bytes:
    """Put together as bytes: a JSON writer would look at every character of the picture."""
    placed = made.placed or Placed(0, 0)
    rest = {
        "foreground_top": placed.subject_top, "foreground_left": placed.subject_left,
        "foreground_width": placed.subject_width, "foreground_height": placed.subject_height,
    }  # fmt: skip
    return b'{"data":{"result_b64":"' + base64.b64encode(made.data) + b'",' + json.dumps(rest).encode()[1:] + b"}"


router = APIRouter()
router.include_router(work)
router.include_router(improvements)
router.include_router(reading)
