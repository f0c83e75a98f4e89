"""What servers and workers do for jobs now and then, whatever was killed before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from cleancut.jobs import intake, messages, progress, removal, views
from cleancut.jobs.desk import Desk
from cleancut.jobs.intake import Quota, Wanted
from cleancut.jobs.progress import Done, Failed, Terms
from cleancut.jobs.records import Job, NewItem, source_of

LATER = 100.0


class Clock:
    def __init__(self) -> None:
        self.now = round(time.time(), 3)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(url: str | None, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    opened = Desk(url, tmp_path / "jobs", tmp_path / "objects", Terms(1000, 1000), clock)
    opened.open()
    yield opened
    opened.close()


def begun(desk: Desk, pictures: int = 2, **wanted: object) -> Job:
    asked = Wanted("ann", {}, pictures, **wanted)  # type: ignore[arg-type]
    job = intake.begin(desk.base, asked, Quota(10_000, 10**9), desk.clock(), desk.clock() + 500)
    assert job is not None
    for number in range(1, pictures + 1):
        desk.store.put(job.id, source_of(number), b"photo", 10_000)
    return job


def accepted(desk: Desk, pictures: int = 2, **wanted: object) -> Job:
    job = begun(desk, pictures, **wanted)
    items = [NewItem(f"{number}.jpg", 5) for number in range(pictures)]
    made = intake.accept(desk.base, job.id, items, desk.clock(), desk.terms)
    assert made is not None
    return made


def keys(desk: Desk, job: Job) -> set[str]:
    return desk.queue.known([f"{job.id}/{number}" for number in range(1, job.pictures + 1)])


def objects(desk: Desk, job: Job) -> list[str]:
    return [each.name for each in desk.store.of(job.id)]


def test_a_thousand_pictures_are_handed_out_at_once(desk: Desk) -> None:
    asked = Wanted("ann", {}, 1000)
    job = intake.begin(desk.base, asked, Quota(10_000, 10**9), desk.clock(), desk.clock() + 500)
    assert job is not None
    items = [NewItem(f"{number}.jpg") for number in range(1000)]
    made = intake.accept(desk.base, job.id, items, desk.clock(), desk.terms)
    assert made is not None
    desk.hand_out(made)
    assert len(keys(desk, made)) == 1000
    if desk.base.is_postgres:
        # One by one, on connections of their own, they took half a minute.
        with desk.base.reading() as connection:
            at_once = text("SELECT count(DISTINCT xmin::text) FROM procrastinate_jobs")
            assert connection.execute(at_once).scalar() == 1


def test_what_a_killed_server_has_accepted_is_handed_out_by_one_other(desk: Desk, clock: Clock) -> None:
    job = accepted(desk)
    desk.sweep()
    assert keys(desk, job) == set()
    clock.now += LATER
    puts: list[int] = []
    put = desk.queue.put
    desk.queue.put = lambda tasks, delay=0.0: (puts.append(len(tasks)), put(tasks, delay))[1]  # type: ignore[method-assign,func-returns-value]
    desk.sweep()
    desk.sweep()
    assert len(keys(desk, job)) == 2
    assert sum(puts) == 2


def test_a_picture_that_is_in_no_queue_any_more_is_put_there_again(desk: Desk, clock: Clock) -> None:
    job = accepted(desk, 3)
    # As if all had been handed out, and the tasks of two were removed by who was taken for dead.
    progress.start(desk.base, job.id, 1, clock())
    begun = progress.start(desk.base, job.id, 2, clock())
    assert begun is not None
    progress.put_back(desk.base, begun)
    desk.sweep()
    assert keys(desk, job) == set()
    clock.now += LATER
    desk._put_lost(clock())
    assert keys(desk, job) == {f"{job.id}/1", f"{job.id}/2"}


def test_a_message_that_is_in_no_queue_any_more_is_put_there_again(desk: Desk, clock: Clock) -> None:
    job = accepted(desk, 1, webhook="https://shop.example/")
    begun = progress.start(desk.base, job.id, 1, clock())
    assert begun is not None
    key = progress.finish(desk.base, begun, Done("1-1.png", 3), clock(), desk.terms)
    assert key
    desk.sweep()
    assert desk.queue.known([key]) == set()
    clock.now += LATER
    desk.sweep()
    assert desk.queue.known([key]) == {key}
    again = messages.replay(desk.base, "ann", key.partition("/")[0], clock() + 100)
    assert again is not None
    assert messages.to_send(desk.base, key) is None
    assert messages.to_send(desk.base, messages.key_of(again.id, again.round)) is not None


def test_photos_go_with_a_cancelled_job_and_with_one_whose_time_is_over(desk: Desk, clock: Clock) -> None:
    cancelled, late = accepted(desk), accepted(desk)
    assert desk.cancel("ann", cancelled.id)
    assert objects(desk, cancelled) == []
    clock.now += 501
    desk.sweep()
    assert objects(desk, late) == []
    found = views.find(desk.base, "ann", late.id)
    assert found is not None
    assert found.failed == 2


def test_what_came_of_a_job_that_was_taken_for_abandoned_is_removed(desk: Desk, clock: Clock) -> None:
    job = begun(desk)
    clock.now += LATER
    desk.sweep()
    assert objects(desk, job) == []
    # Its server goes on all the same.
    desk.store.put(job.id, source_of(3), b"photo", 10_000)
    assert intake.accept(desk.base, job.id, [NewItem("a.jpg")], clock(), desk.terms) is None
    desk.give_back(job.id)
    assert objects(desk, job) == []


def test_a_job_deleted_by_its_key_while_it_is_received_leaves_nothing(desk: Desk) -> None:
    job, other = begun(desk, idempotency="order-7"), begun(desk, idempotency="order-8")
    desk.remove_sent("ben", "order-7")
    assert objects(desk, job) != []
    desk.remove_sent("ann", "order-7")
    # Its server has not noticed yet.
    desk.store.put(job.id, source_of(2), b"photo", 10_000)
    assert intake.accept(desk.base, job.id, [NewItem("a.jpg")], desk.clock(), desk.terms) is None
    desk.give_back(job.id)
    assert (objects(desk, job), objects(desk, other)) == ([], ["1.source", "2.source"])
    assert begun(desk, idempotency="order-7").id != job.id, "its key is free again"


def test_what_comes_between_the_deletion_of_objects_and_of_the_row_is_removed(desk: Desk) -> None:
    job = begun(desk)
    assert removal.doom_all(desk.base, "ann") == [job.id]
    desk.give_back(job.id)
    assert objects(desk, job) == []
    assert removal.doom_all(desk.base, "ann") == []


def test_all_of_an_owners_jobs_are_doomed_whatever_their_state(desk: Desk) -> None:
    mine = [begun(desk), accepted(desk), accepted(desk)]
    desk.cancel("ann", mine[-1].id)
    assert removal.doom_all(desk.base, "ben") == []
    assert set(removal.doom_all(desk.base, "ann")) == {each.id for each in mine}
    desk.sweep()
    assert [objects(desk, each) for each in mine] == [[], [], []]


def test_what_pictures_share_is_held_until_their_job_has_ended(desk: Desk) -> None:
    job = begun(desk)
    items = [NewItem("a.jpg", 5), NewItem("b.jpg", 5)]
    made = intake.accept(desk.base, job.id, items, desk.clock(), desk.terms, 1000)
    assert made is not None
    held = [made.held]
    for number, outcome in ((1, Done("1-1.png", 7)), (2, Failed("x", "x", "x"))):
        attempt = progress.start(desk.base, job.id, number, desk.clock())
        assert attempt is not None
        progress.finish(desk.base, attempt, outcome, desk.clock(), desk.terms)
        found = views.find(desk.base, "ann", job.id)
        assert found is not None
        held.append(found.held)
    assert held == [1010, 1012, 7]


def test_what_was_accepted_is_not_given_back_by_who_did_not_hear_of_it(desk: Desk) -> None:
    job = accepted(desk)
    desk.give_back(job.id)
    assert objects(desk, job) == ["1.source", "2.source"]
    assert views.find(desk.base, "ann", job.id) is not None
