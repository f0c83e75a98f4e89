"""Jobs on their way in: given up, deleted, sent slowly, or received while the data base is frozen."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy

from cleancut.jobs import intake
from cleancut.jobs.schema import JOBS as TABLE
from cleancut.server.arrivals import OF_ONE
from tests.server.calls import cut, key, refused
from tests.server.conftest import Running, Start
from tests.server.test_jobs import JOBS, accepted, listed, nothing_came_of_it, sent, stored
from tests.server.wire import FORM, Reply, connected, form, part, read, request, until

KEY = {"Idempotency-Key": "order-7"}


class Gate:
    """A function that whoever calls it has to wait for."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self, *values: Any) -> Any:
        self.reached.set()
        assert self.open.wait(30), "nobody opens the gate"
        return self._call(*values)


@pytest.fixture
def server(start: Start) -> Running:
    return start(job_workers=0)


@pytest.fixture
def storing(server: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Where a job's photos are put into the store, after its row and before it is accepted."""
    gate = Gate(server.service.desk.store.put)
    monkeypatch.setattr(server.service.desk.store, "put", gate)
    yield gate
    gate.open.set()


def whole(picture: bytes, *headers: str) -> bytes:
    """A request that sends a job."""
    return request("POST", JOBS, FORM, *headers, body=form(part("image", picture, "a.png")))


def rows(server: Running) -> int:
    with server.service.desk.base.reading() as connection:
        return len(connection.execute(sqlalchemy.select(TABLE.c.id)).all())


def all_have_left(server: Running) -> None:
    until(lambda: server.service.sending.inside == 0, "no job is on its way in")


def nothing_is_left(server: Running) -> None:
    all_have_left(server)
    nothing_came_of_it(server)
    assert rows(server) == 0


def test_who_goes_away_before_the_answer_leaves_nothing(server: Running, storing: Gate, picture: bytes) -> None:
    with connected(server.port) as sock:
        sock.sendall(whole(picture, "Idempotency-Key: order-7"))
        assert storing.reached.wait(20)
    arrivals = server.service.sending._inside
    until(lambda: all(each._refused for each in arrivals), "the server has seen it")
    refused(sent(server, picture, who=KEY), 409, "idempotency_conflict")
    storing.open.set()
    nothing_is_left(server)
    again = sent(server, picture, who=KEY)
    assert (again.status_code, "Idempotency-Replayed" in again.headers) == (202, False)


def test_who_goes_away_after_the_answer_leaves_the_job(server: Running, picture: bytes) -> None:
    with connected(server.port) as sock:
        sock.sendall(whole(picture))
        id = read(sock).json()["id"]
    all_have_left(server)
    assert listed(server) == [id]


def all_is_erased(server: Running) -> httpx.Response:
    return server.http.delete("/api/v1/data")


def it_is_deleted(server: Running) -> httpx.Response:
    return server.http.delete(JOBS, headers=KEY)


@pytest.mark.parametrize("delete", [all_is_erased, it_is_deleted])
def test_a_job_deleted_while_it_is_being_sent_is_not_accepted(
    server: Running, picture: bytes, delete: Callable[[Running], httpx.Response]
) -> None:
    data = whole(picture, "Idempotency-Key: order-7")
    with connected(server.port) as sock:
        sock.sendall(data[:-10])
        until(lambda: server.service.sending.inside == 1)
        assert delete(server).is_success
        sock.sendall(data[-10:])
        answer = read(sock)
    assert (answer.status, answer.code) == (404, "not_found")
    nothing_is_left(server)
    assert sent(server, picture, who=KEY).status_code == 202


@pytest.mark.parametrize("delete", [all_is_erased, it_is_deleted])
def test_a_job_deleted_while_it_is_stored_is_not_accepted(
    server: Running, storing: Gate, picture: bytes, delete: Callable[[Running], httpx.Response]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sent, server, picture, picture, who=KEY)
        assert storing.reached.wait(20)
        assert delete(server).is_success
        assert rows(server) == 0
        storing.open.set()
        refused(sending.result(), 404, "not_found")
    nothing_is_left(server)


def test_a_job_that_another_server_receives_is_deleted_by_its_row(
    server: Running, storing: Gate, picture: bytes
) -> None:
    desk = server.service.desk
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sent, server, picture, who=KEY)
        assert storing.reached.wait(20)
        desk.remove_sent("local", "order-7")
        storing.open.set()
        refused(sending.result(), 408, "too_slow")
    nothing_is_left(server)


def test_an_accepted_job_is_deleted_by_its_key_and_others_stay(start: Start, home: Path, picture: bytes) -> None:
    server = start(job_workers=0)
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    for who in (anna, ben):
        assert sent(server, picture, who={**who, **KEY}).status_code == 202
    other = accepted(server, picture, who={**anna, "Idempotency-Key": "order-8"})
    for _ in range(2):
        assert server.http.delete(JOBS, headers={**anna, **KEY}).status_code == 204
        assert (listed(server, anna), len(listed(server, ben))) == ([other["id"]], 1)
    refused(server.http.delete(JOBS, headers=anna), 422, "invalid_value")
    refused(server.http.delete(JOBS, headers=KEY), 401, "key_needed")
    assert len(stored(home)) == 2


