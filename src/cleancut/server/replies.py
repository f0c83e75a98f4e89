"""How pictures are sent: in parts, with what is to be known of them in the headers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cleancut.server.asks import Made

TYPES = {
    "png": "image/png", "webp": "image/webp", "avif": "image/avif", "jpg": "image/jpeg", "tiff": "image/tiff",
    "zip": "application/zip",
}  # fmt: skip

# As much as is written before the client has to take it. More would be copied again and again while it waits, and be
# too much for slow clients to take within their patience.
PART = 64 * 1024


class Bytes(Response):
    """A response that is sent in parts, so that a large one does not hold up the event loop."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = memoryview(self.body)
        for begin in range(0, len(body), PART):
            part = bytes(body[begin : begin + PART])
            await send({"type": "http.response.body", "body": part, "more_body": begin + PART < len(body)})
        if not len(body):
            await send({"type": "http.response.body", "body": b""})


def type_of(name: str) -> str:
    """The media type of a picture's name."""
    return TYPES[name.rpartition(".")[2]]


def picture(made: Made, headers: dict[str, str] | None = None) -> Response:
    """A picture as the answer's body."""
    return Bytes(made.data, media_type=type_of(made.name), headers=told(made) | (headers or {}))


def told(made: Made) -> dict[str, str]:
    """Headers that say what a picture is and how it came about."""
    facts = made.facts
    return {
        "X-Cleancut-Model": facts.model,
        "X-Cleancut-Device": facts.device,
        "X-Cleancut-Precision": facts.precision,
        "X-Cleancut-Subject": "true" if facts.subject else "false",
        "X-Cleancut-Confidence": f"{facts.confidence:.4f}",
        "X-Cleancut-Cache": made.found,
    } | timing(made.timings)


def timing(timings: Mapping[str, float]) -> dict[str, str]:
    """The header that tells the milliseconds of each step."""
    return {"Server-Timing": ", ".join(f"{step};dur={spent:.1f}" for step, spent in timings.items()) or "cache;dur=0"}
