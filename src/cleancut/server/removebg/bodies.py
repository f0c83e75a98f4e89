"""Bodies of this API's requests, in each of the three forms that its clients send."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import unquote_plus

from fastapi import Request
from pydantic_core import from_json

from cleancut.server.forms import FORM
from cleancut.server.problems import Refused
from cleancut.server.removebg.faults import Fault
from cleancut.server.removebg.parameters import Parameters

# A picture as base64 in a field of a form.
_FIELD_BYTES = 64_000_000

# Of parameters that are no pictures.
_LONGEST_TEXT = 10_000
_MOST_MARKS = 10_000

# Of base64, one sign in 32 is escaped by whoever escapes, and two more in each line of 76. Whatever has many more takes
# all others' time to be read.
_ESCAPED = 0.1


@asynccontextmanager
async def parameters_of(request: Request) -> AsyncIterator[Parameters]:
    """The parameters of a request; its files are there within the block. Raises Refused, HTTPException."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/json", "application/x-www-form-urlencoded"):
        given = Parameters(await (_json if kind == "application/json" else _urlencoded)(request))
        # It holds the picture once more, and the request lives as long as its work.
        request._body = b""
        yield given
    else:
        files, fields = FORM["max_files"], FORM["max_fields"]
        async with request.form(max_files=files, max_fields=fields, max_part_size=_FIELD_BYTES) as found:
            yield Parameters(dict(found))


async def _json(request: Request) -> Mapping[str, object]:
    body = await request.body()
    marks = sum(body.count(mark) for mark in (b",", b"[", b"{"))
    if marks > _MOST_MARKS or body.count(b"\\") > _MOST_MARKS + len(body) * _ESCAPED:
        raise Refused("bad_request", "the JSON has too many parts", hint="send the parameters and the picture alone")
    try:
        found = from_json(body)
    except ValueError as error:
        raise Refused("bad_request", f"the body is no JSON: {error}", hint="send valid JSON as UTF-8") from None
    if not isinstance(found, dict):
        raise Refused("bad_request", "the body is no JSON object", hint='send {"image_url": …}')
    return found


async def _urlencoded(request: Request) -> Mapping[str, object]:
    body = await request.body()
    if body.count(b"%") > _MOST_MARKS + len(body) * _ESCAPED:
        raise Refused("bad_request", "nearly all of the form is percent-encoded", hint="encode what has to be, alone")
    try:
        return await asyncio.to_thread(_fields, body)
    except ValueError:
        raise Refused(
            "bad_request", "the body cannot be read as a form", hint="send fewer fields, percent-encoded"
        ) from None


def _fields(body: bytes) -> dict[str, str]:
    """The fields of an urlencoded form, in little memory and time whatever is in it. Raises ValueError."""
    pairs = body.split(b"&", FORM["max_fields"])
    if len(pairs) > FORM["max_fields"]:
        raise ValueError("too many fields")
    fields: dict[str, str] = {}
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        if len(name) > _LONGEST_TEXT:
            raise ValueError("too long a name")
        key = unquote_plus(name.decode("ascii"))
        if key == "image_file_b64":
            # A plus stands for itself, as those mean who forget to encode it: base64 has no spaces.
            for sign in (b"+", b"/", b"=", b"\n", b"\r", b":", b";", b",", b" "):
                for spelled in (b"%%%02X" % sign[0], b"%%%02x" % sign[0]):
                    value = value.replace(spelled, sign)
            fields[key] = value.decode("ascii")
        elif len(value) > _LONGEST_TEXT:
            raise ValueError("too long a value")
        else:
            fields[key] = unquote_plus(value.decode("ascii"))
    return fields


def decoded(text: str, most: int | None) -> bytes:
    """The picture in base64: also as a data URL, in its URL-safe spelling, broken into lines, or without its padding.

    Blocks. Raises Fault.
    """
    if most is not None and len(text) > most * 3 // 2 + 1000:
        raise Fault("file_too_large", f"the picture has more than {most:,} bytes")
    encoded = text.partition(",")[2] if text[:100].lstrip().startswith("data:") else text
    try:
        # Each in one pass over all of it, since other requests wait meanwhile.
        plain = encoded.encode("ascii").translate(_SPELLINGS, b" \t\r\n=")
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Fault("failed_to_read_image", "image_file_b64 is no base64") from None


# Of base64 in URLs.
_SPELLINGS = bytes.maketrans(b"-_", b"+/")
