"""Server-sent events, followed to their end over as many connections as that takes.

After https://html.spec.whatwg.org/multipage/server-sent-events.html; the stream's own wish when to come back (retry)
is passed over, since the client's waits are its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from cleancut.client.answers import check_kind, checked, foreign
from cleancut.client.transport import Transport
from cleancut.errors import ServiceUnavailable

if TYPE_CHECKING:
    import httpx

Kind = TypeVar("Kind")

# The service says something at least this often, if only that it is there.
_PING_S = 15.0

# Whatever says nothing for so long is there no more.
_QUIET_S = 3 * _PING_S

# A line of what the service tells has some hundred bytes.
_LONGEST_LINE = 1 << 20

# What can stand in a header.
_ID = re.compile("[!-~]{1,255}")


@dataclass(frozen=True, slots=True)
class Event:
    """An event; with an empty kind, as after a comment, a mere sign of life."""

    kind: str
    data: str
    id: str | None
    """Where to go on after it."""


def followed(transport: Transport, path: str, name: str, kind: type[Kind], until: float) -> Iterator[Kind]:
    """What the events of one name tell, to the event ``end``; after a break some may come twice.

    Raises ServiceError, and TimeoutError where the end has not come by ``until`` (monotonic).
    """
    last, broken = None, 0
    while True:
        quiet = min(_QUIET_S, until - monotonic())
        if quiet <= 0:
            raise _too_late()
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        broken, late = broken + 1, False
        with _opened(transport, path, headers, quiet, until) as response:
            for event in _until_broken(response):
                broken = 0
                last = event.id or last
                if event.kind == name:
                    yield checked(response, kind, event.data.encode())
                elif event.kind == "end":
                    return
                left = until - monotonic()
                # A connection's patience is fixed, and the next sign of life may come too late. Only where another one
                # goes on from here: else it would begin, and end, at the same event again.
                late = left <= 0 or (left < min(quiet, _PING_S) and bool(event.id or not event.kind))
                if late:
                    break
        if late or monotonic() >= until:
            continue
        if broken > transport.retries:
            raise ServiceUnavailable(
                f"{transport.address} broke off its events {broken} times without a word",
                hint="look what the proxies before it allow: an answer that goes on for as long as the job does",
            )
        transport.pause(max(broken - 1, 0), until)


@contextmanager
def _opened(
    transport: Transport, path: str, headers: Mapping[str, str], quiet: float, until: float
) -> Iterator[httpx.Response]:
    try:
        with transport.answer("GET", path, headers=headers, quiet=quiet, until=until) as response:
            check_kind(response, "text/event-stream")
            yield response
    except ServiceUnavailable as error:
        if monotonic() >= until:
            raise _too_late() from error
        raise


def _too_late() -> TimeoutError:
    return TimeoutError("the job has not ended in time; it goes on, and can be watched again")


def parsed(lines: Iterable[str]) -> Iterator[Event]:
    """The events of a stream's lines, each as soon as it is whole; of one that is broken off nothing is told."""
    kind, data, id = "", list[str](), None
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            yield Event(kind if data else "", "\n".join(data), id)
            kind, data, id = "", [], None
        elif field == "event":
            kind = value
        elif field == "data":
            data.append(value)
        elif field == "id" and _ID.fullmatch(value):
            id = value


def _until_broken(response: httpx.Response) -> Iterator[Event]:
    import httpx

    try:
        yield from parsed(_lines(response))
    except httpx.HTTPError:
        return


def _lines(response: httpx.Response) -> Iterator[str]:
    """Lines of a stream, whole ones only. Those of httpx would also end at signs that may stand in a text."""
    held, half = b"", False
    for part in response.iter_bytes():
        # CR ends a line at once, and LF after it is its other half.
        rest = part.removeprefix(b"\n") if half else part
        half = part.endswith(b"\r")
        *whole, held = re.split(rb"\r\n|\n|\r", held + rest)
        if len(held) > _LONGEST_LINE:
            raise foreign(response, "a line without an end")
        for line in whole:
            yield line.decode("utf-8", "replace")
