"""The log, and what every answer has."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from cleancut.server.keys import keys_file, make
from cleancut.server.logs import Envelope, set_up
from cleancut.server.metrics import Metrics
from tests.fakes.engines import Failing
from tests.server.busy import CUT, a_photo, idle, replace_model, uploading
from tests.server.conftest import Running, Start
from tests.server.wire import ask, connected, read, request, until

Lines = Callable[[], list[dict[str, Any]]]
Begin = Callable[[], Running]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """The lines logged since the last call; each must be a JSON object."""

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return lines


@pytest.fixture
def begin(start: Start, lines: Lines) -> Begin:
    """Start a server that logs JSON; what it logs while it starts has been read.

    In the test itself: what is standard error while fixtures are set up is closed before.
    """

    def begin() -> Running:
        server = start(log_format="json")
        lines()
        return server

    return begin


def so_many(lines: Lines, count: int) -> list[dict[str, Any]]:
    """So many lines, once they have come: a request's is written when its answer has been."""
    found: list[dict[str, Any]] = []

    def come() -> bool:
        found.extend(lines())
        return len(found) >= count

    until(come, f"{count} lines are logged")
    return found


def of_requests(lines: Lines, count: int) -> list[dict[str, Any]]:
    """The lines of so many requests, and nothing else is logged."""
    found = so_many(lines, count)
    assert [line["event"] for line in found] == ["request"] * count
    return found


def test_a_request_is_one_json_object_on_one_line(begin: Begin, lines: Lines) -> None:
    server = begin()
    answer = server.http.post(CUT, files={"image": b"no picture"})
    (line,) = of_requests(lines, 1)
    assert line.pop("ms") > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line.pop("timestamp"))
    assert line == {
        "event": "request", "level": "info", "request_id": answer.headers["x-request-id"], "method": "POST",
        "route": CUT, "status": 415, "client": "local", "problem": "not_an_image",
    }  # fmt: skip


