"""A server from its start to long afterwards: its socket, its model, its patience, its answers, its memory."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import cleancut.server
from cleancut.engines import LOADED
from cleancut.errors import DeviceUnavailable, OptionError, UnknownModel
from cleancut.server import app, connections
from cleancut.server.replies import Bytes
from cleancut.server.run import bind, check_model
from cleancut.server.settings import ServerSettings, read_server_settings
from tests.fakes.engines import Failing, Known, full
from tests.fakes.tiny_model import write_tiny_model
from tests.server.busy import CUT, a_photo, asked, gated, idle, replace_model, settle, uploading
from tests.server.conftest import Running, Start
from tests.server.wire import closed, connected, read, request, until


def settings(**chosen: Any) -> ServerSettings:
    return read_server_settings(**{"model": "tiny", "device": "cpu", **chosen})


@contextmanager
def listening(host: str = "127.0.0.1") -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind((host, 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_port_in_use_is_told_as_that() -> None:
    with (
        listening() as port,
        pytest.raises(OptionError, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*in use") as told,
    ):
        bind("127.0.0.1", port)
    assert "--port" in told.value.hint


def test_two_servers_cannot_both_be_bound_to_a_port() -> None:
    with bind("127.0.0.1", 0) as first, pytest.raises(OptionError, match="in use"):
        bind("127.0.0.1", first.getsockname()[1])


def test_a_port_is_free_again_as_soon_as_its_server_has_ended(start: Start) -> None:
    server = start()
    with connected(server.port) as sock:
        sock.sendall(request("GET", "/livez"))
        assert read(sock).status == 200
        server.stop()
        # This side closes last, so that the server's side of the connection lingers in the kernel.
    bind("127.0.0.1", server.port).close()


@pytest.mark.parametrize(
    "host", ["no-such-host.invalid", "a..b", ".x", "x" * 70, "256.1.1.1", "192.0.2.1", "a b", "ü" * 70]
)
def test_a_host_that_is_not_this_machines_is_refused(host: str) -> None:
    with pytest.raises(OptionError, match="cannot listen on") as told:
        bind(host, 0)
    assert "--host" in told.value.hint


def test_a_model_or_device_that_will_never_be_there_is_refused_at_the_start(home: Path) -> None:
    check_model(settings())
    check_model(settings(model="auto"))
    with pytest.raises(UnknownModel):
        check_model(settings(model="no-such-model"))
    with pytest.raises(OptionError, match="--device"):
        check_model(settings(device="gpu"))


def test_a_device_that_this_machine_lacks_is_refused_at_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(DeviceUnavailable):
        check_model(settings(device="cuda:0"))


def test_until_the_model_has_run_the_server_is_alive_and_not_ready(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = gated(monkeypatch)
    server = start(ready=False)
    until(lambda: gate.begun == 1, "the model is at it")
    assert server.http.get("/livez").status_code == 200
    for _ in range(2):
        answer = server.http.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "the model has not been loaded yet")
    assert server.http.get("/api/health").json()["status"] == "starting"
    gate.go_on.set()
    until(lambda: server.http.get("/readyz").status_code == 200, "it is ready")
    assert server.http.get("/api/health").json()["status"] == "healthy"
    server.service.admission.closed = True
    answer = server.http.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "shutting down")
    assert server.http.get("/livez").status_code == 200


def test_a_model_without_weights_leaves_the_server_alive_and_says_why(
    start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    monkeypatch.setattr(app, "_TRY_AGAIN_S", 0.05)
    (home / "tiny.onnx").rename(home / "elsewhere")
    server = start(ready=False, log_format="json")
    until(lambda: "has not been loaded yet" not in str(server.service.not_ready), "the model was tried")
    answer = server.http.get("/readyz")
    assert answer.status_code == 503
    assert "tiny" in answer.text
    assert server.http.get("/livez").status_code == 200
    assert '"event": "not ready"' in capsys.readouterr().err
    # And again, until somebody has put it there.
    (home / "elsewhere").rename(home / "tiny.onnx")
    until(lambda: server.http.get("/readyz").status_code == 200, "it is ready")


def test_a_defect_in_the_first_run_is_logged_and_leaves_the_server_alive(
    start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_model(monkeypatch, Failing(ZeroDivisionError("a defect")))
    server = start(ready=False)
    until(lambda: "log" in str(server.service.not_ready), "the model was tried")
    answer = server.http.get("/readyz")
    assert answer.status_code == 503
    assert "a defect" not in answer.text
    assert server.http.get("/livez").status_code == 200
    assert "ZeroDivisionError: a defect" in capsys.readouterr().err
    server.stop()


def test_a_server_stops_though_its_first_run_hangs(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gated(monkeypatch)
    server = start(ready=False)
    until(lambda: gate.begun == 1, "the model is at it")
    server.stop()
    gate.go_on.set()


def test_sweeping_goes_on_after_a_failure(
    start: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app, "_SWEEP_EVERY_S", 0.02)
    server = start()
    sweeps: list[int] = []

    def fail() -> int:
        sweeps.append(len(sweeps))
        if len(sweeps) == 2:
            raise PermissionError(13, "the folder is somebody else's")
        return 0

    monkeypatch.setattr(server.service.storage, "sweep", fail)
    until(lambda: len(sweeps) >= 4, "it was swept again")
    assert "sweeping failed" in capsys.readouterr().err
    server.stop()


def test_as_many_models_stay_in_memory_as_the_operator_says(start: Start, home: Path) -> None:
    for name in ("second", "third"):
        write_tiny_model(home, name)
    server = start(loaded_models=2)
    for name in ("tiny", "second", "third"):
        answer = server.http.post(CUT, files={"image": a_photo(0)}, data={"model": name})
        assert answer.status_code == 200, answer.text
    assert [key[0].name for key in LOADED._engines if isinstance(key, tuple)] == ["second", "third"]


def test_a_head_that_does_not_come_to_its_end_ends_the_connection(start: Start) -> None:
    server = start(patience=1)
    with connected(server.port) as silent, connected(server.port) as slow:
        slow.sendall(b"GET /livez HTTP/1.1\r\nHost:")
        assert closed(silent)
        assert closed(slow)


def test_between_two_requests_a_client_may_be_silent_for_longer(start: Start) -> None:
    server = start(patience=1)
    with connected(server.port) as sock:
        for pause in (1.3, 0):
            sock.sendall(request("GET", "/livez"))
            assert read(sock).status == 200
            time.sleep(pause)


def test_nor_does_the_head_of_a_second_request_hold_it(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEEP_ALIVE_S", 1)
    server = start(patience=1)
    with connected(server.port) as sock:
        for _ in range(3):
            sock.sendall(request("GET", "/livez"))
            assert read(sock).status == 200
        sock.sendall(b"G")
        assert closed(sock)


def test_a_request_that_has_begun_may_take_longer_than_a_head(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEEP_ALIVE_S", 0)
    server = start(patience=1)
    gate = gated(monkeypatch)
    with asked(server, a_photo(0)) as sock:
        sock.settimeout(1.5)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        gate.go_on.set()
        sock.settimeout(20)
        assert read(sock).status == 200


def test_a_large_answer_is_sent_in_parts_at_the_clients_pace(server: Running) -> None:
    name = f"{'0' * 32}-{'1' * 16}.png"
    large = bytes(range(256)) * 160_000
    server.service.storage.put("local", name, large, 60)
    with connected(server.port) as sock:
        sock.sendall(request("GET", f"/api/v1/results/{name}"))
        assert sock.recv(1) == b"H"
        # What it does not read stays with the server, and keeps nobody else waiting.
        assert server.http.get("/livez").status_code == 200
    assert server.http.get(f"/api/v1/results/{name}").content == large


def test_no_part_of_an_answer_is_large() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    for large in (b"", b"x", bytes(range(256)) * 160_000):
        sent.clear()
        asyncio.run(Bytes(large)({"type": "http"}, receive, send))
        start, *parts = sent
        assert dict(start["headers"])[b"content-length"] == str(len(large)).encode()
        assert b"".join(part["body"] for part in parts) == large
        assert max(len(part["body"]) for part in parts) <= 1_000_000
        assert [part.get("more_body", False) for part in parts] == [True] * (len(parts) - 1) + [False]


def objects() -> Counter[str]:
    """How many objects there are of each class of the server, and of those that requests are made of."""
    gc.collect()
    classes = Counter(type(each) for each in gc.get_objects())
    names = Counter({f"{each.__module__}.{each.__qualname__}": count for each, count in classes.items()})
    # Timers that have been cancelled stay in the loop for a while.
    ours = ("cleancut.server", "starlette", "uvicorn", "_asyncio", "asyncio.locks", "asyncio.selector_events")
    return Counter({name: count for name, count in names.items() if name.startswith(ours)})


def of_all_kinds(server: Running, number: int) -> None:
    """Requests that go well, that are refused, whose clients leave."""
    http = server.http
    assert http.post(CUT, files={"image": a_photo(number)}).status_code == 200
    assert http.post(CUT, files={"image": b"no picture"}).status_code == 415
    assert http.post("/api/remove-background", files={"image": a_photo(number)}).status_code == 200
    assert http.get(f"/api/v1/results/{'0' * 32}-{'1' * 16}.png").status_code == 404
    with uploading(server, a_photo(0)):
        until(lambda: server.service.admission.inside == 1, "it is inside")
    with asked(server, a_photo(number), "Cache-Control: no-store"):
        pass
    until(lambda: idle(server), "all have gone")
    settle(server)


def test_requests_leave_nothing_behind(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(store=False, workers=2)
    replace_model(monkeypatch, Known(full(1)))
    for number in range(3):
        of_all_kinds(server, number)
    before = objects()
    tracemalloc.start()
    try:
        of_all_kinds(server, 3)
        sources = tracemalloc.Filter(True, f"{Path(cleancut.server.__file__).parent}/*")
        then = sum(each.size for each in tracemalloc.take_snapshot().filter_traces([sources]).statistics("filename"))
        for number in range(4, 14):
            of_all_kinds(server, number)
        gc.collect()
        now = sum(each.size for each in tracemalloc.take_snapshot().filter_traces([sources]).statistics("filename"))
    finally:
        tracemalloc.stop()
    assert server.service.workers._flights == {}
    # 60 requests: were one object of each kept, there would be ten more of some class.
    assert {name: count for name, count in (objects() - before).items() if count >= 8} == {}
    assert now - then < 50_000


def test_more_connections_than_there_may_be_are_closed_at_once(start: Start) -> None:
    server = start(connections=3)
    server.http.close()
    with connected(server.port) as one, connected(server.port) as two, connected(server.port):
        with connected(server.port) as fourth:
            assert closed(fourth)
        for sock in (one, two):
            sock.sendall(request("GET", "/livez"))
            assert read(sock).status == 200
    until(lambda: not server.server.server_state.connections, "they are gone")
    with connected(server.port) as sock:
        sock.sendall(request("GET", "/livez"))
        assert read(sock).status == 200
