"""``cleancut bench``."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cleancut.cli.flags import given, picture_options
from cleancut.cli.output import own_stdout
from cleancut.errors import OptionError
from cleancut.options import Limits, Options

if TYPE_CHECKING:
    from cleancut.bench.contest import Entrant


F = TypeVar("F", bound=Callable[..., Any])

_as_json = click.option(
    "--json", "as_json", type=click.Path(path_type=Path), metavar="F", help="Write all numbers as JSON."
)


@click.group("bench")
def command() -> None:
    """Measure how fast this machine makes cut-outs."""


def _in_turn(peers: str) -> Callable[[F], F]:
    """What commands share that have several programs cut photos in turn; ``peers`` says what a --peer is."""
    photos = click.Path(exists=True, dir_okay=False, path_type=Path)
    rounds = {"type": click.IntRange(1), "default": 5, "show_default": True, "help": "How often each photo is cut."}

    def give(command: F) -> F:
        for each in (
            _as_json,
            click.option("--rounds", **rounds),  # type: ignore[arg-type]
            click.option("--peer", "peers", multiple=True, metavar="NAME=COMMAND", help=peers),
            picture_options,
            click.argument("photos", nargs=-1, required=True, type=photos),
        ):
            command = each(command)
        return command

    return give


@command.command("speed")
@_in_turn("Another program, that speaks the protocol of docs/speed.md. Repeatable.")
def speed(photos: tuple[Path, ...], peers: tuple[str, ...], rounds: int, as_json: Path | None, **flags: Any) -> None:
    """Cut PHOTOS in turn by cleancut, by the bare model, and by other programs.

    Beside it runs --quality fast. All wait for each other, so that what else happens on the machine meets all of
    them. A first round is not counted. Times go from a photo's bytes to those of the PNG.
    """
    with own_stdout():
        from cleancut.bench.contest import contest
        from cleancut.bench.report import dumps, lines
        from cleancut.files import write
        from cleancut.settings import read_settings

        keywords = given(flags)
        options = Options(**keywords)
        _prepare(options)
        entrants = [*_ours(keywords), *(_peer(text) for text in peers)]
        sized = [(path.absolute(), _megapixels(path, read_settings().limits)) for path in photos]
        steps = len(entrants) * len(photos) * (rounds + 1)
        with click.progressbar(length=steps, label="cutting", file=sys.stderr) as bar:
            times = contest(entrants, sized, rounds, lambda: bar.update(1))
        if as_json is not None:
            write(as_json, dumps("times", times, options))
        for line in lines(times):
            click.echo(line)


@command.command("cold")
@_in_turn("Another command, with the words {input} and {output} in it. Repeatable.")
def cold(photos: tuple[Path, ...], peers: tuple[str, ...], rounds: int, as_json: Path | None, **flags: Any) -> None:
    """Call `cleancut remove` and other commands anew for each of PHOTOS, in turn: time and memory from start to end."""
    with own_stdout():
        from cleancut.bench.cold import call_in_turn, parse
        from cleancut.bench.contest import OURS
        from cleancut.bench.report import cold_lines, dumps
        from cleancut.files import write
        from cleancut.settings import read_settings

        options = Options(**given(flags))
        commands = [parse(OURS, shlex.join(_remove(given(flags)))), *(parse(*_named(text)) for text in peers)]
        _prepare(options)
        sized = [(path.absolute(), _megapixels(path, read_settings().limits)) for path in photos]
        steps = len(commands) * len(photos) * (rounds + 1)
        with (
            tempfile.TemporaryDirectory(prefix="cleancut-bench-") as work,
            click.progressbar(length=steps, label="calling", file=sys.stderr) as bar,
        ):
            calls = call_in_turn(commands, sized, rounds, Path(work), options.suffix, lambda: bar.update(1))
        if as_json is not None:
            write(as_json, dumps("calls", calls, options))
        for line in cold_lines(calls):
            click.echo(line)


@command.command("folder")
@click.argument("photos", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER")
@picture_options
@_as_json
def folder(photos: Path, as_json: Path | None, **flags: Any) -> None:
    """Cut all photos of FOLDER in one process: pictures a second beside the bare model's, and the memory held."""
    with own_stdout():
        from cleancut.batch.plan import plan
        from cleancut.bench.folder import work_through
        from cleancut.bench.report import dumps, folder_lines
        from cleancut.files import write

        options = Options(**given(flags))
        _prepare(options)
        with tempfile.TemporaryDirectory(prefix="cleancut-bench-") as work:
            count = len(plan((str(photos),), work, options.suffix, []))
            with click.progressbar(length=count, label="cutting", file=sys.stderr) as bar:
                found = work_through(photos, Path(work), given(flags), lambda: bar.update(1))
        if as_json is not None:
            write(as_json, dumps("folder", found, options))
        for line in folder_lines(found):
            click.echo(line)


