"""A server in a process of its own, told to stop or killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.server.busy import CUT, a_photo, cut_request
from tests.server.conftest import home  # noqa: F401
from tests.server.wire import FORM, Reply, closed, connected, read, request, until

ROOT = Path(__file__).parents[2]

# The command, with a model that never answers, once it has said that it was asked.
HANGING = """
import sys, threading
from pathlib import Path
import cleancut.remover
from cleancut.server import run
from tests.fakes.engines import fake_engine

asked = Path(sys.argv.pop())

class Hangs:
    def run(self, tensor):
        asked.touch()
        threading.Event().wait()

    def close(self): ...

engine = fake_engine(Hangs())
cleancut.remover.engine_of = lambda *_: engine
run.LAST_STEP_S = 3
from cleancut.cli.main import run
run()
"""


class Process:
    """``cleancut serve`` on a free port."""

    def __init__(self, *start: str, **variables: str) -> None:
        words = [sys.executable, *(start or ("-m", "cleancut", "serve", "--port", "0", "--model", "tiny"))]
        environment = {**os.environ, **variables}
        self.process = subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def listening(self) -> Process:
        """The same, once it has said where it listens."""
        until(lambda: bool(self.lines) or self.process.poll() is not None, "it says where it listens")
        assert self.told.startswith("cleancut serves http://127.0.0.1:")
        return self

    @property
    def address(self) -> str:
        return self.lines[0].split()[2]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self.lines.extend(lines)

    @property
    def told(self) -> str:
        """All that it wrote to standard error."""
        return "".join(self.lines)

    def ready(self) -> None:
        until(lambda: httpx.get(f"{self.address}/readyz", trust_env=False).status_code == 200, "it is ready")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """Its exit code, once it has ended by itself."""
        code = self.process.wait(60)
        self._reader.join()
        return code

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def post(self, number: int) -> httpx.Response:
        return httpx.post(self.address + CUT, files={"image": a_photo(number)}, timeout=60, trust_env=False)


Begin = Callable[..., Process]


@pytest.fixture
def begin(home: Path) -> Iterator[Begin]:  # noqa: F811
    """Start a server; what of it is still there at the end is killed."""
    begun: list[Process] = []

    def begin(*start: str, **variables: str) -> Process:
        begun.append(Process(*start, **variables))
        return begun[-1].listening()

    yield begin
    for each in begun:
        each.end()


def refused(port: int) -> bool:
    """Whether nobody listens at a port any more."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
    except ConnectionError:
        return True
    return False


def answer(sock: socket.socket) -> Reply | None:
    """The next answer; None if the connection is closed instead."""
    try:
        return read(sock)
    except (HTTPException, ConnectionError):
        return None


def metrics(server: Process) -> str:
    return httpx.get(f"{server.address}/metrics", trust_env=False).text


def left(home: Path) -> list[Path]:  # noqa: F811
    """What servers have left where they write what is not complete yet."""
    return sorted((home / "server" / "store" / "incoming").iterdir())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_what_was_let_in_is_finished_and_nothing_else_is_begun(
    begin: Begin,
    home: Path,  # noqa: F811
    number: int,
    code: int,
) -> None:
    server = begin()
    server.ready()
    whole = cut_request(a_photo(0))
    with connected(server.port) as inside, connected(server.port) as kept, connected(server.port) as silent:
        kept.sendall(request("GET", "/livez"))
        assert read(kept).status == 200
        inside.sendall(whole[:-10])
        until(lambda: "cleancut_waiting 1.0" in metrics(server), "inside")
        server.signal(number)
        with suppress(OSError):
            kept.sendall(request("POST", CUT, FORM, "Content-Length: 1000"))
        late = answer(kept)
        assert late is None or (late.status, late.code) == (503, "shutting_down")
        until(lambda: refused(server.port), "new connections are refused")
        assert closed(silent)
        assert server.process.poll() is None
        inside.sendall(whole[-10:])
        done = read(inside)
        assert done.status == 200
        assert Image.MIME["PNG"] == done.headers["content-type"]
        assert closed(inside)
    assert server.ended() == code
    assert "Traceback" not in server.told
    assert "error" not in server.told
    assert left(home) == []


