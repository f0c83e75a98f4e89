"""Jobs over HTTP: sent, made, listed, cancelled, deleted, and nobody else's."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import cleancut
from cleancut.server.settings import read_server_settings
from tests.fakes.tiny_model import photo, write_tiny_model
from tests.pictures import saved
from tests.server.calls import key, opened, pixels, refused
from tests.server.conftest import Running, Start, begin
from tests.server.wire import until

JOBS = "/api/v1/jobs"
LOOPBACK = (ip_network("127.0.0.0/8"),)
Who = dict[str, str] | None


def lasting(home: Path, **settings: Any) -> Iterator[Running]:
    """A server for all tests of a module, since its process for pictures takes seconds to begin; URLs are allowed."""
    write_tiny_model(home)
    environment = {"CLEANCUT_HOME": str(home), "CLEANCUT_INT8": "0"}
    usual = {"port": 0, "model": "tiny", "precision": "fp32", "drain": 5, "allow_url": True, "url_networks": LOOPBACK}
    one = begin(read_server_settings(environment, **{**usual, **settings}))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def making(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from lasting(tmp_path_factory.mktemp("home"))


def sent(
    server: Running, *images: bytes | tuple[str, bytes], archive: bytes | None = None, who: Who = None, **fields: Any
) -> httpx.Response:
    """POST /api/v1/jobs; a field may have several values, and be a file as a tuple of its name and its bytes."""
    named = [each if isinstance(each, tuple) else (f"{at}.png", each) for at, each in enumerate(images, 1)]
    parts: list[Any] = [("image", each) for each in named]
    if archive is not None:
        parts.append(("archive", ("photos.zip", archive)))
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            parts.append((name, each if isinstance(each, tuple) else (None, str(each))))
    return server.http.post(JOBS, files=parts or [("priority", (None, "low"))], headers=who)


def accepted(server: Running, *images: bytes | tuple[str, bytes], **parts: Any) -> Any:
    """The job that a request has led to."""
    answer = sent(server, *images, **parts)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"{JOBS}/{answer.json()['id']}"
    return answer.json()


def now(server: Running, job: Any, who: Who = None) -> Any:
    answer = server.http.get(f"{JOBS}/{job['id']}", headers=who)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ended(server: Running, job: Any, who: Who = None) -> Any:
    """The job, once it has ended."""
    until(lambda: now(server, job, who)["ended"] is not None, "the job has ended", 60)
    return now(server, job, who)


def items(server: Running, job: Any, who: Who = None, **query: Any) -> Any:
    answer = server.http.get(f"{JOBS}/{job['id']}/items", headers=who, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def listed(server: Running, who: Who = None, **query: Any) -> list[str]:
    answer = server.http.get(JOBS, headers=who, params=query)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["jobs"]]


def stored(home: Path) -> list[str]:
    """All files of jobs, also those that are being written."""
    store = home / "server" / "jobs" / "store"
    return sorted(each.name for each in store.rglob("*") if each.is_file() and each.suffix != ".lock")


def nothing_came_of_it(server: Running) -> None:
    assert stored(server.home) == []
    assert listed(server) == []


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    with zipfile.ZipFile(file := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return file.getvalue()


def alike(data: bytes, other: bytes) -> None:
    """Whether they are one picture but for rounding; colours of what is clear do not count."""
    one, two = (np.asarray(opened(each).convert("RGBA")).astype(int) for each in (data, other))
    assert one.shape == two.shape
    difference = np.abs(one - two)
    assert difference[..., 3].max() <= 1
    assert (difference[..., :3] * (two[..., 3:] > 0)).max() <= 2


def test_a_job_is_accepted_at_once_and_its_pictures_are_made(making: Running, picture: bytes) -> None:
    began = time.time()
    answer = sent(making, ("cat.png", picture), ("b/dog.jpg", saved(photo(96, 112), "JPEG")), priority="high")
    job = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (202, f"{JOBS}/{job['id']}")
    assert (job["state"], job["priority"], job["pictures"], job["waiting"]) == ("queued", "high", 2, 2)
    assert "Idempotency-Replayed" not in answer.headers
    job = ended(making, job)
    assert (job["state"], job["waiting"], job["done"], job["failed"], job["cancelled"]) == ("done", 0, 2, 0, 0)
    made, end, expires = (datetime.fromisoformat(job[name]).timestamp() for name in ("made", "ended", "expires"))
    assert began - 1 <= made <= end <= time.time()
    assert expires == pytest.approx(end + 86_400, abs=0.01)
    first, second = items(making, job)
    assert [(each["number"], each["name"], each["state"]) for each in (first, second)] == [
        (1, "cat.png", "done"), (2, "b/dog.jpg", "done"),
    ]  # fmt: skip
    assert (second["width"], second["height"], second["model"], second["subject"]) == (112, 96, "tiny", True)
    shown = making.http.get(first["result"])
    assert shown.headers["Content-Type"] == "image/png"
    assert len(shown.content) == first["bytes"]
    assert opened(shown.content).size == (160, 128)
    assert stored(making.home).count("1.source") == 0, "photos are not kept beyond their use"


def test_pictures_are_those_of_the_library_and_of_the_other_route(
    making: Running, picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = saved(np.full((64, 80, 3), (10, 90, 200), np.uint8), "PNG")
    wishes: tuple[dict[str, Any], ...] = (
        {}, {"format": "webp", "background": "red"}, {"background_image": ("b.png", behind)},
        {"channels": "alpha", "feather": 2}, {"crop": True, "max_size": "60"},
    )  # fmt: skip
    jobs = [accepted(making, picture, **wish) for wish in wishes]
    for job, wish in zip(jobs, wishes, strict=True):
        ended(making, job)
        (item,) = items(making, job)
        assert item["state"] == "done", item
        got = making.http.get(item["result"])
        fields = {name: value for name, value in wish.items() if name != "background_image"}
        files = {"image": picture} | ({"background_image": behind} if "background_image" in wish else {})
        at_once = making.http.post("/api/v1/cutouts", files=files, data=fields)
        assert got.headers["Content-Type"] == at_once.headers["Content-Type"]
        if wish.get("channels") == "alpha":
            assert np.abs(pixels(got.content).astype(int) - pixels(at_once.content)).max() <= 1
        else:
            alike(got.content, at_once.content)
    monkeypatch.setenv("CLEANCUT_HOME", str(making.home))
    by_library = cleancut.remove(picture, model="tiny", precision="fp32")
    alike(making.http.get(f"{JOBS}/{jobs[0]['id']}/items/1/result").content, by_library)


def test_what_can_never_be_made_is_refused_at_once_and_leaves_nothing(start: Start, picture: bytes) -> None:
    server = start(job_workers=0)
    wrong: tuple[tuple[dict[str, Any], int, str], ...] = (
        ({"format": "bmp"}, 422, "invalid_value"), ({"backgrund": "red"}, 422, "invalid_value"),
        ({"background": "no colour"}, 422, "invalid_value"), ({"background": "/etc/passwd"}, 422, "invalid_value"),
        ({"feather": -1}, 422, "invalid_value"), ({"priority": "urgent"}, 422, "invalid_value"),
        ({"model": "no-such-model"}, 400, "unknown_model"), ({"model": "u2netp"}, 409, "model_not_installed"),
        ({"url": "http://127.0.0.1/a.png"}, 403, "url_not_allowed"), ({"url": "file:///a"}, 422, "invalid_value"),
        ({"matte": "0" * 32}, 404, "not_found"), ({"matte": "../secret"}, 422, "invalid_value"),
        ({"webhook": "http://10.0.0.1/"}, 400, "url_refused"), ({"webhook": "ftp://a.example/"}, 422, "invalid_value"),
        ({"background_image": ("b.png", b"")}, 422, "input_missing"),
    )  # fmt: skip
    for fields, status, code in wrong:
        refused(sent(server, picture, **fields), status, code)
        nothing_came_of_it(server)
    refused(sent(server), 422, "invalid_value")
    refused(server.http.post(JOBS, json={"url": []}), 422, "invalid_value")
    nothing_came_of_it(server)


def test_a_background_that_is_no_picture_is_refused_at_once(start: Start, picture: bytes) -> None:
    server = start(job_workers=0)
    refused(sent(server, picture, background_image=("b.png", b"no picture")), 415, "not_an_image")
    nothing_came_of_it(server)


@pytest.mark.parametrize("how", ["header", "server"])
def test_who_keeps_nothing_has_no_jobs(start: Start, picture: bytes, how: str) -> None:
    server = start(store=how != "server", job_workers=0)
    who = {"Cache-Control": "no-store"} if how == "header" else None
    refused(sent(server, picture, who=who), 409, "nothing_kept")
    assert stored(server.home) == []


def test_cancelling_ends_all_that_waits_and_deleting_removes_its_files(start: Start, picture: bytes) -> None:
    server = start(job_workers=0)
    job, other = accepted(server, picture, picture), accepted(server, picture)
    answer = server.http.post(f"{JOBS}/{job['id']}/cancel")
    assert (answer.status_code, answer.json()["state"], answer.json()["cancelled"]) == (200, "cancelled", 2)
    assert {each["state"] for each in items(server, job)} == {"cancelled"}
    again = server.http.post(f"{JOBS}/{job['id']}/cancel")
    assert again.json() == answer.json(), "it has ended once"
    assert now(server, other)["state"] == "queued"
    assert server.http.delete(f"{JOBS}/{job['id']}").status_code == 204
    assert stored(server.home) == ["1.source"], "the other job's"
    assert listed(server) == [other["id"]]
    for place in ("", "/items", "/items/1/result", "/results.zip", "/events"):
        refused(server.http.get(f"{JOBS}/{job['id']}{place}"), 404, "not_found")
    refused(server.http.delete(f"{JOBS}/{job['id']}"), 404, "not_found")
    refused(server.http.post(f"{JOBS}/{job['id']}/cancel"), 404, "not_found")


def test_results_go_with_their_job_and_a_job_goes_when_its_time_is_over(start: Start, picture: bytes) -> None:
    server = start(job_seconds=2)
    kept = ended(server, accepted(server, picture))
    assert stored(server.home) == ["1-1.png"]
    server.http.delete(f"{JOBS}/{kept['id']}")
    nothing_came_of_it(server)
    job = ended(server, accepted(server, picture))
    server.service.desk.sweep()
    assert stored(server.home) == ["1-1.png"]

    def gone() -> bool:
        server.service.desk.sweep()
        return listed(server) == []

    until(gone, "its two seconds are over")
    assert time.time() >= datetime.fromisoformat(job["expires"]).timestamp()
    refused(server.http.get(f"{JOBS}/{job['id']}"), 404, "not_found")
    assert stored(server.home) == []


def test_a_key_makes_one_job_of_what_is_sent_again(start: Start, home: Path, picture: bytes) -> None:
    server = start(job_workers=0)
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    hers, his = {**anna, "Idempotency-Key": "order-7"}, {**ben, "Idempotency-Key": "order-7"}
    first = sent(server, picture, who=hers)
    again = sent(server, picture, who=hers)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    refused(sent(server, picture, who=hers, priority="low"), 409, "idempotency_conflict")
    refused(sent(server, picture, who=hers, format="webp"), 409, "idempotency_conflict")
    refused(sent(server, ("other.png", picture), who=hers), 409, "idempotency_conflict")
    refused(sent(server, picture, picture, who=hers), 409, "idempotency_conflict")
    assert sent(server, picture, who=his).json()["id"] != first.json()["id"]
    assert sent(server, picture, who=anna).json()["id"] != first.json()["id"]
    assert len(listed(server, anna)) == 2
    server.http.delete(f"{JOBS}/{first.json()['id']}", headers=anna)
    assert "Idempotency-Replayed" not in sent(server, picture, who=hers).headers, "what is deleted is forgotten"
    refused(sent(server, picture, who={**anna, "Idempotency-Key": "a key"}), 422, "invalid_value")


def test_one_key_sent_many_times_at_once_makes_one_job(start: Start, picture: bytes) -> None:
    server = start(job_workers=0)

    def insist(_: int) -> httpx.Response:
        while True:
            answer = sent(server, picture, picture, who={"Idempotency-Key": "once"})
            if answer.status_code == 202:
                return answer
            assert answer.json()["code"] in ("idempotency_conflict", "server_full"), answer.text
            assert int(answer.headers["Retry-After"]) > 0

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(insist, range(8)))
    assert len({each.json()["id"] for each in answers}) == 1
    assert sum("Idempotency-Replayed" not in each.headers for each in answers) == 1
    assert len(listed(server)) == 1
    assert stored(server.home) == ["1.source", "2.source"]


def test_higher_jobs_come_first_and_large_ones_leave_room_for_small_ones(start: Start, picture: bytes) -> None:
    first = start(job_workers=0)
    low, large = accepted(first, picture, priority="low"), accepted(first, picture, picture, picture)
    small, high = accepted(first, picture), accepted(first, picture, picture, priority="high")
    first.stop()
    second = start(job_workers=1)
    ends = {name: ended(second, job)["ended"] for name, job in
            {"low": low, "large": large, "small": small, "high": high}.items()}  # fmt: skip
    assert sorted(ends, key=lambda name: str(ends[name])) == ["high", "small", "large", "low"]


def test_no_more_may_wait_than_the_quota_says(start: Start, home: Path, picture: bytes) -> None:
    server = start(job_workers=0, jobs_pictures=2)
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    job = accepted(server, picture, picture, who=anna)
    answer = sent(server, picture, who=anna)
    refused(answer, 429, "quota_used_up")
    assert int(answer.headers["Retry-After"]) > 0
    assert stored(home) == ["1.source", "2.source"]
    accepted(server, picture, who=ben)
    server.http.post(f"{JOBS}/{job['id']}/cancel", headers=anna)
    accepted(server, picture, who=anna)
    full = start(job_workers=0, jobs_bytes=2 * len(picture))
    refused(sent(full, picture, who=anna), 429, "quota_used_up")


def test_a_job_has_so_many_pictures_and_bytes_at_most(start: Start, picture: bytes) -> None:
    server = start(job_workers=0, job_pictures=2)
    accepted(server, picture, picture)
    refused(sent(server, picture, picture, picture), 413, "archive_too_large")
    refused(sent(server, picture, picture, archive=zipped(("a.png", picture))), 413, "archive_too_large")
    server = start(job_workers=0, job_bytes=2 * len(picture))
    accepted(server, picture, picture)
    for _ in range(2):
        refused(sent(server, picture, picture, ("x", b"x")), 413, "archive_too_large")
    refused(sent(server, archive=zipped(*[(f"{each}.png", bytes(len(picture))) for each in range(3)])), 413,
            "archive_too_large")  # fmt: skip
    assert len(stored(server.home)) == 4


def test_the_photos_of_mattes_count_among_a_jobs_bytes(start: Start, picture: bytes) -> None:
    server = start(job_workers=0, job_bytes=2 * len(picture))
    id = server.http.post("/api/v1/mattes", files={"image": picture}).json()["id"]
    accepted(server, matte=[id, id])
    refused(sent(server, matte=[id, id, id]), 413, "archive_too_large")


def test_a_job_of_anothers_is_not_there(start: Start, home: Path, picture: bytes) -> None:
    server = start()
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    job = accepted(server, picture, who=anna)
    ended(server, job, anna)
    place = f"{JOBS}/{job['id']}"
    for tail in ("", "/items", "/items/1/result", "/results.zip", "/events"):
        refused(server.http.get(place + tail, headers=ben), 404, "not_found")
        assert server.http.get(place + tail, headers=anna).status_code == 200
        refused(server.http.get(place + tail), 401, "key_needed")
    refused(server.http.post(f"{place}/cancel", headers=ben), 404, "not_found")
    refused(server.http.delete(place, headers=ben), 404, "not_found")
    assert (listed(server, ben), listed(server, anna)) == ([], [job["id"]])
    assert now(server, job, anna)["state"] == "done"
