"""Messages to webhooks, brought to a real receiver on loopback, by a clock that the tests move."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import pytest
from sqlalchemy import func, or_, select

from cleancut.client import WebhookRefused
from cleancut.jobs import intake, messages, progress, removal
from cleancut.jobs.courier import PAUSES, Courier, Post
from cleancut.jobs.desk import Desk
from cleancut.jobs.intake import Quota, Wanted
from cleancut.jobs.progress import Done, Terms
from cleancut.jobs.queues import sqlite
from cleancut.jobs.queues.protocol import Task
from cleancut.jobs.records import Delivery, NewItem
from cleancut.jobs.schema import TASKS
from cleancut.jobs.turns import OF_RECEIVER
from cleancut.server.metrics import Metrics
from tests.jobs.receiver import Answer, Got, Receiver

LOOPBACK = (ip_network("127.0.0.0/8"),)
DAY = 86_400


class Clock:
    """Time as the test wants it."""

    def __init__(self) -> None:
        # As the files of the store, whose times are the system's.
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Office:
    """A desk, its courier, and the clock of both."""

    def __init__(self, folder: Path, post: Post) -> None:
        self.clock = Clock()
        self.desk = Desk(None, folder, folder / "store", Terms(DAY, 30 * DAY), self.clock)
        self.courier = Courier(self.desk, post, Metrics())
        self.secret = messages.rotate(self.desk.opened(), "ann", self.clock(), DAY).secret

    def told(self, url: str) -> str:
        """A job has ended, and its message is about to be sent: the message's id."""
        id = self.unsent(url)
        self.desk.send([messages.key_of(id, 1)])
        return id

    def unsent(self, url: str) -> str:
        base, now = self.desk.base, self.clock()
        wanted = Wanted("ann", {}, pictures=1, bytes=5, webhook=url)
        job = intake.begin(base, wanted, Quota(1000, 1000), now, now + DAY)
        assert job is not None
        intake.accept(base, job.id, [NewItem("a.png", 5)], now, self.desk.terms)
        begun = progress.start(base, job.id, 1, now)
        assert begun is not None
        key = progress.finish(base, begun, Done("1-1.png", 7), now, self.desk.terms)
        assert key
        return key.partition("/")[0]

    def work(self) -> None:
        """Have the queue bring all that is due by now."""

        async def work() -> None:
            worker = asyncio.create_task(self.desk.queue.work("message", self.courier.handle, 8, 5))
            end = time.monotonic() + 20
            while self._due():
                assert time.monotonic() < end, "it is not brought"
                await asyncio.sleep(0.01)
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

        asyncio.run(work())

    def _due(self) -> int:
        due = select(func.count()).where(or_(TASKS.c.due <= self.clock(), TASKS.c.holder.is_not(None)))
        with self.desk.base.reading() as connection:
            return int(connection.execute(due).scalar_one())

    @property
    def next(self) -> float | None:
        """Seconds until something is due."""
        with self.desk.base.reading() as connection:
            due = connection.execute(select(func.min(TASKS.c.due))).scalar()
        return None if due is None else float(due) - self.clock()

    def later(self) -> float:
        """Let the time pass until something is due, and have it brought; the seconds."""
        pause = self.next
        assert pause is not None, "nothing is waiting"
        self.clock.now += pause + 0.001
        self.work()
        return pause

    def found(self, id: str) -> Delivery:
        found = messages.find(self.desk.base, "ann", id)
        assert found is not None
        return found


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setattr(sqlite, "_LOOK_S", 0.02)
    made = Office(tmp_path, Post(LOOPBACK, 5.0))
    yield made
    made.desk.close()


def test_a_message_is_delivered_once_signed_and_noted(office: Office) -> None:
    with Receiver() as receiver:
        id = office.told(receiver.url)
        office.work()
        office.clock.now += 10 * DAY
        office.work()
        office.desk.sweep()
        office.work()
        (got,) = receiver.got
    assert got.verified(office.secret) == id == got.id
    assert abs(got.timestamp - (office.clock() - 10 * DAY)) < 2
    with pytest.raises(WebhookRefused):
        got.verified("whsec_" + "A" * 44)
    body = json.loads(got.body)
    assert (body["type"], body["data"]["state"], body["data"]["done"]) == ("job.ended", "done", 1)
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["User-Agent"].startswith("cleancut/")
    found = office.found(id)
    assert (found.state, found.body.encode()) == ("delivered", got.body)
    assert [(each.number, each.status, each.problem) for each in found.attempts] == [(1, 200, None)]
    assert office.next is None


