"""Tasks handed out: once where nothing fails, again where something does, and never to two at a time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cleancut.errors import DatabaseUnavailable
from cleancut.jobs.database import Database, open_database
from cleancut.jobs.desk import _queue
from cleancut.jobs.queues import protocol
from cleancut.jobs.queues.protocol import Queue, Task
from tests.jobs.handling import Doing, left, put, run, tasks, until, working

ROOT = Path(__file__).parents[2]

# Workers find a new task by themselves within a second, and are told of it sooner than this.
TOLD_S = 0.45

# A worker that takes a task, says so, and never ends it.
HOLDING = """
import asyncio, sys, time
from pathlib import Path
from cleancut.jobs.database import open_database
from cleancut.jobs.desk import _queue
from cleancut.jobs.queues import postgres, sqlite

for each in (postgres, sqlite):
    each.BEAT_S, each.SILENT_S = 0.2, float(sys.argv[3])
base = open_database(sys.argv[1] or None, Path(sys.argv[2]))

async def hold(task):
    print(task.key, flush=True)
    await asyncio.Event().wait()

asyncio.run(_queue(base, time.time).work("picture", hold, 1, 5))
"""

PUTTING = """
import sys, time
from pathlib import Path
from cleancut.jobs.database import open_database
from cleancut.jobs.desk import _queue
from cleancut.jobs.queues.protocol import Task

