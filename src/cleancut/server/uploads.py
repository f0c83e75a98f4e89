"""Bodies on their way in and out: clients that fall silent, bodies that nobody will read."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, MutableHeaders
from starlette.formparsers import MultiPartParser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cleancut.server.edits import STROKES_BYTES
from cleancut.server.problems import REMBG, REMOVEBG, Refused, answer
from cleancut.server.settings import ServerSettings

# What a client may still send after it has been refused, so that it comes to read why: most read only afterwards, and a
# photo that is somewhat too large is what is refused most.
_DRAINED_BYTES = 32_000_000
_DRAINED_S = 10.0
# Whoever pauses for so long has read the answer, and waits for nothing but the end of the connection.
_PAUSE_S = 1.0

# Where whole folders are sent to.
JOBS = "/api/v1/jobs"

# There, who has fallen behind so many bytes a second by its patience is not waited for: so it may take an hour, and
# not who sends a byte now and then.
_LEAST = 4000

# Fields and the envelope of a form.
_TEXT = 1_000_000

# What is asked of the other routes: a key, a point.
_LITTLE = 16_000

# What may follow the last line of a form: a line's end, or what a client that fills its blocks has put there.
_EPILOGUE = 1024

# What the fields of a form may be encoded in. Some others take minutes for a megabyte (punycode).
_CHARSETS = ("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso8859-1", "latin-1", "latin1")


# What of a file that is being received stays in memory: a job has a hundred of them.
MultiPartParser.spool_max_size = 256 * 1024


class Uploads:
    """Middleware between the server's socket and the application.

    A client has ``patience`` seconds for its next bytes, and to take ours. One that is refused while it sends is read a
    while longer, so that it does not find its connection reset instead of the answer; then the connection is closed.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with timeouts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        limit = body_limit(scope["path"], self._settings, headers)
        is_job = scope["path"] == JOBS
        seconds = self._settings.job_upload_seconds if is_job else self._settings.deadline
        body = _Body(receive, self._settings, headers, limit, seconds, _LEAST if is_job else None)
        patience = self._settings.patience

        async def send_in_time(message: Message) -> None:
            if message["type"] == "http.response.start" and not body.ended:
                # What is still to come of it would be read for ever, or be taken for the next request.
                MutableHeaders(scope=message)["Connection"] = "close"
            try:
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    await asyncio.wait_for(send({**message, "more_body": True}), patience)
                    await body.drain()
                    message = {"type": "http.response.body", "body": b""}
                await asyncio.wait_for(send(message), patience)
            except TimeoutError:
                raise _NotTaken from None

        try:
            body.judge(headers)
        except Refused as refused:
            scope["state"]["problem"] = refused.code
            await answer(refused, scope["path"])(scope, body.receive, send_in_time)
            return
        try:
            await self._app(scope, body.receive, send_in_time)
        except _NotTaken:
            # The connection is closed on it.
            scope["state"]["problem"] = "too_slow"


def body_limit(path: str, settings: ServerSettings, headers: Headers) -> int:
    """Most bytes of a request's body: its pictures, as base64 where they are sent so, and the text around them."""
    if path.startswith(REMOVEBG):
        # Two pictures as base64, in any form that clients send them.
        return settings.removebg_max_bytes * 2 * 3 // 2 + _TEXT
    if not path.startswith("/api/") or path == "/api/session":
        return _LITTLE
    if _type(headers)[0] == b"application/x-www-form-urlencoded":
        # It holds no files, and a megabyte of it takes a quarter of a second of everybody's time.
        return _TEXT
    if path == JOBS:
        return settings.job_bytes + settings.v1_max_bytes + STROKES_BYTES + _TEXT
    if path.startswith("/api/v1/mattes/") and path.endswith("/reach"):
        return _LITTLE
    if path == "/api/remove-background":
        return settings.guides_max_bytes + _TEXT
    if path == REMBG:
        return settings.v1_max_bytes + _TEXT
    if path in ("/api/edit-mask", "/api/add-background"):
        return settings.guides_max_bytes * 2 * 4 // 3 + _TEXT
    return settings.v1_max_bytes * 2 + STROKES_BYTES + _TEXT if path.startswith("/api/v1/") else _TEXT


