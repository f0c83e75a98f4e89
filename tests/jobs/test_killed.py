"""Servers and workers killed in the middle of their work: everything accepted is done all the same, and done once."""

from __future__ import annotations

import random
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from cleancut.bench.load import free_port
from tests.fakes.tiny_model import write_tiny_model
from tests.jobs.fleet import Caller, Fleet, Member
from tests.postgres import Postgres
from tests.server.wire import until

JOBS, PICTURES, KILLS = 50, 4, 10
ALL = JOBS * PICTURES


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_tiny_model(tmp_path / "home")
    return tmp_path / "home"


Muster = Callable[..., Fleet]
Call = Callable[[Callable[[], str]], Caller]


@pytest.fixture
def muster(home: Path) -> Iterator[Muster]:
    """A fleet; what of it is still there at the end is killed."""
    fleets: list[Fleet] = []

    def muster(url: str | None = None) -> Fleet:
        fleets.append(Fleet(home, url))
        return fleets[-1]

    yield muster
    for each in fleets:
        each.end()


@pytest.fixture
def call() -> Iterator[Call]:
    """A client of the server whose address it asks for."""
    with ExitStack() as opened:
        yield lambda address: opened.enter_context(Caller(address))


def kill_now_and_then(caller: Caller, kill: Callable[[random.Random], None]) -> list[float]:
    """Kill ten times at random moments of the work; the seconds until pictures were being made again."""
    # So that a run that fails can be repeated; the moments are still not the same twice.
    chance = random.Random(KILLS)
    recovered: list[float] = []
    for at in sorted(chance.sample(range(2, ALL * 3 // 4), KILLS)):
        caller.wait_for(at)
        time.sleep(chance.uniform(0, 0.2))
        before = caller.done()
        assert before < ALL
        killed = time.monotonic()
        kill(chance)
        caller.wait_for(before + 1)
        recovered.append(time.monotonic() - killed)
    return recovered


def check_all(caller: Caller, fleet: Fleet, ids: list[str]) -> None:
    """Everything is done, once, and nothing else is there."""
    caller.wait_for(ALL)
    for id in ids:
        caller.check_results(id)
    # One result each, of whatever attempt, and no photo any more, once what was killed before it tidied is missed.
    wanted = sorted(f"{id}/{number}" for id in ids for number in range(1, PICTURES + 1))
    until(lambda: [re.sub(r"-[0-9]+\.png$", "", each) for each in fleet.objects()] == wanted, "nothing else is there")


def test_a_server_that_is_killed_again_and_again_loses_and_doubles_nothing(
    muster: Muster, call: Call, record_property: Callable[[str, object], None]
) -> None:
    fleet = muster()
    now = [fleet.serve()]
    caller = call(lambda: now[-1].address)
    ids = [caller.submit(number, size=(480, 360)) for number in range(JOBS)]

    def kill(_: random.Random) -> None:
        now[-1].kill()
        now.append(fleet.serve())

    recovered = kill_now_and_then(caller, kill)
    record_property("recovered_s", recovered)
    check_all(caller, fleet, ids)
    # What the killed ones were writing is gone with the next sweep.
    until(lambda: len([each for each in fleet.incoming() if "/" in each]) == 0, "nothing is half-written")
    assert now[-1].end() == 0


def test_workers_that_are_killed_again_and_again_lose_and_double_nothing(
    muster: Muster, call: Call, database_url: str, record_property: Callable[[str, object], None]
) -> None:
    fleet = muster(database_url)
    server = fleet.serve("--job-workers", "0")
    workers = [fleet.worker(), fleet.worker()]
    caller = call(lambda: server.address)
    ids = [caller.submit(number) for number in range(JOBS)]

    def kill(chance: random.Random) -> None:
        which = chance.randrange(2)
        workers[which].kill()
        workers[which] = fleet.worker()

    recovered = kill_now_and_then(caller, kill)
    record_property("recovered_s", recovered)
    check_all(caller, fleet, ids)
    for each in (*workers, server):
        assert each.end() == 0
        assert "Traceback" not in each.told


def test_replicas_that_are_killed_while_jobs_come_in_leave_nothing_behind(
    muster: Muster, call: Call, database_url: str
) -> None:
    fleet = muster(database_url)
    servers = [fleet.serve("--job-workers", "0") for _ in range(2)]
    workers = [fleet.worker() for _ in range(3)]
    turn = iter(range(10**9))
    caller = call(lambda: servers[next(turn) % 2].address)
    ids: list[str] = []
    with ThreadPoolExecutor(3) as pool:
        coming = [pool.submit(caller.submit, number) for number in range(JOBS)]
        for which in (0, 1, 0, 1):
            until(lambda which=which: sum(each.done() for each in coming) > 8 * which, "some came in")  # type: ignore[misc]
            servers[which].kill()
            servers[which] = fleet.serve("--job-workers", "0")
            workers[which].kill()
            workers[which] = fleet.worker()
        ids = [each.result() for each in coming]
    assert len(set(ids)) == JOBS
    caller.wait_for(ALL)
    for id in ids:
        caller.check_results(id)
    # What was on its way into a killed server was never accepted, and is removed a minute later.
    known = {each["id"] for each in caller.ask("GET", "/api/v1/jobs", params={"limit": 1000}).json()["jobs"]}
    assert known == set(ids)
    until(lambda: {each.partition("/")[0] for each in fleet.objects()} == known, "nothing is left behind", 100)


def test_what_is_accepted_is_done_though_the_data_base_stops_meanwhile(
    muster: Muster, call: Call, postgres: Postgres, database_url: str
) -> None:
    fleet = muster(database_url)
    server, _ = fleet.serve("--job-workers", "0"), fleet.worker()
    caller = call(lambda: server.address)
    ids = [caller.submit(number) for number in range(10)]
    caller.wait_for(4)
    postgres.stop()
    try:
        files = [("image", ("a.jpg", b"x"))]
        refused = [
            caller.ask("POST", "/api/v1/jobs", files=files),
            caller.ask("GET", f"/api/v1/jobs/{ids[0]}"),
            caller.ask("GET", "/api/v1/jobs"),
            caller.ask("POST", f"/api/v1/jobs/{ids[0]}/cancel"),
            caller.ask("GET", "/api/v1/webhooks/messages"),
        ]
        for answer in refused:
            assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["hint"]
        assert caller.ask("GET", "/livez").status_code == 200
        time.sleep(4)
    finally:
        postgres.start()
    caller.wait_for(40)
    for id in ids:
        caller.check_results(id)
    assert caller.submit(99)


def test_a_worker_ends_gracefully_and_what_it_was_at_is_done_by_the_next(muster: Muster, call: Call) -> None:
    fleet = muster()
    server = fleet.serve("--job-workers", "0")
    caller = call(lambda: server.address)
    ids = [caller.submit(number) for number in range(3)]
    time.sleep(0.5)
    assert caller.done() == 0
    first = fleet.worker()
    caller.wait_for(3)
    assert first.end() == 0
    assert "Traceback" not in first.told
    at = caller.done()
    time.sleep(0.5)
    assert caller.done() == at
    fleet.worker()
    caller.wait_for(12)
    # It has given back what it was at, and nobody had to be missed first.
    with closing(sqlite3.connect(fleet.home / "server" / "jobs" / "jobs.sqlite")) as base:
        assert base.execute("SELECT sum(vanished) FROM cleancut_items").fetchone() == (0,)
    for id in ids:
        caller.check_results(id)


def test_a_worker_tells_its_metrics(muster: Muster, call: Call) -> None:
    fleet = muster()
    server: Member = fleet.serve("--job-workers", "0")
    port = free_port()
    fleet.worker("--metrics-port", str(port))
    caller = call(lambda: server.address)
    caller.submit(1)
    caller.wait_for(4)
    told = call(lambda: f"http://127.0.0.1:{port}").ask("GET", "/metrics").text
    assert 'cleancut_job_pictures_total{state="done"} 4.0' in told
    assert 'cleancut_step_seconds_count{step="infer"}' in told
    assert "cleancut_model_runs_total" in told
    assert "process_resident_memory_bytes" in told
