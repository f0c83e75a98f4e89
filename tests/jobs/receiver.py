"""A receiver of webhooks on loopback."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from cleancut.client import verify_webhook


@dataclass(frozen=True)
class Got:
    """A message as it arrived."""

    path: str
    id: str
    timestamp: int
    headers: dict[str, str]
    body: bytes

    def verified(self, *secrets: str) -> str:
        return verify_webhook(secrets, self.headers, self.body, now=self.timestamp)


@dataclass
class Answer:
    """What the receiver says."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0


class Receiver:
    """``with Receiver() as receiver``: takes messages on loopback, and gives ``answers``, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers) or [Answer()]
        self.got: list[Got] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        owner = self

        class Handler(_Handler):
            receiver = owner

        self._handler = Handler
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._http.server_address[1])
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/told"

    def answer(self, got: Got) -> Answer:
        with self._lock:
            self.got.append(got)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def away(self) -> None:
        """Take no connections from now on."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()

    def back(self) -> None:
        """Take them again, at the same port."""
        self._http = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler)
        self.__enter__()

    def __enter__(self) -> Receiver:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closing.set()
        self.away()


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_GET(self) -> None:
        self.receiver.got.append(Got(self.path, "", 0, {}, b"a redirect was followed"))
        self.send_response(200)
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = dict(self.headers)
        named = {name.lower(): value for name, value in headers.items()}
        got = Got(self.path, named["webhook-id"], int(named["webhook-timestamp"]), headers, body)
        answer = self.receiver.answer(got)
        self.receiver.closing.wait(answer.after)
        with suppress(OSError):
            self.send_response(answer.status)
            for name, value in {"Content-Length": "0", **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: ``got`` tells."""
