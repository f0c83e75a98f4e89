"""What is asked of a connection before there is a request: not to take for ever, not to be one too many, HTTP."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cleancut.server.logs import HEADERS
from cleancut.server.problems import Refused, answer

# Longer than most clients leave between two requests of a batch.
KEEP_ALIVE_S = 15


def patient(seconds: float, most: int) -> type[asyncio.Protocol]:
    """uvicorn's protocol, with limits to how long a client may take for the head of its next request, and to how many
    connections there are.
    """
    return type("LimitedPatient", (Patient,), {"seconds": seconds, "most": most})


class Patient(H11Protocol):
    """uvicorn's protocol; ``patient`` sets its limits."""

    seconds: ClassVar[float]
    most: ClassVar[int]
    _waits: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.abort()
        self._wait(self.seconds)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # The keep-alive's own limit is lifted by the first byte that comes.
        self._wait(KEEP_ALIVE_S + self.seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waits is not None:
            self._waits.cancel()
        super().connection_lost(exc)

    def _wait(self, seconds: float) -> None:
        if self._waits is not None:
            self._waits.cancel()
        self._waits = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        # A request that has begun has timeouts of its own, which end by closing.
        if self.transport.is_closing() or getattr(self.cycle, "response_complete", True):
            # Not close(), which waits until the client has taken all that was written.
            self.transport.abort()
        else:
            self._wait(self.seconds)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is refused in the shape that all refusals have."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            # An answer is under way, or has been given: there is no place for another.
            self.transport.close()
            return
        made = answer(Refused("bad_request", "this is no HTTP/1.1 request", hint="send one, its head up to 16 KB"))
        headers = [*made.raw_headers, *((name.encode(), value.encode()) for name, value in HEADERS.items())]
        for event in (
            h11.Response(status_code=400, headers=[*headers, (b"connection", b"close")], reason=b"Bad Request"),
            h11.Data(data=bytes(made.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
