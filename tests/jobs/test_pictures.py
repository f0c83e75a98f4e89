"""The pictures of jobs: what becomes of those that end a process, hang, or cannot be kept."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cleancut.errors import DatabaseUnavailable, Unwritable
from cleancut.jobs import intake, pictures, progress, views
from cleancut.jobs.desk import Desk
from cleancut.jobs.intake import Quota, Wanted
from cleancut.jobs.pictures import Means, Pictures
from cleancut.jobs.progress import Terms
from cleancut.jobs.records import BACKGROUND, Item, Job, NewItem, source_of
from cleancut.options import Limits
from cleancut.settings import read_settings
from tests.fakes.crashing import CRASHES, HANGS, LEAVES, answer
from tests.fakes.tiny_model import write_tiny_model
from tests.pictures import gradient, saved


@dataclass
class Seen:
    """Notes what it is told."""

    steps: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)

    def steps_taken(self, timings: Any) -> None:
        self.steps += timings

    def ran(self, model: str, device: str, precision: str) -> None:
        self.models.append(model)

    def picture_ended(self, state: str) -> None:
        self.ended.append(state)

    def pictures_left(self, waiting: int, running: int) -> None:
        pass

    def message_attempted(self, state: str) -> None:
        pass


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    write_tiny_model(tmp_path / "home")
    monkeypatch.setenv("CLEANCUT_HOME", str(tmp_path / "home"))
    opened = Desk(None, tmp_path / "jobs", tmp_path / "objects", Terms(1000, 1000))
    opened.open()
    yield opened
    opened.close()


def accepted(desk: Desk, *photos: bytes, **options: Any) -> Job:
    job = intake.begin(
        desk.base, Wanted("ann", {"model": "tiny", **options}), Quota(99, 10**9), desk.clock(), desk.clock() + 1000
    )
    assert job is not None
    for number, each in enumerate(photos, 1):
        desk.store.put(job.id, source_of(number), each, 1000)
    items = [NewItem(f"{number}.jpg", len(each)) for number, each in enumerate(photos)]
    ready = intake.accept(desk.base, job.id, items, desk.clock(), desk.terms)
    assert ready is not None
    desk.hand_out(ready)
    return ready


def wide(width: int) -> bytes:
    return saved(gradient(60, width), "PNG")


def worked(desk: Desk, job: Job, until: Callable[[Job], bool] = lambda job: job.has_ended, **means: Any) -> Seen:
    """The job, worked on until it has come so far."""
    values: dict[str, Any] = {
        "core": read_settings(), "limits": Limits(), "device": "cpu", "precision": "fp32", "loaded_models": 1,
        "at_once": 2, "seconds": 20.0, "networks": (), "keep": 1000.0, **means,
    }  # fmt: skip
    seen = Seen()

    async def work() -> None:
        made = Pictures(desk, Means(**values), seen, answer)
        working = asyncio.create_task(desk.queue.work("picture", made.handle, values["at_once"], 5))
        try:
            async with asyncio.timeout(60):
                while not until(found(desk, job)):
                    await asyncio.sleep(0.05)
        finally:
            working.cancel()
            await asyncio.wait([working])
            await asyncio.to_thread(made.close)

    asyncio.run(work())
    return seen


def found(desk: Desk, job: Job) -> Job:
    now = views.find(desk.base, "ann", job.id)
    assert now is not None
    return now


def items(desk: Desk, job: Job) -> list[Item]:
    return views.items_of(desk.base, job.id)


@pytest.mark.parametrize("width", [CRASHES, LEAVES])
def test_a_picture_that_ends_its_process_is_put_aside_and_its_neighbours_are_made(desk: Desk, width: int) -> None:
    job = accepted(desk, wide(60), wide(width), wide(61), wide(62), wide(width), wide(63))
    seen = worked(desk, job)
    states = [(each.state, each.code, each.crashes, each.vanished) for each in items(desk, job)]
    aside = ("failed", "worker_crashed", 3, 0)
    done = ("done", None, 0, 0)
    assert states == [done, aside, done, done, aside, done]
    assert (found(desk, job).done, found(desk, job).failed) == (4, 2)
    assert sorted(seen.ended) == ["done"] * 4 + ["failed"] * 2
    assert seen.models == ["tiny"] * 4
    assert {"decode", "infer", "encode"} <= set(seen.steps)


def test_a_picture_that_hangs_fails_after_its_time(desk: Desk) -> None:
    job = accepted(desk, wide(HANGS), wide(60))
    worked(desk, job, seconds=3.0)
    hung, fine = items(desk, job)
    assert (hung.state, hung.code, hung.attempt) == ("failed", "too_long", 1)
    assert fine.state == "done"


def test_a_picture_whose_workers_vanish_again_and_again_is_put_aside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_VANISHED", 2)
    job = accepted(desk, wide(60), wide(61))
    for _ in range(2):
        # Begun, and never heard of again.
        progress.start(desk.base, job.id, 1, desk.clock())
    worked(desk, job)
    aside, fine = items(desk, job)
    assert (aside.state, aside.code, aside.vanished) == ("failed", "worker_crashed", 2)
    assert fine.state == "done"


def test_what_killed_attempts_have_left_is_removed_and_the_photo_with_it(desk: Desk) -> None:
    job = accepted(desk, wide(60))
    begun = progress.start(desk.base, job.id, 1, desk.clock())
    assert begun is not None
    # Killed after its result was in the store, before that was committed.
    desk.store.put(job.id, "1-1.png", b"half", 1000)
    worked(desk, job)
    assert [each.name for each in desk.store.of(job.id)] == ["1-2.png"]
    assert items(desk, job)[0].result == "1-2.png"


def test_a_job_that_is_cancelled_or_deleted_meanwhile_keeps_nothing_of_what_comes_late(desk: Desk) -> None:
    job = accepted(desk, wide(HANGS), wide(60))
    worked(desk, job, lambda now: now.done == 1)
    desk.cancel("ann", job.id)
    assert found(desk, job).cancelled == 1
    desk.remove("ann", job.id)
    assert desk.store.of(job.id) == []


def test_one_that_was_being_made_when_its_worker_ended_waits_again(desk: Desk) -> None:
    job = accepted(desk, wide(HANGS))
    running: list[Item] = []

    def begun(_: Job) -> bool:
        running[:] = [each for each in items(desk, job) if each.state == "running"]
        return bool(running)

    seen = worked(desk, job, begun, at_once=1, seconds=30.0)
    (item,) = items(desk, job)
    assert (item.state, item.attempt, item.crashes, item.vanished) == ("waiting", 1, 0, 0)
    assert seen.ended == []


def test_a_full_disk_is_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_DISK_AGAIN_S", 0.1)
    put, left = desk.store.put, [2]

    def full(owner: str, name: str, data: bytes, seconds: float) -> Any:
        if left[0]:
            left[0] -= 1
            raise Unwritable("no space left", hint="free some")
        return put(owner, name, data, seconds)

    job = accepted(desk, wide(60))
    monkeypatch.setattr(desk.store, "put", full)
    worked(desk, job)
    (item,) = items(desk, job)
    assert (item.state, item.attempt, item.vanished) == ("done", 3, 0)


def test_what_has_been_made_is_not_made_again_because_the_data_base_is_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, away = progress.finish, [3]

    def sometimes(*arguments: Any) -> Any:
        if away[0]:
            away[0] -= 1
            raise DatabaseUnavailable("away", hint="wait")
        return finish(*arguments)

    monkeypatch.setattr(pictures, "_AGAIN_S", 0.05)
    monkeypatch.setattr(progress, "finish", sometimes)
    job = accepted(desk, wide(60))
    seen = worked(desk, job)
    assert seen.models == ["tiny"]
    assert items(desk, job)[0].attempt == 1


def test_a_commit_whose_answer_is_lost_loses_no_result(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    finish, lost = progress.finish, [2]

    def unheard(*arguments: Any) -> Any:
        done = finish(*arguments)
        if lost[0]:
            lost[0] -= 1
            raise DatabaseUnavailable("away", hint="wait")
        return done

    monkeypatch.setattr(pictures, "_AGAIN_S", 0.05)
    monkeypatch.setattr(progress, "finish", unheard)
    job = accepted(desk, wide(60), wide(61))
    worked(desk, job)
    assert [each.state for each in items(desk, job)] == ["done", "done"]
    assert [each.name for each in desk.store.of(job.id)] == ["1-1.png", "2-1.png"]


def test_a_file_system_that_is_away_is_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_DISK_AGAIN_S", 0.1)
    get, away = desk.store.get, [2]

    def stale(owner: str, name: str) -> bytes | None:
        if away[0]:
            away[0] -= 1
            raise OSError(errno.ESTALE, "stale")
        return get(owner, name)

    job = accepted(desk, wide(60))
    monkeypatch.setattr(desk.store, "get", stale)
    worked(desk, job)
    (item,) = items(desk, job)
    assert (item.state, item.attempt, item.vanished) == ("done", 3, 0)


def test_what_was_not_tidied_by_who_was_killed_is_tidied_by_the_next(desk: Desk) -> None:
    job = accepted(desk, wide(60), wide(61))
    begun = progress.start(desk.base, job.id, 1, desk.clock())
    assert begun is not None
    desk.store.put(job.id, "1-1.png", b"whole", 1000)
    progress.finish(desk.base, begun, progress.Done("1-1.png", 5), desk.clock(), desk.terms)
    worked(desk, job)
    assert [each.name for each in desk.store.of(job.id)] == ["1-1.png", "2-1.png"]


def test_what_pictures_share_is_removed_by_the_next_where_who_ended_the_job_was_killed(desk: Desk) -> None:
    job, other = accepted(desk, wide(60)), accepted(desk, wide(61))
    begun = progress.start(desk.base, job.id, 1, desk.clock())
    assert begun is not None
    desk.store.put(job.id, BACKGROUND, b"whole", 1000)
    progress.finish(desk.base, begun, progress.Failed("x", "x", "x"), desk.clock(), desk.terms)
    worked(desk, other)
    assert desk.store.of(job.id) == []


def test_what_was_put_for_a_deleted_job_by_who_was_killed_is_removed(desk: Desk) -> None:
    gone, other = accepted(desk, wide(60)), accepted(desk, wide(61))
    assert progress.start(desk.base, gone.id, 1, desk.clock()) is not None
    desk.remove("ann", gone.id)
    # Killed after its result was in the store, before it learned that there is no job.
    desk.store.put(gone.id, "1-1.png", b"whole", 1000)
    worked(desk, other)
    assert desk.store.of(gone.id) == []
    assert [each.name for each in desk.store.of(other.id)] == ["1-1.png"]


def test_what_cannot_be_removed_of_a_deleted_job_is_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_DISK_AGAIN_S", 0.1)
    gone, other = accepted(desk, wide(60)), accepted(desk, wide(61))
    desk.remove("ann", gone.id)
    desk.store.put(gone.id, "1-1.png", b"whole", 1000)
    erase, away = desk.store.erase, [2]

    def stale(owner: str) -> int:
        if away[0]:
            away[0] -= 1
            raise OSError(errno.ESTALE, "stale")
        return erase(owner)

    monkeypatch.setattr(desk.store, "erase", stale)
    worked(desk, other, lambda _: not desk.store.of(gone.id))


def test_a_photo_that_is_gone_is_told(desk: Desk) -> None:
    job = accepted(desk, wide(60), wide(61))
    desk.store.delete(job.id, source_of(1))
    worked(desk, job)
    gone, fine = items(desk, job)
    assert (gone.state, gone.code) == ("failed", "not_found")
    assert fine.state == "done"


def test_a_process_that_nobody_needs_is_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "IDLE_S", 0.3)
    pids: list[int | None] = []

    async def work() -> None:
        made = Pictures(desk, Means(read_settings(), Limits(), "cpu", "fp32", 1, 1, 20.0, (), 1000.0), Seen(), answer)
        working = asyncio.create_task(desk.queue.work("picture", made.handle, 1, 5))
        for width in (60, 61):
            job = accepted(desk, wide(width))
            async with asyncio.timeout(30):
                while not found(desk, job).has_ended:
                    await asyncio.sleep(0.02)
            pids.append(made._processes[0].pid)
            async with asyncio.timeout(30):
                while made._processes[0].pid is not None:
                    await asyncio.sleep(0.02)
        working.cancel()
        await asyncio.wait([working])
        await asyncio.to_thread(made.close)

    asyncio.run(work())
    assert None not in pids
    assert pids[0] != pids[1]
