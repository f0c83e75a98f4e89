"""Servers under more load than they can bear: what is answered, how long it takes, what memory does.

Requests are sent at fixed moments, whether or not earlier ones have been answered, by as many clients as are free then.
Every photo is sent with other bytes behind its end, so that no cache knows it. A server is any command that listens on
``{port}`` and takes a picture in a form's field.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import shlex
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from cleancut.bench.contest import OURS
from cleancut.bench.memory import held_bytes
from cleancut.errors import InferenceFailed, OptionError

# By then queues and caches have filled.
RAMP_S = 15.0
SETTLED_S = 60.0
_STARTS_WITHIN_S = 180.0
_REFUSALS = (429, 503)
_LAG = "cleancut_event_loop_lag_seconds_bucket"


@dataclass(frozen=True, slots=True)
class Target:
    """A server to be started and asked."""

    name: str
    command: tuple[str, ...]
    """With the word ``{port}`` in it."""
    path: str
    field: str
    others: tuple[tuple[str, str], ...] = ()
    """Fields beside the picture."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How a server bore it."""

    name: str
    seconds: float
    """How long it was asked."""
    rate: float
    """Pictures answered a second, after the ramp."""
    waits: tuple[float, ...]
    """Seconds from a request to its picture, of those answered, in the order of their answers."""
    refused: int
    failed: dict[str, int]
    """Answers that are neither a picture nor a refusal, and requests without an answer, by what became of them."""
    unsent: int
    """Requests for which no client was free."""
    held: tuple[int, ...]
    """Bytes that the process held, each second."""
    ended: int | None
    """With what the server's process ended before it was told to, if it did; by a signal: less than 0."""
    lag: dict[str, float] | None
    """Seconds → how often the event loop was late by at most so much; where the server tells."""

    def wait(self, share: float) -> float:
        """The wait that this share of the answered requests did not exceed."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def growth(self) -> float | None:
        """The most memory after the first minute, as a multiple of the most in it."""
        early, late = list(self.held[: int(SETTLED_S)]), list(self.held[int(SETTLED_S) :])
        return max(late) / max(early) if late and any(early) else None

    def lag_within(self, share: float) -> float | None:
        """The lag that this share of the measurements did not exceed, rounded up to a bucket's bound."""
        if not self.lag:
            return None
        total = self.lag["+Inf"]
        return min(float(bound) for bound, count in self.lag.items() if count >= share * total)


@dataclass(frozen=True, slots=True)
class Trial:
    """Servers in turn, and the pipeline without a server before, between and after them."""

    photos: tuple[str, ...]
    clients: int
    offered: float
    """Requests a second."""
    places: int
    """Requests that our server lets in at a time."""
    bare: tuple[float, ...]
    """Pictures a second of the pipeline alone, each time that it was measured."""
    loaded: tuple[Loaded, ...]

    @property
    def bound(self) -> float:
        """Seconds that the last who is let in has to wait at the pipeline's own rate."""
        return self.places / (sum(self.bare) / len(self.bare))


def trial(
    photos: Sequence[Path], targets: Sequence[Target], clients: int, seconds: float, over: float, places: int,
    keywords: dict[str, Any], say: Callable[[str], None] = lambda _: None,
) -> Trial:  # fmt: skip
    """Ask each of ``targets`` for ``seconds``, ``over`` times as fast as the pipeline alone is.

    Raises InferenceFailed where a server or the pipeline does not start.
    """
    bodies = [photo.read_bytes() for photo in photos]
    say("the pipeline alone")
    bare = [bare_rate(photos, keywords)]
    offered = over * bare[0]
    loaded = []
    for target in targets:
        say(f"{target.name}: {offered:.2f} requests a second")
        with started(target) as (process, address):
            told = asyncio.run(_offer(target, process.pid, address, bodies, clients, seconds, offered))
            loaded.append(replace(told, ended=process.poll()))
        say("the pipeline alone")
        bare.append(bare_rate(photos, keywords))
    return Trial(tuple(each.name for each in photos), clients, offered, places, tuple(bare), tuple(loaded))


def bare_rate(photos: Sequence[Path], keywords: dict[str, Any]) -> float:
    """Pictures a second of the pipeline in a process of its own, from bytes to bytes. Raises InferenceFailed."""
    words = [sys.executable, "-P", "-m", "cleancut.bench.bare", json.dumps(keywords), *map(str, photos)]
    told = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    if told.returncode:
        raise InferenceFailed("the pipeline alone failed", hint="see what was written above")
    return float(json.loads(told.stdout)["rate"])


def ours(keywords: dict[str, Any]) -> Target:
    """Our own server, with its defaults."""
    flags = [word for name, value in keywords.items() for word in (f"--{name}", str(value))]
    command = (sys.executable, "-P", "-m", "cleancut", "serve", "--port", "{port}", *flags)
    return Target(OURS, command, "/api/v1/cutouts", "image")


