"""What happens before a request's body is read: who is it, may they, is there room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from json import JSONDecodeError
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json

from cleancut.server.arrivals import Arrival
from cleancut.server.auth import Client
from cleancut.server.guard import foreign_page
from cleancut.server.limits import wider
from cleancut.server.problems import Refused, deadline_exceeded
from cleancut.server.service import Service
from cleancut.server.stages import Stages

# Looks for each request of a client's rate. By the default of ten a minute that is two a second, and nobody clicks so
# quickly for long; one takes a fifth of a second of work at 12 MP.
LOOKS = 12

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def service_in(request: Request) -> Service:
    """The server that a request came to."""
    service: Service = request.app.state.service
    return service


def client_in(request: Request) -> Client:
    """Who sent a request, as its route has found out."""
    client: Client = request.state.client
    return client


def arrival_in(request: Request) -> Arrival:
    """The job that a request brings, as ``Sending`` has let it in."""
    arrival: Arrival = request.state.arrival
    return arrival


TheService = Annotated[Service, Depends(service_in)]
TheClient = Annotated[Client, Depends(client_in)]
TheArrival = Annotated[Arrival, Depends(arrival_in)]


def own(service: TheService, client: TheClient) -> None:
    """Refuse what shows whose it is, where nobody can be told from others. Raises Refused (needs_keys)."""
    if client.by == "nobody" and service.settings.exposed:
        raise Refused(
            "needs_keys", "without keys, nobody's data can be told from others'", hint="ask the operator to make keys"
        )


def count(request: Request) -> None:
    """Count a request of a client that is known. Raises Refused (rate_limited)."""
    settings = service_in(request).settings
    count_address(request, settings.address_limits)
    weigh(request, settings.rates, 1)


def count_address(request: Request, windows: Sequence[str], what: str = "requests") -> None:
    """Count a request for its address, whatever its key. Raises Refused (rate_limited)."""
    service_in(request).rates.spend(windows, what, "any key", client_in(request).address)


def weigh(request: Request, windows: Sequence[str], cost: int, what: str = "requests") -> None:
    """Count a request for so many of something, and tell what is left. Raises Refused (rate_limited)."""
    if left := service_in(request).rates.spend(windows, *who(request, what), cost=cost):
        request.state.headers |= left.headers


def who(request: Request, what: str) -> tuple[str, str, str]:
    """In whose name something is counted: by key or by its cookie, it is the same client."""
    client = client_in(request)
    return (what, "address", client.address) if client.by == "nobody" else (what, "key", client.owner)


# Of commas, brackets and escapes in JSON: ten thousand edits have seven each, and a picture in base64 has none.
_MARKS = 150_000


class _Quick(Request):
    """A request whose JSON holds up the event loop for milliseconds only, whatever is in it."""

    async def json(self) -> Any:
        body = await self.body()
        if sum(body.count(mark) for mark in (b",", b"[", b"{", b"\\")) > _MARKS:
            raise Refused("bad_request", "the JSON has too many parts", hint="send fewer edits at a time")
        try:
            # Five times as fast as Python's own.
            return from_json(body)
        except ValueError as error:
            raise JSONDecodeError(str(error), "", 0) from None


def _known(request: Request) -> Client:
    """Who sent a request. Raises Refused."""
    client = service_in(request).auth.client(request, request.method)
    if client.by != "key" and getattr(request.state, "foreign", False):
        raise foreign_page()
    return client


class Known(APIRoute):
    """A route for those whom the server knows."""

    def get_route_handler(self) -> Handler:
        """Find out who it is, then go on."""
        handle = super().get_route_handler()

        async def known(request: Request) -> Response:
            request.state.client = _known(request)
            return await handle(_Quick(request.scope, request.receive))

        return known


class Sending(Known):
    """A route to which jobs are sent: a few at a time."""

    def get_route_handler(self) -> Handler:
        """Find out who it is, and let it in, then go on."""
        handle = APIRoute.get_route_handler(self)

        async def admitted(request: Request) -> Response:
            request.state.client = client = _known(request)
            idempotency = request.headers.get("Idempotency-Key")
            sending = service_in(request).sending
            with sending.arriving(who(request, "jobs"), client.owner, idempotency) as request.state.arrival:
                count(request)
                return await handle(_Quick(request.scope, request.receive))

        return admitted


class Work(Known):
    """A route that takes a picture's work: within the client's rate, if there is room, and before the deadline."""

    @staticmethod
    def admit(request: Request) -> None:
        """Count a request before its body is read. Raises Refused (rate_limited)."""
        count(request)

    def get_route_handler(self) -> Handler:
        """Find out who it is, and let it in, then go on."""
        handle = APIRoute.get_route_handler(self)

        async def admitted(request: Request) -> Response:
            service = service_in(request)
            settings = service.settings
            request.state.client = _known(request)
            with ExitStack() as place:
                # First: a client who finds the server full has not used up anything.
                place.enter_context(service.admission.entered())
                self.admit(request)
                try:
                    async with asyncio.timeout(settings.deadline) as limit:
                        request.state.until = limit.when()
                        response = await handle(_Quick(request.scope, request.receive))
                except TimeoutError:
                    if not limit.expired():
                        raise
                    raise deadline_exceeded(settings.deadline, service.admission.retry_after) from None
                if isinstance(response, Stages):
                    # Its work begins when it is sent.
                    response.hold(place.pop_all())
                return response

        return admitted


class Look(Work):
    """A route for what a page asks again and again while one photo is edited: counted by itself, and less."""

    @staticmethod
    def admit(request: Request) -> None:
        """Count a look. Raises Refused (rate_limited)."""
        settings = service_in(request).settings
        count_address(request, wider(settings.address_limits, LOOKS), "looks")
        weigh(request, wider(settings.rates, LOOKS), 1, "looks")
