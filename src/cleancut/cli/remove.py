"""``cleancut remove``."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleancut.background import Image
from cleancut.cli.flags import given, name_option, picture_options
from cleancut.cli.main import EXIT_CODES, SOME_FAILED, show
from cleancut.cli.output import own_stdout
from cleancut.cli.progress import Download
from cleancut.errors import CleancutError, InferenceFailed, ModelError, OptionError
from cleancut.options import Options

if TYPE_CHECKING:
    from cleancut.batch.plan import Job
    from cleancut.batch.run import Existing, Outcome

SUFFIXES = {
    ".png": "png", ".webp": "webp", ".avif": "avif", ".jpg": "jpg", ".jpeg": "jpg", ".tif": "tiff", ".tiff": "tiff",
    ".zip": "zip",
}  # fmt: skip


class _Count(click.ParamType[int | None]):
    """A number of at least 1, or auto, which is None."""

    name = "count"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        return None if value == "auto" else click.IntRange(1).convert(value, param, ctx)


@click.command("remove")
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option(
    "-o", "--output", metavar="OUT", help="File, folder or - for standard output; the suffix sets the format."
)
@picture_options
@click.option(
    "--existing",
    type=click.Choice(["overwrite", "skip", "error"]),
    help="What to do where the output exists. [default: overwrite for one named file, skip in a folder]",
)
@name_option
@click.option("--report", metavar="F.csv", help="Write a table of all pictures: what became of each, and how.")
@click.option("--jobs", type=_Count(), metavar="N|auto", help="Pictures worked on at a time. [default: auto, 3]")
@click.option("--allow-url", is_flag=True, help="Let IN be an http(s) URL.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a picture on standard output.")
def command(inputs: tuple[str, ...], output: str | None, **flags: Any) -> int:
    """Cut the subject out of photos.

    IN is a file, a folder (its tree is kept), a quoted glob, - for standard input, or a URL with --allow-url.
    Without -o, photo.jpg becomes photo-cutout.png beside it; in a folder it becomes photo.png.
    """
    keywords = given(flags)
    keywords["format"] = _format(output, keywords.get("format"))
    options = Options(**keywords)
    with own_stdout():
        from cleancut.batch.plan import is_url, plan

        report = Path(flags["report"]) if flags["report"] else None
        jobs = plan(inputs, output, options.suffix, pictures_used(options), flags["name"])
        existing: Existing = flags["existing"] or ("overwrite" if _one_named_file(inputs) else "skip")
        _check_names(flags["name"], output, jobs, existing)
        if report is not None:
            _check_report(report, jobs, options)
        if flags["as_json"] and any(job.output is None for job in jobs):
            raise OptionError("--json and the picture both want standard output", hint="write the picture to a file")
        urls = [job.input for job in jobs if is_url(job.input)]
        if urls and not flags["allow_url"]:
            raise OptionError(f"{urls[0]} is a URL", hint="add --allow-url to fetch pictures from the network")
        return _work(jobs, options, existing, flags["as_json"], flags["jobs"], report)


def _check_names(template: str | None, output: str | None, jobs: list[Job], existing: Existing) -> None:
    from cleancut.batch.plan import is_folder

    if template is None:
        return
    if output == "-" or (output is not None and not is_folder(output)):
        raise OptionError(f"--name names files in a folder, and -o names {output}", hint="leave out one of them")
    if "{index" in template and existing == "skip" and any(job.output and job.output.exists() for job in jobs):
        raise OptionError(
            "--name: by their numbers it cannot be told which pictures are done",
            hint="use {stem}, or --existing overwrite",
        )


def _check_report(report: Path, jobs: list[Job], options: Options) -> None:
    """Raises OptionError where the report would take the place of a picture."""
    pictures = {Path(job.input).resolve() for job in jobs} | {each.resolve() for each in pictures_used(options)}
    pictures |= {job.output.resolve() for job in jobs if job.output is not None}
    if report.resolve() in pictures:
        raise OptionError(f"--report {report} is one of the pictures", hint="choose another name, such as report.csv")


def pictures_used(options: Options) -> list[Path]:
    """Files of the user's that no output may replace."""
    background = options.parsed_background
    return [background.data] if isinstance(background, Image) and isinstance(background.data, Path) else []


def _format(output: str | None, wanted: str | None) -> str:
    """The suffix given by -o sets the format."""
    suffix = Path(output).suffix.lower() if output not in (None, "-") else ""
    if not suffix or Path(str(output)).is_dir() or str(output).endswith("/"):
        return wanted or Options().format
    found = SUFFIXES.get(suffix)
    if found is None:
        raise OptionError(f"-o {output}: no format has the suffix {suffix}", hint=f"use one of {', '.join(SUFFIXES)}")
    if wanted not in (None, found):
        raise OptionError(f"-o {output} and --format {wanted} disagree", hint="leave out --format")
    return found


