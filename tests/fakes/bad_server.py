"""A loopback HTTP server that misbehaves on demand, and remembers what it was asked for."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass
class Served:
    """What one path answers, and how it goes wrong."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = '"v1"'
    ranges: bool = True
    """Honour Range (and If-Range)."""
    if_range: bool = True
    """Heed If-Range; without it a range of a changed file is served all the same."""
    length: int | None = None
    """A Content-Length that lies; -1 leaves it out."""
    cuts: int = 0
    """How many answers, the first ones, break off after ``after`` bytes."""
    stalls: int = 0
    """How many answers, the first ones, stop after ``after`` bytes with the connection open."""
    after: int = 0
    silent: bool = False
    """Take the request and never answer."""
    gate: threading.Event | None = None
    """Wait for it after half of the body."""


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]


class BadServer:
    """``with BadServer() as server``: serves what ``serve`` was told, on 127.0.0.1."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.paths: dict[str, Served] = {}
        self.closing = threading.Event()
        owner = self

        class Handler(_Handler):
            server_of = owner

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def serve(self, path: str, served: Served) -> str:
        """Answer ``path`` so from now on; its URL."""
        self.paths[path] = served
        return self.url + path

    def redirect(self, path: str, location: str, **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.serve(path, Served(status=302, headers={"Location": location, **named}, etag=None))

    def __enter__(self) -> BadServer:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: BadServer

    def do_GET(self) -> None:
        owner = self.server_of
        owner.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}))
        served = owner.paths.get(self.path, Served(b"nothing here", status=404, etag=None))
        self.close_connection = True
        if served.silent:
            owner.closing.wait()
            return
        status, start = self._range(served)
        body = b"" if status == 416 else served.body[start:]
        self.send_response(status)
        length = len(body) if served.length is None else served.length
        if length >= 0:
            self.send_header("Content-Length", str(length))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{len(served.body) - 1}/{len(served.body)}")
        if status == 416:
            self.send_header("Content-Range", f"bytes */{len(served.body)}")
        if served.etag:
            self.send_header("ETag", served.etag)
        for name, value in served.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._send(served, body)

    def _range(self, served: Served) -> tuple[int, int]:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        wanted = self.headers.get("If-Range")
        if not found or not served.ranges or (served.if_range and wanted is not None and wanted != served.etag):
            return served.status, 0
        start = int(found[1])
        return (416, 0) if start >= len(served.body) else (206, start)

    def _send(self, served: Served, body: bytes) -> None:
        try:
            if served.cuts or served.stalls:
                self.wfile.write(body[: served.after])
                self.wfile.flush()
                if served.cuts:
                    served.cuts -= 1
                else:
                    served.stalls -= 1
                    self.server_of.closing.wait()
            elif served.gate:
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                served.gate.wait(timeout=20)
                self.wfile.write(body[len(body) // 2 :])
            else:
                self.wfile.write(body)
        except OSError:
            # The client had enough; that is often what a test is about.
            return

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: ``asked`` tells."""
