"""Messages to URLs that clients of the service name (webhooks): judged like the URLs of pictures, see ``addresses``.

Errors name neither the addresses found, nor what was answered, nor the URL, which may hold a secret.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import httpx

from cleancut.errors import InputMissing
from cleancut.outside.addresses import asked, check_spelled, parsed, resolved
from cleancut.outside.network import Network

# Short answers are taken to their end, so that their server does not find the line cut; a long one is not our matter.
_READ_BYTES = 4096
_REST_S = 2.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What is heard of the answer to a message; ``retry_after`` in seconds, None where it gives none, or a date."""

    status: int
    retry_after: int | None


def check_url(url: str, *, allowed: tuple[Network, ...] = ()) -> None:
    """Refuse a URL to which ``post`` could never send, by what its text alone tells: no name is looked up.

    Raises UrlRefused. What passes may be refused all the same by ``post``, which judges the addresses of names.
    """
    check_spelled(parsed(url), allowed)


async def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allowed: tuple[Network, ...] = (),
    seconds: float = 10.0,
) -> Reply:
    """Send a message to an http(s) URL that a client of the service names: its bytes as they are, once.

    Raises UrlRefused, and InputMissing where there is no answer, or a broken one; the message may have arrived then.
    Any status is a Reply, also that of a redirect, which is not followed: it would lead a signed message to where
    nobody has registered it. Only hosts whose every address is public, or in a network of ``allowed``, are asked.
    ``seconds`` is the time for all of it.
    """
    try:
        # One deadline over all: a server that sends a byte now and then would outlast any limit on a single wait.
        async with asyncio.timeout(seconds):
            at = parsed(url)
            async with asked("POST", at, await resolved(at, allowed), body=body, headers=headers) as answer:
                await _pass_over(answer)
                return Reply(answer.status_code, _retry_after(answer))
    except TimeoutError as error:
        raise InputMissing(
            f"the URL did not answer within {seconds:g} seconds", hint="answer first, and do what takes long afterwards"
        ) from error
    # The text of these may quote the answer, as that of a server that speaks no HTTP.
    except (httpx.HTTPError, OSError) as error:
        raise InputMissing(
            "the URL's server cannot be reached over a connection to be trusted, or its answer is broken",
            hint="check that the server runs, is reached from outside, and has a certificate that browsers trust",
        ) from error


async def _pass_over(answer: httpx.Response) -> None:
    """Read the answer's body up to its limit, and keep none of it. What counts has come with its head."""
    read = 0
    with suppress(httpx.HTTPError, TimeoutError):
        async with asyncio.timeout(_REST_S):
            # As it came: the other iterators of httpx unpack.
            async for chunk in answer.aiter_raw():
                read += len(chunk)
                if read >= _READ_BYTES:
                    return


def _retry_after(answer: httpx.Response) -> int | None:
    text = answer.headers.get("Retry-After", "").strip()
    # Nine digits are thirty years; Python refuses to read a number of thousands of them.
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None