def test_a_request_is_one_line_of_text(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    server = start()
    capsys.readouterr()
    number = server.http.get("/livez").headers["x-request-id"]
    server.stop()
    (line,) = capsys.readouterr().err.splitlines()
    for part in ("[info", "request", f"request_id={number}", "method=GET", "route=/livez", "status=200", "ms="):
        assert part in line
    assert "\x1b" not in line


def test_the_id_that_a_proxy_gives_is_taken_over(begin: Begin, lines: Lines) -> None:
    server = begin()
    for given in ("0123abcd", "a" * 64, "c4b5-4f.e_9", "8a7f3f0e-0c0e-4b7e-9d2c-1f2e3d4c5b6a"):
        assert server.http.get("/livez", headers={"X-Request-Id": given}).headers["x-request-id"] == given
        assert of_requests(lines, 1)[0]["request_id"] == given


def test_an_odd_id_is_replaced(begin: Begin, lines: Lines) -> None:
    server = begin()
    odd = ["", "short", "a" * 65, "with space", "semi;colon", "<script>", "a\tb456789", "%0a%0dabcdef", "ünïcödé-id"]
    for given in odd:
        answer = ask(server.port, request("GET", "/livez", f"X-Request-Id: {given}"))
        assert answer.status == 200
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"]), given
        assert of_requests(lines, 1)[0]["request_id"] == answer.headers["x-request-id"]


def test_each_request_has_an_id_of_its_own(server: Running) -> None:
    ids = [server.http.get(path).headers["x-request-id"] for path in ("/livez", "/livez", "/nowhere", "/metrics")]
    assert len(set(ids)) == 4


def test_the_log_holds_no_names_keys_and_values(start: Start, lines: Lines, home: Path) -> None:
    key, secret = make(keys_file(home), "shop")
    server = start(log_format="json", keep_seconds=60)
    known = {"X-Api-Key": secret}
    made = server.http.post(
        CUT, headers=known, files={"image": ("my-face.png", a_photo(0))}, data={"background": "tomato"}
    )
    name = made.headers["content-location"].rpartition("/")[2]
    for path in (f"/api/v1/results/{name}", f"/api/download/{name}?token=my-token", f"/my-secret-path/{name}"):
        server.http.get(path, headers=known)
    server.http.get(f"/api/v1/results/{name}", headers={"X-Api-Key": "cc_wrong-key-wrong-key"})
    server.http.get("/livez", headers={"Authorization": f"Bearer {secret}", "Cookie": "cleancut_session=my-cookie"})
    server.http.post("/api/session", json={"key": secret})
    told = of_requests(lines, 7)
    text = json.dumps(told)
    for private in (
        secret,
        name,
        name[:32],
        "my-face",
        "tomato",
        "my-token",
        "my-secret-path",
        "wrong-key",
        "my-cookie",
    ):
        assert private not in text, private
    assert [line.get("client") for line in told[:3]] == [key.id] * 3
    assert "shop" not in text


def test_a_client_that_left_is_logged_as_that(begin: Begin, lines: Lines) -> None:
    server = begin()
    with uploading(server, a_photo(0)):
        until(lambda: server.service.admission.inside == 1, "it is inside")
    until(lambda: idle(server), "it has gone")
    (line,) = of_requests(lines, 1)
    assert (line["status"], line["problem"]) == (499, "client_gone")


def test_the_log_has_the_address_of_those_alone_who_try_keys(begin: Begin, lines: Lines) -> None:
    server = begin()
    make(keys_file(server.home), "shop")
    server.http.get("/api/v1/models", headers={"X-Api-Key": "wrong"})
    server.http.get("/api/v1/models")
    guessed, asked = of_requests(lines, 2)
    assert (guessed["problem"], guessed["address"]) == ("key_unknown", "127.0.0.1")
    assert asked["problem"] == "key_needed"
    assert "address" not in asked


@pytest.mark.parametrize("defect", [ZeroDivisionError, TimeoutError])
def test_a_defect_is_logged_with_its_traceback_and_told_without(
    begin: Begin, lines: Lines, monkeypatch: pytest.MonkeyPatch, defect: type[Exception]
) -> None:
    server = begin()
    with monkeypatch.context() as patch:
        replace_model(patch, Failing(defect("in /home/somebody/secret.py")))
        answer = server.http.post(CUT, files={"image": a_photo(0)})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert set(answer.json()) == {"error", "code", "hint"}
    for private in (defect.__name__, "secret", "Traceback", "infer"):
        assert private not in answer.text
    assert "X-Request-Id" in answer.json()["hint"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    failed, told = so_many(lines, 2)
    assert (failed["event"], failed["level"], told["event"]) == ("a request failed", "error", "request")
    assert failed["request_id"] == told["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" in failed["exception"]
    assert f"{defect.__name__}: in /home/somebody/secret.py" in failed["exception"]
    assert (told["status"], told["problem"]) == (500, "internal_error")
    assert server.http.post(CUT, files={"image": a_photo(0)}).status_code == 200


def test_a_defect_is_logged_as_text_too(
    start: Start, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    replace_model(monkeypatch, Failing(ZeroDivisionError("a defect")))
    assert server.http.post(CUT, files={"image": a_photo(0)}).status_code == 500
    assert "\nZeroDivisionError: a defect" in capsys.readouterr().err


def test_every_answer_has_the_headers_that_keep_browsers_out_of_trouble(server: Running) -> None:
    for path, status in (("/livez", 200), ("/nowhere", 404), ("/metrics", 200), ("/openapi.json", 200)):
        answer = server.http.get(path)
        assert answer.status_code == status
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_what_libraries_log_has_our_form(begin: Begin, lines: Lines) -> None:
    server = begin()
    with connected(server.port) as sock:
        sock.sendall(b"this is no HTTP\r\n\r\n")
        assert read(sock).status == 400
    (line,) = so_many(lines, 1)
    assert (line["event"], line["library"], line["level"]) == (
        "Invalid HTTP request received.", "uvicorn.error", "warning",
    )  # fmt: skip


def test_a_library_is_heard_once_however_many_servers_were_made(lines: Lines) -> None:
    for _ in range(3):
        set_up("json")
    logging.getLogger("asyncio").error("trouble with %s", "sockets")
    (line,) = lines()
    assert (line["event"], line["level"], line["library"]) == ("trouble with sockets", "error", "asyncio")


def test_nobody_reading_the_log_stops_no_request(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", log)
        server = start()
    server.http.get("/livez")
    until(lambda: "/livez" in log.getvalue(), "it is logged there")
    log.close()
    replace_model(monkeypatch, Failing(ZeroDivisionError("a defect")))
    for _ in range(2):
        assert server.http.get("/livez").status_code == 200
        assert server.http.post(CUT, files={"image": a_photo(0)}).json()["code"] == "internal_error"


async def through(app: Callable[[Scope, Receive, Send], Any]) -> list[Message]:
    """What is sent when a request goes through the envelope into ``app``."""
    set_up("text")
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    await Envelope(app, Metrics())({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)
    return sent


def test_a_request_that_the_stopping_server_cancels_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    async def hang(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(60)

    async def stopped() -> list[Message]:
        task = asyncio.create_task(through(hang))
        await asyncio.sleep(0)
        task.cancel()
        return await task

    start, body = asyncio.run(stopped())
    assert start["status"] == 503
    assert json.loads(body["body"])["code"] == "shutting_down"
    assert "Traceback" not in capsys.readouterr().err


def test_of_an_answer_that_breaks_off_the_rest_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    async def break_off(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ZeroDivisionError("a defect")

    start, half = asyncio.run(through(break_off))
    assert (start["status"], half["more_body"]) == (200, True)
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_client_that_is_sent_half_an_answer_notices(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    from cleancut.server.replies import Bytes

    async def half(reply: Bytes, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": reply.raw_headers})
        await send({"type": "http.response.body", "body": bytes(reply.body)[:10], "more_body": True})
        raise ZeroDivisionError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(Bytes, "__call__", half)
        with pytest.raises(httpx.RemoteProtocolError):
            server.http.post(CUT, files={"image": a_photo(0)})
    assert server.http.post(CUT, files={"image": a_photo(0)}).status_code == 200
