"""Work that tells of its steps as they begin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from cleancut.server import stages
from cleancut.server.cutouts import Cutouts
from tests.server.busy import a_photo, body_of, calling, gated, idle, waiting_for
from tests.server.calls import counted, matte_of, refused
from tests.server.conftest import Running, Start
from tests.server.wire import FORM, connected, read, request, until

MATTES = "/api/v1/mattes"
STAGES = {"Accept": "text/event-stream"}
Event = tuple[str, Any]


def events(text: str) -> list[Event]:
    found = []
    for block in text.strip().split("\n\n"):
        if block.startswith(":"):
            continue
        name, data = block.split("\n")
        assert (name[:7], data[:6]) == ("event: ", "data: "), block
        found.append((name[7:], json.loads(data[6:])))
    return found


def steps(found: list[Event]) -> list[str]:
    return [told["step"] for name, told in found if name == "step"]


def staged(server: Running, photo: bytes, **fields: str) -> list[Event]:
    answer = server.http.post(MATTES, files={"image": photo}, data=fields, headers=STAGES)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    return events(answer.text)


@contextmanager
def watched(server: Running, photo: bytes) -> Iterator[Iterator[str]]:
    """The lines of a stream that is under way; the client goes away at the end."""
    with (
        httpx.Client(base_url=server.address, timeout=20, trust_env=False) as http,
        http.stream("POST", MATTES, files={"image": photo}, headers=STAGES) as stream,
    ):
        yield stream.iter_lines()


def upto(lines: Iterator[str], step: str) -> list[str]:
    """Lines until a step has begun."""
    seen = []
    for line in lines:
        seen.append(line)
        if line == f'data: {{"step": "{step}"}}':
            return seen
    raise AssertionError(f"{step} has not begun: {seen}")


def test_each_step_is_told_as_it_begins_and_then_the_matte(shared: Running, picture: bytes) -> None:
    found = staged(shared, picture)
    assert steps(found)[0] == "queue"
    for before, after in (("probe", "decode"), ("decode", "preprocess"), ("preprocess", "infer"), ("infer", "refine")):
        assert steps(found).index(before) < steps(found).index(after)
    name, told = found[-1]
    assert name == "matte"
    assert told == shared.http.get(f"{MATTES}/{told['id']}").json()
    assert [name for name, _ in found[:-1]] == ["step"] * (len(found) - 1)


def test_what_is_there_already_takes_no_steps(shared: Running, picture: bytes) -> None:
    made = matte_of(shared, picture).json()
    ((name, told),) = staged(shared, picture)
    assert (name, told["id"]) == ("matte", made["id"])


def test_a_picture_of_a_matte(shared: Running, picture: bytes) -> None:
    id = matte_of(shared, picture).json()["id"]
    strokes = '[{"action":"add","points":[[5,5]],"radius":4}]'
    headers = {"Accept": "text/event-stream, image/*"}
    for again in (False, True):
        answer = shared.http.post(f"{MATTES}/{id}/pictures", files={"strokes": (None, strokes)}, headers=headers)
        found = events(answer.text)
        name, told = found[-1]
        assert name == "picture"
        assert len(shared.http.get(told["url"]).content) == told["bytes"]
        if not again:
            assert steps(found)[0] == "queue"
            assert steps(found)[-1] == "encode"
            assert {"decode", "paint", "compose"} <= set(steps(found))
        else:
            assert steps(found) == []


def test_a_step_is_told_before_it_has_ended(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start()
    gate = gated(monkeypatch)
    with calling(server, gate), watched(server, a_photo(0)) as lines:
        upto(lines, "infer")
        until(lambda: gate.begun == 1, "the model is asked")
        gate.go_on.set()
        assert any(line == "event: matte" for line in lines)


def test_who_joins_is_told_of_the_step_under_way_and_both_get_the_matte(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    gate = gated(monkeypatch)
    with calling(server, gate), watched(server, a_photo(0)) as first:
        upto(first, "infer")
        with watched(server, a_photo(0)) as second:
            assert [each for each in upto(second, "infer") if "step" in each and "data" in each] == [
                'data: {"step": "infer"}'
            ]
            gate.go_on.set()
            assert any(line == "event: matte" for line in first)
            assert any(line == "event: matte" for line in second)
    assert gate.begun == 1


def test_waiting_for_a_turn_is_told_and_the_connection_kept_alive(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "HEARTBEAT_S", 0.05)
    server = start(workers=1)
    gate = gated(monkeypatch)
    with calling(server, gate) as callers:
        callers.cut(a_photo(0))
        until(lambda: gate.begun == 1, "the model is busy")
        with watched(server, a_photo(1)) as lines:
            upto(lines, "queue")
            assert [next(lines) for _ in range(6)].count(":") >= 2
            gate.go_on.set()
            upto(lines, "infer")
            assert any(line == "event: matte" for line in lines)


def test_the_work_stops_when_the_client_goes_away(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=1)
    gate = gated(monkeypatch)
    with calling(server, gate) as callers:
        first = callers.cut(a_photo(0))
        until(lambda: gate.begun == 1, "the model is busy")
        with watched(server, a_photo(1)) as lines:
            upto(lines, "queue")
            assert server.service.admission.inside == 2
        until(lambda: server.service.admission.inside == 1, "its place is free")
        gate.go_on.set()
        assert first.result().status_code == 200
    until(lambda: idle(server), "all is done")
    assert gate.begun == 1
    until(lambda: counted(server, "cleancut_refusals_total", code="client_gone") == 1, "it is counted")


def test_a_place_is_held_until_all_is_sent(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=1, waiting=0)
    gate = gated(monkeypatch)
    with calling(server, gate), watched(server, a_photo(0)) as lines:
        upto(lines, "infer")
        refused(matte_of(server, a_photo(1)), 503, "server_full")
        gate.go_on.set()
        assert any(line == "event: matte" for line in lines)
    until(lambda: idle(server), "its place is free")


def test_what_is_known_before_is_refused_as_always(shared: Running, picture: bytes) -> None:
    refused(shared.http.post(MATTES, files={"image": b""}, headers=STAGES), 422, "input_missing")
    refused(matte_of(shared, picture, STAGES, quality="x"), 422, "invalid_value")
    nothing_kept = STAGES | {"Cache-Control": "no-store"}
    refused(shared.http.post(MATTES, files={"image": picture}, headers=nothing_kept), 409, "nothing_kept")
    missing = f"{MATTES}/nonsense/pictures"
    refused(shared.http.post(missing, files={"format": (None, "png")}, headers=STAGES), 404, "not_found")


@pytest.mark.parametrize(
    ("photo", "status", "code"), [(b"no picture", 415, "not_an_image"), (None, 422, "damaged_image")]
)
def test_what_goes_wrong_later_is_told_as_the_last_event(
    shared: Running, picture: bytes, photo: bytes | None, status: int, code: str
) -> None:
    found = staged(shared, photo or picture[: len(picture) // 2])
    name, told = found[-1]
    assert name == "problem"
    assert (told["status"], told["code"]) == (status, code)
    assert set(told) == {"error", "code", "hint", "status"}
    assert all(told.values())
    until(lambda: counted(shared, "cleancut_refusals_total", code=code) >= 1, "it is counted")


def test_a_defect_is_told_without_its_text(shared: Running, picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(Cutouts, "_seen", fails)
    ((name, told),) = [each for each in staged(shared, picture) if each[0] != "step"]
    assert (name, told["code"], told["status"]) == ("problem", "internal_error", 500)
    assert "secret" not in json.dumps(told)


def test_the_deadline_holds_for_the_whole_of_it(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(deadline=1)
    gate = gated(monkeypatch)
    with calling(server, gate):
        name, told = staged(server, a_photo(0))[-1]
        assert (name, told["code"], told["status"]) == ("problem", "deadline_exceeded", 503)
    until(lambda: idle(server), "its place is free")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/event-streams", "image/*"])
def test_others_get_json(shared: Running, picture: bytes, accept: str) -> None:
    answer = matte_of(shared, picture, {"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/json")


def test_no_proxy_collects_it_and_the_connection_lives_on(shared: Running, picture: bytes) -> None:
    with connected(shared.port) as sock:
        for _ in range(2):
            sock.sendall(request("POST", MATTES, FORM, "Accept: text/event-stream", body=body_of(picture)))
            answer = read(sock)
            assert answer.status == 200
            assert answer.headers["x-accel-buffering"] == "no"
            assert answer.headers["cache-control"] == "no-store"
            assert b"event: matte" in answer.body
    assert waiting_for(shared) == 0
