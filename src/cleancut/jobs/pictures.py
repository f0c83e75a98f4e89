"""The pictures of jobs: each made in a process apart, its outcome committed once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from cleancut.errors import CleancutError, DatabaseUnavailable, InputMissing, Unwritable, UrlRefused
from cleancut.jobs import progress, removal, views
from cleancut.jobs.desk import Desk
from cleancut.jobs.isolated import Crashed, Isolated, TooLong
from cleancut.jobs.observer import Observer
from cleancut.jobs.picture import Defect, Made, Wish, make
from cleancut.jobs.progress import MOST_CRASHES, MOST_VANISHED, Begun, Done, Failed
from cleancut.jobs.queues.protocol import Task
from cleancut.jobs.records import BACKGROUND, EDITS, Item, source_of
from cleancut.matting.edits import Edit, of_plain
from cleancut.options import Limits, Options, Precision
from cleancut.outside.fetch import fetch
from cleancut.outside.network import Network
from cleancut.settings import Settings

T = TypeVar("T")

# A model in memory that nobody has asked for so long is given back.
IDLE_S = 300.0

# Where the data base or the disk is away, it is asked again so often.
_AGAIN_S = 1.0
_DISK_AGAIN_S = 30.0

# A URL that could not be fetched may be back; after so many attempts it is told.
_FETCHES = 3
_FETCH_AGAIN_S = 10.0

_DEFECT = Failed("internal_error", "cleancut failed at this picture", "report it with the job's id and its number")
_CRASHED = Failed(
    "worker_crashed", f"this picture has ended {MOST_CRASHES} processes, and was put aside",
    "open and save it anew by another program",
)  # fmt: skip
_VANISHED = Failed(
    "worker_crashed", f"{MOST_VANISHED} workers have vanished while they made this picture; it was put aside",
    "tell whoever runs the server",
)  # fmt: skip
_GONE = Failed("not_found", "its photo is not there any more", "send it again")


@dataclass(frozen=True, slots=True)
class Means:
    """What pictures are made with here."""

    core: Settings
    limits: Limits
    device: str
    precision: Precision
    loaded_models: int
    at_once: int
    seconds: float
    """The longest that one picture may take."""
    networks: tuple[Network, ...]
    """Where URLs may lie beside the public network."""
    keep: float
    """Seconds that results are kept at most."""
    nice: int = 0


class Pictures:
    """Makes pictures of jobs, ``at_once`` at a time."""

    def __init__(self, desk: Desk, means: Means, observer: Observer, answer: Callable[..., Any] = make) -> None:
        """``answer`` makes a picture, in the process apart; a test puts another in its place."""
        self._desk = desk
        self._means = means
        self._observer = observer
        context = means.core, means.loaded_models
        self._processes = [Isolated(answer, *context, nice=means.nice) for _ in range(means.at_once)]
        self._free = list(self._processes)
        self._idle: dict[Isolated, asyncio.TimerHandle] = {}
        # Of their own: each call holds one for as long as its picture takes.
        self._threads = ThreadPoolExecutor(means.at_once, thread_name_prefix="job")

    async def handle(self, task: Task) -> float | None:
        """Do a task of the queue; see ``queues.protocol.Handle``."""
        id, _, number = task.key.partition("/")
        base, clock = self._desk.opened(), self._desk.clock
        begun = await asyncio.to_thread(progress.start, base, id, int(number), clock())
        if begun is None:
            return await asyncio.to_thread(self._tidy_ended, id, int(number))
        try:
            outcome = self._hopeless(begun) or await self._attempt(begun)
        except Crashed as error:
            structlog.get_logger().error("a picture ended its process", job=id, picture=number, how=str(error))
            await self._insist(lambda: progress.put_back(base, begun, crashed=True))
            return 0.0
        except (Unwritable, OSError) as error:
            # A disk that is full, or far away and not there for now.
            structlog.get_logger().error("a result cannot be kept", job=id, picture=number, problem=str(error))
            await self._insist(lambda: progress.put_back(base, begun))
            return _DISK_AGAIN_S
        except _FetchAgain:
            await self._insist(lambda: progress.put_back(base, begun))
            return _FETCH_AGAIN_S * _fetched(begun.item)
        except asyncio.CancelledError:
            # This process is about to end; whoever takes the task next shall not take this for a vanished worker.
            await asyncio.shield(asyncio.to_thread(progress.put_back, base, begun))
            raise
        except Exception:
            # It waits again, so that the next attempt does not take this for a vanished worker.
            await self._insist(lambda: progress.put_back(base, begun))
            raise
        await self._commit(begun, outcome)
        return None

    def close(self) -> None:
        """End the processes."""
        for timer in self._idle.values():
            timer.cancel()
        for each in self._processes:
            each.kill()
        self._threads.shutdown(wait=True)
        for each in self._processes:
            each.close()

    @staticmethod
    def _hopeless(begun: Begun) -> Failed | None:
        if begun.item.crashes >= MOST_CRASHES:
            return _CRASHED
        return _VANISHED if begun.item.vanished >= MOST_VANISHED else None

    async def _attempt(self, begun: Begun) -> Done | Failed:
        """Make the picture and put it into the store. Raises Crashed, Unwritable, _FetchAgain."""
        try:
            wish = await self._wish(begun)
        except CleancutError as error:
            # A name that could not be looked up is refused in the words for one that leads inside.
            away = isinstance(error, InputMissing | UrlRefused) and begun.item.url is not None
            if away and _fetched(begun.item) < _FETCHES:
                raise _FetchAgain from error
            return Failed(error.code, str(error), error.hint)
        if wish is None:
            return _GONE
        answered = await self._made(wish)
        if isinstance(answered, Made):
            self._observer.steps_taken(answered.timings)
            self._observer.ran(*(answered.facts[name] for name in ("model", "device", "precision")))
            return await asyncio.to_thread(self._stored, begun, wish.options.suffix, answered)
        if isinstance(answered, Defect):
            structlog.get_logger().error("a picture failed", job=begun.job.id, traceback=answered.traceback)
            return _DEFECT
        return answered if isinstance(answered, Failed) else Failed(answered.code, str(answered), answered.hint)

    async def _made(self, wish: Wish) -> Made | CleancutError | Defect | Failed:
        """What comes of it, in a process apart. Raises Crashed."""
        seconds = self._means.seconds
        async with self._a_process() as process:
            loop = asyncio.get_running_loop()
            calling = loop.run_in_executor(self._threads, process.call, wish, seconds)
            try:
                made: Made | CleancutError | Defect = await asyncio.shield(calling)
            except TooLong:
                return Failed("too_long", f"it took longer than {seconds:g} s", "send a smaller picture")
            except asyncio.CancelledError:
                while not calling.done():
                    # Again and again, since it may just have been about to begin.
                    process.kill()
                    await asyncio.wait([calling], timeout=0.1)
                calling.exception()
                raise
        return made

    @asynccontextmanager
    async def _a_process(self) -> AsyncIterator[Isolated]:
        """One that nobody uses. It ends when it has not been used for a while."""
        # The queue hands out no more at a time than there are.
        process = self._free.pop()
        if timer := self._idle.pop(process, None):
            timer.cancel()
        try:
            yield process
        finally:
            self._free.append(process)
            loop = asyncio.get_running_loop()
            self._idle[process] = loop.call_later(IDLE_S, self._rest, process)

    def _rest(self, process: Isolated) -> None:
        self._idle.pop(process, None)
        # Who takes it meanwhile waits until it has ended, and begins it anew.
        self._threads.submit(process.close)

    async def _wish(self, begun: Begun) -> Wish | None:
        """The photo and the options; None where the photo is gone. Raises InputError, OptionError, Unwritable."""
        job, item, means = begun.job, begun.item, self._means
        if item.url is not None:
            photo: bytes | None = await fetch(item.url, means.limits.max_bytes or 0, allowed=means.networks)
        else:
            photo = await asyncio.to_thread(self._desk.store.get, job.id, source_of(item.number))
            if photo is None and not self._desk.store.is_there:
                raise Unwritable("the store of jobs is not there", hint="see whether its file system is mounted")
        behind = await asyncio.to_thread(self._desk.store.get, job.id, BACKGROUND)
        values = {**job.options, **({} if behind is None else {"background": behind})}
        options = replace(Options(**values), device=means.device, precision=means.precision)
        edits = await asyncio.to_thread(self._edits, job.id)
        return None if photo is None else Wish(photo, options, means.limits, edits)

    def _edits(self, job: str) -> tuple[Edit, ...]:
        kept = self._desk.store.get(job, EDITS)
        return () if kept is None else of_plain(json.loads(kept))

    def _stored(self, begun: Begun, suffix: str, made: Made) -> Done:
        # Named after its attempt: whoever comes late replaces nothing.
        name = f"{begun.item.number}-{begun.item.attempt}{suffix}"
        self._desk.store.put(begun.job.id, name, made.data, self._means.keep)
        return Done(name, len(made.data), made.facts)

    async def _commit(self, begun: Begun, outcome: Done | Failed) -> None:
        desk, job = self._desk, begun.job.id
        message = await self._insist(lambda: progress.finish(desk.base, begun, outcome, desk.clock(), desk.terms))
        if message is None:
            if isinstance(outcome, Done):
                await asyncio.to_thread(desk.store.delete, job, outcome.name)
            return
        self._observer.picture_ended("done" if isinstance(outcome, Done) else "failed")
        kept = outcome.name if isinstance(outcome, Done) else ""
        await asyncio.to_thread(self._tidy, job, begun.item.number, begun.item.attempt, kept)
        if await self._insist(lambda: progress.has_ended(desk.base, job)):
            await asyncio.to_thread(desk.drop_photos, job)
        await self._insist(lambda: desk.send([message]))

    def _tidy_ended(self, job: str, number: int) -> float | None:
        """The same for a picture that has ended already: whoever was at it may have been killed before it tidied.

        Like ``handle``: where a job is no more, nothing else would ever remove what came after its end.
        """
        item = views.item(self._desk.base, job, number)
        if item is not None and item.state in ("done", "failed", "cancelled"):
            self._tidy(job, number, item.attempt, item.result or "")
            if progress.has_ended(self._desk.base, job):
                self._desk.drop_photos(job)
        elif not removal.is_accepted(self._desk.base, job):
            try:
                self._desk.clear(job)
            except (Unwritable, OSError) as error:
                structlog.get_logger().warning("objects were not removed", job=job, problem=str(error))
                return _DISK_AGAIN_S
        return None

    def _tidy(self, job: str, number: int, attempts: int, kept: str) -> None:
        """Remove what is of no use any more: the photo, and what other attempts have left when they were killed."""
        names = [source_of(number)]
        try:
            if attempts > 1 or not kept:
                every = [f"{number}-{each}" for each in range(1, attempts + 1)]
                names += [each.name for each in self._desk.store.of(job) if each.name.partition(".")[0] in every]
            for name in names:
                if name != kept:
                    self._desk.store.delete(job, name)
        except (Unwritable, OSError) as error:
            # It goes with its job.
            structlog.get_logger().warning("an object was not removed", job=job, problem=str(error))

    async def _insist(self, change: Callable[[], T]) -> T:
        """Make a change, however long the data base is away: what has been made shall not be made again."""
        while True:
            try:
                return await asyncio.to_thread(change)
            except DatabaseUnavailable:
                await asyncio.sleep(_AGAIN_S)


def _fetched(item: Item) -> int:
    """How often its URL has been asked, this attempt included."""
    return item.attempt - item.crashes - item.vanished


class _FetchAgain(Exception):
    """A URL is to be tried again."""
