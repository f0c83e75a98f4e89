"""What the service answers, as plain data.

Fields that a newer service adds are passed over; words such as a model's state are text, so that new ones are no
errors.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from cleancut.errors import ServiceError, ServiceRefused, ServiceUnavailable
from cleancut.options import Limits

if TYPE_CHECKING:
    import httpx

Kind = TypeVar("Kind")

# One step of Server-Timing: its name, and dur=… among its parameters.
_STEP = re.compile(r"([^\s;,]+)\s*;[^,]*?\bdur=([0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True, slots=True)
class Cutout:
    """A picture, and what its headers tell of it."""

    data: bytes = field(repr=False)
    """The encoded picture."""
    subject: bool
    """False: nothing was found, and the matte is clear."""
    confidence: float
    """0..1, how much of the mask is expected to be right."""
    model: str
    device: str
    precision: str
    cache: str
    """``miss``: made now; ``hit``: kept from before; ``joined``: made once for several who asked meanwhile."""
    timings: Mapping[str, float]
    """Milliseconds of each step that was taken."""
    request_id: str | None
    """What the service's log has of it."""
    name: str | None
    """Its name, under which ``Client.result`` finds it again; None where the service does not keep it."""
    requests_left: int | None
    """How many more the tightest window allows at present; None where there is no limit."""


@dataclass(frozen=True, slots=True)
class Matte:
    """A matte that the service keeps, with its photo."""

    id: str
    width: int
    height: int
    """The photo's size in pixels."""
    subject: bool
    confidence: float
    model: str
    device: str
    precision: str
    notes: tuple[str, ...]
    expires: datetime
    """When it is deleted, unless it is before."""


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms of a model's weights."""

    name: str
    url: str
    commercial: bool


@dataclass(frozen=True, slots=True)
class Model:
    """A model that the service knows."""

    name: str
    aliases: tuple[str, ...]
    summary: str
    licence: Licence
    state: str
    """``installed``, or why it cannot be used."""
    needs: str | None
    """What the operator has to do before it can be used."""
    input_size: int
    """Side of the square that it sees, in pixels."""
    default: bool
    cloud: bool
    """Whether it runs elsewhere: the photo leaves the service's machine."""


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What a job may have."""

    files: int
    """Photos sent each as a file; more come as a ZIP."""
    pictures: int
    bytes: int
    keeps_seconds: int
    """How long a job and its results are kept after its end."""


@dataclass(frozen=True, slots=True)
class Server:
    """What the service is and accepts."""

    version: str
    ready: bool
    device: str
    default_model: str
    formats: tuple[str, ...]
    qualities: tuple[str, ...]
    keys_needed: bool
    urls_allowed: bool
    keeps_seconds: int | None
    """How long mattes and pictures are kept; None: not at all."""
    rates: tuple[str, ...]
    """Windows of requests of one client, such as ``10/minute``."""
    v1: Limits
    """What it accepts from this client."""
    guides: Limits
    """What its other routes accept."""
    jobs: JobLimits | None
    """None: it takes no jobs."""


def told(response: httpx.Response, kind: type[Kind]) -> Kind:
    """The JSON of an answer as a dataclass. Raises ServiceUnavailable for what is no such thing."""
    return checked(response, kind, response.read())


def check_kind(response: httpx.Response, *kinds: str) -> None:
    """Raises ServiceUnavailable for an answer of none of these media types (``image/``: any of those)."""
    sent = response.headers.get("content-type", "nothing named").partition(";")[0].strip().lower()
    if not any(sent.startswith(kind) if kind.endswith("/") else sent == kind for kind in kinds):
        raise foreign(response, f"{sent} instead of {' or '.join(kinds)}")


def cutout(response: httpx.Response) -> Cutout:
    """A picture and its headers. Raises ServiceUnavailable where they say that it is none of cleancut's."""
    headers = response.headers
    values: dict[str, Any] = {
        name: headers[f"x-cleancut-{name}"]
        for name in ("subject", "confidence", "model", "device", "precision", "cache")
        if f"x-cleancut-{name}" in headers
    }
    values |= {
        "data": response.read(),
        "timings": {step: float(spent) for step, spent in _STEP.findall(headers.get("server-timing", ""))},
        "request_id": headers.get("x-request-id"),
        "name": headers.get("content-location", headers.get("location", "")).rpartition("/")[2] or None,
        "requests_left": headers.get("x-ratelimit-remaining"),
    }
    return checked(response, Cutout, values)


def checked(response: httpx.Response, kind: type[Kind], values: bytes | Mapping[str, Any]) -> Kind:
    """Values, or JSON, of an answer as a dataclass. Raises ServiceUnavailable for what is no such thing."""
    from pydantic import ValidationError

    adapter = _adapter(cast("Hashable", kind))
    try:
        found = adapter.validate_json(values) if isinstance(values, bytes) else adapter.validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(each) for each in first["loc"])
        raise foreign(response, f"{place}: {first['msg']}" if place else first["msg"]) from error
    made: Kind = found
    return made


def foreign(response: httpx.Response, why: str) -> ServiceError:
    """The error for an answer that is not the service's own, as that of a proxy before it."""
    status, address = response.status_code, response.request.url.copy_with(userinfo=b"")
    # Where nothing is found, no service is.
    return error_class(status if status != 404 else 502)(
        f"{address} gave an answer ({status}) that is none of cleancut's: {why}",
        hint="check that the address is that of `cleancut serve`, and what the proxies before it allow",
        status=status,
        request_id=response.headers.get("x-request-id"),
        retry_after=retry_after(response),
    )


def error_class(status: int) -> type[ServiceError]:
    """The error that a status stands for."""
    return ServiceRefused if 400 <= status < 500 and status != 429 else ServiceUnavailable


def retry_after(response: httpx.Response) -> int | None:
    """Seconds after which the answer asks to be tried again; None where it gives none, or a date."""
    text = response.headers.get("retry-after", "").strip()
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


@cache
def _adapter(kind: Hashable) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(cast("Any", kind))
