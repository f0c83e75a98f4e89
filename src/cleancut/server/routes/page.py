"""The page for people, and what it consists of. It is for everybody: whoever needs a key signs in on it."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from cleancut.server.assets import INDEX
from cleancut.server.building import Page
from cleancut.server.routing import TheService

router = APIRouter(include_in_schema=False)

# Seconds between two looks at whether the page is there yet.
_AGAIN_S = 2


@router.get("/")
async def page(request: Request, service: TheService) -> Response:
    """The page, or what has to be waited for."""
    shown: Page = request.app.state.page
    if shown.building:
        again = f"<meta http-equiv=refresh content={_AGAIN_S}>"
        doing = "" if service.settings.exposed else f" Now: {shown.building}"
        text = f"This takes up to a minute, once. The API answers already.{doing}"
        return _notice("The page is being built", text, again, {"Retry-After": str(_AGAIN_S)})
    if INDEX not in shown.assets:
        # Why names files, which is nobody's business who comes from elsewhere; the log says it.
        why = f"{shown.problem}; {shown.remedy}" if not service.settings.exposed else "the server's log says why"
        return _notice("There is no page", f"{why[:1].upper()}{why[1:]}. The API answers all the same.")
    return shown.assets[INDEX].answer(request)


@router.get("/favicon.svg")
@router.get("/assets/{name}")
@router.get("/samples/{name}")
async def part(request: Request) -> Response:
    """A file of the page."""
    shown: Page = request.app.state.page
    asset = shown.assets.get(request.url.path.removeprefix("/"))
    if asset is None:
        raise HTTPException(404)
    return asset.answer(request)


def _notice(title: str, text: str, again: str = "", headers: dict[str, str] | None = None) -> Response:
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>{again}"
        f"<title>cleancut</title><link rel=stylesheet href=/docs.css><h1>{title}</h1><p>{escape(text)}</p>"
        "<p><a href=/docs>The API</a></p>",
        503,
        {"Cache-Control": "no-store", **(headers or {})},
    )
