"""The page's files, as the build has left them: read once, sent compressed to whoever takes that."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from cleancut.server.replies import Bytes, has

# Where the build puts the page: into the package, and so into the wheel.
FOLDER = Path(__file__).parent / "page"

# The page itself.
INDEX = "index.html"

_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

# Best first.
_ENCODINGS = {"br": ".br", "gzip": ".gz"}

# A name that the build has made of the content.
_HASHED = re.compile(r"assets/.+-[\w-]{8}\.\w+")

_FOR_EVER = "public, max-age=31536000, immutable"
# To be asked for again, which the ETag answers in a few bytes.
_ASK_AGAIN = "no-cache"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the page."""

    kind: str
    digest: str
    for_ever: bool
    bodies: Mapping[str, bytes]
    """By encoding; as it is by the empty one."""

    def answer(self, request: Request) -> Response:
        """The file, in the best encoding that the client takes; 304 if it has that already."""
        encoding = _best(request.headers.get("accept-encoding", ""), self.bodies)
        headers = {
            "Cache-Control": _FOR_EVER if self.for_ever else _ASK_AGAIN,
            # Another encoding is other bytes.
            "ETag": f'"{self.digest}{encoding and "-"}{encoding}"',
        }
        if len(self.bodies) > 1:
            headers["Vary"] = "Accept-Encoding"
        if has(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        if encoding:
            headers["Content-Encoding"] = encoding
        return Bytes(self.bodies[encoding], media_type=self.kind, headers=headers)


def load(folder: Path) -> dict[str, Asset]:
    """The page's files by name, such as ``assets/index-BI2A0-P4.js``; none where nothing is built.

    All of them are in memory, where no name leads to any other file; the largest are three photos.
    """
    found = {}
    for path in sorted(folder.rglob("*")) if (folder / INDEX).is_file() else ():
        kind = _KINDS.get(path.suffix)
        if kind is not None and path.is_file():
            name = path.relative_to(folder).as_posix()
            found[name] = _asset(path, name, kind)
    return found


def _asset(path: Path, name: str, kind: str) -> Asset:
    bodies = {"": path.read_bytes()}
    for encoding, suffix in _ENCODINGS.items():
        compressed = path.with_name(path.name + suffix)
        if compressed.is_file():
            bodies[encoding] = compressed.read_bytes()
    digest = hashlib.sha256(bodies[""]).hexdigest()[:16]
    return Asset(kind, digest, _HASHED.fullmatch(name) is not None, bodies)


def _best(accepted: str, bodies: Mapping[str, bytes]) -> str:
    """The smallest of the encodings there are that the header Accept-Encoding allows; else none."""
    allowed = {}
    for each in accepted.lower().split(","):
        name, _, parameters = each.partition(";")
        allowed[name.strip()] = not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", parameters)
    return next((each for each in _ENCODINGS if each in bodies and allowed.get(each, allowed.get("*", False))), "")
