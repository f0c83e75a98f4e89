"""A service on loopback that answers request after request as it was told, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

_PART = 65_536

TOLD = {
    "X-Cleancut-Model": "tiny", "X-Cleancut-Device": "cpu", "X-Cleancut-Precision": "fp32",
    "X-Cleancut-Subject": "true", "X-Cleancut-Confidence": "0.9000", "X-Cleancut-Cache": "miss",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request as it came. ``body`` is its first bytes, ``length`` how many there were."""

    line: str
    headers: dict[str, str]
    body: bytes
    length: int


Answer = Callable[[socket.socket], None]


class ScriptedService:
    """``with ScriptedService(*answers) as service``: one for each connection; after the last, no connection is taken.

    ``reset_early`` answers without reading the request.
    """

    def __init__(self, *answers: Answer) -> None:
        self.asked: list[Asked] = []
        self._answers = answers
        self._bound = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._bound.getsockname()[1]}"

    def _serve(self) -> None:
        for answer in self._answers:
            try:
                connection, _ = self._bound.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(20)
                try:
                    if answer is not reset_early:
                        self.asked.append(_read(connection))
                    answer(connection)
                except OSError:
                    continue  # the client had enough

    def __enter__(self) -> ScriptedService:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # Closing alone does not wake up who waits for a connection.
        try:
            self._bound.shutdown(socket.SHUT_RDWR)
        except OSError:
            socket.create_connection(self._bound.getsockname()).close()
        self._bound.close()
        self._thread.join(20)
        assert not self._thread.is_alive()


def sends(
    body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None, *, length: int | None = None
) -> Answer:
    """An answer; ``length`` is a Content-Length that lies."""
    named = {"Content-Length": len(body) if length is None else length, "Connection": "close", **(headers or {})}
    head = f"HTTP/1.1 {status} Told\r\n" + "".join(f"{name}: {value}\r\n" for name, value in named.items()) + "\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


def says(value: Any, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON; names of headers are written with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return sends(json.dumps(value).encode(), status, {"Content-Type": "application/json", **named})


def refuses(status: int, code: str, **headers: str) -> Answer:
    """A refusal as the service words it."""
    return says({"error": f"no: {code}", "code": code, "hint": f"do about {code}"}, status, **headers)


def picture(headers: Mapping[str, str] | None = None) -> Answer:
    """A cut-out."""
    return sends(b"picture", headers={**TOLD, "Content-Type": "image/png", **(headers or {})})


def reset(connection: socket.socket) -> None:
    """No answer: the connection is reset once the request has been read."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reset_early(connection: socket.socket) -> None:
    """The connection is reset before the request has been read."""
    reset(connection)


def hang_up(connection: socket.socket) -> None:
    """No answer: the connection is closed."""


def silent(connection: socket.socket) -> None:
    """No answer for as long as the client waits."""
    connection.recv(1)


def _read(connection: socket.socket) -> Asked:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
    length, come = int(headers.get("content-length", 0)), len(body)
    while come < length:
        part = _some(connection)
        come += len(part)
        if len(body) < _PART:
            body += part
    return Asked(line.removesuffix(" HTTP/1.1"), headers, body, come)


def _some(connection: socket.socket) -> bytes:
    part = connection.recv(_PART)
    if not part:
        raise ConnectionError("the client hung up")
    return part
