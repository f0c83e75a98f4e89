"""Jobs and their pictures in the data base, from the first row to the last."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from cleancut.errors import InputMissing, QuotaUsedUp
from cleancut.jobs import intake, messages, progress, removal, views
from cleancut.jobs.database import Database
from cleancut.jobs.intake import Quota, Wanted
from cleancut.jobs.progress import Begun, Done, Failed, Terms
from cleancut.jobs.records import Job, NewItem

NOON = 1_800_000_000.0
PLENTY = Quota(1000, 10**9)
TERMS = Terms(job=100.0, delivery=1000.0)
RESULT = Done("1-1.png", 5, {"model": "tiny"})
PROBLEM = Failed("not_an_image", "no picture", "send one")


def begun(base: Database, owner: str = "ann", **wanted: object) -> Job:
    asked = Wanted(owner, {"model": "tiny"}, **wanted)  # type: ignore[arg-type]
    job = intake.begin(base, asked, PLENTY, NOON, NOON + 500)
    assert job is not None
    return job


def accepted(base: Database, pictures: int = 2, owner: str = "ann", **wanted: object) -> Job:
    items = [NewItem(f"{number}.jpg", 10) for number in range(1, pictures + 1)]
    job = intake.accept(base, begun(base, owner, **wanted).id, items, NOON, TERMS)
    assert job is not None
    return job


def started(base: Database, job: Job, number: int = 1) -> Begun:
    found = progress.start(base, job.id, number, NOON)
    assert found is not None
    return found


def now(base: Database, job: Job) -> Job:
    found = views.find(base, job.owner, job.id)
    assert found is not None
    return found


def numbers(job: Job) -> tuple[int, int, int, int]:
    return job.waiting, job.done, job.failed, job.cancelled


def test_a_job_runs_from_queued_to_done(base: Database) -> None:
    job = accepted(base)
    assert (job.state, numbers(job), job.bytes) == ("queued", (2, 0, 0, 0), 20)
    first = started(base, job)
    assert now(base, job).state == "running"
    assert progress.finish(base, first, RESULT, NOON + 1, TERMS) == ""
    assert (now(base, job).state, numbers(now(base, job))) == ("running", (1, 1, 0, 0))
    assert progress.finish(base, started(base, job, 2), PROBLEM, NOON + 2, TERMS) == ""
    ended = now(base, job)
    assert (ended.state, numbers(ended)) == ("done", (0, 1, 1, 0))
    assert (ended.ended, ended.expires) == (NOON + 2, NOON + 102)
    done, failed = views.items_of(base, job.id)
    assert (done.state, done.result, done.result_size, done.facts) == ("done", "1-1.png", 5, {"model": "tiny"})
    assert (failed.state, failed.code, failed.error, failed.hint) == (
        "failed",
        "not_an_image",
        "no picture",
        "send one",
    )


def test_each_change_has_a_version_of_its_own_and_is_told_once(base: Database) -> None:
    job = accepted(base, 3)
    assert views.changes(base, "ann", job.id, job.version) == (job, [])
    progress.finish(base, started(base, job, 2), RESULT, NOON, TERMS)
    at, first = views.changes(base, "ann", job.id, job.version)
    assert at is not None
    assert [each.number for each in first] == [2]
    progress.finish(base, started(base, job, 1), RESULT, NOON, TERMS)
    progress.finish(base, started(base, job, 3), RESULT, NOON, TERMS)
    _, rest = views.changes(base, "ann", job.id, at.version)
    assert [each.number for each in rest] == [1, 3]


def test_a_result_is_committed_once(base: Database) -> None:
    job = accepted(base)
    late, last = started(base, job), started(base, job)
    assert (late.item.attempt, last.item.attempt, last.item.vanished) == (1, 2, 1)
    assert progress.finish(base, late, RESULT, NOON, TERMS) is None
    assert progress.finish(base, last, Done("1-2.png", 6), NOON, TERMS) == ""
    assert progress.finish(base, last, RESULT, NOON, TERMS) is None
    # Said again by who did not hear that it was done.
    assert progress.finish(base, last, Done("1-2.png", 6), NOON, TERMS) == ""
    assert progress.start(base, job.id, 1, NOON) is None
    found = views.item(base, job.id, 1)
    assert found is not None
    assert (found.result, now(base, job).done) == ("1-2.png", 1)


def test_what_crashed_or_was_put_back_waits_again_and_is_no_vanished_worker(base: Database) -> None:
    job = accepted(base)
    progress.put_back(base, started(base, job), crashed=True)
    progress.put_back(base, started(base, job))
    again = started(base, job)
    assert (again.item.attempt, again.item.crashes, again.item.vanished) == (3, 1, 0)


def test_many_workers_count_right(base: Database) -> None:
    job = accepted(base, 20, webhook="https://shop.example/")

    def one(number: int) -> str | None:
        return progress.finish(base, started(base, job, number), RESULT, NOON, TERMS)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(one, range(1, 21)))
    ended = now(base, job)
    assert (ended.state, numbers(ended), ended.version) == ("done", (0, 20, 0, 0), 22)
    assert len([each for each in told if each]) == 1
    versions = [each.version for each in views.items_of(base, job.id)]
    assert sorted(versions) == list(range(3, 23))


def test_cancelling_ends_what_waits_and_what_is_being_made(base: Database) -> None:
    job = accepted(base, 3)
    progress.finish(base, started(base, job, 1), RESULT, NOON, TERMS)
    under_way = started(base, job, 2)
    assert progress.cancel(base, "bob", job.id, NOON, TERMS) is None
    assert progress.cancel(base, "ann", job.id, NOON + 5, TERMS) == ""
    assert (now(base, job).state, numbers(now(base, job))) == ("cancelled", (0, 1, 0, 2))
    assert progress.finish(base, under_way, RESULT, NOON, TERMS) is None
    assert progress.cancel(base, "ann", job.id, NOON + 9, TERMS) == ""
    assert now(base, job).ended == NOON + 5


def test_the_end_of_a_job_with_a_webhook_is_written_down_to_be_told(base: Database) -> None:
    job = accepted(base, 1, webhook="https://shop.example/told")
    id = progress.finish(base, started(base, job), RESULT, NOON, TERMS)
    assert id
    message = messages.to_send(base, id)
    assert message is not None
    assert (message.url, message.job, message.state) == ("https://shop.example/told", job.id, "waiting")
    body = json.loads(message.body)
    assert (body["type"], body["data"]["id"], body["data"]["done"]) == ("job.ended", job.id, 1)
    assert body["timestamp"] == "2027-01-15T08:00:00.000Z"


def test_what_waits_beyond_its_time_fails_and_is_told(base: Database) -> None:
    job = accepted(base, 2, webhook="https://shop.example/")
    other = accepted(base)
    progress.finish(base, started(base, job), RESULT, NOON, TERMS)
    assert progress.give_up(base, NOON + 499, TERMS) == {}
    told = progress.give_up(base, NOON + 501, TERMS)
    assert set(told) == {job.id, other.id}
    assert messages.to_send(base, told[job.id])
    assert told[other.id] == ""
    assert (now(base, job).state, numbers(now(base, job))) == ("done", (0, 1, 1, 0))
    assert numbers(now(base, other)) == (0, 0, 2, 0)
    late = views.item(base, job.id, 2)
    assert late is not None
    assert late.code == "job_expired"


def test_photos_that_could_not_be_read_have_failed_from_the_start(base: Database) -> None:
    problem = InputMissing("the picture is empty", hint="send its bytes")
    job = intake.accept(base, begun(base).id, [NewItem("a.jpg", problem=problem), NewItem("b.jpg", 3)], NOON, TERMS)
    assert job is not None
    assert numbers(job) == (1, 0, 1, 0)
    assert progress.start(base, job.id, 1, NOON) is None
    all_bad = intake.accept(base, begun(base).id, [NewItem("a.jpg", problem=problem)], NOON, TERMS)
    assert all_bad is not None
    assert (all_bad.state, numbers(all_bad)) == ("done", (0, 0, 1, 0))


def test_an_idempotency_key_means_one_job_of_its_owner(base: Database) -> None:
    job = begun(base, idempotency="order-7", digest="d")
    assert intake.begin(base, Wanted("ann", {}, idempotency="order-7"), PLENTY, NOON, NOON + 5) is None
    assert intake.known(base, "ann", "order-7") == job
    begun(base, "bob", idempotency="order-7")
    begun(base)
    begun(base)


def test_what_is_being_received_is_seen_by_nobody_and_removed_when_its_server_is_no_more(base: Database) -> None:
    job = begun(base)
    assert views.find(base, "ann", job.id) is None
    assert views.jobs_of(base, "ann") == []
    assert not removal.doom(base, "ann", job.id)
    intake.touch(base, job.id, NOON + 50)
    assert intake.abandoned(base, NOON + 100) == []
    assert intake.abandoned(base, NOON + 111) == [job.id]
    assert not removal.doom_received(base, job.id, NOON + 50)
    assert removal.doom_received(base, job.id, NOON + 51)
    assert removal.doomed(base) == [job.id]
    assert intake.accept(base, job.id, [NewItem("a.jpg")], NOON, TERMS) is None


def ask(base: Database, owner: str, pictures: int, size: int, quota: Quota) -> Job | None:
    return intake.begin(base, Wanted(owner, {}, pictures, size), quota, NOON, NOON + 5)


def test_quotas_count_what_waits_of_an_owner_and_what_lies_in_the_store(base: Database) -> None:
    job = accepted(base, 3)
    with pytest.raises(QuotaUsedUp, match="3 of your pictures are waiting, and 4 may be"):
        ask(base, "ann", 2, 0, Quota(4, 1000))
    assert ask(base, "bob", 2, 5, Quota(4, 1000))
    with pytest.raises(QuotaUsedUp, match="2 of your"):
        ask(base, "bob", 3, 0, Quota(4, 1000))
    with pytest.raises(QuotaUsedUp, match="no room"):
        ask(base, "eve", 1, 16, Quota(4, 50))
    progress.finish(base, started(base, job, 1), Done("1-1.png", 25), NOON, TERMS)
    # Two photos of 10 wait, a result of 25 is kept, and 5 are being received.
    assert now(base, job).held == 45
    with pytest.raises(QuotaUsedUp, match="no room"):
        ask(base, "eve", 1, 1, Quota(4, 50))
    progress.cancel(base, "ann", job.id, NOON, TERMS)
    assert now(base, job).held == 25
    assert ask(base, "ann", 4, 20, Quota(4, 50))


def test_jobs_that_come_together_share_the_quota(base: Database) -> None:
    def one(_: int) -> bool:
        try:
            return ask(base, "ann", 3, 0, Quota(10, 1000)) is not None
        except QuotaUsedUp:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(8))) == 3


def test_a_deleted_job_is_gone_at_once_and_its_row_goes_last(base: Database) -> None:
    job = accepted(base, idempotency="k")
    under_way = started(base, job)
    assert not removal.doom(base, "bob", job.id)
    assert removal.doom(base, "ann", job.id)
    assert not removal.doom(base, "ann", job.id)
    assert views.find(base, "ann", job.id) is None
    assert progress.finish(base, under_way, RESULT, NOON, TERMS) is None
    assert intake.known(base, "ann", "k") is None
    assert removal.doomed(base) == [job.id]
    removal.forget(base, job.id)
    assert removal.doomed(base) == []
    assert views.items_of(base, job.id) == []


def test_jobs_go_when_their_time_is_over(base: Database) -> None:
    job, waiting = accepted(base, 1), accepted(base, 1)
    progress.finish(base, started(base, job), RESULT, NOON, TERMS)
    removal.doom_expired(base, NOON + 99)
    assert removal.doomed(base) == []
    removal.doom_expired(base, NOON + 10_000)
    assert removal.doomed(base) == [job.id]
    assert now(base, waiting).state == "queued"


def test_owners_see_their_own_jobs_alone_newest_first(base: Database) -> None:
    mine = [accepted(base) for _ in range(3)]
    accepted(base, owner="bob")
    assert {each.id for each in views.jobs_of(base, "ann")} == {each.id for each in mine}
    assert len(views.jobs_of(base, "ann", limit=2)) == 2
    assert views.jobs_of(base, "ann", before=NOON) == []
    assert views.find(base, "bob", mine[0].id) is None


def test_items_are_given_in_parts(base: Database) -> None:
    job = accepted(base, 5)
    assert [each.number for each in views.items_of(base, job.id, 1, 3)] == [2, 3, 4]
    assert views.counts(base) == {"waiting": 5, "running": 0}


def test_a_job_whose_end_was_committed_unheard_is_told_all_the_same(base: Database) -> None:
    job = accepted(base, 1, webhook="https://shop.example/")
    begun = started(base, job)
    told = progress.finish(base, begun, RESULT, NOON, TERMS)
    assert told
    assert progress.finish(base, begun, RESULT, NOON, TERMS) == told
    failed = accepted(base, 1)
    begun = started(base, failed)
    assert progress.finish(base, begun, PROBLEM, NOON, TERMS) == ""
    assert progress.finish(base, begun, PROBLEM, NOON, TERMS) == ""
    assert now(base, failed).failed == 1
