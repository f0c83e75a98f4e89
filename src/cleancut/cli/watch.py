"""``cleancut watch``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cleancut.cli.flags import given, name_option, picture_options
from cleancut.cli.output import own_stdout
from cleancut.cli.progress import Download
from cleancut.cli.remove import pictures_used, tell, tell_failure
from cleancut.errors import InferenceFailed, ModelError, OptionError, Unwritable
from cleancut.options import Options


@click.command("watch")
@click.argument("folder", metavar="IN")
@click.argument("output", metavar="OUT")
@picture_options
@name_option
@click.option(
    "--every",
    type=click.FloatRange(0.1, 3600),
    default=2.0,
    metavar="SECONDS",
    help="How often to look; a photo is complete when two looks find it alike. [default: 2]",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON line a picture on standard output.")
def command(folder: str, output: str, name: str | None, every: float, as_json: bool, **flags: Any) -> int:
    """Cut out whatever appears in the folder IN and below it, into the folder OUT, until Ctrl-C.

    What has a cut-out that is not older than its photo is left alone, so that it can be stopped and started at any
    time. OUT may lie in IN: cut-outs are never taken for photos.
    """
    from cleancut.batch.names import check_template, has_own_names

    options = Options(**given(flags))
    source = Path(folder)
    if not source.is_dir():
        raise OptionError(f"{folder} is no folder", hint="give the folder that photos will appear in")
    if name is not None:
        check_template(name)
        if not has_own_names(name):
            raise OptionError(
                "--name: photos that appear have no number, and each wants a name of its own",
                hint="use {stem}, and {folder} if you like",
            )
    with own_stdout():
        return _watch(source, Path(output), options, name, every, as_json)


def _watch(source: Path, target: Path, options: Options, name: str | None, every: float, as_json: bool) -> int:
    from cleancut.batch.plan import Job, plan
    from cleancut.batch.run import at_a_time, run
    from cleancut.batch.watch import watch
    from cleancut.files import make_folder
    from cleancut.remover import Remover
    from cleancut.settings import read_settings

    settings, kept = read_settings(), pictures_used(options)
    make_folder(target)

    def look() -> list[Job]:
        try:
            return plan((str(source),), str(target), options.suffix, kept, name)
        except OptionError:
            return []  # there is no picture yet

    click.echo(f"watching {source}; cut-outs go to {target} (Ctrl-C ends it)", err=True)
    with Download() as download:
        remover = Remover.of(options, settings)
        for watched, jobs in watch(look, every):
            for outcome in run(jobs, remover, "overwrite", settings.limits, download, at_a_time(None, len(jobs))):
                if isinstance(outcome.error, Unwritable):
                    watched.postponed(outcome.job)
                else:
                    watched.tried(outcome.job)
                if outcome.error is not None and not as_json:
                    tell_failure(outcome)
                else:
                    tell(outcome, 1, as_json)
                # A model that is not to be had is no matter of one picture.
                if isinstance(outcome.error, ModelError) and not isinstance(outcome.error, InferenceFailed):
                    raise outcome.error
    return 0
