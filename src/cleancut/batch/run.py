"""Working through jobs, a few at a time: one that fails does not stop the others.

Each picture goes its whole way in one thread. A model answers one question at a time, with all cores; while it does,
the other threads decode what comes next and encode what came before. So nothing is handed over, and what is in memory
is bounded by the number of threads.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cleancut.batch.fetch import fetch
from cleancut.batch.plan import STDIN, Job, is_url
from cleancut.errors import CleancutError, FileTooLarge, ImageTooLarge, InferenceFailed, ModelError, Unwritable
from cleancut.files import read, write
from cleancut.geometry import Box
from cleancut.models.weights import Report
from cleancut.options import Limits
from cleancut.remover import Remover
from cleancut.steps.encode import encode
from cleancut.types import Result

Existing = Literal["overwrite", "skip", "error"]
Status = Literal["done", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one job ended. The pixels are gone already, so that any number of outcomes can be kept."""

    job: Job
    status: Status
    ms: float = 0.0
    subject: bool | None = None
    confidence: float | None = None
    model: str | None = None
    device: str | None = None
    precision: str | None = None
    width: int | None = None
    height: int | None = None
    size: int | None = None
    """Bytes of the output."""
    box: Box | None = None
    """Where the subject is in the output."""
    notes: tuple[str, ...] = ()
    error: CleancutError | None = None


def at_a_time(wanted: int | None, jobs: int) -> int:
    """How many pictures are worked on at a time; by default as many as keep the model busy: one in it, one on its way
    there, and one on its way out.
    """
    return max(1, min(wanted or 3, jobs))


def run(
    jobs: Iterable[Job], remover: Remover, existing: Existing, limits: Limits, report: Report, at_once: int = 1
) -> Iterator[Outcome]:
    """Do the jobs, ``at_once`` at a time; their outcomes come in the jobs' order, none is begun long before it is due.

    Without its model none can be done: the rest fail with the same ModelError, untried.
    """
    hopeless: list[ModelError] = []

    def attempt(job: Job) -> Outcome:
        if hopeless:
            return Outcome(job, "failed", error=hopeless[0])
        began = time.perf_counter()
        try:
            return _one(job, remover, existing, limits, report)
        except CleancutError as error:
            # The model may still manage a picture other than the one that it failed at.
            if isinstance(error, ModelError) and not isinstance(error, InferenceFailed):
                hopeless.append(error)
            return Outcome(job, "failed", _ms(began), error=error)

    coming = iter(jobs)
    # Alone, since it finds out whether there is a model.
    for job in itertools.islice(coming, 1):
        yield attempt(job)
    under_way: deque[Future[Outcome]] = deque()
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="picture")
    try:
        for job in coming:
            # Some ahead, so that one slow picture does not leave the other threads without work.
            if len(under_way) == 2 * at_once:
                yield under_way.popleft().result()
            under_way.append(pool.submit(attempt, job))
        while under_way:
            yield under_way.popleft().result()
    finally:
        # Those that have begun are waited for, so that none writes after the caller was told of the end.
        pool.shutdown(cancel_futures=True)


def _one(job: Job, remover: Remover, existing: Existing, limits: Limits, report: Report) -> Outcome:
    began = time.perf_counter()
    if job.output is not None and job.output.exists():
        if existing == "skip":
            return Outcome(job, "skipped")
        if existing == "error":
            raise Unwritable(f"{job.output} exists", hint="choose another name, or --existing overwrite or skip")
    data = _bytes_of(job.input, limits)
    try:
        result = remover.cut(data, report)
        encoded = encode(result.picture, remover.options)
    except MemoryError as error:
        raise ImageTooLarge(
            f"there is not enough memory for {job.input}", hint="shrink it, or free some memory"
        ) from error
    if job.output is None:
        sys.stdout.buffer.write(encoded)
        sys.stdout.buffer.flush()
    else:
        write(job.output, encoded)
    return _done(job, result, len(encoded), _ms(began))


def _done(job: Job, result: Result, size: int, ms: float) -> Outcome:
    return Outcome(
        job,
        "done",
        ms,
        subject=result.subject,
        confidence=result.confidence,
        model=result.model,
        device=result.device,
        precision=result.precision,
        width=result.picture.pixels.shape[1],
        height=result.picture.pixels.shape[0],
        size=size,
        box=result.picture.subject,
        notes=result.notes,
    )


def _bytes_of(text: str, limits: Limits) -> bytes:
    if is_url(text):
        return fetch(text, limits.max_bytes)
    if text == STDIN:
        limit = -1 if limits.max_bytes is None else limits.max_bytes + 1
        data = sys.stdin.buffer.read(limit)
        if limits.max_bytes is not None and len(data) > limits.max_bytes:
            raise FileTooLarge(
                f"standard input has more than {limits.max_bytes:,} bytes", hint="raise CLEANCUT_MAX_BYTES"
            )
        return data
    return read(Path(text), limits.max_bytes)


def _ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000
