"""The photo that a request is about: uploaded, or named by its URL."""

from __future__ import annotations

import re

from fastapi import Request, UploadFile

from cleancut.options import Limits
from cleancut.outside.fetch import fetch
from cleancut.server.forms import bytes_of
from cleancut.server.problems import Refused
from cleancut.server.service import Service


async def photo_of(image: UploadFile | None, url: str | None, limits: Limits, service: Service) -> bytes:
    """The photo's bytes. Raises Refused, InputError."""
    if image is not None and url:
        raise Refused("invalid_value", "image and url are both given", hint="send one of them")
    if image is not None:
        return await bytes_of(image, limits.max_bytes, "image")
    if not url:
        raise Refused("invalid_value", "image: there is no picture", hint="send a file in the field image")
    settings = service.settings
    if not settings.allow_url:
        raise Refused("url_not_allowed", "this server fetches no URLs", hint="send the picture itself as image")
    return await fetch(url, limits.max_bytes or 0, allowed=settings.url_networks)


def keeps(request: Request, service: Service) -> bool:
    """Whether what is made for a request may be kept: not on a server that keeps nothing, nor if the client says so."""
    return service.settings.store and "no-store" not in request.headers.get("cache-control", "").lower()


def wants_picture(request: Request, default: bool) -> bool:
    """Whether the answer should be the picture itself, by what the client accepts; ``default`` if it does not say."""
    ranges = [_range(each) for each in request.headers.get("accept", "*/*").lower().split(",")]
    # Of those it likes as well, the first.
    for kind, liking in sorted(ranges, key=lambda each: -each[1]):
        if liking <= 0:
            break
        if kind == "application/json":
            return False
        if kind.startswith("image/") or kind == "application/zip":
            return True
    return default


# What also stands for pictures.
_ANY = ("*/*", "application/*", "application/zip", "application/octet-stream")


def wants_json(request: Request) -> bool:
    """Whether the client likes JSON better than any picture; ``application/json, */*`` is no such wish."""
    json = others = 0.0
    for kind, liking in (_range(each) for each in request.headers.get("accept", "*/*").lower().split(",")):
        if kind == "application/json":
            json = max(json, liking)
        elif kind in _ANY or kind.startswith("image/"):
            others = max(others, liking)
    return json > others


def _range(text: str) -> tuple[str, float]:
    """A media range of Accept, and how much it is liked: ``image/*;q=0.8``. What cannot be read counts as 1."""
    kind, *parameters = (part.strip() for part in text.split(";"))
    likings = [each.removeprefix("q=") for each in parameters if re.fullmatch(r"q=[01](\.\d{0,3})?", each)]
    return kind, float(likings[0]) if likings else 1.0
