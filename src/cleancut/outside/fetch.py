"""Pictures by URL, for a client of the service: fetched from the public network, and never from the one inside.

Each URL, the first one and those of redirects, is judged in ``addresses``. Errors name neither the addresses found,
nor what was answered, nor the URL, which may hold a signature.
"""

from __future__ import annotations

import asyncio

import httpx

from cleancut.errors import FileTooLarge, InputMissing, UrlRefused
from cleancut.outside.addresses import asked, parsed, resolved
from cleancut.outside.network import Network

# Picture hosts need one or two: http to https, then to where the file lies.
_REDIRECTS = 5
_REDIRECT_CODES = (301, 302, 303, 307, 308)

# What helps whatever is wrong with the URL.
_INSTEAD = "send the file itself"


async def fetch(url: str, max_bytes: int, *, allowed: tuple[Network, ...] = (), seconds: float = 30.0) -> bytes:
    """The bytes behind an http(s) URL that a client of the service names.

    Raises UrlRefused, InputMissing, FileTooLarge. Only hosts whose every address is public, or in a network of
    ``allowed``, are asked; the same holds for each redirect. ``seconds`` is the time for all of it.
    """
    try:
        # One deadline over all: a server that sends a byte now and then would outlast any limit on a single wait.
        async with asyncio.timeout(seconds):
            return await _follow(url, max_bytes, allowed)
    except TimeoutError as error:
        raise InputMissing(
            f"the URL was not fetched within {seconds:g} seconds", hint=f"try again later, or {_INSTEAD}"
        ) from error
    # The text of these may quote the answer, as that of a server that speaks no HTTP.
    except (httpx.HTTPError, OSError) as error:
        raise InputMissing(
            "the URL's server cannot be reached over a connection to be trusted, or its answer is broken",
            hint=f"check the URL in a browser, or {_INSTEAD}",
        ) from error


async def _follow(url: str, max_bytes: int, allowed: tuple[Network, ...]) -> bytes:
    """Ask, and follow redirects, each judged like the first URL."""
    at = parsed(url, instead=_INSTEAD)
    for _ in range(_REDIRECTS + 1):
        addresses = await resolved(at, allowed, instead=_INSTEAD)
        async with asked("GET", at, addresses) as answer:
            if answer.status_code not in _REDIRECT_CODES or "Location" not in answer.headers:
                return await _read(answer, max_bytes)
            location = answer.headers["Location"]
        at = _redirected(at, location)
    raise InputMissing(
        f"the URL redirects more than {_REDIRECTS} times", hint="give the URL at which a browser ends, or send the file"
    )


def _redirected(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads, judged like a first URL. Raises UrlRefused."""
    target = parsed(location, url, instead=_INSTEAD)
    if (url.scheme, target.scheme) == ("https", "http"):
        raise UrlRefused("the URL redirects from https to http", hint=_INSTEAD)
    return target


async def _read(answer: httpx.Response, max_bytes: int) -> bytes:
    """The file, held to its limit as declared and as it arrives. Raises InputMissing, FileTooLarge."""
    if answer.status_code != 200:
        raise InputMissing(f"the URL is answered with {answer.status_code}", hint="check the URL in a browser")
    # A few kilobytes can unpack to gigabytes.
    if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise InputMissing("the URL is answered compressed, though that was not asked for", hint=_INSTEAD)
    too_large = FileTooLarge(f"the file behind the URL has more than {max_bytes:,} bytes", hint="use a smaller file")
    # Whether this is a number, h11 has checked.
    if int(answer.headers.get("Content-Length", 0)) > max_bytes:
        raise too_large
    data = bytearray()
    # As it came: the other iterators of httpx unpack.
    async for chunk in answer.aiter_raw():
        if len(data) + len(chunk) > max_bytes:
            raise too_large
        data += chunk
    return bytes(data)
