from __future__ import annotations

import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cleancut.errors import ModelError
from cleancut.runtime.pool import EnginePool
from cleancut.runtime.session import Engine
from tests.fakes.engines import SIZE, Blocking, Known, block, fake_engine


def test_eight_threads_load_an_engine_once() -> None:
    pool = EnginePool()
    loads: list[Engine] = []
    together = threading.Barrier(8)

    def load() -> Engine:
        time.sleep(0.02)  # long enough for all the others to come
        loads.append(fake_engine(block()))
        return loads[-1]

    def get(_: int) -> Engine:
        together.wait(10)
        return pool.get("key", load)

    with ThreadPoolExecutor(8) as threads:
        engines = list(threads.map(get, range(8)))
    assert len(loads) == 1
    assert all(engine is loads[0] for engine in engines)
    assert pool.loaded == (loads[0],)


def test_each_key_has_its_own_engine() -> None:
    pool = EnginePool()
    first = pool.get(("model", "cpu"), lambda: fake_engine(block()))
    second = pool.get(("model", "cuda"), lambda: fake_engine(block()))
    assert first is not second
    assert pool.loaded == (first, second)


def test_loading_one_engine_does_not_hold_up_another() -> None:
    pool = EnginePool()
    slow, go_on = threading.Event(), threading.Event()

    def load_slowly() -> Engine:
        slow.set()
        assert go_on.wait(10)
        return fake_engine(block())

    with ThreadPoolExecutor(2) as threads:
        loading = threads.submit(pool.get, "slow", load_slowly)
        assert slow.wait(10)
        quick = threads.submit(pool.get, "quick", lambda: fake_engine(block()))
        try:
            quick.result(5)
            assert not loading.done()
        finally:
            go_on.set()
        loading.result(5)
    assert len(pool.loaded) == 2


def test_a_failure_goes_to_its_caller_and_the_next_one_tries_again() -> None:
    pool = EnginePool()

    def fail() -> Engine:
        raise ModelError("no weights", hint="fetch them")

    for _ in range(2):
        with pytest.raises(ModelError, match="no weights"):
            pool.get("key", fail)
    assert pool.loaded == ()
    engine = fake_engine(block())
    assert pool.get("key", lambda: engine) is engine
    assert pool.get("key", fail) is engine


def test_unloading_closes_the_sessions() -> None:
    pool = EnginePool()
    sessions = [Known(block()) for _ in range(3)]
    for number, session in enumerate(sessions):
        pool.get(number, lambda session=session: fake_engine(session))  # type: ignore[misc]
    pool.unload(1)
    assert [session.closed for session in sessions] == [0, 1, 0]
    pool.unload("unknown")
    pool.unload()
    assert [session.closed for session in sessions] == [1, 1, 1]
    assert pool.loaded == ()
    pool.unload()
    assert [session.closed for session in sessions] == [1, 1, 1]


def test_what_was_unloaded_is_loaded_anew() -> None:
    pool = EnginePool()
    first = pool.get("key", lambda: fake_engine(block()))
    pool.unload()
    assert pool.get("key", lambda: fake_engine(block())) is not first


def test_work_that_has_begun_ends_normally() -> None:
    pool = EnginePool()
    session = Blocking(block())
    engine = pool.get("key", lambda: fake_engine(session))
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(engine.session.run, np.zeros((1, 3, SIZE, SIZE), np.float32))
        assert session.begun.wait(10)
        pool.unload()
        session.go_on.set()
        np.testing.assert_array_equal(answer.result(10), block())
    assert session.closed == 1


def loaded(pool: EnginePool, *keys: str) -> list[Known]:
    """The sessions of engines that have been got in this order."""
    sessions = [Known(block()) for _ in keys]
    for key, session in zip(keys, sessions, strict=True):
        pool.get(key, lambda session=session: fake_engine(session))  # type: ignore[misc]
    return sessions


def test_beyond_the_limit_the_engine_used_longest_ago_is_no_longer_kept() -> None:
    pool = EnginePool(limit=2)
    first = pool.get("first", lambda: fake_engine(block()))
    second = pool.get("second", lambda: fake_engine(block()))
    assert pool.get("first", lambda: second) is first, "to ask for it is to use it"
    third = pool.get("third", lambda: fake_engine(block()))
    assert pool.loaded == (first, third)
    anew = pool.get("second", lambda: fake_engine(block()))
    assert anew is not second
    assert pool.loaded == (third, anew)


def test_without_a_limit_all_engines_are_kept() -> None:
    pool = EnginePool()
    loaded(pool, *"abcdefgh")
    assert len(pool.loaded) == 8


def test_a_limit_set_later_holds_from_the_next_engine_on() -> None:
    pool = EnginePool()
    loaded(pool, *"abcd")
    pool.limit = 2
    pool.get("d", lambda: fake_engine(block()))
    assert len(pool.loaded) == 2


def test_an_engine_that_made_room_goes_on_for_those_who_hold_it() -> None:
    pool = EnginePool(limit=1)
    session = Blocking(block())
    engine = pool.get("key", lambda: fake_engine(session))
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(engine.session.run, np.zeros((1, 3, SIZE, SIZE), np.float32))
        assert session.begun.wait(10)
        loaded(pool, "other")
        assert engine not in pool.loaded
        session.go_on.set()
        np.testing.assert_array_equal(answer.result(10), block())
    assert session.closed == 0, "closing it is for the last who lets go"


def test_an_engine_that_made_room_is_freed_when_the_last_lets_go_of_it() -> None:
    pool = EnginePool(limit=1)
    engine = pool.get("key", lambda: fake_engine(block()))
    alive = weakref.ref(engine.session)
    loaded(pool, "other")
    assert alive() is not None
    del engine
    gc.collect()
    assert alive() is None
