"""``cleancut evaluate``."""

from __future__ import annotations

import gc
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleancut.cli.flags import given, picture_options
from cleancut.cli.output import own_stdout
from cleancut.cli.progress import Download
from cleancut.errors import OptionError
from cleancut.options import Options

if TYPE_CHECKING:
    from cleancut.evaluation.candidates import Candidate, Entry, Predictions
    from cleancut.evaluation.colour_trial import Attempt, Verdict
    from cleancut.evaluation.dataset import Photo, Selection
    from cleancut.settings import Settings

DEFAULT = "default"


@click.command("evaluate")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--model", "models", multiple=True, metavar="NAME", help="A model to run. Repeatable.")
@click.option(
    "--candidate",
    "candidates",
    multiple=True,
    metavar="'[NAME:] FLAGS'",
    help="Flags of `cleancut remove` to run with, such as 'soft: --feather 1'. Repeatable.",
)
@click.option(
    "--predictions",
    multiple=True,
    metavar="[NAME=]DIR",
    help="A folder of mattes or cut-outs that something else made. Repeatable.",
)
@click.option(
    "--baseline",
    metavar="NAME",
    help="What the others are compared with. [default: the first predictions, else the first candidate]",
)
@click.option("--half", type=click.Choice(["odd", "even"]), help="Every other photo, in the order of their names.")
@click.option("--images", multiple=True, metavar="GLOB", help="Only the photos of these names. Repeatable.")
@click.option("--colours", is_flag=True, help="Try the estimation of foreground colours instead.")
@click.option("--json", "as_json", metavar="F", help="Write all numbers as JSON; - for standard output.")
@click.option("--html", type=click.Path(path_type=Path), metavar="F", help="Write a page with pictures.")
def command(dataset: Path, **flags: Any) -> None:
    """Measure cut-outs against ground truth, and compare them.

    DATASET is a folder with photos in im/, their true mattes in gt/ and, where they are known, the true foreground
    colours in fg/, under the same names. Without --json and --html a table is printed.
    """
    with own_stdout():
        from cleancut.evaluation.dataset import Selection, find_photos
        from cleancut.settings import read_settings

        settings = read_settings()
        selection = Selection(flags["half"], flags["images"])
        photos = find_photos(dataset, selection)
        gc.freeze()
        gc.enable()
        if flags["colours"]:
            _colours(dataset, photos, settings, flags)
        else:
            _evaluate(dataset, photos, selection, settings, flags)


def _evaluate(
    dataset: Path, photos: tuple[Photo, ...], selection: Selection, settings: Settings, flags: dict[str, Any]
) -> None:
    from cleancut.choice import AUTO
    from cleancut.engines import model_of
    from cleancut.evaluation.candidates import Candidate, baseline_of
    from cleancut.evaluation.evaluate import evaluate
    from cleancut.evaluation.page import page, template
    from cleancut.evaluation.record import dumps, record
    from cleancut.evaluation.table import table
    from cleancut.files import write

    entries = entries_of(flags["models"], flags["candidates"], flags["predictions"])
    # Before any work is done, and any folder made: a name that is misspelt, and what is not installed.
    baseline_of(entries, flags["baseline"])
    for entry in entries:
        if isinstance(entry, Candidate) and entry.options.model != AUTO:
            model_of(entry.options.model, settings)
    if flags["html"] is not None:
        template()
    _refuse_unwritable(flags["as_json"], flags["html"])
    with _Bars() as bars:
        pictures = flags["html"] is not None
        found = evaluate(photos, entries, settings, bars, baseline=flags["baseline"], pictures=pictures)
    name = _name(dataset)
    if flags["as_json"] is not None:
        _write_json(flags["as_json"], dumps(record(found, name, selection)))
    if flags["html"] is not None:
        write(flags["html"], page(found, name))
    if flags["as_json"] is None and flags["html"] is None:
        click.echo(table(found, name))


def _colours(dataset: Path, photos: tuple[Photo, ...], settings: Settings, flags: dict[str, Any]) -> None:
    from dataclasses import asdict

    from cleancut.evaluation.colour_trial import BACKGROUNDS, colour_trial, estimators, verdicts
    from cleancut.evaluation.machine import machine
    from cleancut.evaluation.record import dumps

    for name in ("models", "candidates", "predictions", "baseline", "html"):
        if flags[name]:
            raise OptionError(f"--colours has no use for --{name.rstrip('s')}", hint="leave one of them out")
    _refuse_unwritable(flags["as_json"], None)
    with _Bars() as bars:
        attempts = colour_trial(photos, settings.limits, estimators(), bars)
    if not attempts:
        raise OptionError(f"no ground truth of {_name(dataset)} has a soft edge", hint="choose another dataset")
    if flags["as_json"] is None:
        click.echo(_colour_table(_name(dataset), attempts, verdicts(attempts)))
        return
    content = {
        "machine": machine(),
        "dataset": _name(dataset),
        "backgrounds": BACKGROUNDS,
        "verdicts": [asdict(each) for each in verdicts(attempts)],
        "photos": [asdict(each) for each in attempts],
    }
    _write_json(flags["as_json"], dumps(content))