def test_what_fails_is_sent_again_under_the_same_id_with_growing_pauses(office: Office) -> None:
    with Receiver(Answer(500), Answer(302, {"Location": "/elsewhere"}), Answer(400), Answer(200)) as receiver:
        id = office.told(receiver.url)
        office.work()
        pauses = [office.later() for _ in range(3)]
    for pause, meant in zip(pauses, PAUSES, strict=False):
        assert meant * 0.79 <= pause <= meant * 1.21
    assert [each.verified(office.secret) for each in receiver.got] == [id] * 4
    assert {each.path for each in receiver.got} == {"/told"}, "redirects are not followed"
    stamps = [each.timestamp for each in receiver.got]
    assert stamps == sorted({*stamps}), "each has the time of its own sending"
    assert len({each.body for each in receiver.got}) == 1
    found = office.found(id)
    assert (found.state, [each.status for each in found.attempts]) == ("delivered", [500, 302, 400, 200])
    assert [each.problem for each in found.attempts][-1] is None
    assert all(each.problem for each in found.attempts[:-1])


def test_a_receiver_that_takes_too_long_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_LOOK_S", 0.02)
    office = Office(tmp_path, Post(LOOPBACK, 0.5))
    with Receiver(Answer(200, after=10), Answer(200)) as receiver:
        id = office.told(receiver.url)
        office.work()
        office.later()
    found = office.found(id)
    assert [each.status for each in found.attempts] == [None, 200]
    assert 450 < found.attempts[0].ms < 5000
    assert [each.id for each in receiver.got] == [id, id]
    office.desk.close()


def test_what_a_receiver_asks_for_is_heeded_within_bounds(office: Office) -> None:
    wishes = [Answer(503, {"Retry-After": each}) for each in ("200", "999999", "1", "soon")]
    with Receiver(*wishes, Answer(200)) as receiver:
        office.told(receiver.url)
        office.work()
        pauses = [office.later() for _ in range(4)]
    assert pauses[0] == pytest.approx(200, abs=1)
    assert pauses[1] == pytest.approx(3600, abs=1)
    assert pauses[2] >= PAUSES[2] * 0.79
    assert PAUSES[3] * 0.79 <= pauses[3] <= PAUSES[3] * 1.21


def test_who_is_gone_is_asked_no_more(office: Office) -> None:
    with Receiver(Answer(410)) as receiver:
        id = office.told(receiver.url)
        office.work()
        assert len(receiver.got) == 1
    assert (office.found(id).state, office.next) == ("given_up", None)


def test_a_receiver_that_was_down_for_an_hour_gets_its_message(office: Office) -> None:
    with Receiver() as receiver:
        receiver.away()
        began = office.clock()
        id = office.told(receiver.url)
        office.work()
        while office.clock() + (office.next or 0) < began + 3600:
            office.later()
        tried = office.found(id)
        assert tried.state == "waiting"
        assert {each.status for each in tried.attempts} == {None}
        assert len(tried.attempts) >= 4
        receiver.back()
        office.later()
        assert [each.verified(office.secret) for each in receiver.got] == [id]
        assert office.found(id).state == "delivered"
        assert office.clock() < began + 3 * 3600, "soon after it was back"


def test_after_all_attempts_a_message_is_given_up(office: Office) -> None:
    with Receiver(Answer(500)) as receiver:
        began = office.clock()
        id = office.told(receiver.url)
        office.work()
        for _ in PAUSES:
            assert office.found(id).state == "waiting"
            office.later()
        assert (office.found(id).state, office.next) == ("given_up", None)
        assert {each.id for each in receiver.got} == {id}
    assert len(office.found(id).attempts) == len(PAUSES) + 1
    assert 0.8 * sum(PAUSES) <= office.clock() - began <= 1.2 * sum(PAUSES) + 1
    office.clock.now += 31 * DAY
    removal.forget_messages(office.desk.base, office.clock())
    assert messages.find(office.desk.base, "ann", id) is None


def test_a_receiver_that_never_answers_holds_up_nobody_and_gets_its_messages_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_LOOK_S", 0.02)
    office = Office(tmp_path, Post(LOOPBACK, 0.8))
    with Receiver(Answer(200, after=60)) as hangs, Receiver() as answers:
        slow = [office.told(hangs.url) for _ in range(10)]
        quick = office.told(answers.url)
        office.work()
        assert len(hangs.got) == OF_RECEIVER
        assert [each.id for each in answers.got] == [quick]
        assert sum(office.found(each).attempts == () for each in slow) == 10 - OF_RECEIVER, (
            "who waits has not been tried"
        )
        began = office.clock()
        while {each.id for each in hangs.got} != {*slow}:
            office.later()
        assert office.clock() - began < 30
    office.desk.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/"])
