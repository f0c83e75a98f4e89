"""Webhooks over HTTP: told of a job's end, signed, logged, and sent again when asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest

from cleancut.client import WebhookRefused
from cleancut.jobs import courier
from tests.jobs.receiver import Answer, Receiver
from tests.server.calls import key, refused
from tests.server.conftest import Running, Start
from tests.server.test_jobs import accepted, ended, nothing_came_of_it, now, sent, stored
from tests.server.wire import until

HOOKS = "/api/v1/webhooks"
LOOPBACK = (ip_network("127.0.0.0/8"),)
Who = dict[str, str] | None


@pytest.fixture
def hooked(start: Start, monkeypatch: pytest.MonkeyPatch) -> Running:
    """A server that brings messages to loopback, and tries again soon."""
    monkeypatch.setattr(courier, "PAUSES", (0.05,) * 9)
    return start(webhook_networks=LOOPBACK)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def secret(server: Running, who: Who = None) -> Any:
    answer = server.http.post(f"{HOOKS}/secrets", headers=who)
    assert answer.status_code == 201, answer.text
    return answer.json()


def spoilt(server: Running, url: str, who: Who = None) -> Any:
    """A job that has ended as soon as its one picture has been looked at."""
    return ended(server, accepted(server, b"no picture", webhook=url, who=who), who)


def log(server: Running, who: Who = None, **query: Any) -> Any:
    answer = server.http.get(f"{HOOKS}/messages", headers=who, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["messages"]


def settled(server: Running, job: Any, who: Who = None) -> Any:
    """The job's message, once it waits no more."""
    until(lambda: bool((found := log(server, who, job=job["id"])) and found[0]["state"] != "waiting"), "it is brought")
    (found,) = log(server, who, job=job["id"])
    return found


def test_the_end_of_a_job_is_told_once(hooked: Running, receiver: Receiver, picture: bytes) -> None:
    shown = secret(hooked)["secret"]
    job = ended(hooked, accepted(hooked, picture, b"no picture", webhook=receiver.url))
    found = settled(hooked, job)
    (got,) = receiver.got
    assert got.verified(shown) == found["id"]
    body = json.loads(got.body)
    assert body["type"] == found["event"] == "job.ended"
    assert body["data"] == {
        "id": job["id"], "state": "done", "pictures": 2, "done": 1, "failed": 1, "cancelled": 0,
        "url": f"/api/v1/jobs/{job['id']}",
    }  # fmt: skip
    assert hooked.http.get(body["data"]["url"]).json()["id"] == job["id"]
    assert (found["job"], found["url"], found["state"]) == (job["id"], receiver.url, "delivered")
    assert [(each["number"], each["status"]) for each in found["attempts"]] == [(1, 200)]
    assert hooked.http.get(f"{HOOKS}/messages/{found['id']}").json() == found


def test_a_cancelled_job_and_one_that_has_failed_at_once_are_told_too(
    start: Start, receiver: Receiver, picture: bytes
) -> None:
    server = start(webhook_networks=LOOPBACK)
    secret(server)
    failed = accepted(server, b"", webhook=receiver.url)
    assert failed["ended"]
    asleep = start(webhook_networks=LOOPBACK, job_workers=0)
    doomed = accepted(asleep, *[picture] * 9, webhook=receiver.url)
    assert asleep.http.post(f"/api/v1/jobs/{doomed['id']}/cancel").json()["state"] == "cancelled"
    until(lambda: len(receiver.got) == 2, "both are told", 25)
    told = {json.loads(each.body)["data"]["id"]: json.loads(each.body)["data"]["state"] for each in receiver.got}
    assert told == {failed["id"]: "done", doomed["id"]: "cancelled"}


def test_attempts_are_logged_and_end_with_the_one_that_comes_through(hooked: Running) -> None:
    shown = secret(hooked)["secret"]
    with Receiver(Answer(500), Answer(307, {"Location": "/elsewhere"}), Answer(200)) as receiver:
        found = settled(hooked, spoilt(hooked, receiver.url))
        assert [each.verified(shown) for each in receiver.got] == [found["id"]] * 3
    attempts = found["attempts"]
    assert [(each["number"], each["status"]) for each in attempts] == [(1, 500), (2, 307), (3, 200)]
    assert [bool(each["problem"]) for each in attempts] == [True, True, False]
    assert all(each["ms"] > 0 for each in attempts)
    assert found["ended"] == attempts[-1]["made"]
    # As words, whole seconds come behind those with a fraction.
    ended, first, made = map(datetime.fromisoformat, (found["ended"], attempts[0]["made"], found["made"]))
    assert ended >= first >= made


def test_who_says_gone_is_told_no_more_until_a_replay_asks_for_it(hooked: Running) -> None:
    shown = secret(hooked)["secret"]
    with Receiver(Answer(410), Answer(200)) as receiver:
        job = spoilt(hooked, receiver.url)
        found = settled(hooked, job)
        assert (found["state"], len(found["attempts"])) == ("given_up", 1)
        answer = hooked.http.post(f"{HOOKS}/messages/{found['id']}/replay")
        assert (answer.status_code, answer.json()["id"], answer.json()["state"]) == (202, found["id"], "waiting")
        again = settled(hooked, job)
        assert (again["state"], [each["status"] for each in again["attempts"]]) == ("delivered", [410, 200])
        assert [each.verified(shown) for each in receiver.got] == [found["id"]] * 2
        assert receiver.got[1].timestamp >= receiver.got[0].timestamp
        hooked.http.delete(f"/api/v1/jobs/{job['id']}")
        assert log(hooked, job=job["id"]), "the log outlives the job"


