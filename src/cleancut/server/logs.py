"""The envelope of every request: its id, its line in the log, its metrics, the headers that all answers have."""

from __future__ import annotations

import asyncio
import io
import logging
import re
import secrets
import sys
import time
from contextlib import suppress
from typing import TextIO, cast

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cleancut.server.metrics import Metrics
from cleancut.server.problems import REFUSALS, Refused, answer
from cleancut.server.settings import LogFormat

# Nothing is fetched from elsewhere, nobody frames the page, and no file's type is guessed.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; worker-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=(), usb=()",
}

# What the log says of clients that went away before there was an answer.
_NOT_ANSWERED = REFUSALS["client_gone"][0]

_SUSPECT = ("key_unknown", "rate_limited")

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def set_up(form: LogFormat) -> None:
    """Write the log to standard error, as text for people or as JSON lines for machines."""
    shown = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            shown,
        ],
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Unfailing(sys.stderr))),
    )
    for name in ("uvicorn", "asyncio"):
        library = logging.getLogger(name)
        library.handlers = [each for each in library.handlers if not isinstance(each, _Forward)] + [_Forward()]


class _Unfailing(io.TextIOBase):
    """A file whose reader may go away, or whose disk may be full, without a request failing."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._file.flush()


class _Forward(logging.Handler):
    """Writes what a library tells its own log into ours, in our form."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno, record.getMessage().strip(), library=record.name, exc_info=record.exc_info
        )


class Envelope:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell of it when it is over."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        state = scope.setdefault("state", {})
        state["request_id"] = _request_id(Headers(scope=scope))
        state["headers"] = {}
        status = _NOT_ANSWERED
        # What is answered to GET, without the body, which the server's socket leaves out by itself.
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in (HEADERS | state["headers"]).items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = state["request_id"]
            await send(message)

        try:
            await self._app(asked, receive, send_on)
        except asyncio.CancelledError:
            # Only the server itself does this to a request, when it has waited long enough for its end.
            state["problem"] = "shutting_down"
            stopping = Refused("shutting_down", "the server has shut down", hint="send it again")
            if status == _NOT_ANSWERED:
                await answer(stopping, scope["path"])(scope, receive, send_on)
        except Exception as error:
            state["problem"] = "internal_error"
            self._log.error("a request failed", request_id=state["request_id"], exc_info=error)
            # Of an answer that is under way only an end before its time can say that something is wrong.
            if status == _NOT_ANSWERED:
                await answer(error, scope["path"])(scope, receive, send_on)
        finally:
            route = getattr(asked.get("route"), "path", "none")
            self._tell(scope, route, status, time.perf_counter() - began)

    def _tell(self, scope: Scope, route: str, status: int, seconds: float) -> None:
        """``route``: its pattern, not the path: names of results do not belong into logs and labels."""
        state = scope["state"]
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if problem := state.get("problem"):
            self._metrics.refusals.labels(problem).inc()
        told = {
            "request_id": state["request_id"],
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "client": getattr(state.get("client"), "owner", None),
            "problem": problem,
            # Of those alone whom an operator may have to keep out.
            "address": scope["client"][0] if problem in _SUSPECT and scope.get("client") else None,
            **state.get("told", {}),
        }
        self._log.info("request", **{name: value for name, value in told.items() if value is not None})


def _request_id(headers: Headers) -> str:
    """A proxy's own id where it sends one that is fit for a log, else a new one."""
    given = headers.get("x-request-id", "")
    return given if re.fullmatch(r"[A-Za-z0-9._-]{8,64}", given) else secrets.token_hex(8)