def _one_named_file(inputs: tuple[str, ...]) -> bool:
    return len(inputs) == 1 and not Path(inputs[0]).is_dir() and (Path(inputs[0]).exists() or not has_magic(inputs[0]))


def _work(
    jobs: list[Job], options: Options, existing: Existing, as_json: bool, wanted: int | None, table: Path | None
) -> int:
    from cleancut.engines import preload
    from cleancut.settings import read_settings

    settings = read_settings()
    if any(job.output is None or existing != "skip" or not job.output.exists() for job in jobs):
        # A model takes as long to load as all the imports below and the first photo.
        preload(options, settings)
    from cleancut.batch.report import report
    from cleancut.batch.run import at_a_time, run
    from cleancut.remover import Remover

    gc.freeze()
    gc.enable()
    ended: dict[str, int] = {"done": 0, "skipped": 0}
    failed: list[Outcome] = []
    with Download() as download, report(table) if table else nullcontext() as rows:
        remover, at_once = Remover.of(options, settings), at_a_time(wanted, len(jobs))
        outcomes = run(jobs, remover, existing, settings.limits, download, at_once)
        for outcome in _with_bar(outcomes, len(jobs), quiet=as_json):
            if outcome.error is not None:
                failed.append(outcome)
            else:
                ended[outcome.status] += 1
            if rows is not None:
                rows.add(outcome)
            tell(outcome, len(jobs), as_json)
    if len(jobs) > 1:
        _summarise(failed, ended)
    if not failed:
        return 0
    # A model that is not to be had is no matter of some pictures.
    last = failed[-1].error
    alone = len(jobs) == 1 or (isinstance(last, ModelError) and not isinstance(last, InferenceFailed))
    return EXIT_CODES[last.kind] if alone and last else SOME_FAILED


def _with_bar(outcomes: Iterator[Outcome], count: int, quiet: bool) -> Iterable[Outcome]:
    if count == 1 or quiet or not sys.stderr.isatty():
        return outcomes
    return _bar(outcomes, count)


def _bar(outcomes: Iterator[Outcome], count: int) -> Iterator[Outcome]:
    with click.progressbar(outcomes, length=count, file=sys.stderr, show_pos=True, label="photos") as bar:
        yield from bar


def line(outcome: Outcome) -> dict[str, Any]:
    """What ``--json`` prints for one picture."""
    error = outcome.error
    return {
        "input": outcome.job.input,
        "output": None if outcome.job.output is None else str(outcome.job.output),
        "status": outcome.status,
        "subject": outcome.subject,
        "confidence": None if outcome.confidence is None else round(outcome.confidence, 4),
        "model": outcome.model,
        "device": outcome.device,
        "precision": outcome.precision,
        "width": outcome.width,
        "height": outcome.height,
        "ms": round(outcome.ms),
        "error": None if error is None else {"code": error.code, "message": str(error), "hint": error.hint},
    }


def tell(outcome: Outcome, count: int, as_json: bool) -> None:
    """A line for one picture; in a batch on a terminal the bar says enough, and only trouble is told."""
    job = outcome.job
    if as_json:
        # Escaped, since a file's name need not be text.
        click.echo(json.dumps(line(outcome)))
        return
    if outcome.error is not None:
        if count == 1:
            show(outcome.error)
        return
    for note in outcome.notes:
        click.echo(f"note: {job.input}: {note}", err=True)
    if count > 1 and sys.stderr.isatty():
        return
    if outcome.status == "skipped":
        click.echo(f"{job.input}: skipped, {job.output} exists (--existing overwrite does it again)", err=True)
    elif job.output is not None:
        how = f"{outcome.model} on {outcome.device}, {outcome.ms / 1000:.1f} s"
        click.echo(f"{job.input} → {job.output}  ({how})", err=True)


def tell_failure(outcome: Outcome) -> None:
    """The lines for one of several pictures that failed."""
    if outcome.error is not None:
        click.echo(f"failed: {outcome.job.input}: {outcome.error}\n  → {outcome.error.hint}", err=True)


def _summarise(failed: list[Outcome], ended: dict[str, int]) -> None:
    told: CleancutError | None = None
    for outcome in failed:
        # Those that were not tried after the model failed share its error; once is enough.
        if outcome.error is not told:
            told = outcome.error
            tell_failure(outcome)
    parts = [f"{ended['done']} done", *([f"{ended['skipped']} skipped"] if ended["skipped"] else [])]
    parts += [f"{len(failed)} failed"] if failed else []
    click.echo(f"{', '.join(parts)} of {sum(ended.values()) + len(failed)} pictures", err=True)
