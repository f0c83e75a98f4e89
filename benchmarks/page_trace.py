"""What a page's main thread did, and which pointer event it did it for: out of Chromium's own trace.

A task is one that the thread's scheduler has run ("RunTask"): input, script, style, layout, painting, garbage
collection and whatever else. All tasks count, whoever asked for them.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from math import inf
from typing import Any, Self

from playwright.async_api import Browser, Page

LONG_MS = 50.0

_CATEGORIES = ("devtools.timeline", "disabled-by-default-devtools.timeline")
_BEGIN, _END = "cleancut: begin", "cleancut: end"
# What a move of the mouse is told as, and what it does when it goes down and up.
_POINTER = ("pointermove", "pointerdown", "pointerup")
_HANDLED = ("pointer", "mouse", "click")

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Slice:
    """A span of a thread's time, in milliseconds."""

    begin: float
    end: float
    cpu: float
    """Processor time: less than the wall's where the thread had to wait for a processor."""
    kind: str = ""

    @property
    def wall(self) -> float:
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Work:
    """What was done for one pointer event."""

    kind: str
    wall: float
    cpu: float
    """Of all tasks until the next pointer event."""
    handlers: float
    """Wall time of the listeners alone."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened between both marks."""

    tasks: tuple[Slice, ...]
    """Of the main thread, in the order of time."""
    dispatches: tuple[Slice, ...]
    """Events given to listeners, by their kinds."""
    drawing: tuple[Slice, ...]
    """Tasks of the page's workers."""

    nested: tuple[Slice, ...]
    """What tasks of the main thread consist of, by the trace's names."""

    def summary(self) -> dict[str, Any]:
        """The longest task, what took most of it, and how many were above 50 ms, on the clock and of a processor."""
        longest = max(self.tasks, key=lambda each: each.wall, default=Slice(0, 0, 0))
        return {
            "longest_task_ms": round(longest.wall, 1),
            "longest_task_cpu_ms": round(longest.cpu, 1),
            "longest_task_is": self._content(longest),
            "tasks_above_50_ms": sum(each.wall > LONG_MS for each in self.tasks),
            "tasks_above_50_ms_cpu": sum(each.cpu > LONG_MS for each in self.tasks),
        }

    def _content(self, task: Slice) -> dict[str, float]:
        """The three kinds of work in a task that took longest at once; one may contain another."""
        within = [each for each in self.nested if task.begin <= each.begin and each.end <= task.end]
        longest: dict[str, float] = {}
        for each in sorted(within, key=lambda each: -each.wall):
            longest.setdefault(each.kind, round(each.wall, 1))
        return dict(islice(longest.items(), 3))

    def works(self) -> list[Work]:
        """What was done for each pointer event: all tasks from the one that brought it until the next one's.

        Where one task brings several, each begins with its own dispatch.
        """
        pointers = [each for each in self.dispatches if each.kind in _POINTER]
        begins: list[float] = []
        for each in pointers:
            task = self._task_of(each)
            own = each.begin if task is None or (begins and begins[-1] >= task.begin) else task.begin
            begins.append(own)
        spans = pairwise([*begins, inf])
        return [self._work(each.kind, *span) for each, span in zip(pointers, spans, strict=True)]

    def _task_of(self, dispatch: Slice) -> Slice | None:
        at = bisect_right(self.tasks, dispatch.begin, key=lambda task: task.begin) - 1
        return self.tasks[at] if at >= 0 and self.tasks[at].end >= dispatch.begin else None

    def _work(self, kind: str, begin: float, end: float) -> Work:
        wall, cpu = _within(self.tasks, begin, end)
        handled = [each for each in self.dispatches if each.kind.startswith(_HANDLED)]
        return Work(kind, wall, cpu, _within(handled, begin, end)[0])


def _within(slices: Iterable[Slice], begin: float, end: float) -> tuple[float, float]:
    """Wall and processor time of what lies between; of what is cut, its share."""
    wall = cpu = 0.0
    for each in slices:
        part = min(each.end, end) - max(each.begin, begin)
        if part > 0:
            wall += part
            cpu += each.cpu * part / each.wall
    return wall, cpu


def parsed(events: Sequence[Event]) -> Trace:
    """The part of a trace between the marks, of the page that has set them."""
    marks = {each["args"]["data"].get("message"): each for each in events if each["name"] == "TimeStamp"}
    first, last = marks[_BEGIN], marks[_END]
    threads = {
        (each["pid"], each["tid"]): each["args"]["name"]
        for each in events
        if each["ph"] == "M" and each["name"] == "thread_name"
    }
    seen = [
        each
        for each in events
        if each["ph"] == "X" and each["pid"] == first["pid"] and first["ts"] <= each["ts"] <= last["ts"]
    ]
    tasks = [each for each in seen if each["name"] == "RunTask"]
    own = [each for each in seen if each["tid"] == first["tid"]]
    return Trace(
        _slices(each for each in own if each["name"] == "RunTask"),
        _slices(each for each in own if each["name"] == "EventDispatch"),
        _slices(each for each in tasks if "DedicatedWorker" in threads.get((each["pid"], each["tid"]), "")),
        _slices(each for each in own if each["name"] != "RunTask"),
    )


def _slices(events: Iterable[Event]) -> tuple[Slice, ...]:
    def slice_of(event: Event) -> Slice:
        begin, wall = event["ts"] / 1000, event.get("dur", 0) / 1000
        data = event["args"].get("data") or {}
        kind = str(data.get("type") or event["name"])
        return Slice(begin, begin + wall, event.get("tdur", 0) / 1000, kind)

    return tuple(sorted(map(slice_of, events), key=lambda each: each.begin))


class Recording:
    """What a page does inside ``async with``: ``trace`` has it afterwards."""

    trace: Trace

    def __init__(self, browser: Browser, page: Page) -> None:
        self._browser = browser
        self._page = page
        self._events: list[Event] = []

    async def __aenter__(self) -> Self:
        self._session = await self._browser.new_browser_cdp_session()
        self._session.on("Tracing.dataCollected", lambda told: self._events.extend(told["value"]))
        config = {"includedCategories": list(_CATEGORIES), "excludedCategories": ["*"]}
        await self._session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": config})
        await self._mark(_BEGIN)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            await self._mark(_END)
        complete = asyncio.Event()
        self._session.on("Tracing.tracingComplete", lambda _: complete.set())
        await self._session.send("Tracing.end")
        await asyncio.wait_for(complete.wait(), 30)
        await self._session.detach()
        if kind is None:
            self.trace = parsed(self._events)

    async def _mark(self, name: str) -> None:
        await self._page.evaluate("name => console.timeStamp(name)", name)
