"""Which work of a page's main thread is whose."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks.page_trace import Event, Work, parsed

PAGE, OTHER = 7, 8
MAIN, WORKER = 70, 71


def slice_of(name: str, begin_ms: float, wall_ms: float, cpu_ms: float, **data: Any) -> Event:
    times = {"ts": begin_ms * 1000, "dur": wall_ms * 1000, "tdur": cpu_ms * 1000}
    return {"name": name, "ph": "X", "pid": PAGE, "tid": MAIN, "args": {"data": data} if data else {}, **times}


def task(begin_ms: float, wall_ms: float, cpu_ms: float) -> Event:
    return slice_of("RunTask", begin_ms, wall_ms, cpu_ms)


def given(kind: str, begin_ms: float, wall_ms: float) -> Event:
    return slice_of("EventDispatch", begin_ms, wall_ms, wall_ms, type=kind)


def mark(what: str, at_ms: float) -> Event:
    data = {"message": f"cleancut: {what}"}
    return {"name": "TimeStamp", "ph": "I", "pid": PAGE, "tid": MAIN, "ts": at_ms * 1000, "args": {"data": data}}


def between(*events: Event) -> list[Event]:
    named = {"name": "thread_name", "ph": "M", "pid": PAGE, "tid": WORKER, "args": {"name": "DedicatedWorker thread"}}
    return [named, mark("begin", 100), *events, mark("end", 1000)]


def test_all_work_until_the_next_event_is_the_events_own() -> None:
    trace = parsed(
        between(
            task(200, 4, 2), given("pointermove", 201, 1), given("mousemove", 202, 0.5),
            # An animation frame, and what React had put off.
            task(210, 6, 6), task(220, 3, 1),
            task(300, 2, 2), given("pointerup", 301, 1), given("click", 301.5, 0.25),
            task(400, 1, 1),
        )
    )  # fmt: skip
    assert trace.works() == [Work("pointermove", 13, 9, 1.5), Work("pointerup", 3, 3, 1.25)]


def test_events_of_one_task_share_it() -> None:
    trace = parsed(between(task(200, 10, 5), given("pointermove", 201, 1), given("pointermove", 206, 2)))
    assert trace.works() == [Work("pointermove", 6, 3, 1), Work("pointermove", 4, 2, 2)]


def test_nothing_else_counts() -> None:
    trace = parsed(
        between(
            task(50, 90, 90), task(1001, 80, 80),
            {**task(300, 70, 70), "pid": OTHER}, {**task(300, 60, 8), "tid": WORKER},
            task(400, 55, 10), slice_of("PrePaint", 401, 40, 4), slice_of("Layout", 442, 2, 1),
            slice_of("PrePaint", 445, 1, 1),
        )
    )  # fmt: skip
    assert trace.summary() == {
        "longest_task_ms": 55,
        "longest_task_cpu_ms": 10,
        "longest_task_is": {"PrePaint": 40, "Layout": 2},
        "tasks_above_50_ms": 1,
        "tasks_above_50_ms_cpu": 0,
    }
    assert list(trace.summary()["longest_task_is"]) == ["PrePaint", "Layout"]
    assert [each.cpu for each in trace.drawing] == [8]
    assert trace.works() == []


def test_a_trace_without_its_marks_is_none() -> None:
    with pytest.raises(KeyError):
        parsed([task(200, 4, 2)])
