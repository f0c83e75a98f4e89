"""A folder of photos in one process: how many a second, and what becomes of the memory.

``python -m cleancut.bench.folder FOLDER OUT OPTIONS`` tells of it on standard output in JSON, a line at a time:
``{"session": seconds}`` for each run of the bare model, before and after, and ``{"seconds", "bytes"}`` for each
picture: when it was done since the first was, and the memory that the process holds then.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from cleancut.bench.memory import held_bytes
from cleancut.errors import InferenceFailed

_SESSION_RUNS = 5


@dataclass(frozen=True, slots=True)
class Folder:
    """How a folder was worked through."""

    seconds: tuple[float, ...]
    """When each picture was done, since the first was."""
    held: tuple[int | None, ...]
    """Bytes that the process held then."""
    session: float
    """Seconds of one run of the bare model, median of some before and some after."""
    failed: int

    @property
    def rate(self) -> float:
        """Pictures a second, without the first, which loads the model."""
        return (len(self.seconds) - 1) / self.seconds[-1]

    @property
    def of_the_session(self) -> float:
        """The rate as a share of the bare model's."""
        return self.rate * self.session


def work_through(
    folder: Path, out: Path, keywords: dict[str, Any], advance: Callable[[], None] = lambda: None
) -> Folder:
    """Cut all photos of ``folder`` into ``out``, in a process of its own. Raises InferenceFailed if that ends early."""
    words = [sys.executable, "-P", "-m", "cleancut.bench.folder", str(folder), str(out), json.dumps(keywords)]
    lines = []
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(json.loads(line))
            if "session" not in lines[-1]:
                advance()
    done = [each for each in lines if "seconds" in each]
    if process.returncode or len(done) < 2:
        raise InferenceFailed("the folder was not worked through", hint="see what was written above")
    return Folder(
        tuple(each["seconds"] for each in done),
        tuple(each["bytes"] for each in done),
        median(each["session"] for each in lines if "session" in each),
        sum(each.get("status") == "failed" for each in done),
    )


def main(folder: str, out: str, keywords: str) -> None:
    """Work through the folder, and tell."""
    import numpy as np

    from cleancut.batch.plan import plan
    from cleancut.batch.run import at_a_time, run
    from cleancut.engines import engine_of
    from cleancut.options import Options
    from cleancut.remover import Remover
    from cleancut.settings import read_settings

    options, settings = Options(**json.loads(keywords)), read_settings()
    engine = engine_of(options, settings)
    side = engine.spec.input_size
    # Grey: nobody's subject, and no doubt about it, so that the model runs once.
    tensor = np.zeros((1, 3, side, side), np.float32)

    def session() -> Iterator[dict[str, Any]]:
        for _ in range(_SESSION_RUNS + 1):
            began = time.perf_counter()
            engine.session.run(tensor)
            yield {"session": time.perf_counter() - began}

    # The first finds its memory.
    for line in list(session())[1:]:
        _say(line)
    jobs = plan((folder,), out, options.suffix, [])
    remover = Remover.of(options, settings)
    began = None
    for outcome in run(jobs, remover, "overwrite", settings.limits, lambda *_: None, at_a_time(None, len(jobs))):
        now = time.perf_counter()
        began = began or now
        _say({"seconds": now - began, "bytes": held_bytes(), "status": outcome.status})
    for line in session():
        _say(line)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
