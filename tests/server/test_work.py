"""Work beside the event loop: done once, for as long as somebody waits for it, and in the way of nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import httpx
import numpy as np
import pytest

from cleancut.matting import lasso
from cleancut.matting.lasso import Lasso
from cleancut.pipeline import edited
from cleancut.server.keys import keys_file, make
from cleancut.server.work import Abandoned, StoppableClock, Workers
from cleancut.types import Header, Matte, Metadata, Source
from tests.fakes.engines import Failing, Known, block, out_of_memory
from tests.fakes.tiny_model import photo
from tests.pictures import saved
from tests.server.busy import (
    CUT,
    GUIDES,
    a_photo,
    asked,
    calling,
    gated,
    idle,
    noise,
    replace_model,
    settle,
    spied,
    uploading,
    waiting_for,
    wanted,
)
from tests.server.conftest import Running, Start
from tests.server.wire import read, until

FULL = ["probe", "validate", "decode", "preprocess", "infer", "refine"]
UP_TO_THE_MODEL = FULL[:-1]


def found(answer: Future[httpx.Response]) -> str:
    response = answer.result()
    assert response.status_code == 200, response.text
    return response.headers["x-cleancut-cache"]


def test_all_steps_are_taken_while_the_client_waits(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = spied(monkeypatch)
    assert server.http.post(CUT, files={"image": a_photo(0)}).status_code == 200
    looking, rendering = steps
    assert looking == FULL
    assert rendering[-1] == "encode"


def test_work_that_waits_is_not_begun_when_its_client_goes(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=1)
    gate, steps = gated(monkeypatch), spied(monkeypatch)
    with calling(server, gate) as callers:
        first = callers.cut(a_photo(0))
        until(lambda: gate.begun == 1, "the first is worked on")
        with asked(server, a_photo(1)):
            until(lambda: wanted(server) == 2, "the second waits for its turn")
        until(lambda: wanted(server) == 1, "nobody waits for the second any more")
        gate.go_on.set()
        assert found(first) == "miss"
        assert found(callers.cut(a_photo(2))) == "miss"
    assert gate.begun == 2
    assert [each for each in steps if "infer" in each] == [FULL, FULL]
    assert sum("probe" in each for each in steps) == 2


def test_work_under_way_stops_at_its_next_step_when_its_client_goes(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(workers=1)
    gate, steps = gated(monkeypatch), spied(monkeypatch)
    with calling(server, gate) as callers:
        with asked(server, a_photo(0)):
            until(lambda: gate.begun == 1, "the model is at it")
        until(lambda: idle(server), "its place is free")
        gate.go_on.set()
        # There is one thread: when the next is done, the first has come to its end.
        assert found(callers.cut(a_photo(1))) == "miss"
    assert steps[0] == UP_TO_THE_MODEL
    assert steps[1] == FULL
    assert gate.begun == 2


@pytest.mark.parametrize(("path", "headers"), [(CUT, {}), (GUIDES, {}), (CUT, {"Cache_Control": "no-store"})])
def test_what_several_ask_for_is_made_once(
    start: Start, monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str]
) -> None:
    server = start(workers=3)
    gate, steps = gated(monkeypatch), spied(monkeypatch)
    with calling(server, gate) as callers:
        answers = [callers.cut(a_photo(0), path, **headers) for _ in range(4)]
        until(lambda: waiting_for(server) == 4, "all wait for the same")
        gate.go_on.set()
        assert sorted(found(each) for each in answers) == ["joined", "joined", "joined", "miss"]
        assert len({each.result().content for each in answers}) == 1
    assert gate.begun == 1
    assert sum("encode" in each for each in steps) == 1


def test_different_pictures_of_one_photo_share_its_matte(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=2)
    gate = gated(monkeypatch)
    with calling(server, gate) as callers:
        answers = [callers.cut(a_photo(0), path) for path in (CUT, GUIDES)]
        until(lambda: waiting_for(server) == 2, "both wait for the matte")
        gate.go_on.set()
        assert [found(each) for each in answers] == ["miss", "miss"]
    assert gate.begun == 1


def test_an_abandoned_clock_ends_a_lasso_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, done = StoppableClock(), list[object]()
    source = Source(np.zeros((600, 40, 3), np.uint8), None, Metadata(), Header("png", 40, 600))
    shape, whole = Lasso("add", ((10, 0), (30, 0), (30, 600), (10, 600))), lasso.pieces

    def pieces(*given: Any) -> Any:
        for each in whole(*given):
            done.append(each)
            clock.abandoned = len(done) == 3
            yield each

    monkeypatch.setattr(lasso, "pieces", pieces)
    with pytest.raises(Abandoned):
        edited(source, Matte(np.zeros((600, 40), np.float32), False, 0.5), [shape], clock)
    assert len(done) == 3


def test_nobody_joins_what_another_key_asked_for(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=2)
    secrets = [make(keys_file(server.service.settings.core.home), name)[1] for name in ("shop", "till")]
    gate = gated(monkeypatch)
    with calling(server, gate) as callers:
        answers = [callers.cut(a_photo(0), X_Api_Key=secret) for secret in secrets]
        until(lambda: gate.begun == 2, "the model is at both")
        gate.go_on.set()
        assert [found(each) for each in answers] == ["miss", "miss"]


@pytest.mark.parametrize("who_leaves", ["the first", "the one who joined"])
def test_who_stays_gets_the_answer_though_another_leaves(
    start: Start, monkeypatch: pytest.MonkeyPatch, who_leaves: str
) -> None:
    server = start(workers=1)
    gate = gated(monkeypatch)
    with calling(server, gate) as callers:
        if who_leaves == "the one who joined":
            stays = callers.cut(a_photo(0))
            until(lambda: waiting_for(server) == 1, "one waits")
        with asked(server, a_photo(0)):
            until(lambda: gate.begun == 1, "the model is at it")
            if who_leaves == "the first":
                stays = callers.cut(a_photo(0))
            until(lambda: waiting_for(server) == 2, "two wait")
        until(lambda: server.service.admission.inside == 1, "one has left, and with it its place")
        gate.go_on.set()
        assert found(stays) == ("joined" if who_leaves == "the first" else "miss")
    assert gate.begun == 1


def test_the_work_stops_when_all_have_left_and_begins_anew_for_whoever_comes_then(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(workers=2)
    gate, steps = gated(monkeypatch), spied(monkeypatch)
    with calling(server, gate) as callers:
        with asked(server, a_photo(0)), asked(server, a_photo(0)):
            until(lambda: waiting_for(server) == 2 and gate.begun == 1, "two wait for the model")
        until(lambda: idle(server), "both places are free")
        late = callers.cut(a_photo(0))
        until(lambda: gate.begun == 2, "it is made anew")
        gate.go_on.set()
        assert found(late) == "miss"
    settle(server)
    assert sorted(steps[:2]) == sorted([UP_TO_THE_MODEL, FULL])


def test_who_joined_what_fails_is_told_the_same(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=1)
    gate = gated(monkeypatch)
    with calling(server, gate) as callers:
        before = callers.cut(a_photo(0))
        until(lambda: gate.begun == 1, "the model is at it")
        replace_model(monkeypatch, out_of_memory())
        answers = [callers.cut(a_photo(1)) for _ in range(3)]
        until(lambda: waiting_for(server) == 3, "three wait for the same")
        gate.go_on.set()
        assert found(before) == "miss"
        assert {(each.result().status_code, each.result().json()["code"]) for each in answers} == {
            (503, "inference_failed")
        }
    assert idle(server)
    replace_model(monkeypatch, Known(block()))
    assert server.http.post(CUT, files={"image": a_photo(1)}).status_code == 200


def deadline_exceeded(response: httpx.Response) -> None:
    assert (response.status_code, response.json()["code"]) == (503, "deadline_exceeded")
    assert int(response.headers["retry-after"]) >= 1


def test_beyond_the_deadline_the_client_is_told_and_the_work_stops(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(workers=1, deadline=1)
    gate, steps = gated(monkeypatch), spied(monkeypatch)
    with calling(server, gate) as callers:
        under_way, waits = callers.cut(a_photo(0)), callers.cut(a_photo(1))
        deadline_exceeded(under_way.result())
        deadline_exceeded(waits.result())
        assert idle(server)
        gate.go_on.set()
        assert found(callers.cut(a_photo(2))) == "miss"
    assert steps[:2] == [UP_TO_THE_MODEL, FULL]
    assert gate.begun == 2


def test_the_deadline_holds_for_uploads_too(start: Start) -> None:
    server = start(workers=1, waiting=0, deadline=1)
    with uploading(server, a_photo(0)) as (sock, _):
        answer = read(sock)
        assert (answer.status, answer.code) == (503, "deadline_exceeded")
    until(lambda: idle(server), "the place is free")
    assert server.http.post(CUT, files={"image": a_photo(0)}).status_code == 200


def test_a_timeout_of_something_else_is_not_told_as_the_deadline(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_model(monkeypatch, Failing(TimeoutError("of a driver")))
    answer = server.http.post(CUT, files={"image": a_photo(0)})
    assert answer.status_code == 500
    assert "deadline" not in answer.text


def test_the_server_answers_though_all_models_are_busy(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = start(workers=2)
    kept = server.http.post(CUT, files={"image": a_photo(9)})
    gate = gated(monkeypatch)
    with calling(server, gate) as callers:
        answers = [callers.cut(a_photo(number)) for number in range(3)]
        until(lambda: gate.begun == 2 and wanted(server) == 3, "two are worked on, one waits")
        for path in ("/livez", "/readyz", "/metrics", "/api/v1/server", kept.headers["content-location"]):
            assert server.http.get(path).status_code == 200, path
        assert found(callers.cut(a_photo(9))) == "hit"
        assert not any(each.done() for each in answers)
        gate.go_on.set()
        assert [found(each) for each in answers] == ["miss"] * 3


def test_what_takes_long_is_never_done_on_the_event_loop(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: dict[str, set[str]] = {}

    def watch(place: str, name: str) -> None:
        real = getattr(__import__(place, fromlist=["_"]), name)

        def watched(*args: Any, **keywords: Any) -> Any:
            threads.setdefault(name, set()).add(threading.current_thread().name)
            return real(*args, **keywords)

        monkeypatch.setattr(f"{place}.{name}", watched)

    call = StoppableClock.__call__

    def step_in(clock: StoppableClock, step: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        threads.setdefault(step.__name__, set()).add(threading.current_thread().name)
        return call(clock, step, *args, **keywords)

    monkeypatch.setattr(StoppableClock, "__call__", step_in)
    watch("base64", "b64encode")
    watch("cleancut.remover", "estimate")
    watch("cleancut.steps.encode", "encode")
    sha256 = hashlib.sha256
    hashed: set[str] = set()

    def hash_of(data: bytes = b"", **keywords: Any) -> Any:
        if len(data) > 1000:
            hashed.add(threading.current_thread().name)
        return sha256(data, **keywords)

    monkeypatch.setattr("cleancut.server.cutouts.hashlib.sha256", hash_of)
    large = noise(300, 400)
    with server.http as http:
        assert http.post(GUIDES, files={"image": a_photo(0)}).status_code == 200
        answer = http.post(CUT, files={"image": large, "background_image": a_photo(1)}, data={"png_effort": "fast"})
    assert answer.status_code == 200, answer.text
    assert {"decode", "infer", "refine", "compose", "encode", "estimate", "b64encode"} <= set(threads)
    loop = server.thread.name
    assert hashed
    assert {name for name, where in threads.items() if loop in where} == set()
    assert loop not in hashed


def looked_at(server: Running) -> tuple[float, float]:
    """How often the loop has been looked at, and by how many seconds it was late in all."""
    told = {each.name: each.value for metric in server.service.metrics.lag.collect() for each in metric.samples}
    return told["cleancut_event_loop_lag_seconds_count"], told["cleancut_event_loop_lag_seconds_sum"]


def test_livez_is_answered_all_the_while_a_large_photo_is_worked_on(server: Running) -> None:
    picture = saved(photo(2000, 3000), "PNG", compress_level=1)
    before = looked_at(server)
    with calling(server) as callers:
        answer = callers.cut(picture, GUIDES)
        alive = 0
        while not answer.done():
            assert server.http.get("/livez").text == "alive"
            alive += 1
            time.sleep(0.01)
    assert found(answer) == "miss"
    assert alive > 1
    looks, late = (now - then for now, then in zip(looked_at(server), before, strict=True))
    # It looks every 20 ms. A loop that did the work itself would be late nine tenths of the time.
    assert late / (late + looks * 0.02) < 0.5


def test_an_abandoned_clock_begins_no_step_but_ends_the_one_under_way() -> None:
    clock = StoppableClock()

    def step(value: int) -> int:
        clock.abandoned = True
        return value

    assert clock(step, 5) == 5
    with pytest.raises(Abandoned):
        clock(step, 6)
    assert list(clock.timings) == ["step"]


def test_nobody_joins_work_that_is_being_stopped() -> None:
    async def shared() -> tuple[list[int], tuple[int, bool]]:
        workers, begun = Workers(1), list[int]()

        async def make(clock: StoppableClock) -> int:
            begun.append(len(begun))
            try:
                await asyncio.sleep(0 if len(begun) > 1 else 60)
            finally:
                # What is stopped needs a moment for it.
                await asyncio.sleep(0.01)
            return len(begun)

        leaves = asyncio.create_task(workers.share("one", make))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.wait([leaves])
        made, _, joined = await workers.share("one", make)
        workers.close()
        return begun, (made, joined)

    assert asyncio.run(shared()) == ([0, 1], (2, False))


def test_a_pool_that_is_closed_begins_nothing_more_and_stops_what_is_under_way() -> None:
    async def closed() -> tuple[bool, list[str]]:
        workers, begun, go_on = Workers(1), list[str](), threading.Event()

        def job(name: str) -> str:
            begun.append(name)
            assert go_on.wait(30)
            return name

        async def work(clock: StoppableClock) -> bool:
            await workers.run(lambda: job("under way"))
            return clock.abandoned

        under_way = asyncio.create_task(workers.share("one", work))
        while not begun:
            await asyncio.sleep(0.001)
        waits = asyncio.create_task(workers.run(lambda: job("waits")))
        await asyncio.sleep(0)
        workers.close()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await waits
        return (await under_way)[0], begun

    assert asyncio.run(closed()) == (True, ["under way"])
