"""Requests as bytes on a plain socket: for what a polite client does not send, and in its own time."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

BOUNDARY = "a-line-between-parts"
FORM = f"Content-Type: multipart/form-data; boundary={BOUNDARY}"
JSON = "Content-Type: application/json"


@dataclass(frozen=True)
class Reply:
    """An answer that has come whole."""

    status: int
    headers: dict[str, str]
    """By their names in small letters."""
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """What a refusal is called; the test fails where the answer is no refusal."""
        said = self.json()
        assert set(said) == {"error", "code", "hint"}, said
        assert said["error"]
        assert said["hint"]
        assert self.headers["content-type"] == "application/json"
        return str(said["code"])


@contextmanager
def connected(port: int, seconds: float = 20) -> Iterator[socket.socket]:
    """A connection to a server on loopback."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sock


def request(
    method: str, target: str, *headers: str, body: bytes | None = None, host: str | None = "localhost"
) -> bytes:
    """A request; with a body, its length is told unless a header tells it."""
    lines = [f"{method} {target} HTTP/1.1", *([] if host is None else [f"Host: {host}"]), *headers]
    told = any(each.lower().startswith(("content-length:", "transfer-encoding:")) for each in headers)
    if body is not None and not told:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def read(sock: socket.socket, method: str = "GET") -> Reply:
    """The next answer on a connection. Raises OSError or HTTPException where it does not come whole."""
    response = HTTPResponse(sock, method=method)
    response.begin()
    body = response.read()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, headers, body)


def ask(port: int, data: bytes, method: str = "GET") -> Reply:
    """Send all of it first, as plain clients do, and only then read."""
    with connected(port) as sock:
        sock.sendall(data)
        return read(sock, method)


def post(port: int, target: str, *headers: str, body: bytes) -> Reply:
    """The answer to a POST."""
    return ask(port, request("POST", target, *headers, body=body))


def part(name: str | bytes, data: bytes | str, file: str | bytes | None = None, kind: str = "") -> bytes:
    """A part of a form, a file's if it has a file's name."""
    said = b'Content-Disposition: form-data; name="' + _bytes(name) + b'"'
    if file is not None:
        said += b'; filename="' + _bytes(file) + b'"'
    lines = [b"--" + BOUNDARY.encode(), said, *([f"Content-Type: {kind}".encode()] if kind else [])]
    return b"\r\n".join(lines) + b"\r\n\r\n" + _bytes(data) + b"\r\n"


def form(*parts: bytes) -> bytes:
    """A whole form."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def closed(sock: socket.socket) -> bool:
    """Whether the server has closed a connection, whatever it said before; waits for it as long as the socket does."""
    try:
        while sock.recv(65_536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


def until(held: Callable[[], object], what: str = "", seconds: float = 60) -> None:
    """Wait for something that has to come."""
    end = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < end, f"it does not come to this: {what}"
        time.sleep(0.005)


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
