"""A real server on a free port of loopback, in a thread of the test's process; its default model is tiny."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cleancut.engines import LOADED
from cleancut.server.auth import EVERYBODY
from cleancut.server.run import Server, bind
from cleancut.server.service import Service
from cleancut.server.settings import ServerSettings, read_server_settings
from tests.fakes.tiny_model import photo, write_tiny_model
from tests.pictures import saved


class Running:
    """A server that listens, and a client of it."""

    def __init__(self, server: Server, address: str, thread: threading.Thread) -> None:
        self.server = server
        self.address = address
        self.thread = thread
        self.http = httpx.Client(base_url=address, timeout=30, trust_env=False)

    @property
    def service(self) -> Service:
        service: Service = self.server.app.state.service
        return service

    @property
    def home(self) -> Path:
        return self.service.settings.core.home

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def stop(self) -> None:
        self.http.close()
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive(), "the server does not stop"


Start = Callable[..., Running]

_DEFAULTS: dict[str, Any] = {"port": 0, "model": "tiny", "precision": "fp32", "drain": 5}


def begin(settings: ServerSettings, ready: bool = True) -> Running:
    """A server that listens, and has run its model once if it is to be ``ready``."""
    bound = bind("127.0.0.1", 0)
    server = Server(settings)
    thread = threading.Thread(target=lambda: server.run(sockets=[bound]))
    thread.start()
    one = Running(server, f"http://127.0.0.1:{bound.getsockname()[1]}", thread)
    until = time.monotonic() + 20
    while not server.started or (ready and one.service.not_ready is not None):
        if time.monotonic() > until:
            one.stop()
            raise AssertionError(f"the server does not start: {one.service.not_ready}")
        time.sleep(0.01)
    return one


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CLEANCUT_HOME whose one model is called tiny: what is dark is the subject."""
    home = tmp_path / "home"
    write_tiny_model(home)
    monkeypatch.setenv("CLEANCUT_HOME", str(home))
    return home


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Start a server with these settings (fields of ServerSettings); it is ready when this returns."""
    running: list[Running] = []

    def start(ready: bool = True, **settings: Any) -> Running:
        running.append(begin(read_server_settings(**{**_DEFAULTS, **settings}), ready))
        return running[-1]

    yield start
    for one in running:
        one.stop()
    LOADED.unload()
    LOADED.limit = None


@pytest.fixture
def server(start: Start) -> Running:
    """A server with default settings."""
    return start()


@pytest.fixture(scope="module")
def _lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    write_tiny_model(home)
    environment = {"CLEANCUT_HOME": str(home), "CLEANCUT_INT8": "0"}
    one = begin(read_server_settings(environment, **_DEFAULTS))
    yield one
    one.stop()


@pytest.fixture
def shared(_lasting: Running) -> Iterator[Running]:
    """A server with default settings for all tests of a module, which starts faster; each finds nothing kept."""
    yield _lasting
    _lasting.service.storage.erase(EVERYBODY)


@pytest.fixture
def picture() -> bytes:
    """A photo that all routes accept: a dark disc on white, 160 × 128, PNG."""
    return saved(photo(128, 160), "PNG")
