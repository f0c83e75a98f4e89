"""Jobs: what more servers and workers on one data base bring, and how soon the work goes on after a kill.

All of it in a home of its own, which shares the weights of this one. Every photo is sent with other bytes behind its
end, so that no two are the same.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cleancut.bench.load import free_port, unseen
from cleancut.bench.memory import held_bytes
from cleancut.errors import InferenceFailed
from cleancut.settings import read_settings, with_variables

_STARTS_WITHIN_S = 60.0
_ENDS_WITHIN_S = 600.0
_PHOTOS_A_JOB = 4
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Crew:
    """So many servers and workers on one data base."""

    servers: int
    workers: int


@dataclass(frozen=True, slots=True)
class Ran:
    """How a crew did."""

    crew: Crew
    pictures: int
    seconds: float
    """From the first job's sending to the last picture's end."""
    held: int
    """The most bytes that one worker held, with its process apart."""

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return self.pictures / self.seconds


@dataclass(frozen=True, slots=True)
class Recovered:
    """After ``kill -9`` and a new start at once: seconds from the kill, each time."""

    base: str
    """``sqlite``, where the server was killed, or ``postgres``, where its worker was."""
    goes_on: tuple[float, ...]
    """Until a picture was done."""
    made_again: tuple[float, ...]
    """Until the picture was done that was being made."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Crews in turn, and kills."""

    photos: tuple[str, ...]
    ran: tuple[Ran, ...]
    recovered: tuple[Recovered, ...]

    def rate(self, crew: Crew) -> float:
        """Pictures a second of a crew, over all of its turns."""
        of = [each for each in self.ran if each.crew == crew]
        return sum(each.pictures for each in of) / sum(each.seconds for each in of)


def trial(
    photos: Sequence[Path], database: str, crews: Sequence[Crew], pictures: int, rounds: int, kills: int, model: str,
    say: Callable[[str], None] = lambda _: None,
) -> Trial:  # fmt: skip
    """Each of ``crews`` on the PostgreSQL at ``database`` in turn; then kills. Raises InferenceFailed."""
    bodies = unseen([photo.read_bytes() for photo in photos])
    ran = []
    for number, crew in itertools.product(range(rounds), crews):
        say(f"round {number + 1}: {crew.servers} servers, {crew.workers} workers")
        ran.append(_run(crew, database, bodies, pictures, model))
    recovered = []
    for base in ("sqlite", "postgres"):
        say(f"kills on {base}")
        recovered.append(_killed(base, database, bodies, kills, model))
    return Trial(tuple(photo.name for photo in photos), tuple(ran), tuple(recovered))


class _Place:
    """A home for servers and workers, with their jobs alone."""

    def __init__(self, folder: Path, database: str | None, model: str) -> None:
        ours = read_settings().home
        for each in ours.iterdir():
            if each.name != "server":
                (folder / each.name).symlink_to(each)
        self._model = model
        self._environment = with_variables(CLEANCUT_HOME=str(folder), CLEANCUT_DATABASE=database or "")

    def serve(self, port: int, workers: int) -> subprocess.Popen[bytes]:
        words = ("serve", "--port", str(port), "--model", self._model, "--job-workers", str(workers))
        process = self._begun(*words)
        until = time.monotonic() + _STARTS_WITHIN_S
        while not _alive(port):
            if process.poll() is not None or time.monotonic() > until:
                raise InferenceFailed("the server does not start", hint="try `cleancut serve` by hand")
            time.sleep(_LOOK_S)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self._begun("worker")

    def _begun(self, *words: str) -> subprocess.Popen[bytes]:
        command = (sys.executable, "-P", "-m", "cleancut", *words)
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=self._environment, stdout=quiet, stderr=quiet)


class _Members:
    """Processes, ended at last."""

    def __init__(self) -> None:
        self.all: list[subprocess.Popen[bytes]] = []

    def add(self, process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        self.all.append(process)
        return process

    def __enter__(self) -> _Members:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.all:
            each.terminate()
        for each in self.all:
            each.wait()


@contextmanager
def _place(database: str | None, model: str) -> Iterator[tuple[_Place, _Members, httpx.Client]]:
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="cleancut-jobs-")))
        place = _Place(folder, database, model)
        client = opened.enter_context(httpx.Client(trust_env=False, timeout=120))
        yield place, opened.enter_context(_Members()), client