def test_nothing_is_sent_inside(tmp_path: Path, url: str) -> None:
    office = Office(tmp_path, Post())
    with Receiver() as receiver:
        id = office.told(url.replace(":9/", f":{receiver.port}/"))
        office.work()
        assert receiver.got == []
    (tried,) = office.found(id).attempts
    assert tried.status is None
    assert tried.problem
    assert "127.0.0.1" not in tried.problem
    office.desk.close()


def test_secrets_sign_together_while_one_is_replaced_and_no_longer(office: Office) -> None:
    base, old = office.desk.base, office.secret
    with Receiver() as receiver:

        def brought() -> Got:
            office.told(receiver.url)
            office.work()
            return receiver.got[-1]

        new = messages.rotate(base, "ann", office.clock(), DAY)
        messages.rotate(base, "bob", office.clock(), DAY)
        during = brought()
        assert during.verified(old) == during.verified(new.secret) == during.id
        office.clock.now += DAY + 1
        after = brought()
        assert after.verified(new.secret) == after.id
        with pytest.raises(WebhookRefused):
            after.verified(old)
        third = messages.rotate(base, "ann", office.clock(), DAY)
        assert messages.revoke(base, "ann", new.id)
        revoked = brought()
        assert revoked.verified(third.secret) == revoked.id
        with pytest.raises(WebhookRefused):
            revoked.verified(new.secret)
        assert not messages.revoke(base, "bob", third.id)


def test_without_a_secret_nothing_is_sent(office: Office) -> None:
    (only,) = messages.secrets_of(office.desk.base, "ann", office.clock())
    with Receiver() as receiver:
        id = office.told(receiver.url)
        messages.revoke(office.desk.base, "ann", only.id)
        office.work()
        assert receiver.got == []
    assert office.found(id).state == "given_up"


def test_a_message_handed_out_twice_or_left_behind_has_one_id(office: Office) -> None:
    with Receiver() as receiver:
        twice = office.told(receiver.url)
        office.desk.queue.put([Task("message", messages.key_of(twice, 1))])
        left = office.unsent(receiver.url)
        office.clock.now += 31
        office.desk.sweep()
        office.work()
        assert {each.id for each in receiver.got} == {twice, left}
        assert sum(each.id == left for each in receiver.got) == 1
        jobs = [json.loads(each.body)["data"]["id"] for each in receiver.got]
        assert len({(job, each.id) for job, each in zip(jobs, receiver.got, strict=True)}) == len({*jobs}) == 2


def test_a_replay_has_the_same_id_and_a_time_of_its_own(office: Office) -> None:
    with Receiver(Answer(410), Answer(500), Answer(200)) as receiver:
        id = office.told(receiver.url)
        office.work()
        office.clock.now += 100
        assert messages.replay(office.desk.base, "bob", id, office.clock() + DAY) is None
        assert messages.replay(office.desk.base, "ann", id, office.clock() + DAY) is not None
        office.desk.send([messages.key_of(id, 2)])
        office.work()
        pause = office.later()
    assert pause <= PAUSES[0] * 1.21, "its pauses begin anew"
    assert [each.verified(office.secret) for each in receiver.got] == [id] * 3
    assert receiver.got[1].timestamp - receiver.got[0].timestamp in (99, 100, 101)
    found = office.found(id)
    assert (found.state, found.round) == ("delivered", 2)
    assert [(each.number, each.round, each.status) for each in found.attempts] == [
        (1, 1, 410), (2, 2, 500), (3, 2, 200),
    ]  # fmt: skip


def test_a_replay_of_what_waits_does_not_double_its_attempts(office: Office) -> None:
    with Receiver(Answer(500)) as receiver:
        id = office.told(receiver.url)
        office.work()
        messages.replay(office.desk.base, "ann", id, office.clock() + DAY)
        office.desk.send([messages.key_of(id, 2)])
        office.work()
        for _ in range(40):
            if office.next is None:
                break
            office.later()
        assert office.found(id).state == "given_up"
        assert len(receiver.got) <= 1 + 1 + len(PAUSES)
