"""Jobs while they run: watched, their results taken one by one, and cancelled half-way."""

from __future__ import annotations

import io
import json
import signal
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.bad_server import BadServer, Served
from tests.fakes.tiny_model import photo
from tests.pictures import saved
from tests.server.calls import key, opened, refused
from tests.server.conftest import Running, Start
from tests.server.test_jobs import JOBS, Who, accepted, ended, items, lasting, listed, now, zipped
from tests.server.wire import until


@pytest.fixture(scope="module")
def making(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from lasting(tmp_path_factory.mktemp("home"))


@dataclass
class Half:
    """A job whose last picture comes once its ``gate`` is open; the others are done."""

    job: Any
    gate: threading.Event


@pytest.fixture
def half(making: Running, picture: bytes) -> Iterator[Half]:
    gate = threading.Event()
    with BadServer() as outside:
        url = outside.serve("/slow.png", Served(picture, gate=gate))
        images = ("in/cat.jpg", picture), ("cat.jpg", saved(photo(96, 96), "PNG"))
        job = accepted(making, *images, ("text.txt", b"no picture"), url=url)
        until(lambda: now(making, job)["waiting"] == 1 and bool(outside.asked), "all but one have ended")
        yield Half(job, gate)
        gate.set()
        until(lambda: idle(making), "nothing is under way")


def idle(server: Running) -> bool:
    return not any(now(server, {"id": id})["ended"] is None for id in listed(server))


@dataclass(frozen=True)
class Event:
    kind: str
    data: Any
    id: str | None
    retry: str | None


@contextmanager
def watched(server: Running, job: Any, seen: str | None = None, who: Who = None) -> Iterator[Iterator[Event]]:
    """The events of a job as they come; with their end the stream has ended."""
    headers = {**(who or {}), **({} if seen is None else {"Last-Event-ID": seen})}
    with server.http.stream("GET", f"{JOBS}/{job['id']}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield events(answer.iter_lines())


def events(lines: Iterator[str]) -> Iterator[Event]:
    told: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            told[name] = value.strip()
        elif "event" in told:
            yield Event(told["event"], json.loads(told["data"]), told.get("id"), told.get("retry"))
            told = {}


def numbers(some: list[Event]) -> list[int]:
    return [each.data["number"] for each in some if each.kind == "picture"]


def taken(server: Running, job: Any) -> dict[str, bytes]:
    """What is in results.zip, in its order."""
    answer = server.http.get(f"{JOBS}/{job['id']}/results.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert len({each.casefold() for each in archive.namelist()}) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


def test_each_picture_is_told_once_and_then_the_end(making: Running, half: Half) -> None:
    with watched(making, half.job) as stream:
        some = [next(stream)]
        while some[-1].kind != "job":
            some.append(next(stream))
        assert numbers(some) == [1, 2, 3]
        assert (some[-1].data["state"], some[-1].data["waiting"]) == ("running", 1)
        half.gate.set()
        some += stream
    assert sorted(numbers(some)) == [1, 2, 3, 4]
    assert [each.kind for each in some[-2:]] == ["job", "end"]
    assert some[-1].data == {"state": "done"}
    assert some[-1].retry is not None
    assert some[-2].data == now(making, half.job)
    told = {each.data["number"]: each.data for each in some if each.kind == "picture"}
    assert [told[number] for number in (1, 2, 3, 4)] == items(making, half.job)


def test_who_comes_back_is_told_only_what_is_new(making: Running, half: Half) -> None:
    with watched(making, half.job) as stream:
        first = [next(stream) for _ in range(4)]
    seen = first[-1].id
    half.gate.set()
    ended(making, half.job)
    with watched(making, half.job, seen) as stream:
        rest = list(stream)
    assert (sorted(numbers(first)), numbers(rest)) == ([1, 2, 3], [4])
    with watched(making, half.job, rest[-1].id) as stream:
        assert [each.kind for each in stream] == ["end"]
    for odd in ("", "x", "-1", "9" * 30):
        with watched(making, half.job, odd) as stream:
            assert sorted(numbers(list(stream))) == [1, 2, 3, 4]


def test_pictures_ended_in_any_order_are_told_once_to_whoever_comes_and_goes(making: Running) -> None:
    job = accepted(making, *[saved(photo(64, 64 + each), "PNG") for each in range(12)])
    seen, told = None, []
    while True:
        with watched(making, job, seen) as stream:
            some: list[Event] = []
            for each in stream:
                some.append(each)
                if each.kind == "job":
                    break
        told += numbers(some)
        seen = some[-1].id
        if some[-1].kind == "end" or some[-1].data["ended"]:
            break
    assert sorted(told) == list(range(1, 13))


def test_a_watcher_hears_of_cancelling_and_of_deleting(start: Start, picture: bytes) -> None:
    server = start(job_workers=0)
    job, gone = accepted(server, picture, picture), accepted(server, picture)
    with watched(server, job) as stream:
        assert next(stream).data["state"] == "queued"
        server.http.post(f"{JOBS}/{job['id']}/cancel")
        some = list(stream)
    assert numbers(some) == [1, 2]
    assert (some[-1].kind, some[-1].data) == ("end", {"state": "cancelled"})
    with watched(server, gone) as stream:
        next(stream)
        server.http.delete(f"{JOBS}/{gone['id']}")
        assert [each.kind for each in stream] == []


def test_a_job_of_anothers_cannot_be_watched(start: Start, home: Path, picture: bytes) -> None:
    server = start(job_workers=0)
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    job = accepted(server, picture, who=anna)
    refused(server.http.get(f"{JOBS}/{job['id']}/events", headers=ben), 404, "not_found")
    with watched(server, job, who=anna) as stream:
        assert next(stream).kind == "job"


def test_a_stream_ends_when_the_server_is_told_to_stop(start: Start, picture: bytes) -> None:
    server = start(job_workers=0, drain=30)
    job = accepted(server, picture)
    with watched(server, job) as stream:
        assert next(stream).kind == "job"
        began = time.monotonic()
        server.server.handle_exit(signal.SIGTERM, None)
        assert [each.kind for each in stream] == [], "no end: the job goes on later"
    server.thread.join(20)
    assert time.monotonic() - began < 10


def test_a_job_is_not_sent_again_until_something_changes(making: Running, half: Half) -> None:
    place = f"{JOBS}/{half.job['id']}"
    first = making.http.get(place)
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        answer = making.http.get(place, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
    half.gate.set()
    ended(making, half.job)
    answer = making.http.get(place, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.json()["waiting"]) == (200, 0)
    assert answer.headers["ETag"] != etag
    result = making.http.get(f"{place}/items/1/result")
    again = making.http.get(f"{place}/items/1/result", headers={"If-None-Match": result.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_beginning_is_a_change_too(making: Running, picture: bytes) -> None:
    gate = threading.Event()
    with BadServer() as outside:
        job = accepted(making, url=outside.serve("/slow.png", Served(picture, gate=gate)))
        until(lambda: bool(outside.asked), "it has begun")
        assert (now(making, job)["state"], now(making, job)["waiting"]) == ("running", 1)
        gate.set()
        assert ended(making, job)["done"] == 1


def test_results_are_there_one_by_one_before_the_job_has_ended(making: Running, half: Half) -> None:
    found = items(making, half.job)
    assert [each["state"] for each in found] == ["done", "done", "failed", "running"]
    assert opened(making.http.get(found[0]["result"]).content).size == (160, 128)
    refused(making.http.get(f"{JOBS}/{half.job['id']}/items/4/result"), 404, "not_found")
    refused(making.http.get(f"{JOBS}/{half.job['id']}/items/5/result"), 404, "not_found")
    by_now = taken(making, half.job)
    assert list(by_now) == ["in/cat.png", "cat.png", "results.json"]
    assert by_now["cat.png"] == making.http.get(found[1]["result"]).content
    assert [each["state"] for each in json.loads(by_now["results.json"])] == ["done", "done", "failed", "running"]
    half.gate.set()
    ended(making, half.job)
    whole = taken(making, half.job)
    assert list(whole) == ["in/cat.png", "cat.png", "slow.png", "results.json"]
    told = json.loads(whole["results.json"])
    assert told == items(making, half.job)
    assert (told[2]["name"], told[2]["problem"]["code"]) == ("text.txt", "not_an_image")


def test_results_of_photos_that_differ_only_in_their_suffix_have_names_of_their_own(making: Running) -> None:
    some = [(name, saved(photo(48, 60 + at), "PNG")) for at, name in
            enumerate(("a.jpg", "a.png", "A.tiff", "b/a.jpg", "a", ".jpg", "results.json"))]  # fmt: skip
    job = ended(making, accepted(making, archive=zipped(*some), format="webp"))
    found = taken(making, job)
    assert len(found) == 8
    assert next(iter(found)) == "a.webp"
    assert "b/a.webp" in found
    assert [opened(data).width for name, data in found.items() if name != "results.json"] == list(range(60, 67))


def test_cancelling_half_way_leaves_what_is_done(making: Running, half: Half) -> None:
    answer = making.http.post(f"{JOBS}/{half.job['id']}/cancel").json()
    assert (answer["state"], answer["done"], answer["failed"], answer["cancelled"]) == ("cancelled", 2, 1, 1)
    half.gate.set()
    after = accepted(making, saved(photo(), "PNG"))
    ended(making, after)
    assert now(making, half.job) == answer, "what came late counts for nothing"
    assert [each["state"] for each in items(making, half.job)] == ["done", "done", "failed", "cancelled"]
    assert list(taken(making, half.job)) == ["in/cat.png", "cat.png", "results.json"]


def test_a_job_deleted_half_way_leaves_nothing(making: Running, half: Half) -> None:
    folder = making.home / "server" / "jobs" / "store" / "objects" / half.job["id"]
    assert folder.exists()
    assert making.http.delete(f"{JOBS}/{half.job['id']}").status_code == 204
    assert not folder.exists(), "at once"
    half.gate.set()
    ended(making, accepted(making, saved(photo(), "PNG")))
    assert not folder.exists(), "nor does what was under way come back"


def test_lists_are_given_in_parts_without_repeats(start: Start, picture: bytes) -> None:
    server = start(job_workers=0)
    jobs = [accepted(server, picture)["id"] for _ in range(8)]
    assert listed(server) == jobs[::-1]
    seen: list[str] = []
    before: dict[str, str] = {}
    while found := server.http.get(JOBS, params={"limit": 1, **before}).json()["jobs"]:
        seen.append(found[0]["id"])
        before = {"before": found[0]["made"]}
        assert len(seen) <= len(jobs), "a job comes twice"
    assert seen == jobs[::-1]
    whole = accepted(server, *[picture] * 5)
    place, numbers, after = f"{JOBS}/{whole['id']}/items", [], 0
    while after is not None:
        part = server.http.get(place, params={"after": after, "limit": 2}).json()
        numbers += [each["number"] for each in part["items"]]
        after = part["after"]
    assert numbers == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00Z"])
def test_moments_at_the_ends_of_time_are_moments(start: Start, moment: str) -> None:
    server = start(job_workers=0)
    for place in (JOBS, "/api/v1/webhooks/messages"):
        assert server.http.get(place, params={"before": moment}).status_code in (200, 422)
