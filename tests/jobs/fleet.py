"""Servers and workers as processes of their own, which can be killed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
from PIL import Image

from tests.pictures import gradient, saved
from tests.processes import children, lives
from tests.server.wire import until

ROOT = Path(__file__).parents[2]

# A machine that does many things at once.
_PATIENCE_S = 60.0


class Member:
    """One process: ``cleancut serve`` or ``cleancut worker``."""

    def __init__(self, *words: str, **variables: str) -> None:
        """It has begun, and need not be ready."""
        command = [sys.executable, "-m", "cleancut", *words]
        environment = {**os.environ, **variables}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ready(self) -> Member:
        """The same, once it says that it has begun."""
        until(lambda: self.lines or self.process.poll() is not None, "it says that it has begun")
        if not self.told.startswith("cleancut "):
            self.end()
            raise AssertionError(self.told)
        return self

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            self.lines.extend(lines)

    @property
    def address(self) -> str:
        return self.lines[0].split()[2]

    @property
    def told(self) -> str:
        return "".join(self.lines)

    def kill(self) -> None:
        """As the machine does: without a word. What it has begun ends by itself."""
        begun = children(self.process.pid)
        self.process.kill()
        self.process.wait()
        self._reader.join()
        until(lambda: not any(map(lives, begun)), "its children are gone")

    def end(self) -> int:
        """Ask it to end; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(_PATIENCE_S)
        self._reader.join()
        return code


class Fleet:
    """All of them, sharing one home and one data base."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        self.home = home
        self._variables = {"CLEANCUT_HOME": str(home)} | ({"CLEANCUT_DATABASE": url} if url else {})
        self.members: list[Member] = []

    def serve(self, *words: str, **variables: str) -> Member:
        return self._begin("serve", "--port", "0", "--model", "tiny", *words, **variables).ready()

    def worker(self, *words: str, **variables: str) -> Member:
        return self._begin("worker", *words, **variables)

    def _begin(self, *words: str, **variables: str) -> Member:
        self.members.append(Member(*words, **{**self._variables, **variables}))
        return self.members[-1]

    def end(self) -> None:
        for each in self.members:
            if each.process.poll() is None:
                each.kill()

    def objects(self) -> list[str]:
        """All files in the store of jobs."""
        objects = self.home / "server" / "jobs" / "store" / "objects"
        return sorted(str(each.relative_to(objects)) for each in objects.rglob("*") if each.is_file())

    def incoming(self) -> list[str]:
        """What is being written, or was when its process was killed."""
        incoming = self.home / "server" / "jobs" / "store" / "incoming"
        return sorted(str(each.relative_to(incoming)) for each in incoming.rglob("*") if each.suffix != ".lock")


class Caller:
    """A client of servers that come and go: whatever gets no answer is asked again."""

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address
        self._http = httpx.Client(trust_env=False, timeout=30)

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **parts: object) -> httpx.Response:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._http.request(method, self._address() + path, **parts)  # type: ignore[arg-type]
            except httpx.TransportError:
                assert time.monotonic() < deadline, f"no answer to {method} {path}"
                time.sleep(0.05)

    def submit(self, number: int, pictures: int = 4, size: tuple[int, int] = (1000, 700)) -> str:
        """Have a job made; its id. The photos are this job's own."""
        files = [("image", (f"{each}.jpg", a_photo(number * 100 + each, size))) for each in range(pictures)]
        deadline = time.monotonic() + 2 * _PATIENCE_S
        while True:
            answer = self.ask("POST", "/api/v1/jobs", files=files, headers={"Idempotency-Key": f"job-{number}"})
            # What a killed server was receiving is given up a minute later; until then its key is taken.
            if answer.status_code != 409 or "retry-after" not in answer.headers or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def job(self, id: str) -> dict[str, object]:
        answer = self.ask("GET", f"/api/v1/jobs/{id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    def done(self) -> int:
        """Pictures of all jobs that have ended well."""
        answer = self.ask("GET", "/api/v1/jobs", params={"limit": 1000})
        return sum(each["done"] for each in answer.json()["jobs"]) if answer.status_code == 200 else 0

    def wait_for(self, count: int) -> None:
        """Until so many pictures are done. However slow the machine is: one after the other must become so."""
        while (before := self.done()) < count:
            until(lambda before=before: self.done() > before, f"more than {before} of {count} pictures are done")  # type: ignore[misc]

    def check_results(self, id: str, pictures: int = 4) -> None:
        """Each picture is there, once, and whole."""
        told = self.job(id)
        assert (told["state"], told["done"], told["failed"]) == ("done", pictures, 0)
        archive = zipfile.ZipFile(io.BytesIO(self.ask("GET", f"/api/v1/jobs/{id}/results.zip").content))
        names = [name for name in archive.namelist() if name != "results.json"]
        assert sorted(names) == [f"{each}.png" for each in range(pictures)]
        for name in names:
            Image.open(io.BytesIO(archive.read(name))).load()


def a_photo(number: int, size: tuple[int, int]) -> bytes:
    """A photo that differs from those of other numbers."""
    pixels = gradient(size[1], size[0])
    pixels[:8, :8] = (number % 256, number // 256 % 256, number // 65536)
    return saved(pixels, "JPEG")
