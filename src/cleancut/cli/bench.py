"""``cleancut bench``."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleancut.cli.flags import given, picture_options
from cleancut.cli.output import own_stdout
from cleancut.errors import OptionError
from cleancut.options import Limits, Options

if TYPE_CHECKING:
    from cleancut.bench.contest import Entrant


@click.group("bench")
def command() -> None:
    """Measure how fast this machine makes cut-outs."""


@command.command("speed")
@click.argument("photos", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@picture_options
@click.option(
    "--peer",
    "peers",
    multiple=True,
    metavar="NAME=COMMAND",
    help="Another program, that speaks the protocol of docs/speed.md. Repeatable.",
)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="How often each photo is cut.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), metavar="F", help="Write all numbers as JSON.")
def speed(photos: tuple[Path, ...], peers: tuple[str, ...], rounds: int, as_json: Path | None, **flags: Any) -> None:
    """Cut PHOTOS in turn by cleancut, by the bare model, and by other programs.

    All run side by side and wait for each other, so that what else happens on the machine meets all of them. A first
    round is not counted. Times go from a photo's bytes to those of the PNG.
    """
    with own_stdout():
        from cleancut.bench.contest import contest
        from cleancut.bench.report import dumps, lines
        from cleancut.files import write
        from cleancut.settings import read_settings

        keywords = given(flags)
        options = Options(**keywords)
        entrants = [*_ours(keywords), *(_peer(text) for text in peers)]
        sized = [(path.absolute(), _megapixels(path, read_settings().limits)) for path in photos]
        steps = len(entrants) * len(photos) * (rounds + 1)
        with click.progressbar(length=steps, label="cutting", file=sys.stderr) as bar:
            times = contest(entrants, sized, rounds, lambda: bar.update(1))
        if as_json is not None:
            write(as_json, dumps(times, options, rounds))
        for line in lines(times):
            click.echo(line)


def _ours(keywords: dict[str, Any]) -> list[Entrant]:
    from cleancut.bench.contest import FLOOR, OURS, Entrant

    worker, told = (sys.executable, "-m", "cleancut.bench.worker"), json.dumps(keywords)
    return [Entrant(OURS, (*worker, "whole", told)), Entrant(FLOOR, (*worker, "bare", told))]


def _megapixels(path: Path, limits: Limits) -> float:
    from cleancut.files import read
    from cleancut.steps.probe import probe
    from cleancut.steps.validate import validate

    header = validate(probe(read(path, limits.max_bytes)), limits)
    return header.width * header.height / 1e6


def _peer(text: str) -> Entrant:
    from cleancut.bench.contest import Entrant

    name, equals, words = text.partition("=")
    if not (equals and name and words.strip()):
        raise OptionError(f"--peer {text}: this names no program", hint="write NAME=COMMAND")
    return Entrant(name, tuple(shlex.split(words)))