def _colour_table(dataset: str, attempts: Sequence[Attempt], found: Sequence[Verdict]) -> str:
    from cleancut.evaluation.table import aligned, interval

    rows = [("background", "estimator", "error", "median", "÷ none", "s/photo")]
    for each in found:
        error, middle, seconds = f"{each.error.value:.2f}", f"{each.median:.2f}", f"{each.seconds:.2f}"
        rows.append((each.background, each.estimator, error, middle, interval(each.ratio), seconds))
    count = len({attempt.photo for attempt in attempts})
    return "\n".join([f"{dataset}: {count} photos; error in levels of 255, weighted by alpha", "", *aligned(rows)])


def entries_of(models: Sequence[str], candidates: Sequence[str], predictions: Sequence[str]) -> list[Entry]:
    """What is to be compared, from the command line's words; the default options if nothing is named.

    Each option set that names no model is run with each of ``models``. Raises OptionError.
    """
    folders: list[Entry] = [_predictions(text) for text in predictions]
    if not (models or candidates):
        return folders or [_candidate(DEFAULT, {}, None)]
    entries: list[Entry] = []
    for text in candidates or [f"{DEFAULT}:"]:
        name, keywords = parse_candidate(text)
        if "model" in keywords or not models:
            entries.append(_candidate(name, keywords, None))
        else:
            entries += [_candidate(_joined(name, model, len(models)), keywords, model) for model in models]
    if models and all("model" in parse_candidate(text)[1] for text in candidates) and candidates:
        raise OptionError("--model: every --candidate names a model of its own", hint="leave out --model")
    return folders + entries


def parse_candidate(text: str) -> tuple[str, dict[str, Any]]:
    """``[NAME:] FLAGS`` as a name and keywords of ``Options``; the flags are the name where none is given.

    A name goes into reports, so a path among the flags is called by its last part. Raises OptionError.
    """
    name, colon, rest = ("", ":", text) if text.lstrip().startswith("-") else text.partition(":")
    if not colon:
        raise OptionError(
            f"--candidate {text}: these are no flags", hint="write '[NAME:] FLAGS', such as '--feather 1'"
        )
    try:
        words = shlex.split(rest)
        with _flags.make_context("cleancut remove", list(words)) as context:
            keywords = given(context.params)
    except (click.UsageError, ValueError) as error:
        reason = error.format_message() if isinstance(error, click.UsageError) else str(error)
        raise OptionError(f"--candidate {text}: {reason}", hint="give flags of `cleancut remove`") from error
    return name.strip() or " ".join(re.split(r"[/\\]", word)[-1] for word in words) or DEFAULT, keywords


@click.command(add_help_option=False)
@picture_options
def _flags(**flags: Any) -> None:
    """Parses the flags of a candidate."""


def _candidate(name: str, keywords: dict[str, Any], model: str | None) -> Candidate:
    from cleancut.evaluation.candidates import candidate

    return candidate(name, Options(**(keywords if model is None else keywords | {"model": model})))


def _joined(name: str, model: str, count: int) -> str:
    if name == DEFAULT:
        return model
    return name if count == 1 else f"{name}, {model}"


def _predictions(text: str) -> Predictions:
    from cleancut.evaluation.candidates import Predictions

    name, equals, folder = text.partition("=")
    # A folder's own name may have that sign.
    if not equals or Path(text).is_dir():
        name, folder = "", text
    return Predictions(name or _name(Path(folder)), Path(folder))


def _name(folder: Path) -> str:
    return folder.resolve().name


def _refuse_unwritable(as_json: str | None, html: Path | None) -> None:
    """Find out now rather than after an hour of work. Raises OptionError, Unwritable."""
    from cleancut.files import make_folder

    targets = [Path(each) for each in (as_json, html) if each not in (None, "-")]
    if len(targets) == 2 and targets[0].resolve() == targets[1].resolve():
        raise OptionError(f"--json and --html both name {targets[0]}", hint="name two files")
    for path in targets:
        make_folder(path.parent)
        if path.is_dir():
            raise OptionError(f"{path} is a folder", hint="name a file")


def _write_json(target: str, data: bytes) -> None:
    from cleancut.files import write

    if target == "-":
        click.echo(data.decode("ascii"), nl=False)
    else:
        write(Path(target), data)


class _Bars:
    """A bar for each stage; on anything but a terminal one line at its start."""

    def __init__(self) -> None:
        self._download = Download()
        self._bar: Any = None

    def begin(self, what: str, count: int) -> None:
        self._end()
        if sys.stderr.isatty():
            self._bar = click.progressbar(length=count, label=what, file=sys.stderr, show_pos=True)
            self._bar.__enter__()
        else:
            click.echo(f"{what}: {count} photos …", err=True)

    def advance(self) -> None:
        if self._bar is not None:
            self._bar.update(1)

    def fetch(self, what: str, done: int, total: int | None) -> None:
        self._download(what, done, total)

    def __enter__(self) -> _Bars:
        return self

    def __exit__(self, *ended: object) -> None:
        self._end()

    def _end(self) -> None:
        self._download.__exit__(None, None, None)
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
        self._bar = None
