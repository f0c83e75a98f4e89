"""Servers that are busy: a model that waits to be let go on, requests that wait for it, clients that go away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np
import pytest

from cleancut.server.work import StoppableClock
from cleancut.types import Raw, Tensor
from tests.fakes.engines import fake_engine, full
from tests.fakes.tiny_model import photo
from tests.pictures import saved
from tests.server.conftest import Running
from tests.server.wire import FORM, connected, form, part, request

CUT = "/api/v1/cutouts"
GUIDES = "/api/remove-background"


class Gate:
    """A model that counts who comes, and answers once it may ``go_on``."""

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = threading.Event()
        self._lock = threading.Lock()

    def run(self, tensor: Tensor) -> Raw:
        with self._lock:
            self.begun += 1
        assert self.go_on.wait(60), "nobody let the model go on"
        # A subject as large as the photo, which is not looked at a second time from nearby.
        return full(1)

    def close(self) -> None: ...


def gated(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Put a gate where the server's models are. To be called once the server is ready."""
    gate = Gate()
    replace_model(monkeypatch, gate)
    return gate


def replace_model(monkeypatch: pytest.MonkeyPatch, session: Any) -> None:
    """Have every model answered by ``session``."""
    engine = fake_engine(session)
    monkeypatch.setattr("cleancut.remover.engine_of", lambda *_: engine)


def spied(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The steps that each piece of work begins from now on, in the order in which they are begun."""
    steps: dict[int, list[str]] = {}
    seen: list[list[str]] = []
    kept: list[StoppableClock] = []
    run = StoppableClock.__call__

    def call(clock: StoppableClock, step: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        def noted(*args: Any, **keywords: Any) -> Any:
            if id(clock) not in steps:
                kept.append(clock)  # so that no other clock gets its id
                seen.append(steps.setdefault(id(clock), []))
            steps[id(clock)].append(step.__name__)
            return step(*args, **keywords)

        noted.__name__ = step.__name__
        return run(clock, noted, *args, **keywords)

    monkeypatch.setattr(StoppableClock, "__call__", call)
    return seen


def a_photo(number: int) -> bytes:
    """A photo of 160 × 128 that differs from those of other numbers."""
    pixels = photo(128, 160)
    pixels[0, 0] = (number % 256, number // 256, 7)
    return saved(pixels, "PNG")


def noise(height: int, width: int) -> bytes:
    """A photo that does not compress."""
    return saved(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8), "PNG", compress_level=0)


def body_of(picture: bytes) -> bytes:
    """A form with one photo."""
    return form(part("image", picture, "photo.png", "image/png"))


def cut_request(picture: bytes, *headers: str, path: str = CUT) -> bytes:
    """A whole request for a cut-out."""
    return request("POST", path, FORM, *headers, body=body_of(picture))


class Callers:
    """Requests that are made beside the test."""

    def __init__(self, server: Running) -> None:
        self._server = server
        self._pool = ThreadPoolExecutor(16)

    def cut(self, picture: bytes, path: str = CUT, **headers: str) -> Future[httpx.Response]:
        """Ask for a cut-out."""
        address = self._server.address + path

        def ask() -> httpx.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return httpx.post(address, files={"image": picture}, headers=named, timeout=60, trust_env=False)

        return self._pool.submit(ask)

    def end(self) -> None:
        self._pool.shutdown()


@contextmanager
def calling(server: Running, gate: Gate | None = None) -> Iterator[Callers]:
    """Callers, whose requests have all been answered at the end, when the gate is opened."""
    callers = Callers(server)
    try:
        yield callers
    finally:
        if gate is not None:
            gate.go_on.set()
        callers.end()


@contextmanager
def asked(server: Running, picture: bytes, *headers: str, path: str = CUT) -> Iterator[socket.socket]:
    """A connection on which a cut-out has been asked for; the client goes away at the end."""
    with connected(server.port) as sock:
        sock.sendall(cut_request(picture, *headers, path=path))
        yield sock


@contextmanager
def uploading(server: Running, picture: bytes, path: str = CUT) -> Iterator[tuple[socket.socket, bytes]]:
    """A connection on which all but the last ten bytes of a request have come, and those ten."""
    whole = cut_request(picture, path=path)
    with connected(server.port) as sock:
        sock.sendall(whole[:-10])
        yield sock, whole[-10:]


def waits_for_answers(server: Running) -> list[int]:
    """For each answer that is being waited for, how many requests wait for it."""
    flights = dict(server.service.workers._flights)
    # The matte that several pictures need has a flight of its own.
    return [each.waiting for key, each in flights.items() if not (isinstance(key, tuple) and key[-1] == "look")]


def wanted(server: Running) -> int:
    """How many different answers are being waited for."""
    return len(waits_for_answers(server))


def waiting_for(server: Running) -> int:
    """How many requests wait for the work that most wait for."""
    return max((each.waiting for each in list(server.service.workers._flights.values())), default=0)


def settle(server: Running) -> None:
    """Wait until all that has been begun in the server's threads has come to its end."""
    pool = server.service.workers._pool
    barrier = threading.Barrier(pool._max_workers + 1)
    for _ in range(pool._max_workers):
        pool.submit(barrier.wait, 30)
    barrier.wait(30)


def idle(server: Running) -> bool:
    """Whether no request is inside, and no work is under way for anybody."""
    room, workers = server.service.admission, server.service.workers
    return room.inside == room.working == len(workers._flights) == 0
