"""What is judged by a request's head alone, before anything else: by what name, and from whose page, it comes."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cleancut.server.problems import REMBG, REMOVEBG, Refused, answer
from cleancut.server.settings import ServerSettings

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

# The APIs of others are called by web pages of any origin, with a key of theirs. A key is no cookie: no page has it but
# those that it was given to.
_CORS = {
    "Access-Control-Allow-Origin": "*",
    # A star does not stand for the first of them.
    "Access-Control-Allow-Headers": "Authorization, X-Api-Key, Content-Type, *",
    "Access-Control-Allow-Methods": "*",
    "Access-Control-Expose-Headers": "*",
}

# What a browser shows when somebody follows a link to it.
_PAGES = ("/", "/docs")


class Guard:
    """Middleware that refuses foreign names and foreign pages.

    A server on loopback is reached by every page that its user opens: by a name that an attacker lets point to
    127.0.0.1 (DNS rebinding; the Host header gives it away), or by a form or picture of another origin (which
    Sec-Fetch-Site and Origin give away; programs that are no browsers send neither).
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings
        self._origins = {origin.rstrip("/").lower() for origin in settings.origins}
        # 127.0.0.2 is loopback, too, and who listens there is called so.
        own = f"[{settings.host}]" if ":" in settings.host else settings.host
        self._hosts = {host.lower() for host in (*_LOOPBACK_NAMES, own, *settings.allowed_hosts)}
        # Elsewhere, any name may lead here unless they are listed: keys are needed anyway. Where they are not, a name
        # may be an attacker's; an address is nobody's.
        self._any_host = not settings.on_loopback and not settings.allowed_hosts
        self._addresses_only = settings.without_keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        for_all = scope["path"].startswith(REMOVEBG) or scope["path"] == REMBG
        if for_all:
            scope["state"]["headers"] |= _CORS
        try:
            self._judge(scope, for_all)
        except Refused as refused:
            scope["state"]["problem"] = refused.code
            await answer(refused, scope["path"])(scope, receive, send)
            return
        if for_all and scope["method"] == "OPTIONS":
            # A browser's question, which has no key.
            await Response(status_code=204)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _judge(self, scope: Scope, for_all: bool) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        name = _without_port(host)
        welcome = name in self._hosts or (self._any_host and (not self._addresses_only or _is_address(name)))
        if not welcome:
            raise Refused(
                "wrong_host", "this server is not called by that name",
                hint="call it localhost, or set CLEANCUT_ALLOWED_HOSTS",
            )  # fmt: skip
        if scope["path"] in _PAGES and headers.get("sec-fetch-mode") == "navigate":
            return
        origin = headers.get("origin", "").lower()
        if origin in self._origins:
            return
        site = headers.get("sec-fetch-site", "").lower()
        own = site in ("same-origin", "none") if site else not origin or _place(origin) == host
        if not own and for_all:
            # Judged when it is known whether a key was sent.
            scope["state"]["foreign"] = True
        elif not own:
            raise foreign_page()


def foreign_page() -> Refused:
    """The refusal of a web page that has no business here."""
    return Refused(
        "foreign_page", "a page of another origin may not call this server",
        hint="set CLEANCUT_ORIGINS to the origins that may",
    )  # fmt: skip


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isascii() and port.isdigit() else host


def _place(origin: str) -> str | None:
    """Host and port of an origin; None for one that has none, like a page in a sandbox, or that makes no sense."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