@command.command("load")
@click.argument("photos", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clients", type=click.IntRange(1), default=32, show_default=True, help="Requests under way at most.")
@click.option("--seconds", type=click.FloatRange(30), default=180, show_default=True, help="How long each is asked.")
@click.option(
    "--over", type=click.FloatRange(0.1), default=2.0, show_default=True, help="Offered ÷ the pipeline's rate."
)
@click.option(
    "--peer", "peers", multiple=True, metavar="NAME=FIELD@PATH[;KEY=VALUE] COMMAND",
    help="Another server, that takes a form's FIELD at PATH and listens on {port}. Repeatable.",
)  # fmt: skip
@click.option("--model", default=Options().model, show_default=True, help="Model of our server.")
@_as_json
def load(
    photos: tuple[Path, ...], clients: int, seconds: float, over: float, peers: tuple[str, ...], model: str,
    as_json: Path | None,
) -> None:  # fmt: skip
    """Ask `cleancut serve`, and other servers, for more than they can do: what is answered, when, in what memory.

    The rate is taken from the pipeline without a server, which runs before, between and after them.
    """
    with own_stdout():
        from cleancut.bench.load import ours, parse, trial
        from cleancut.bench.report import dumps, load_lines
        from cleancut.files import write
        from cleancut.server.settings import read_server_settings

        options = Options(model=model)
        targets = [ours({"model": model}), *map(parse, peers)]
        _prepare(options)
        settings = read_server_settings()
        places = settings.workers + settings.waiting
        found = trial(
            photos, targets, clients, seconds, over, places, {"model": model}, lambda said: click.echo(said, err=True)
        )
        if as_json is not None:
            write(as_json, dumps("load", found, options))
        for line in load_lines(found):
            click.echo(line)


@command.command("row")
@click.argument("photos", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--count", type=click.IntRange(2), default=500, show_default=True, help="How many requests.")
@click.option("--model", default=Options().model, show_default=True, help="Model of the server.")
@_as_json
def row(photos: tuple[Path, ...], count: int, model: str, as_json: Path | None) -> None:
    """Ask `cleancut serve` for one picture of PHOTOS after the other: what becomes of its memory."""
    with own_stdout():
        from cleancut.bench.load import ours
        from cleancut.bench.report import dumps, row_lines
        from cleancut.bench.row import in_a_row
        from cleancut.files import write

        options = Options(model=model)
        _prepare(options)
        with click.progressbar(length=count, label="asking", file=sys.stderr) as bar:
            found = in_a_row(photos, ours({"model": model}), count, lambda: bar.update(1))
        if as_json is not None:
            write(as_json, dumps("row", found, options))
        for line in row_lines(found):
            click.echo(line)


@command.command("jobs")
@click.argument("photos", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--database", required=True, metavar="URL", help="A PostgreSQL data base that is used for nothing else.")
@click.option("--pictures", type=click.IntRange(8), default=120, show_default=True, help="Of each turn.")
@click.option("--rounds", type=click.IntRange(1), default=2, show_default=True, help="Turns of each crew.")
@click.option("--kills", type=click.IntRange(1), default=5, show_default=True, help="On each data base.")
@click.option("--model", default=Options().model, show_default=True, help="Model of the jobs.")
@_as_json
def show_jobs(
    photos: tuple[Path, ...], database: str, pictures: int, rounds: int, kills: int, model: str, as_json: Path | None
) -> None:
    """Two servers and three workers beside one of each, and how soon jobs go on after `kill -9`."""
    with own_stdout():
        from cleancut.bench.jobs import Crew, trial
        from cleancut.bench.report import dumps, jobs_lines
        from cleancut.files import write

        options = Options(model=model)
        _prepare(options)
        crews = (Crew(1, 1), Crew(2, 3))
        found = trial(photos, database, crews, pictures, rounds, kills, model, lambda said: click.echo(said, err=True))
        if as_json is not None:
            write(as_json, dumps("jobs", found, options))
        for line in jobs_lines(found):
            click.echo(line)


@command.command("peaks")
@_as_json
@picture_options
def show_peaks(as_json: Path | None, **flags: Any) -> None:
    """How fast this machine multiplies at best, and how near the model comes to it."""
    with own_stdout():
        from cleancut.bench.arithmetic import reach
        from cleancut.bench.report import dumps, reach_lines
        from cleancut.files import write
        from cleancut.settings import read_settings

        options = Options(**given(flags))
        found = reach(options, read_settings())
        if as_json is not None:
            write(as_json, dumps("reach", found, options))
        for line in reach_lines(found):
            click.echo(line)


def _prepare(options: Options) -> None:
    """Have made what is made once, so that nothing of it falls into what is measured."""
    from cleancut.choice import AUTO

    if options.model != AUTO:
        subprocess.run([sys.executable, "-P", "-m", "cleancut", "models", "pull", options.model], check=False)


def _remove(keywords: dict[str, Any]) -> list[str]:
    """Our own command line; picture options have the names of their flags."""
    from cleancut.bench.cold import INPUT, OUTPUT

    flags = [word for name, value in keywords.items() for word in _flag(name, value)]
    return [sys.executable, "-P", "-m", "cleancut", "remove", INPUT, "-o", OUTPUT, *flags]


def _flag(name: str, value: Any) -> list[str]:
    dashed = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{dashed}" if value else f"--no-{dashed}"]
    return [f"--{dashed}", str(value)]


def _ours(keywords: dict[str, Any]) -> list[Entrant]:
    from cleancut.bench.contest import FLOOR, OURS, Entrant

    worker, told = (sys.executable, "-P", "-m", "cleancut.bench.worker"), json.dumps(keywords)
    entrants = [Entrant(OURS, (*worker, "whole", told)), Entrant(FLOOR, (*worker, "bare", told))]
    if Options(**keywords).quality != "fast":
        entrants.insert(1, Entrant(f"{OURS} fast", (*worker, "whole", json.dumps({**keywords, "quality": "fast"}))))
    return entrants


def _megapixels(path: Path, limits: Limits) -> float:
    from cleancut.files import read
    from cleancut.steps.probe import probe
    from cleancut.steps.validate import validate

    header = validate(probe(read(path, limits.max_bytes)), limits)
    return header.width * header.height / 1e6


def _peer(text: str) -> Entrant:
    from cleancut.bench.cold import split
    from cleancut.bench.contest import Entrant

    name, words = _named(text)
    return Entrant(name, split(words))


def _named(text: str) -> tuple[str, str]:
    name, equals, words = text.partition("=")
    if not (equals and name and words.strip()):
        raise OptionError(f"--peer {text}: this names no program", hint="write NAME=COMMAND")
    return name, words
