"""Mattes and pictures for clients: found again, or made once and kept for a while.

A matte is named after the photo's bytes and the options that its model run depends on, a picture after its matte and
the options of its rendering; both by a secret of the server's, so that a name tells nothing and cannot be guessed. What
is kept under a name never changes. Each owner (a key) has names of their own: nobody learns what others have sent.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from cleancut.errors import InputError, InputMissing, Unwritable
from cleancut.models.spec import ModelSpec
from cleancut.options import Limits
from cleancut.server.admission import Admission
from cleancut.server.asks import OF_THE_MATTE, OF_THE_SERVER, Ask, Facts, Found, Made, Placed, Seen
from cleancut.server.levels import alpha_in, rounded
from cleancut.server.metrics import Metrics
from cleancut.server.models import check_installed, identity, model_for
from cleancut.server.permits import Permits
from cleancut.server.problems import Refused
from cleancut.server.recent import Recent
from cleancut.server.settings import ServerSettings
from cleancut.server.work import StoppableClock, Workers
from cleancut.storage.protocol import Storage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cleancut.types import Picture

T = TypeVar("T")


class Cutouts:
    """All that makes, keeps and finds mattes and pictures."""

    def __init__(
        self,
        settings: ServerSettings,
        storage: Storage,
        workers: Workers,
        admission: Admission,
        metrics: Metrics,
        secret: bytes,
        recent: Recent,
    ) -> None:
        self._settings = settings
        self.storage = storage
        self._workers = workers
        self._admission = admission
        self._metrics = metrics
        self._secret = secret
        self._recent = recent
        self._permits = Permits()

    async def picture(self, ask: Ask) -> Made:
        """A photo's cut-out. Raises CleancutError, Refused."""
        ask = self._begun(ask)
        spec, matte = await asyncio.to_thread(self._identified, ask)
        ask = self._allowed(ask, matte)
        name = await asyncio.to_thread(self._picture_name, matte, ask)
        if ask.keep and (kept := await asyncio.to_thread(self._kept, ask.owner, matte, name)):
            return self._counted("picture", kept)
        await asyncio.to_thread(check_installed, spec, self._settings)
        whole = self._allowed(ask, name)

        async def make(clock: StoppableClock) -> Made:
            async with self._turn(clock):
                seen, looking = await self._look(ask, matte, clock)
                made = await self._workers.run(lambda: self._render(seen, whole, name, clock))
            clock.timings |= looking
            return made

        return await self._made(whole, name, make)

    async def matte(self, ask: Ask) -> Made:
        """A photo's matte, kept for later renderings. Raises CleancutError, Refused."""
        ask = self._begun(replace(ask, must_be_kept=True))
        spec, name = await asyncio.to_thread(self._identified, ask)
        ask = self._allowed(ask, name)
        if known := await asyncio.to_thread(self.facts, ask.owner, name):
            await asyncio.to_thread(self._prolong, ask.owner, name)
            return self._counted("matte", Made(name, known, "hit"))
        await asyncio.to_thread(check_installed, spec, self._settings)

        async def make(clock: StoppableClock) -> Facts:
            async with self._turn(clock):
                seen, looking = await self._look(ask, name, clock)
            clock.timings |= looking
            return seen.facts

        facts, clock, joined = await self._workers.share((ask.owner, name, ask.permits), make, ask.watch)
        found: Found = "joined" if joined else "miss"
        return self._counted("matte", Made(name, facts, found, timings=dict(clock.timings)))

    async def render(self, matte: str, ask: Ask) -> Made:
        """Another picture of a matte that is kept; no model runs. Raises CleancutError, Refused (not_found)."""
        ask = self._allowed(self._begun(ask), matte)
        await self.in_use(ask.owner, matte)
        name = await asyncio.to_thread(self._picture_name, matte, ask)
        ask = self._allowed(ask, name)
        if ask.keep and (kept := await asyncio.to_thread(self._kept, ask.owner, matte, name)):
            return self._counted("picture", kept)

        async def make(clock: StoppableClock) -> Made:
            async with self._turn(clock):
                seen = await self._workers.run(lambda: self.recalled(ask.owner, matte, clock))
                if seen is None:
                    raise gone("this matte")
                return await self._workers.run(lambda: self._render(seen, ask, name, clock))

        return await self._made(ask, name, make)

    async def once(self, job: Callable[[StoppableClock], T], key: Hashable | None = None) -> tuple[T, dict[str, float]]:
        """Other work, in its turn: what ``job`` gives, and the milliseconds of its steps.

        Done once for all who ask by the same ``key`` meanwhile; without one it is nobody else's.
        """

        async def make(clock: StoppableClock) -> T:
            async with self._turn(clock):
                return await self._workers.run(lambda: job(clock))

        given, clock, _ = await self._workers.share(object() if key is None else key, make)
        return given, dict(clock.timings)

    async def in_use(self, owner: str, matte: str) -> None:
        """Have a matte live on, as somebody works with it. Raises Refused (not_found)."""
        if await asyncio.to_thread(self.facts, owner, matte) is None:
            raise gone("this matte")
        await asyncio.to_thread(self._prolong, owner, matte)

    def facts(self, owner: str, matte: str) -> Facts | None:
        """What is told of a matte that is kept; None if it is not, or not whole. Blocks."""
        whole = all(self.storage.find(owner, each) for each in _parts(matte))
        return self._told(owner, matte) if whole else None

    def _told(self, owner: str, matte: str) -> Facts | None:
        told = self.storage.get(owner, f"{matte}.json")
        if told is None:
            return None
        try:
            values = json.loads(told)
            return Facts(**{**values, "notes": tuple(values["notes"])})
        except (ValueError, TypeError, KeyError):
            # Cut short, when the machine lost power: see storage/local.py.
            return None

    def _begun(self, ask: Ask) -> Ask:
        return self._allowed(ask, "")

    def _allowed(self, ask: Ask, name: str) -> Ask:
        """It may keep what has that name, too, unless somebody deletes that from now on."""
        return replace(ask, permits=(*ask.permits, self._permits.of(ask.owner, name)))

    def _put(self, ask: Ask, name: str, data: bytes) -> bool:
        """Keep something for whoever asked; whether it is kept. Raises Unwritable where nothing else was asked for."""
        with self._permits.using(ask.permits) as may:
            if not may:
                return False
            try:
                self.storage.put(ask.owner, name, data, self._settings.keep_seconds)
            except Unwritable as error:
                if ask.must_be_kept:
                    raise
                # The picture itself can be given all the same.
                structlog.get_logger().error("nothing can be kept", problem=str(error))
                return False
            return True

    def erase(self, owner: str) -> int:
        """Delete all that is kept for an owner, and keep nothing of what is under way; how many objects. Blocks."""
        self._permits.end(owner)
        self._recent.forget(owner)
        return self.storage.erase(owner)

    def delete(self, owner: str, name: str) -> bool:
        """Delete a picture, or a matte with its photo and its pictures; what is under way of it is not kept. Blocks."""
        self._permits.end(owner, name)
        names = [each.name for each in self.storage.of(owner) if each.name.startswith(name)]
        deleted = sum(self.storage.delete(owner, each) for each in names)
        self._recent.forget(owner, name)
        return deleted > 0

    def photo_of(self, owner: str, picture: str) -> bytes | None:
        """The photo that a picture was made from, if it is kept. Blocks."""
        return self.storage.get(owner, f"{picture.partition('-')[0]}.source")

    async def _made(self, ask: Ask, name: str, make: Callable[[StoppableClock], Coroutine[Any, Any, Made]]) -> Made:
        """The picture that ``make`` makes, once for all who want it meanwhile, whatever way it is made."""
        key = ask.owner, name, ask.keep, ask.must_be_kept, ask.permits
        made, clock, joined = await self._workers.share(key, make, ask.watch)
        found: Found = "joined" if joined else "miss"
        return self._counted("picture", replace(made, found=found, timings=dict(clock.timings)))

    @asynccontextmanager
    async def _turn(self, clock: StoppableClock) -> AsyncIterator[None]:
        """One's turn to work. The steps taken meanwhile are counted, whatever becomes of them."""
        clock.begin("queue")
        async with self._admission.turn() as queued:
            clock.timings["queue"] = queued * 1000
            try:
                yield
            finally:
                # A copy: where nobody waits any more, the last step may yet be ending in its thread.
                self._metrics.steps_taken(dict(clock.timings))

    async def _look(self, ask: Ask, name: str, asked: StoppableClock) -> tuple[Seen, dict[str, float]]:
        """A photo and its matte, found once for all who want it meanwhile; the steps that it took.

        ``asked``: the clock of those who want it, whose watchers are told of these steps.
        """

        async def make(clock: StoppableClock) -> Seen:
            try:
                return await self._workers.run(lambda: self._seen(ask, name, clock))
            finally:
                self._metrics.steps_taken(dict(clock.timings))

        # Whoever wants it kept does not join one who does not.
        seen, clock, _ = await self._workers.share(
            (ask.owner, name, ask.keep, ask.must_be_kept, ask.permits, "look"), make, asked.begin
        )
        return seen, clock.timings

    def _seen(self, ask: Ask, name: str, clock: StoppableClock) -> Seen:
        if ask.keep and (recalled := self.recalled(ask.owner, name, clock)):
            self._prolong(ask.owner, name)
            return recalled
        from cleancut.int8 import prepare_later
        from cleancut.pipeline import load
        from cleancut.remover import estimate

        source = load(ask.photo, ask.limits, clock)
        found = estimate(source, ask.options, self._settings.core, clock)
        # As it is kept, so that a picture is the same whether its matte was kept or not.
        levels, matte = rounded(found.matte)
        facts = Facts(
            found.engine.spec.name, found.engine.device, found.engine.precision, matte.subject,
            round(matte.confidence, 4), source.width, source.height, (*source.notes, *found.engine.notes, *found.notes),
        )  # fmt: skip
        prepare_later(replace(ask.options, model=facts.model), self._settings.core)
        self._metrics.ran(facts.model, facts.device, facts.precision)
        if ask.keep:
            self._keep(ask, name, levels, facts)
        return Seen(source, matte, facts)

    def _keep(self, ask: Ask, name: str, levels: NDArray[np.uint16], facts: Facts) -> None:
        from cleancut.codecs.png import png

        told = json.dumps(asdict(facts)).encode()
        # What is told of it comes last: with it the matte is there.
        parts = zip((*_parts(name), f"{name}.json"), (ask.photo, png(levels, "up"), told), strict=True)
        # All of them, or, from where there is no room, none.
        all(self._put(ask, part, data) for part, data in parts)

    def recalled(self, owner: str, name: str, clock: StoppableClock) -> Seen | None:
        """A matte that is kept, with its photo; None if they are not, or not whole. Blocks."""
        from cleancut.pipeline import load
        from cleancut.types import Matte

        facts = self._told(owner, name)
        photo, image = (self.storage.get(owner, part) for part in _parts(name))
        if facts is None or photo is None or image is None:
            return None
        try:
            # Within the limits of those who sent it, at that time.
            source = load(photo, Limits(None, None), clock)
        except InputError:
            return None
        alpha = alpha_in(image)
        if alpha is None or alpha.shape != (source.height, source.width):
            return None
        return Seen(source, Matte(alpha, facts.subject, facts.confidence), facts)

    def _render(self, seen: Seen, ask: Ask, name: str, clock: StoppableClock) -> Made:
        """A picture, kept if it may be."""
        from cleancut.errors import NoSubject
        from cleancut.matting.hard_mask import hard_mask
        from cleancut.pipeline import edited, render
        from cleancut.steps.encode import encode

        matte = seen.matte
        if ask.hard:
            matte = replace(matte, alpha=clock(hard_mask, matte.alpha))
        matte = edited(seen.source, matte, ask.edits, clock)
        if ask.options.require_subject and not matte.subject:
            raise NoSubject(
                f"no subject was found (confidence {matte.confidence:.2f})",
                hint="try another model, or crop the photo closer",
            )
        picture = render(seen.source, matte, ask.options, ask.limits, clock)
        data, placed = clock(encode, picture, ask.options), _placed(picture)
        # What is told of it comes last: with it the picture is there.
        told = json.dumps(asdict(placed)).encode()
        kept = ask.keep and self._put(ask, name, data) and self._put(ask, f"{name}.json", told)
        return Made(name, seen.facts, "miss", data, placed, kept=kept)

    def _kept(self, owner: str, matte: str, name: str) -> Made | None:
        facts, told = self._told(owner, matte), self.storage.get(owner, f"{name}.json")
        data = self.storage.get(owner, name)
        if facts is None or told is None or data is None:
            return None
        try:
            placed = Placed(**json.loads(told))
        except (ValueError, TypeError):
            return None  # cut short, as above
        self._prolong(owner, matte, name, f"{name}.json")
        return Made(name, facts, "hit", data, placed)

    def _prolong(self, owner: str, matte: str, *pictures: str) -> None:
        """Whoever is given a name can rely on it for the whole time. What reading asks for lives no longer."""
        for name in (*_parts(matte), f"{matte}.json", *pictures):
            self.storage.prolong(owner, name, self._settings.keep_seconds)

    def _identified(self, ask: Ask) -> tuple[ModelSpec | None, str]:
        """The model that a matte is asked of (None for auto), and the matte's name. Blocks.

        What the photo's header says is judged here, so that nobody waits for a turn to be refused, or is let in because
        others, with other limits, have sent the same photo. Raises UnknownModel, InputError.
        """
        from cleancut.steps.probe import probe
        from cleancut.steps.validate import validate

        spec = model_for(ask.options.model, self._settings)
        validate(probe(ask.photo), ask.limits)
        chosen = {name: getattr(ask.options, name) for name in (*OF_THE_MATTE, *OF_THE_SERVER)}
        chosen["model"] = identity(spec, ask.options, self._settings)
        photo = hashlib.sha256(ask.photo).hexdigest()
        return spec, self._name(ask.owner, photo, json.dumps(chosen, sort_keys=True))

    def _picture_name(self, matte: str, ask: Ask) -> str:
        from cleancut.matting.edits import as_plain

        others = (*OF_THE_MATTE, *OF_THE_SERVER)
        chosen = {name: value for name, value in asdict(ask.options).items() if name not in others}
        if isinstance(ask.options.background, bytes):
            chosen["background"] = hashlib.sha256(ask.options.background).hexdigest()
        told = json.dumps([chosen, as_plain(ask.edits), ask.hard], sort_keys=True)
        return f"{matte}-{self._name(ask.owner, matte, told)[:16]}{ask.options.suffix}"

    def _name(self, *parts: str) -> str:
        return hmac.new(self._secret, "\n".join(parts).encode(), "sha256").hexdigest()[:32]

    def _counted(self, what: str, made: Made) -> Made:
        self._metrics.cache.labels(what, made.found).inc()
        return made


def _placed(picture: Picture) -> Placed:
    height, width = picture.pixels.shape[:2]
    box = picture.subject
    return Placed(width, height, *(() if box is None else (box.left, box.top, box.width, box.height)))


def _parts(matte: str) -> tuple[str, str]:
    """The names of a matte's photo and of the matte itself."""
    return f"{matte}.source", f"{matte}.matte.png"


def gone(what: str) -> Refused:
    """The refusal for what is not there (any more), or is somebody else's."""
    return Refused(
        "not_found", f"{what} is not there", hint="it may have expired, or belong to another key; make it anew"
    )


def empty(what: str) -> InputMissing:
    """The error for a file without bytes."""
    return InputMissing(f"{what} is empty", hint="send the picture's bytes")
