"""Work that tells of its steps as they begin: server-sent events for those who accept such."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from typing import Any

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cleancut.server.problems import deadline_exceeded, noted
from cleancut.server.work import Watch, client_gone

KIND = "text/event-stream"

# Proxies give up a connection on which nothing moves; the shortest of their usual limits is 30 seconds.
HEARTBEAT_S = 10.0

Outcome = tuple[str, BaseModel]
"""The last event: its name, and what is told with it."""


def wants_stages(request: Request) -> bool:
    """Whether the client wants to be told of each step."""
    kinds = (each.partition(";")[0].strip() for each in request.headers.get("accept", "").lower().split(","))
    return KIND in kinds


class Stages(Response):
    """An event ``step`` as each step of some work begins, then its outcome, or ``problem``.

    The work begins when this is sent, and stops when the client goes away or the deadline has come. Problems that are
    known before have been refused as always.
    """

    media_type = KIND

    def __init__(self, request: Request, work: Callable[[Watch], Awaitable[Outcome]]) -> None:
        # Some proxies would else collect the events.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["Content-Length"]
        self._request = request
        self._work = work
        self._held = ExitStack()

    def hold(self, place: AbstractContextManager[Any]) -> None:
        """Leave ``place`` when all is sent."""
        self._held.enter_context(place)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do the work, and send what there is to tell of it."""
        with self._held:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            events: asyncio.Queue[bytes | None] = asyncio.Queue()
            loop = asyncio.get_running_loop()

            def watch(step: str) -> None:
                # What still ends in its thread when the server has stopped is told to nobody.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(events.put_nowait, _event("step", {"step": step}))

            working = asyncio.ensure_future(self._outcome(watch))
            leaving = asyncio.ensure_future(client_gone(receive))
            for each in (working, leaving):
                each.add_done_callback(lambda _: events.put_nowait(None))
            try:
                await _sent(events, send)
                if working.done():
                    await send({"type": "http.response.body", "body": working.result(), "more_body": True})
                    await send({"type": "http.response.body", "body": b""})
                else:
                    self._request.state.problem = "client_gone"
            finally:
                leaving.cancel()
                working.cancel()

    async def _outcome(self, watch: Watch) -> bytes:
        """The last event. Raises nothing."""
        state = self._request.state
        try:
            try:
                async with asyncio.timeout_at(state.until) as limit:
                    name, told = await self._work(watch)
            except TimeoutError:
                if not limit.expired():
                    raise
                service = self._request.app.state.service
                raise deadline_exceeded(service.settings.deadline, service.admission.retry_after) from None
            return _event(name, told.model_dump(mode="json"))
        except Exception as error:
            refused = noted(error, self._request)
            said = {"error": str(refused), "code": refused.code, "hint": refused.hint, "status": refused.status}
            return _event("problem", said)


async def _sent(events: asyncio.Queue[bytes | None], send: Send) -> None:
    """Send events until there is none, and a comment where there is none for a while."""
    while True:
        try:
            event = await asyncio.wait_for(events.get(), HEARTBEAT_S)
        except TimeoutError:
            event = b":\n\n"
        if event is None:
            return
        await send({"type": "http.response.body", "body": event, "more_body": True})


def _event(name: str, told: object) -> bytes:
    # In JSON no line ends, as an event's data would.
    return f"event: {name}\ndata: {json.dumps(told)}\n\n".encode()