def parse(text: str) -> Target:
    """``NAME=FIELD@PATH[;KEY=VALUE] COMMAND``, such as ``other=file@/cut other serve --port {port}``.

    Raises OptionError.
    """
    name, _, rest = text.partition("=")
    route, _, command = rest.partition(" ")
    field, _, place = route.partition("@")
    path, *others = place.split(";")
    if not (name and field and path.startswith("/") and "{port}" in command):
        raise OptionError(
            f"--peer: {text!r} is no server", hint="give NAME=FIELD@/PATH COMMAND, with {port} in the command"
        )
    pairs = tuple((key, value) for key, _, value in (each.partition("=") for each in others))
    return Target(name, tuple(shlex.split(command)), path, field, pairs)


@contextmanager
def started(target: Target) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server that answers, and its address. Raises InferenceFailed."""
    port = free_port()
    words = [word.replace("{port}", str(port)) for word in target.command]
    try:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        raise InferenceFailed(f"{target.name} does not start: {error.strerror}", hint="check its command") from error
    try:
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + _STARTS_WITHIN_S
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > until:
                raise InferenceFailed(f"{target.name} does not start", hint="try its command by hand")
            time.sleep(0.2)
        yield process, address
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _answers(address: str) -> bool:
    try:
        # Servers without /readyz answer 404, and are as ready as they will tell.
        return httpx.get(f"{address}/readyz", timeout=5, trust_env=False).status_code != 503
    except httpx.HTTPError:
        return False


async def _offer(
    target: Target, pid: int, address: str, bodies: Sequence[bytes], clients: int, seconds: float, rate: float
) -> Loaded:
    # The first request finds the model loaded in all servers.
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(base_url=address, timeout=120.0, limits=limits, trust_env=False) as client:
        await _post(client, target, bodies[0])
        before = await _lag(client)
        asking = _Asking(client, target, clients)
        watch = asyncio.create_task(_watch(pid))
        began = time.monotonic()
        sent = []
        for number, body in enumerate(unseen(bodies)):
            due = began + number / rate
            if due > began + seconds:
                break
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            sent.append(asyncio.create_task(asking.one(body)))
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        ended = time.monotonic()
        watch.cancel()
        held = (await asyncio.gather(watch, return_exceptions=True))[0]
        after = await _lag(client)
        # What was let in is answered still, or counts as failed.
        await asyncio.gather(*sent)
    done = [at for at, _ in asking.answered if began + RAMP_S <= at <= ended]
    return Loaded(
        target.name, ended - began, len(done) / (ended - began - RAMP_S), tuple(wait for _, wait in asking.answered),
        asking.refused, dict(asking.failed), asking.unsent, tuple(held) if isinstance(held, list) else (), None,
        None if before is None or after is None else {bound: after[bound] - before.get(bound, 0) for bound in after},
    )  # fmt: skip


def unseen(photos: Sequence[bytes]) -> Iterator[bytes]:
    """The photos in turn, for ever, each as a file that no cache knows, also not from an earlier run."""
    for photo in itertools.cycle(photos):
        yield photo + secrets.token_hex(8).encode()


class _Asking:
    """Clients of one server, and what became of their requests."""

    def __init__(self, client: httpx.AsyncClient, target: Target, clients: int) -> None:
        self._client = client
        self._target = target
        self._free = clients
        self.answered: list[tuple[float, float]] = []
        self.refused = 0
        self.failed: Counter[str] = Counter()
        self.unsent = 0

    async def one(self, body: bytes) -> None:
        """Send one request, if a client is free, and note what becomes of it."""
        if not self._free:
            self.unsent += 1
            return
        self._free -= 1
        began = time.monotonic()
        try:
            answer = await _post(self._client, self._target, body)
        except httpx.HTTPError as error:
            self.failed[type(error).__name__] += 1
        else:
            now = time.monotonic()
            if _is_refusal(answer):
                self.refused += 1
            elif answer.status_code == 200 and answer.headers["content-type"].startswith("image/"):
                self.answered.append((now, now - began))
            else:
                self.failed[str(answer.status_code)] += 1
        finally:
            self._free += 1


def _is_refusal(answer: httpx.Response) -> bool:
    """Whether a server said that it has no room, and not that something went wrong."""
    if answer.status_code not in _REFUSALS:
        return False
    try:
        code = answer.json().get("code")
    except (ValueError, AttributeError):
        return True  # Not ours, which tell more.
    return code in (None, "server_full", "rate_limited")


async def _post(client: httpx.AsyncClient, target: Target, body: bytes) -> httpx.Response:
    return await client.post(target.path, files={target.field: ("photo.jpg", body)}, data=dict(target.others))


async def _watch(pid: int) -> list[int]:
    """The process's memory each second, until it is cancelled."""
    held: list[int] = []
    try:
        while True:
            held.append(held_bytes(pid) or 0)
            await asyncio.sleep(1)
    except asyncio.CancelledError:
        return held


async def _lag(client: httpx.AsyncClient) -> dict[str, float] | None:
    """How often the server's event loop was late, by bounds; None where it does not tell, or is no more."""
    try:
        answer = await client.get("/metrics")
    except httpx.HTTPError:
        return None
    if answer.status_code != 200:
        return None
    rows = [line.split() for line in answer.text.splitlines() if line.startswith(_LAG)]
    return {row[0].partition('le="')[2].partition('"')[0]: float(row[1]) for row in rows} or None