def test_what_cannot_be_told_is_refused_when_the_job_is_sent(start: Start, picture: bytes) -> None:
    closed = start(job_workers=0)
    refused(sent(closed, picture, webhook="https://shop.example/told"), 409, "no_webhook_secret")
    secret(closed)
    inside = ("http://127.0.0.1/", "http://10.1.2.3:80/a", "http://[::1]/", "http://169.254.169.254/", "http://0/")
    for url in (*inside, "http://user:secret@shop.example/", "http://shop.example:0/"):
        answer = sent(closed, picture, webhook=url)
        refused(answer, 400, "url_refused")
        assert "secret" not in answer.json()["error"]
    refused(sent(closed, picture, webhook="shop.example/told"), 422, "invalid_value")
    refused(sent(closed, picture, webhook="https://shop.example/" + "a" * 2048), 422, "invalid_value")
    nothing_came_of_it(closed)
    accepted(closed, picture, webhook="https://shop.example/told")


def test_a_name_that_leads_inside_is_refused_when_it_is_sent_to(
    start: Start, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "PAUSES", (0.05,))
    server = start()
    secret(server)
    found = settled(server, spoilt(server, f"http://localhost:{receiver.port}/"))
    assert (found["state"], len(found["attempts"]), receiver.got) == ("given_up", 2, [])
    assert {each["status"] for each in found["attempts"]} == {None}
    assert "127.0.0.1" not in str(found["attempts"])


def test_secrets_are_shown_once_sign_together_and_are_revoked_at_once(hooked: Running, receiver: Receiver) -> None:
    old, new = secret(hooked), secret(hooked)
    listed = hooked.http.get(f"{HOOKS}/secrets").json()["secrets"]
    assert [each["id"] for each in listed] == [new["id"], old["id"]]
    assert [each["ends"] is None for each in listed] == [True, False]
    assert not any("secret" in each for each in listed)
    settled(hooked, spoilt(hooked, receiver.url))
    assert {receiver.got[0].verified(each["secret"]) for each in (old, new)} == {receiver.got[0].id}
    assert hooked.http.delete(f"{HOOKS}/secrets/{old['id']}").status_code == 204
    refused(hooked.http.delete(f"{HOOKS}/secrets/{old['id']}"), 404, "not_found")
    settled(hooked, spoilt(hooked, receiver.url))
    assert receiver.got[1].verified(new["secret"]) == receiver.got[1].id
    with pytest.raises(WebhookRefused):
        receiver.got[1].verified(old["secret"])
    for _ in range(4):
        secret(hooked)
    assert len(hooked.http.get(f"{HOOKS}/secrets").json()["secrets"]) == 3


def test_another_key_sees_none_of_it(hooked: Running, home: Path, receiver: Receiver, picture: bytes) -> None:
    _, anna = key(home, "Anna")
    _, ben = key(home, "Ben")
    hers = secret(hooked, anna)
    refused(sent(hooked, picture, webhook=receiver.url, who=ben), 409, "no_webhook_secret")
    found = settled(hooked, spoilt(hooked, receiver.url, anna), anna)
    assert log(hooked, ben) == log(hooked, ben, job=found["job"]) == []
    assert hooked.http.get(f"{HOOKS}/secrets", headers=ben).json() == {"secrets": []}
    asks: tuple[Callable[[Who], httpx.Response], ...] = (
        lambda who: hooked.http.get(f"{HOOKS}/messages/{found['id']}", headers=who),
        lambda who: hooked.http.post(f"{HOOKS}/messages/{found['id']}/replay", headers=who),
        lambda who: hooked.http.delete(f"{HOOKS}/secrets/{hers['id']}", headers=who),
    )
    for ask in asks:
        refused(ask(ben), 404, "not_found")
        refused(ask(None), 401, "key_needed")
    assert len(receiver.got) == 1
    assert all(ask(anna).is_success for ask in asks)


def test_the_log_is_given_in_parts_without_repeats(hooked: Running, receiver: Receiver) -> None:
    secret(hooked)
    jobs = [spoilt(hooked, receiver.url) for _ in range(6)]
    seen: list[str] = []
    before: dict[str, Any] = {}
    while found := log(hooked, limit=1, **before):
        seen.append(found[0]["job"])
        before = {"before": found[0]["made"]}
        assert len(seen) <= len(jobs), "a message comes twice"
    assert seen == [each["id"] for each in reversed(jobs)]


def test_deleting_all_that_is_kept_takes_secrets_and_messages_along(hooked: Running, receiver: Receiver) -> None:
    secret(hooked)
    job = spoilt(hooked, receiver.url)
    settled(hooked, job)
    assert now(hooked, job)
    hooked.http.delete("/api/v1/data")
    assert log(hooked) == []
    assert hooked.http.get(f"{HOOKS}/secrets").json() == {"secrets": []}
    refused(hooked.http.get(f"/api/v1/jobs/{job['id']}"), 404, "not_found")
    assert stored(hooked.home) == []