def _run(crew: Crew, database: str, bodies: Iterator[bytes], pictures: int, model: str) -> Ran:
    with _place(database, model) as (place, members, client):
        ports = [free_port() for _ in range(crew.servers)]
        for port in ports:
            members.add(place.serve(port, 0))
        workers = [members.add(place.worker()) for _ in range(crew.workers)]
        # Each has its model loaded before it counts.
        _wait(client, ports[0], _sent(client, ports, bodies, 4 * crew.workers))
        began = time.monotonic()
        _wait(client, ports[0], _sent(client, ports, bodies, pictures))
        seconds = time.monotonic() - began
        return Ran(crew, pictures, seconds, max(_held(each.pid) for each in workers))


def _killed(base: str, database: str, bodies: Iterator[bytes], kills: int, model: str) -> Recovered:
    on_postgres = base == "postgres"
    goes_on, made_again = [], []
    with _place(database if on_postgres else None, model) as (place, members, client):
        port = free_port()
        server = members.add(place.serve(port, 0 if on_postgres else 1))
        worker = members.add(place.worker()) if on_postgres else server
        for _ in range(kills):
            ids = _sent(client, [port], bodies, 8)
            _until(lambda ids=ids: _ended(client, port, ids) >= 2)  # type: ignore[misc]
            running = _until(lambda ids=ids: _running(client, port, ids))  # type: ignore[misc]
            before, killed = _ended(client, port, ids), time.monotonic()
            worker.kill()
            worker.wait()
            worker = members.add(place.worker() if on_postgres else place.serve(port, 1))
            _until(lambda before=before, ids=ids: _ended(client, port, ids) > before)  # type: ignore[misc]
            goes_on.append(time.monotonic() - killed)
            _until(lambda running=running: _is_done(client, port, running))  # type: ignore[misc]
            made_again.append(time.monotonic() - killed)
            _wait(client, port, ids)
    return Recovered(base, tuple(goes_on), tuple(made_again))


def _sent(client: httpx.Client, ports: Sequence[int], bodies: Iterator[bytes], pictures: int) -> list[str]:
    """Jobs sent to the servers in turn; their ids."""
    ids = []
    turns = itertools.cycle(ports)
    for begin in range(0, pictures, _PHOTOS_A_JOB):
        count = min(_PHOTOS_A_JOB, pictures - begin)
        files = [("image", (f"{number}.jpg", next(bodies))) for number in range(count)]
        answer = client.post(f"http://127.0.0.1:{next(turns)}/api/v1/jobs", files=files)
        if answer.status_code != 202:
            raise InferenceFailed(f"a job was refused: {answer.text}", hint="see docs/jobs.md")
        ids.append(answer.json()["id"])
    return ids


def _job(client: httpx.Client, port: int, path: str) -> Any:
    return client.get(f"http://127.0.0.1:{port}/api/v1/jobs{path}").json()


def _ended(client: httpx.Client, port: int, ids: Sequence[str]) -> int:
    told = _job(client, port, "?limit=1000")["jobs"]
    return sum(each["done"] + each["failed"] for each in told if each["id"] in ids)


def _running(client: httpx.Client, port: int, ids: Sequence[str]) -> tuple[str, int] | None:
    for id in ids:
        for item in _job(client, port, f"/{id}/items")["items"]:
            if item["state"] == "running":
                return id, item["number"]
    return None


def _is_done(client: httpx.Client, port: int, running: tuple[str, int]) -> bool:
    id, number = running
    (item,) = _job(client, port, f"/{id}/items?after={number - 1}&limit=1")["items"]
    return bool(item["state"] == "done")


def _wait(client: httpx.Client, port: int, ids: Sequence[str]) -> None:
    _until(lambda: all(_job(client, port, f"/{id}")["waiting"] == 0 for id in ids))


def _until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _ENDS_WITHIN_S
    while not (got := found()):
        if time.monotonic() > deadline:
            raise InferenceFailed("the jobs do not end", hint="try a job by hand, and see the log")
        time.sleep(_LOOK_S)
    return got


def _held(pid: int) -> int:
    """Bytes that a worker holds, with what it has begun."""
    # Each thread's by itself.
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(each) for found in lists for each in found.read_text().split()]
    return sum(held_bytes(each) or 0 for each in (pid, *children))


def _alive(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
