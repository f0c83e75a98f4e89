"""Who is let in, and who leaves a place behind."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace

import pytest
from httpx import Response

from cleancut.server.admission import Admission
from cleancut.server.keys import keys_file, make
from cleancut.server.problems import Refused
from cleancut.storage.protocol import Stored
from tests.fakes.engines import Failing
from tests.server.busy import (
    CUT,
    GUIDES,
    a_photo,
    asked,
    calling,
    cut_request,
    gated,
    idle,
    replace_model,
    uploading,
    wanted,
)
from tests.server.conftest import Running, Start
from tests.server.wire import FORM, connected, post, read, request, until


def head_only(sock: socket.socket, path: str = CUT) -> None:
    """Send a request's head, which announces a body of which nothing comes."""
    sock.sendall(request("POST", path, FORM, "Content-Length: 1000"))


def test_so_many_are_let_in_and_the_next_is_refused_by_its_head(start: Start, picture: bytes) -> None:
    server = start(workers=1, waiting=2)
    room = server.service.admission
    with ExitStack() as stack:
        inside = [stack.enter_context(uploading(server, picture)) for _ in range(3)]
        until(lambda: room.inside == 3, "three are inside")
        for path in (CUT, GUIDES, "/api/v1/mattes"):
            late = stack.enter_context(connected(server.port))
            head_only(late, path)
            answer = read(late)
            assert (answer.status, answer.code) == (503, "server_full")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert room.inside == 3
        first, rest = inside[0]
        first.sendall(rest)
        assert read(first).status == 200
        until(lambda: room.inside == 2, "the place is free")
        assert server.http.post(CUT, files={"image": picture}).status_code == 200


def test_a_full_server_still_answers_what_is_no_work(start: Start, picture: bytes) -> None:
    server = start(workers=1, waiting=0)
    with uploading(server, picture):
        until(lambda: server.service.admission.inside == 1, "one is inside")
        for path in ("/livez", "/readyz", "/metrics", "/api/v1/server", "/api/v1/models", "/api/health"):
            assert server.http.get(path).status_code == 200, path


def test_who_has_no_key_is_told_so_even_by_a_full_server(start: Start, picture: bytes) -> None:
    server = start(workers=1, waiting=0)
    make(keys_file(server.service.settings.core.home), "shop")
    room = server.service.admission
    room.inside = room.places
    assert server.http.post(CUT, files={"image": picture}).status_code == 401
    room.inside = 0


def test_who_finds_the_server_full_has_not_used_up_a_request(start: Start, picture: bytes) -> None:
    server = start(workers=1, waiting=0, rate_limits=("1/hour",), address_limits=("1/hour",))
    with uploading(server, picture):
        until(lambda: server.service.admission.inside == 1, "one is inside")
    until(lambda: idle(server), "it has gone")
    # Its request counts. The next hour's are counted anew.
    server.service.settings = replace(server.service.settings, rate_limits=("1/day",), address_limits=("1/day",))
    server.service.admission.inside = 1
    assert server.http.post(CUT, files={"image": picture}).json()["code"] == "server_full"
    server.service.admission.inside = 0
    assert server.http.post(CUT, files={"image": picture}).status_code == 200
    assert server.http.post(CUT, files={"image": picture}).json()["code"] == "rate_limited"
    assert idle(server)


def test_first_come_first_served() -> None:
    async def served() -> list[int]:
        room, order = Admission(2, 10), list[int]()

        async def come(number: int) -> None:
            with room.entered():
                async with room.turn():
                    assert room.working <= 2
                    order.append(number)
                    await asyncio.sleep(0)

        await asyncio.gather(*(come(number) for number in range(12)))
        assert (room.inside, room.working, room.waiting) == (0, 0, 0)
        return order

    assert asyncio.run(served()) == list(range(12))


def test_requests_are_worked_on_in_the_order_of_their_coming(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=1, waiting=3)
    gate, room = gated(monkeypatch), server.service.admission
    names: list[str] = []
    put = server.service.storage.put

    def noted(owner: str, name: str, data: bytes, seconds: float) -> Stored:
        names.append(name)
        return put(owner, name, data, seconds)

    monkeypatch.setattr(server.service.storage, "put", noted)
    with calling(server, gate) as callers:
        asks: list[Future[Response]] = []
        for number in range(4):
            asks.append(callers.cut(a_photo(number)))
            until(lambda: wanted(server) == len(asks), "it waits for its turn")
        assert room.working == 1
        assert room.waiting == 3
        gate.go_on.set()
        answers = [ask.result() for ask in asks]
    made = [answer.headers["content-location"].rpartition("/")[2] for answer in answers]
    assert [name for name in names if name in made] == made
    assert all(answer.headers["server-timing"].startswith("queue;dur=") for answer in answers)


