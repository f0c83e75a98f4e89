"""What was measured, as JSON and as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING, Any

from cleancut.bench.cold import Called
from cleancut.bench.contest import OURS, Times
from cleancut.bench.folder import Folder
from cleancut.bench.memory import growth
from cleancut.evaluation.machine import machine
from cleancut.options import Options

if TYPE_CHECKING:
    from cleancut.bench.arithmetic import Reach
    from cleancut.bench.jobs import Trial as JobsTrial
    from cleancut.bench.load import Trial
    from cleancut.bench.row import Row

# Until then caches and pools fill.
_SETTLED = 50


def dumps(what: str, found: Any, options: Options) -> bytes:
    """A file of all numbers; no paths and no names of this machine. ``found``: dataclasses, one or several."""
    several = [asdict(each) for each in found] if isinstance(found, Sequence) else asdict(found)
    content = {
        "machine": machine(),
        "options": {"model": options.model, "quality": options.quality, "precision": options.precision},
        what: several,
    }
    return (json.dumps(content, indent=1) + "\n").encode("ascii")


def lines(times: Sequence[Times]) -> Iterator[str]:
    """One line an entrant and photo: its median, how many of it ours takes, and its peak memory."""
    ours = {each.photo: each.median for each in times if each.entrant == OURS}
    for each in times:
        ratio = f"{OURS} ÷ it {ours[each.photo] / each.median:5.2f}"
        yield f"{_whose(each)} {each.median:7.3f} s  {ratio}  {_peak(each.peak_bytes)}"


def cold_lines(calls: Sequence[Called]) -> Iterator[str]:
    """The same for commands that end."""
    ours = {each.photo: each for each in calls if each.entrant == OURS}
    for each in calls:
        mine, took = ours[each.photo], median(each.seconds)
        ratio = f"{OURS} ÷ it {median(mine.seconds) / took:5.2f}"
        memory = f", memory {mine.peak_bytes / each.peak_bytes:5.2f}" if mine.peak_bytes and each.peak_bytes else ""
        yield f"{_whose(each)} {took:7.3f} s  {ratio}{memory}  {_peak(each.peak_bytes)}"


def folder_lines(found: Folder) -> Iterator[str]:
    """Rates, and the course of memory."""
    yield f"{len(found.seconds)} pictures, {found.failed} failed: {found.rate:.3f} a second"
    yield f"the bare model: {1 / found.session:.3f} a second; the pictures are {found.of_the_session:.2f} of that"
    yield from _memory(found.held)


def reach_lines(found: Sequence[Reach]) -> Iterator[str]:
    """How near the model comes to what the machine can do."""
    for each in found:
        rate = each.multiplications / each.seconds
        yield (
            f"{each.precision}: {each.seconds:.3f} s a run, {rate / 1e9:.0f} of {each.peak / 1e9:.0f} thousand million "
            f"multiplications a second ({each.share:.0%})"
        )


def load_lines(found: Trial) -> Iterator[str]:
    """How each server bore the load, beside the pipeline alone."""
    bare = sum(found.bare) / len(found.bare)
    told = ", ".join(f"{rate:.3f}" for rate in found.bare)
    yield f"the pipeline alone: {bare:.3f} pictures a second ({told}); offered: {found.offered:.2f}"
    for each in found.loaded:
        failed = ", ".join(f"{count} {what}" for what, count in each.failed.items()) or "none"
        yield f"{each.name}: {each.rate:.3f} a second ({each.rate / bare:.2f} of the pipeline alone)"
        yield f"  {len(each.waits)} answered, {each.refused} refused, {each.unsent} not sent, failed: {failed}"
        waits = f"{each.wait(0.5):.1f} s (half), {each.wait(0.95):.1f} s (95 %)"
        yield f"  answered within {waits}; the waiting room implies {found.bound:.1f} s"
        if each.ended is not None:
            yield f"  its process ended under the load, with {each.ended}"
        if each.growth is not None:
            yield f"  memory: at most {max(each.held) / 1e6:.0f} MB; after a minute {each.growth:.3f} times what it was"
        if (lag := each.lag_within(0.99)) is not None:
            yield f"  event loop: 99 % at most {lag * 1000:g} ms late"


def row_lines(found: Row) -> Iterator[str]:
    """How memory went from request to request."""
    yield f"{len(found.seconds)} requests one after the other, {median(found.seconds):.2f} s each (half took longer)"
    yield from _memory(found.held)


def jobs_lines(found: JobsTrial) -> Iterator[str]:
    """What each crew did, beside the first one, and how soon it went on after kills."""
    crews = list(dict.fromkeys(each.crew for each in found.ran))
    for crew in crews:
        held = max(each.held for each in found.ran if each.crew == crew)
        yield (
            f"{crew.servers} servers, {crew.workers} workers: {found.rate(crew):.3f} pictures a second, "
            f"{found.rate(crew) / found.rate(crews[0]):.2f} of the first; a worker holds at most {held / 1e6:.0f} MB"
        )
    for each in found.recovered:
        goes_on = f"{median(each.goes_on):.1f} s (half), {max(each.goes_on):.1f} s (most)"
        again = f"{median(each.made_again):.1f} s, {max(each.made_again):.1f} s"
        yield f"killed on {each.base}, {len(each.goes_on)} times: goes on after {goes_on}; what it held after {again}"


def _memory(held: Sequence[int | None]) -> Iterator[str]:
    told = [each for each in held if each]
    more = growth(held, min(_SETTLED, len(held) // 3))
    if more is not None:
        yield f"memory: at most {max(told) / 1e6:.0f} MB; in the last half {more:.3f} times what it was before"


def _whose(each: Times | Called) -> str:
    return f"{each.photo:24} {each.megapixels:5.1f} MP  {each.entrant:12}"


def _peak(peak: int | None) -> str:
    return f"{peak / 1e6:6.0f} MB" if peak else ""
