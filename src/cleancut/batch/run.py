"""Working through jobs one after the other: one that fails does not stop the others."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cleancut.batch.fetch import fetch
from cleancut.batch.plan import STDIN, Job, is_url
from cleancut.errors import CleancutError, FileTooLarge, ImageTooLarge, InferenceFailed, ModelError, Unwritable
from cleancut.files import read, write
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
    notes: tuple[str, ...] = ()
    error: CleancutError | None = None


def run(jobs: Iterable[Job], remover: Remover, existing: Existing, limits: Limits, report: Report) -> Iterator[Outcome]:
    """Do the jobs, in order. Without its model none can be done: the rest fail with the same ModelError, untried."""
    hopeless: ModelError | None = None
    for job in jobs:
        if hopeless is not None:
            yield Outcome(job, "failed", error=hopeless)
            continue
        began = time.perf_counter()
        try:
            outcome = _one(job, remover, existing, limits, report)
        except CleancutError as error:
            outcome = Outcome(job, "failed", _ms(began), error=error)
            # The model may still manage a picture other than the one that it failed at.
            if isinstance(error, ModelError) and not isinstance(error, InferenceFailed):
                hopeless = error
        yield outcome


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
    return _done(job, result, _ms(began))


def _done(job: Job, result: Result, ms: float) -> Outcome:
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
