"""What one data base alone can bring about: a worker that cannot tell what it has done, or that was taken for dead."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from procrastinate import exceptions
from procrastinate.manager import JobManager

from cleancut.jobs.database import open_database
from cleancut.jobs.migrate import migrate
from cleancut.jobs.queues import protocol, sqlite
from cleancut.jobs.queues.protocol import Queue
from tests.jobs.handling import Doing, left, put, run, tasks, until, working


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_what_a_living_worker_could_not_give_back_is_handed_out_again(
    queue: Queue, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_back, times = JobManager.retry_job, []

    async def away_once(*arguments: Any, **keywords: Any) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            raise exceptions.ConnectorException("the data base is away")
        await give_back(*arguments, **keywords)

    monkeypatch.setattr(JobManager, "retry_job", away_once)

    async def test() -> None:
        doing = Doing(0, 0.0)
        async with working(queue, doing):
            await put(queue, tasks("a"))
            await until(lambda: doing.done, "it is done")
        assert len(doing.begun) == 2
        assert await left(queue) == []

    run(test)


def test_who_was_taken_for_dead_does_not_let_go_what_another_holds(tmp_path: Path, monkeypatch: Any) -> None:
    base = open_database(None, tmp_path / "jobs.sqlite")
    migrate(base)
    monkeypatch.setattr(sqlite, "BEAT_S", 60)
    ahead = sqlite.SqliteQueue(base, lambda: time.time() + 2 * protocol.SILENT_S)
    stalled = sqlite.SqliteQueue(base)

    async def test() -> None:
        one, two, three = Doing(30), Doing(30), Doing(30)
        stalled.put(tasks("a"))
        worker = asyncio.create_task(stalled.work("picture", one, 1, 0))
        await until(lambda: one.begun, "the first has it")
        async with working(ahead, two, patience=0):
            await until(lambda: two.begun, "the second has it, since the first is silent")
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker
            async with working(ahead, three, patience=0):
                await asyncio.sleep(1)
        assert not three.begun, "the second holds it"

    run(test)
    base.close()