def succeed(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.http.post(CUT, files={"image": a_photo(0)}).status_code == 200


def send_no_picture(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.http.post(CUT, files={"image": b"no picture"}).status_code == 415


def send_no_form(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(server.port, CUT, "Content-Type: multipart/form-data", body=b"nonsense").status == 400


def leave_while_uploading(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    with uploading(server, a_photo(0)):
        until(lambda: server.service.admission.inside == 1, "it is inside")


def leave_while_worked_on(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        gate = gated(patch)
        with asked(server, a_photo(0)):
            until(lambda: gate.begun == 1, "it is worked on")
        until(lambda: idle(server), "its place is free, though the model is still at it")
        gate.go_on.set()


def meet_a_defect(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        replace_model(patch, Failing(ZeroDivisionError("a defect")))
        assert server.http.post(CUT, files={"image": a_photo(0)}).status_code == 500


def take_too_long(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = server.service.settings
    server.service.settings = replace(settings, deadline=1)
    with monkeypatch.context() as patch:
        gate = gated(patch)
        assert server.http.post(CUT, files={"image": a_photo(0)}).json()["code"] == "deadline_exceeded"
        gate.go_on.set()
    server.service.settings = settings


@pytest.mark.parametrize(
    "happens",
    [
        succeed, send_no_picture, send_no_form, leave_while_uploading, leave_while_worked_on, meet_a_defect,
        take_too_long,
    ],
)  # fmt: skip
def test_places_are_given_back(
    start: Start, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Running, pytest.MonkeyPatch], None]
) -> None:
    server = start(workers=1, waiting=0)
    for _ in range(2):
        happens(server, monkeypatch)
        until(lambda: idle(server), "the only place is free")
    assert server.http.post(CUT, files={"image": a_photo(1)}).status_code == 200


def test_a_server_that_stops_takes_no_more_work(server: Running, picture: bytes) -> None:
    server.service.admission.closed = True
    with connected(server.port) as sock:
        head_only(sock)
        answer = read(sock)
    assert (answer.status, answer.code) == (503, "shutting_down")
    assert int(answer.headers["retry-after"]) > 0
    server.service.admission.closed = False
    assert server.http.post(CUT, files={"image": picture}).status_code == 200


def test_retry_after_follows_what_pictures_take_at_present(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("cleancut.server.admission.time.monotonic", lambda: now[0])

    async def after(spell: float) -> int:
        room = Admission(1, 0)
        for _ in range(50):
            async with room.turn() as waited:
                assert waited == 0
                now[0] += spell
        with room.entered(), pytest.raises(Refused) as caught, room.entered():
            pass
        assert caught.value.code == "server_full"
        return int(caught.value.headers["Retry-After"])

    assert [asyncio.run(after(spell)) for spell in (0.01, 5.0, 500.0)] == [1, 5, 60]


def test_who_gives_up_waiting_for_a_turn_takes_none() -> None:
    async def served() -> None:
        room = Admission(1, 5)
        began: list[str] = []

        async def come(name: str) -> None:
            async with room.turn():
                began.append(name)
                await asyncio.sleep(0.01)

        tasks = {name: asyncio.create_task(come(name)) for name in ("first", "leaves", "last")}
        await asyncio.sleep(0)
        tasks["leaves"].cancel()
        await asyncio.wait(tasks.values())
        assert began == ["first", "last"]
        assert room.working == 0

    asyncio.run(served())


def test_the_number_of_those_who_wait_is_never_below_none() -> None:
    room = Admission(1, 0)
    # What a client left behind that has gone, until it stops.
    room.working = 1
    assert room.waiting == 0


def test_the_body_of_a_request_that_was_let_in_is_read(server: Running, picture: bytes) -> None:
    whole = cut_request(picture)
    with connected(server.port) as sock:
        for begin in range(0, len(whole), 100):
            sock.sendall(whole[begin : begin + 100])
        assert read(sock).status == 200
