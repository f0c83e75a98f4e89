"""``cleancut serve``."""

from __future__ import annotations

import gc
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cleancut.server.keys import keys_file, make
from cleancut.server.run import Server
from cleancut.server.settings import ServerSettings
from cleancut.settings import read_settings
from tests.cli.conftest import Run
from tests.cli.test_main import loaded_by

HEAVY = {
    "numpy", "onnxruntime", "PIL", "cv2", "httpx", "fastapi", "starlette", "uvicorn", "pydantic", "structlog", "limits",
    "prometheus_client", "asyncio",
}  # fmt: skip


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ServerSettings]]:
    """The settings that servers were begun with; none of them listens."""
    begun: list[ServerSettings] = []

    def serve(settings: ServerSettings, listening: Callable[[str], None]) -> None:
        begun.append(settings)

    monkeypatch.setattr("cleancut.server.run.serve", serve)
    yield begun
    gc.unfreeze()


@pytest.fixture
def ends_at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Servers that listen, and end at once."""

    def run(server: Server, sockets: list[socket.socket]) -> None:
        for each in sockets:
            each.close()
        server.app.state.service.workers.close()
        server.app.state.service.storage.close()

    monkeypatch.setattr(Server, "run", run)
    yield
    gc.unfreeze()


@pytest.mark.parametrize(
    "code", ["import cleancut.cli.serve", "from cleancut.cli.main import main; main(['serve', '-h'])"]
)
def test_nothing_heavy_is_loaded_for_its_help(code: str) -> None:
    assert not loaded_by(code) & HEAVY


def test_its_help_tells_the_true_defaults(run: Run) -> None:
    ran = run("serve", "--help")
    assert ran.code == 0
    # Without spaces: lines are broken anywhere.
    text = "".join(ran.out.split())
    settings = ServerSettings(core=read_settings())
    for flag in ("host", "port", "workers", "model", "device"):
        told = text.partition(f"--{flag}")[2].partition("--")[0]
        assert f"[default:{getattr(settings, flag)}]" in told, flag
    for flag in ("--allow-url", "--without-keys", "--no-store"):
        assert flag in text


def test_flags_reach_the_server(run: Run, served: list[ServerSettings]) -> None:
    flags = "--host ::1 --port 81 --workers 5 --allow-url --without-keys --no-store --model tiny --device cpu"
    assert run("serve", *flags.split()).code == 0
    (settings,) = served
    wanted: dict[str, Any] = {
        "host": "::1", "port": 81, "workers": 5, "allow_url": True, "without_keys": True, "store": False,
        "model": "tiny", "device": "cpu",
    }  # fmt: skip
    assert {name: getattr(settings, name) for name in wanted} == wanted


def test_without_flags_the_environment_holds_and_flags_go_before_it(
    run: Run, served: list[ServerSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PORT": "82", "WORKERS": "7", "STORE": "0", "ALLOW_URL": "1", "LOG_FORMAT": "json"}.items():
        monkeypatch.setenv(f"CLEANCUT_{name}", value)
    assert run("serve").code == 0
    assert run("serve", "--port", "83", "--workers", "2").code == 0
    first, second = served
    assert (first.port, first.workers, first.store, first.allow_url, first.log_format) == (82, 7, False, True, "json")
    assert (second.port, second.workers, second.store) == (83, 2, False)


@pytest.mark.parametrize(
    "arguments",
    ["--port x", "--port -1", "--port 65536", "--workers 0", "--workers many", "--reload", "photo.jpg", "--host"],
)
def test_wrong_usage(run: Run, served: list[ServerSettings], arguments: str) -> None:
    ran = run("serve", *arguments.split())
    assert (ran.code, ran.out, served) == (2, "", [])
    assert ran.err


@pytest.mark.parametrize(
    "name", ["CLEANCUT_PORT", "CLEANCUT_WORKERS", "CLEANCUT_DRAIN", "CLEANCUT_STORE", "CLEANCUT_LOG_FORMAT"]
)
def test_a_variable_that_makes_no_sense_is_named(
    run: Run, served: list[ServerSettings], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "perhaps")
    ran = run("serve")
    assert (ran.code, served) == (2, [])
    assert name in ran.err


def test_a_port_in_use(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = run("serve", "--model", "tiny", "--port", str(port))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: cannot listen on 127.0.0.1:{port}: ")
    assert "→ choose another --port" in ran.err


def test_a_host_that_is_none(run: Run) -> None:
    ran = run("serve", "--model", "tiny", "--without-keys", "--host", "no such host")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: cannot listen on no such host:8000: ")
    assert "Traceback" not in ran.err


def test_a_model_that_is_none(run: Run) -> None:
    ran = run("serve", "--model", "no-such-model")
    assert (ran.code, ran.out) == (4, "")
    assert "no-such-model" in ran.err
    assert "cleancut models list" in ran.err


def test_a_device_that_is_none(run: Run) -> None:
    ran = run("serve", "--model", "tiny", "--device", "toaster")
    assert (ran.code, ran.out) == (2, "")
    assert "toaster" in ran.err


def test_beyond_loopback_without_keys_it_says_what_to_do(run: Run) -> None:
    ran = run("serve", "--model", "tiny", "--host", "0.0.0.0", "--port", "0")
    assert (ran.code, ran.out) == (2, "")
    assert "0.0.0.0 lets other machines reach the server" in ran.err
    assert "`cleancut keys make NAME`" in ran.err
    assert "--without-keys" in ran.err


@pytest.mark.usefixtures("ends_at_once")
@pytest.mark.parametrize("let_in_by", ["the operator's word", "a key"])
def test_beyond_loopback_it_serves_those_who_may_come(run: Run, let_in_by: str) -> None:
    if let_in_by == "a key":
        make(keys_file(read_settings().home), "shop")
    words = ["--without-keys"] if let_in_by == "the operator's word" else []
    ran = run("serve", "--model", "tiny", "--host", "0.0.0.0", "--port", "0", *words)
    assert (ran.code, ran.out) == (0, "")
    assert re.match(r"cleancut serves http://0\.0\.0\.0:[1-9]\d*  \(Ctrl-C ends it; .*/docs ", ran.err)


@pytest.mark.usefixtures("ends_at_once")
def test_an_address_can_be_followed_in_ipv6_too(run: Run) -> None:
    with socket.socket(socket.AF_INET6) as sock:
        try:
            sock.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    ran = run("serve", "--model", "tiny", "--host", "::1", "--port", "0")
    assert ran.code == 0
    assert re.match(r"cleancut serves http://\[::1\]:[1-9]\d* ", ran.err)


@pytest.mark.usefixtures("ends_at_once")
def test_garbage_is_collected_while_it_serves(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    collecting: list[bool] = []
    end = Server.run

    def look(server: Server, sockets: list[socket.socket]) -> None:
        collecting.append(gc.isenabled())
        end(server, sockets)

    monkeypatch.setattr(Server, "run", look)
    # As the entry point does.
    gc.disable()
    try:
        assert run("serve", "--model", "tiny", "--port", "0").code == 0
    finally:
        gc.enable()
    assert collecting == [True]


@pytest.mark.usefixtures("ends_at_once")
def test_who_interrupts_it_is_told_as_with_all_commands(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    end = Server.run

    def interrupt(server: Server, sockets: list[socket.socket]) -> None:
        server.interrupted = True
        end(server, sockets)

    monkeypatch.setattr(Server, "run", interrupt)
    ran = run("serve", "--model", "tiny", "--port", "0")
    assert ran.code == 130
    assert ran.err.endswith("interrupted\n")


def test_a_home_that_cannot_be_written(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CLEANCUT_STORE_FOLDER", str(tmp_path / "file"))
    ran = run("serve", "--model", "tiny", "--port", "0")
    assert (ran.code, ran.out) == (1, "")
    assert str(tmp_path / "file") in ran.err