queue = _queue(open_database(sys.argv[1] or None, Path(sys.argv[2])), time.time)
print("ready", flush=True)
sys.stdin.read()
queue.put([Task("picture", "a")])
queue.close()
"""


def test_each_task_is_done_once(queue: Queue) -> None:
    async def test() -> None:
        keys = [f"job/{each}" for each in range(60)]
        await put(queue, tasks(*keys[:30]))
        doing = Doing(0.005)
        async with working(queue, doing, 3), working(queue, doing, 3):
            await put(queue, tasks(*keys[30:]))
            await until(lambda: len(doing.done) == 60, "all are done")
        assert sorted(doing.done) == sorted(keys)
        assert doing.most_of_one == 1
        assert await left(queue) == []

    run(test)


def test_higher_ones_come_first_and_equal_ones_in_their_order(queue: Queue) -> None:
    async def test() -> None:
        await put(queue, [Task("picture", "low", -3), Task("picture", "a", 1), Task("picture", "b", 1)])
        await put(queue, [Task("picture", "c", 1), Task("picture", "high", 7)])
        doing = Doing()
        async with working(queue, doing):
            await until(lambda: len(doing.done) == 5, "all are done")
        assert doing.done == ["high", "a", "b", "c", "low"]
        assert doing.begun[0] == Task("picture", "high", 7)

    run(test)


def test_kinds_do_not_mix(queue: Queue) -> None:
    async def test() -> None:
        await put(queue, tasks("p") + tasks("m", kind="message"))
        doing = Doing()
        async with working(queue, doing, kind="message"):
            await until(lambda: doing.done, "the message is sent")
        assert doing.begun == [Task("message", "m")]
        assert await left(queue) == ["p"]

    run(test)


def test_what_is_put_off_is_not_done_before_its_time(queue: Queue) -> None:
    async def test() -> None:
        began = time.monotonic()
        await put(queue, tasks("later"), 1.0)
        await put(queue, tasks("now"))
        doing = Doing()
        async with working(queue, doing):
            await until(lambda: len(doing.done) == 2, "both are done")
        assert doing.done == ["now", "later"]
        assert doing.times[1] - began >= 0.99

    run(test)


def test_what_asks_for_it_is_handed_out_again_then(queue: Queue) -> None:
    async def test() -> None:
        doing = Doing(0, 0.0, 0.6)
        async with working(queue, doing):
            await put(queue, tasks("a"))
            await until(lambda: doing.done, "it is done")
        assert len(doing.begun) == 3
        assert doing.times[2] - doing.times[1] >= 0.59
        assert await left(queue) == []

    run(test)


@pytest.mark.parametrize("error", [RuntimeError("a defect"), DatabaseUnavailable("away", hint="wait")])
def test_what_fails_is_handed_out_again_and_stops_nothing(
    queue: Queue, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "AGAIN_S", 0.5)

    async def test() -> None:
        doing = Doing(0, error, None, error)
        async with working(queue, doing):
            await put(queue, tasks("a", "b"))
            await until(lambda: sorted(doing.done) == ["a", "b"], "both are done")
        assert doing.done[0] == "b", "others are not kept waiting"
        again = [at for at, each in zip(doing.times, doing.begun, strict=True) if each.key == "a"]
        assert all(after - before >= 0.49 for before, after in pairwise(again))
        assert len(again) == 3

    run(test)


def test_no_more_are_done_at_a_time_than_may_be(queue: Queue) -> None:
    async def test() -> None:
        doing = Doing(0.05)
        async with working(queue, doing, 3):
            await put(queue, tasks(*map(str, range(15))))
            await until(lambda: len(doing.done) == 15, "all are done")
        assert doing.most == 3

    run(test)


def test_a_worker_that_is_told_to_end_ends_what_it_has_begun_and_begins_no_more(queue: Queue) -> None:
    async def test() -> None:
        doing = Doing(0.6)
        async with working(queue, doing, 2):
            await put(queue, tasks("a", "b", "c"))
            await until(lambda: len(doing.begun) == 2, "two have begun")
        assert (sorted(doing.done), doing.cancelled) == (["a", "b"], [])
        assert len(doing.begun) == 2
        assert await left(queue, 1.2) == ["c"]

    run(test)


def test_what_takes_longer_than_its_patience_is_cancelled_and_handed_out_again_soon(queue: Queue) -> None:
    async def test() -> None:
        doing = Doing(30)
        async with working(queue, doing, 2, patience=0.3):
            await put(queue, tasks("a", "b"))
            await until(lambda: len(doing.begun) == 2, "two have begun")
            ends = time.monotonic()
        assert 0.25 <= time.monotonic() - ends < 4
        assert sorted(doing.cancelled) == ["a", "b"]
        # Long before its holder would be missed.
        assert sorted(await left(queue, 1.6)) == ["a", "b"]

    run(test)


def test_two_workers_never_hold_a_task_at_once_however_long_it_takes(queue: Queue, quick: None) -> None:
    async def test() -> None:
        doing = Doing(2.5)
        async with working(queue, doing), working(queue, doing):
            await put(queue, tasks("a"))
            await until(lambda: doing.done, "it is done")
        assert len(doing.begun) == 1, "who is alive is not taken for dead, although it takes longer than SILENT_S"

    run(test)


def test_what_is_ended_in_peace_is_given_to_nobody_else_meanwhile(queue: Queue, quick: None) -> None:
    async def test() -> None:
        one, two = Doing(3), Doing()
        async with working(queue, one, patience=10):
            await put(queue, tasks("a"))
            await until(lambda: one.begun, "the first has it")
            beside = asyncio.create_task(queue.work("picture", two, 1, 0))
        # It has been silent for longer than SILENT_S, if it was.
        beside.cancel()
        await asyncio.wait([beside])
        assert (one.done, two.begun) == (["a"], [])
        assert await left(queue) == []

    run(test)


def test_what_was_put_off_comes_behind_what_was_not(queue: Queue) -> None:
    async def test() -> None:
        doing = Doing(0, 0.5, 0.5)
        async with working(queue, doing):
            await put(queue, tasks("a", "b"))
            await until(lambda: len(doing.begun) == 2, "both have begun")
        await put(queue, [*tasks("c", "d"), Task("picture", "low", -7)])
        await asyncio.sleep(0.6)
        doing = Doing()
        async with working(queue, doing):
            await until(lambda: len(doing.done) == 5, "all are done")
        assert doing.done == ["c", "d", "a", "b", "low"]

    run(test)


def begun(script: str, url: str | None, folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, url or "", str(folder / "jobs.sqlite"), *words]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[Any]) -> None:
    process.kill()
    for each in (process.stdin, process.stdout):
        assert each is not None
        each.close()
    process.wait()


def test_what_a_killed_worker_held_is_handed_out_again_once_it_is_missed(
    queue: Queue, quick: None, url: str | None, tmp_path: Path
) -> None:
    queue.put(tasks("a"))
    holder = begun(HOLDING, url, tmp_path, "1.0")
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "a\n"

        async def test() -> None:
            doing = Doing()
            async with working(queue, doing):
                await asyncio.sleep(1.5)
                assert not doing.begun, "its holder lives"
                holder.kill()
                killed = time.monotonic()
                await until(lambda: doing.done, "it is done")
            assert time.monotonic() - killed < 5

        run(test)
    finally:
        ended(holder)


def test_what_is_put_by_a_thread_or_a_process_is_taken_at_once(queue: Queue, url: str | None, tmp_path: Path) -> None:
    other = begun(PUTTING, url, tmp_path)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"

        async def test() -> None:
            doing = Doing()
            async with working(queue, doing):
                await put(queue, tasks("first"))
                await until(lambda: doing.done, "it works")
                for each in range(3):
                    began = time.monotonic()
                    threading.Thread(target=queue.put, args=(tasks(f"thread-{each}"),)).start()
                    await until(lambda each=each: f"thread-{each}" in doing.done, "it is done")  # type: ignore[misc]
                    assert time.monotonic() - began < TOLD_S
                assert other.stdin is not None
                other.stdin.close()
                began = time.monotonic()
                await until(lambda: "a" in doing.done, "it is done")
                # It also connects.
                assert time.monotonic() - began < 3

        run(test)
    finally:
        ended(other)


def test_without_its_data_base_a_queue_says_so(base: Database, tmp_path: Path) -> None:
    away = Database(base.engine, base.url.set(port=1)) if base.is_postgres else open_database(None, tmp_path / "other")
    queue = _queue(away, time.time)
    with pytest.raises(DatabaseUnavailable):
        queue.put(tasks("a"))
    queue.close()
    away.close()
