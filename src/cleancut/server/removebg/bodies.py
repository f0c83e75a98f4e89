"""Bodies of this API's requests, in each of the three forms that its clients send."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

from fastapi import Request

from cleancut.server.forms import FORM
from cleancut.server.problems import Refused
from cleancut.server.removebg.faults import Fault
from cleancut.server.removebg.parameters import Parameters

# A picture as base64 in a field of a form.
_FIELD_BYTES = 64_000_000


@asynccontextmanager
async def parameters_of(request: Request) -> AsyncIterator[Parameters]:
    """The parameters of a request; its files are there within the block. Raises Refused, HTTPException."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        yield Parameters(await _json(request))
    elif kind == "application/x-www-form-urlencoded":
        yield Parameters(await _urlencoded(request))
    else:
        files, fields = FORM["max_files"], FORM["max_fields"]
        async with request.form(max_files=files, max_fields=fields, max_part_size=_FIELD_BYTES) as found:
            yield Parameters(dict(found))


async def _json(request: Request) -> dict[str, object]:
    try:
        found = await request.json()
    except ValueError as error:
        raise Refused("bad_request", f"the body is no JSON: {error}", hint="send valid JSON as UTF-8") from None
    if not isinstance(found, dict):
        raise Refused("bad_request", "the body is no JSON object", hint='send {"image_url": …}')
    return found


async def _urlencoded(request: Request) -> dict[str, str]:
    """Read beside the event loop: pictures come in it as base64."""
    body = await request.body()
    try:
        pairs = await asyncio.to_thread(
            parse_qsl, body.decode("ascii"), keep_blank_values=True, max_num_fields=FORM["max_fields"]
        )
    except ValueError:
        raise Refused(
            "bad_request", "the body cannot be read as a form", hint="send fewer fields, percent-encoded"
        ) from None
    return dict(pairs)


def decoded(text: str, most: int | None) -> bytes:
    """The picture in base64: also as a data URL, in its URL-safe spelling, broken into lines, or without its padding.

    Blocks. Raises Fault.
    """
    if most is not None and len(text) > most * 3 // 2 + 1000:
        raise Fault("file_too_large", f"the picture has more than {most:,} bytes")
    encoded = text.partition(",")[2] if text.lstrip().startswith("data:") else text
    encoded = re.sub(r"\s+", "", encoded).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Fault("failed_to_read_image", "image_file_b64 is no base64") from None
