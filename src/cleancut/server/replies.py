"""How pictures are sent: in parts, with what is to be known of them in the headers."""

from __future__ import annotations

import asyncio
import io
import math
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import IO

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cleancut.server.asks import Made, Placed

TYPES = {
    "png": "image/png", "webp": "image/webp", "avif": "image/avif", "jpg": "image/jpeg", "tiff": "image/tiff",
    "zip": "application/zip",
}  # fmt: skip

# As much as is written before the client has to take it. More would be copied again and again while it waits, and be
# too much for slow clients to take within their patience.
PART = 64 * 1024


# Who has taken an answer by then takes it from memory; whoever is slower, from a file: so that many slow clients hold
# no memory that pictures need.
QUICK_S = 2.0


class Bytes(Response):
    """A response that is sent in parts, so that a large one does not hold up the event loop."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body, self.body = self.body, b""
        rest = _Rest(bytes(body))
        del body
        try:
            while part := await rest.next():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            rest.close()


class _Rest:
    """What is still to be sent: in memory, and after a while in a file."""

    def __init__(self, data: bytes) -> None:
        self._file: IO[bytes] = io.BytesIO(data)
        self._until = time.monotonic() + QUICK_S
        self._on_disk = False

    async def next(self) -> bytes:
        """The next part; none after the last."""
        if self._on_disk:
            return await asyncio.to_thread(self._file.read, PART)
        part = self._file.read(PART)
        if part and time.monotonic() > self._until:
            self._until = math.inf
            await asyncio.to_thread(self._move)
        return part

    def _move(self) -> None:
        """Go on from a file; from memory where there is no room for one."""
        position = self._file.tell()
        with suppress(OSError), ExitStack() as opened:
            file = opened.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(self._file, file)
            file.seek(0)
            opened.pop_all()
            self._file, self._on_disk = file, True
            return
        self._file.seek(position)

    def close(self) -> None:
        self._file.close()


def has(request: Request, etag: str) -> bool:
    """Whether the client says that it has this already (If-None-Match)."""
    asked = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    return etag in asked or "*" in asked


def type_of(name: str) -> str:
    """The media type of a picture's name."""
    return TYPES[name.rpartition(".")[2]]


def picture(made: Made, headers: dict[str, str] | None = None) -> Response:
    """A picture as the answer's body."""
    return Bytes(made.data, media_type=type_of(made.name), headers=told(made) | (headers or {}))


def told(made: Made) -> dict[str, str]:
    """Headers that say what a picture is and how it came about."""
    facts = made.facts
    return (
        _placed(made.placed)
        | {
            "X-Cleancut-Model": facts.model,
            "X-Cleancut-Device": facts.device,
            "X-Cleancut-Precision": facts.precision,
            "X-Cleancut-Subject": "true" if facts.subject else "false",
            "X-Cleancut-Confidence": f"{facts.confidence:.4f}",
            "X-Cleancut-Cache": made.found,
        }
        | timing(made.timings)
    )


def _placed(placed: Placed | None) -> dict[str, str]:
    if placed is None:
        return {}
    return {
        "X-Width": str(placed.width),
        "X-Height": str(placed.height),
        "X-Foreground-Top": str(placed.subject_top),
        "X-Foreground-Left": str(placed.subject_left),
        "X-Foreground-Width": str(placed.subject_width),
        "X-Foreground-Height": str(placed.subject_height),
    }


def timing(timings: Mapping[str, float]) -> dict[str, str]:
    """The header that tells the milliseconds of each step."""
    return {"Server-Timing": ", ".join(f"{step};dur={spent:.1f}" for step, spent in timings.items()) or "cache;dur=0"}
