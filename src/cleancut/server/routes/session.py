"""Signing in on the page: a key once, then a cookie that no script can read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from cleancut.server.auth import COOKIE, EVERYBODY
from cleancut.server.openapi import errors
from cleancut.server.problems import Refused
from cleancut.server.routing import TheService
from cleancut.server.service import Service

router = APIRouter(prefix="/api/session", tags=["session"])

_UNCACHED = {"Cache-Control": "no-store"}


class SignIn(BaseModel):
    """A key."""

    key: Annotated[str, Field(min_length=1, max_length=512)]


class SessionInfo(BaseModel):
    """Whether somebody is signed in."""

    keys_needed: bool
    signed_in: bool
    csrf: str | None = Field(description="To be sent as X-CSRF-Token with every request but GET.")


@router.get("", responses=errors())
async def session(request: Request, service: TheService, response: Response) -> SessionInfo:
    """Whether a key is needed, and whether this browser has signed in."""
    response.headers.update(_UNCACHED)
    return _info(service, request.cookies.get(COOKIE, ""), request)


@router.post("", responses=errors(400, 401, 422))
async def sign_in(request: Request, key: SignIn, service: TheService, response: Response) -> SessionInfo:
    """Sign in by a key: the answer sets a cookie."""
    response.headers.update(_UNCACHED)
    if not service.auth.keys:
        return SessionInfo(keys_needed=False, signed_in=True, csrf=None)
    owner = service.auth.owner_of(key.key, request.client.host if request.client else "unknown")
    cookie = service.auth.sign_in(owner)
    response.set_cookie(
        COOKIE, cookie, max_age=service.settings.session_seconds, httponly=True, samesite="strict",
        secure=request.url.scheme == "https", path="/",
    )  # fmt: skip
    return SessionInfo(keys_needed=True, signed_in=True, csrf=service.auth.token(cookie))


@router.delete("", status_code=204, responses=errors())
async def sign_out(request: Request, service: TheService, response: Response) -> None:
    """Sign out: the cookie is deleted, and worth nothing where it was copied to."""
    service.auth.sign_out(request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def _info(service: Service, cookie: str, request: Request) -> SessionInfo:
    if not service.auth.keys:
        return SessionInfo(keys_needed=False, signed_in=True, csrf=None)
    try:
        client = service.auth.client(request, "GET")
    except Refused:
        return SessionInfo(keys_needed=True, signed_in=False, csrf=None)
    assert client.owner != EVERYBODY
    return SessionInfo(keys_needed=True, signed_in=True, csrf=service.auth.token(cookie) if cookie else None)