def test_who_does_not_finish_in_time_is_told_and_the_server_ends(begin: Begin) -> None:
    server = begin(CLEANCUT_DRAIN="1")
    server.ready()
    with connected(server.port) as slow:
        slow.sendall(request("POST", CUT, FORM, "Content-Length: 1000", body=b"--"))
        until(lambda: "cleancut_waiting 1.0" in metrics(server), "inside")
        server.signal(signal.SIGTERM)
        told = answer(slow)
        assert told is not None
        assert (told.status, told.code) == (503, "shutting_down")
        assert server.ended() == 0
    assert "Traceback" not in server.told
    assert "problem=shutting_down" in server.told


def hanging(begin: Begin, folder: Path, drain: str) -> Process:
    """A server whose model has been asked, and hangs."""
    asked = folder / "asked"
    server = begin("-c", HANGING, "serve", "--port", "0", "--model", "tiny", str(asked), CLEANCUT_DRAIN=drain)
    until(asked.exists, "the model was asked")
    return server


def test_a_model_that_hangs_does_not_keep_the_server_from_ending(begin: Begin, tmp_path: Path) -> None:
    server = hanging(begin, tmp_path, "1")
    with connected(server.port) as waits:
        waits.sendall(cut_request(a_photo(0)))
        until(lambda: "cleancut_working 1.0" in metrics(server), "inside")
        server.signal(signal.SIGTERM)
        told = answer(waits)
        assert told is not None
        assert (told.status, told.code) == (503, "shutting_down")
        assert server.ended() == 1
    assert "stopped, with work under way" in server.told
    assert "Traceback" not in server.told


def test_who_interrupts_twice_waits_for_nothing(begin: Begin, tmp_path: Path) -> None:
    server = hanging(begin, tmp_path, "1000")
    with connected(server.port) as waits:
        waits.sendall(cut_request(a_photo(0)))
        server.signal(signal.SIGINT)
        until(lambda: refused(server.port), "it stops")
        server.signal(signal.SIGINT)
        assert server.ended() in (1, 130)
    assert "Traceback" not in server.told


def test_a_killed_server_leaves_nothing_half_done_once_another_has_started(
    begin: Begin,
    home: Path,  # noqa: F811
) -> None:
    server = begin()
    kept = server.post(0)
    place = kept.headers["content-location"]
    answered: list[httpx.Response] = []

    def ask(number: int) -> None:
        with suppress(httpx.HTTPError):
            answered.append(server.post(number))

    with ThreadPoolExecutor(8) as callers:
        for number in range(1, 30):
            callers.submit(ask, number)
        until(lambda: len(answered) > 5, "some are answered")
        server.signal(signal.SIGKILL)
        assert server.ended() == -signal.SIGKILL
    assert len(answered) < 29
    lock, token = sorted(left(home), key=lambda each: each.suffix, reverse=True)
    assert lock == token.with_suffix(".lock")
    # As if it had been killed in the middle of writing one.
    (token / "half").write_bytes(kept.content[:100])
    again = begin()
    until(lambda: token not in left(home) and lock not in left(home), "what the other left is gone")
    pictures = list((home / "server" / "store" / "objects").rglob("*.png"))
    assert pictures
    for each in pictures:
        Image.open(each).load()
    assert httpx.get(again.address + place, trust_env=False).content == kept.content
    assert again.post(0).headers["x-cleancut-cache"] == "hit"
    assert again.post(100).headers["x-cleancut-cache"] == "miss"
    assert [list(each.iterdir()) for each in left(home) if each.is_dir()] == [[]]
    again.signal(signal.SIGTERM)
    assert again.ended() == 0
    assert left(home) == []