def _type(headers: Headers) -> tuple[bytes, dict[bytes, bytes]]:
    """The body's type and its parameters, read as the parser of forms reads them."""
    return parse_options_header(headers.get("content-type"))


def _charset(headers: Headers) -> str:
    """The charset of a form, as it is spelled. Not looked up: Python remembers every name it was ever asked for."""
    return _type(headers)[1].get(b"charset", b"utf-8").decode("latin-1").strip().lower()


def _end_of_form(headers: Headers) -> bytes:
    """A form's last line. Its parser does not ask for it, and takes half a form for one with fewer fields."""
    kind, parameters = _type(headers)
    boundary = parameters.get(b"boundary") if kind == b"multipart/form-data" else None
    return b"--%s--" % boundary if boundary else b""


class _NotTaken(Exception):
    """The client does not take its answer."""


class _Body:
    """A request's body, and how much of it has come."""

    def __init__(
        self, receive: Receive, settings: ServerSettings, headers: Headers, limit: int, seconds: int, least: int | None
    ) -> None:
        """``least``: bytes a second that have to come."""
        self._receive = receive
        self._patience = settings.patience
        self._since = time.monotonic()
        # Routes with a deadline of their own answer first.
        self._until = self._since + seconds + 1
        self._least = least
        self._waits_for_leave = headers.get("expect", "").lower() == "100-continue"
        self._begun = False
        self._given_up = False
        self._limit = limit
        self._come = 0
        self._last = _end_of_form(headers)
        self._tail = b""
        length = headers.get("content-length", "")
        self._declared = int(length) if length.isdecimal() else 0
        self.ended = not self._declared and "transfer-encoding" not in headers

    def judge(self, headers: Headers) -> None:
        """Refuse a body by its head. Raises Refused (body_too_large, unsupported_encoding, bad_request)."""
        if self._declared > self._limit:
            raise self._too_large()
        if (encoding := headers.get("content-encoding", "").lower()) not in ("", "identity"):
            raise Refused("unsupported_encoding", f"the body is {encoding}", hint="send it uncompressed")
        if _charset(headers) not in _CHARSETS:
            raise Refused("bad_request", "the body is in an encoding that is not read", hint="send it as UTF-8")

    async def receive(self) -> Message:
        """The next part. Raises Refused (too_slow, body_too_large, bad_request)."""
        if self.ended:
            return await self._receive()
        self._begun = True
        try:
            message = await self._next(self._seconds_left())
        except TimeoutError:
            self._given_up = True
            raise Refused(
                "too_slow", "the body did not come in time", hint="send it at once, and without pauses"
            ) from None
        if self._come > self._limit:
            raise self._too_large()
        self._tail = (self._tail + message.get("body", b""))[-len(self._last) - _EPILOGUE :]
        if message["type"] == "http.request" and self.ended and self._last not in self._tail:
            raise Refused("bad_request", "the form ends before its last line", hint="send it again, and whole")
        return message

    def _seconds_left(self) -> float:
        """How long the next part is waited for."""
        now = time.monotonic()
        left = min(self._patience, self._until - now)
        if self._least is None:
            return left
        return min(left, self._since + self._patience + self._come / self._least - now)

    async def drain(self) -> None:
        """Read what is left, within bounds. A client that waits for leave to send sends nothing."""
        if self._given_up or (self._waits_for_leave and not self._begun):
            return
        until, most = time.monotonic() + _DRAINED_S, self._come + _DRAINED_BYTES
        with suppress(TimeoutError):
            while not self.ended and self._come < most and (seconds := until - time.monotonic()) > 0:
                await self._next(min(seconds, _PAUSE_S))

    async def _next(self, seconds: float) -> Message:
        """The next part. Raises TimeoutError."""
        message = await asyncio.wait_for(self._receive(), seconds)
        self.ended = message["type"] == "http.disconnect" or not message.get("more_body")
        self._come += len(message.get("body", b""))
        return message

    def _too_large(self) -> Refused:
        return Refused(
            "body_too_large",
            f"the request has more than {self._limit:,} bytes",
            hint="send a smaller picture, and files as multipart/form-data",
        )
