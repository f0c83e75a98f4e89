"""Streams of events: a few for each client, not for ever, and not for those who may no longer see the job."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cleancut.client import Client
from cleancut.server import streams
from cleancut.server.keys import keys_file, revoke
from tests.fakes.bad_server import BadServer, Served
from tests.server.calls import key, refused
from tests.server.conftest import Running, Start
from tests.server.test_jobs import JOBS, accepted, lasting
from tests.server.test_jobs_watch import numbers, watched
from tests.server.wire import until


@pytest.fixture(scope="module")
def making(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from lasting(tmp_path_factory.mktemp("home"))


def test_a_stream_ends_after_a_while_and_goes_on_where_it_ended(
    making: Running, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LASTS_S", 1.5)
    gate = threading.Event()
    with BadServer() as outside:
        job = accepted(making, picture, url=outside.serve("/slow.png", Served(picture, gate=gate)))
        began = time.monotonic()
        with watched(making, job) as stream:
            first = list(stream)
        assert time.monotonic() - began < 10
        assert "end" not in {each.kind for each in first}
        assert first[-1].kind == "job", "the last word is no picture's, and has an id"
        assert int(first[-1].retry or 0) <= 1000, "browsers come back soon"
        with watched(making, job, first[-1].id) as stream:
            second = list(stream)
        gate.set()
        with watched(making, job, second[-1].id) as stream:
            third = list(stream)
    assert second[-1].kind == "job", "told also where nothing has changed: so it is no line that has broken"
    assert sorted(numbers(first) + numbers(second) + numbers(third)) == [1, 2]
    assert third[-1].kind == "end"


def test_the_client_follows_a_job_over_many_streams(
    making: Running, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LASTS_S", 0.1)
    opened = 0
    place = streams.Streams.opened

    def counted(self: streams.Streams, client: object) -> object:
        nonlocal opened
        opened += 1
        return place(self, client)

    monkeypatch.setattr(streams.Streams, "opened", counted)
    gate = threading.Event()
    with BadServer() as outside, Client(making.address, retries=1) as client:
        job = accepted(making, picture, url=outside.serve("/slow.png", Served(picture, gate=gate)))
        threading.Timer(5, gate.set).start()
        assert sorted(each.number for each in client.watch(job["id"], timeout=60)) == [1, 2]
    assert opened > 3


def test_one_client_has_a_few_streams_and_leaves_room_for_others(start: Start, home: Path, picture: bytes) -> None:
    server = start(job_workers=0)
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    hers, his = accepted(server, picture, who=anna), accepted(server, picture, who=ben)
    with ExitStack() as stack:
        held = [stack.enter_context(watched(server, hers, who=anna)) for _ in range(streams.OF_ONE - 1)]
        assert {next(each).kind for each in held} == {"job"}
        with watched(server, hers, who=anna) as stream:
            next(stream)
            turned_away(server, hers, anna, 429, "rate_limited")
            with watched(server, his, who=ben) as other:
                assert next(other).kind == "job"
        until(lambda: server.service.streams._open.total() == streams.OF_ONE - 1, "those who have gone are")
        with watched(server, hers, who=anna) as stream:
            assert next(stream).kind == "job"
    until(lambda: not server.service.streams._open, "nobody is remembered")


def turned_away(server: Running, job: Any, who: dict[str, str], status: int, code: str) -> None:
    with server.http.stream("GET", f"{JOBS}/{job['id']}/events", headers=who) as answer:
        assert answer.status_code == status, "one more is let in"
        answer.read()
    refused(answer, status, code)
    assert int(answer.headers["Retry-After"]) > 0


def test_all_streams_together_leave_connections_for_others(start: Start, home: Path, picture: bytes) -> None:
    server = start(job_workers=0, connections=6)
    who = [key(home, name)[1] for name in ("Anna", "Ben", "Cleo", "Dora")]
    jobs = [accepted(server, picture, who=each) for each in who]
    with ExitStack() as stack:
        held = [stack.enter_context(watched(server, job, who=each)) for each, job in zip(who[:3], jobs, strict=False)]
        assert {next(each).kind for each in held} == {"job"}
        turned_away(server, jobs[3], who[3], 503, "server_full")
        assert server.http.get(f"{JOBS}/{jobs[3]['id']}", headers=who[3]).status_code == 200


@pytest.mark.parametrize("how", ["the key is revoked", "the session ends", "the file of keys breaks", "a key is made"])
def test_a_stream_ends_when_who_watches_may_no_longer(
    start: Start, home: Path, picture: bytes, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(streams, "LASTS_S", 8.0)
    made = None if how == "a key is made" else key(home, "Anna")
    server = start(job_workers=0)
    who = made[1] if made else {}
    job = accepted(server, picture, who=who)
    token = {}
    if how == "the session ends":
        told = server.http.post("/api/session", json={"key": who["X-Api-Key"]}).json()
        who, token = {}, {"X-CSRF-Token": told["csrf"]}
    with watched(server, job, who=who) as stream:
        assert next(stream).kind == "job"
        if how == "the key is revoked" and made:
            revoke(keys_file(home), made[0].id)
        elif how == "the session ends":
            assert server.http.delete("/api/session", headers=token).status_code == 204
        elif how == "the file of keys breaks":
            keys_file(home).write_bytes(b"x")
        else:
            key(home, "Anna")
        began = time.monotonic()
        assert list(stream) == [], "it goes on"
    assert time.monotonic() - began < 5