def test_a_few_jobs_are_received_at_a_time_and_fewer_of_one_key(start: Start, home: Path, picture: bytes) -> None:
    server = start(job_workers=0)
    sending = server.service.sending
    _, anna, ben, eve = (key(home, name)[1] for name in ("Dan", "Anna", "Ben", "Eve"))

    with ExitStack() as opened:

        def begun(who: dict[str, str]) -> tuple[socket.socket, bytes]:
            data = whole(picture, f"X-Api-Key: {who['X-Api-Key']}")
            sock = opened.enter_context(connected(server.port))
            sock.sendall(data[:-10])
            return sock, data[-10:]

        socks = [begun(anna) for _ in range(OF_ONE)]
        until(lambda: sending.inside == OF_ONE)
        answer = sent(server, picture, who=anna)
        refused(answer, 503, "server_full")
        assert int(answer.headers["Retry-After"]) > 0
        accepted(server, picture, who=ben)
        socks += [begun((ben, eve)[each % 2]) for each in range(sending.places - OF_ONE)]
        until(lambda: sending.inside == sending.places, "all places are taken")
        refused(sent(server, picture, who=ben), 503, "server_full")
        assert cut(server, picture, ben).status_code == 200, "others are let in all the same"
        for sock, rest in socks:
            sock.sendall(rest)
            assert read(sock).status == 202
    accepted(server, picture, who=anna)


def dribbled(server: Running, size: int, part_size: int, seconds: float) -> Reply:
    """The answer to a job whose photo is sent in small parts."""
    head, body = whole(bytes(size)).split(b"\r\n\r\n", 1)
    with connected(server.port) as sock:
        sock.sendall(head + b"\r\n\r\n")
        for at in range(0, len(body), part_size):
            sock.sendall(body[at : at + part_size])
            if select.select([sock], [], [], seconds)[0]:
                break
        return read(sock)


def test_a_job_that_dribbles_in_is_not_waited_for(start: Start) -> None:
    server = start(job_workers=0, patience=1)
    began = time.monotonic()
    answer = dribbled(server, 1000, 20, 0.2)
    assert (answer.status, answer.code) == (408, "too_slow")
    assert 1 < time.monotonic() - began < 5
    all_have_left(server)


def test_a_job_that_comes_slowly_but_steadily_is_waited_for(start: Start) -> None:
    server = start(job_workers=0, patience=1)
    assert dribbled(server, 20_000, 2000, 0.25).status == 202


@pytest.mark.parametrize("asked", ["known", "begin", "accept"])
def test_a_data_base_that_freezes_holds_no_job_that_is_sent(
    server: Running, picture: bytes, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    asking = server.service.asking
    monkeypatch.setattr(asking, "wait", lambda call, ask=asking.wait: ask(call, 0.5))
    gate = Gate(getattr(intake, asked))
    monkeypatch.setattr(intake, asked, gate)
    refused(sent(server, picture, who=KEY), 503, "database_unavailable")
    all_have_left(server)
    assert gate.reached.is_set()
    gate.open.set()
    until(lambda: listed(server) == [] and stored(server.home) == [], "it is undone when the data base answers")


def test_a_data_base_that_freezes_afterwards_does_not_change_that_a_job_is_accepted(
    server: Running, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = server.service.asking
    monkeypatch.setattr(asking, "wait", lambda call, ask=asking.wait: ask(call, 0.5))
    gate = Gate(server.service.desk.hand_out)
    monkeypatch.setattr(server.service.desk, "hand_out", gate)
    job = accepted(server, picture)
    gate.open.set()
    assert listed(server) == [job["id"]]


def test_what_a_jobs_pictures_share_counts_for_the_quota_and_goes_with_the_last_of_them(
    start: Start, picture: bytes
) -> None:
    strokes = '[{"action": "add", "points": [[80, 40], [90, 70]], "radius": 9.5}]'
    room = 2 * len(picture) + len(strokes) + 200
    behind = ("b.png", picture)
    first = start(job_workers=0, jobs_bytes=room)
    job = accepted(first, picture, background_image=behind, strokes=strokes)
    assert stored(first.home) == ["1.source", "background", "edits.json"]
    refused(sent(first, picture), 429, "quota_used_up")
    first.stop()
    small = start(job_workers=0, jobs_bytes=room + len(picture))
    refused(sent(small, picture, background_image=behind), 429, "quota_used_up")
    small.stop()
    second = start(jobs_bytes=room)
    until(lambda: stored(second.home) == ["1-1.png"], "nothing but the result is kept")
    with second.service.desk.base.reading() as connection:
        held = connection.execute(sqlalchemy.select(TABLE.c.held).where(TABLE.c.id == job["id"])).scalar_one()
    result = second.http.get(f"{JOBS}/{job['id']}/items/1/result")
    assert held == len(result.content)


def test_what_pictures_share_goes_with_a_job_of_spoilt_pictures_alone(server: Running, picture: bytes) -> None:
    accepted(server, ("a.png", b""), background_image=("b.png", picture))
    until(lambda: stored(server.home) == [])
