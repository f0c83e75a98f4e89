"""``cleancut worker``."""

from __future__ import annotations

from typing import Any

import click

from cleancut.cli.serve import collect_from_now_on, setting
from cleancut.server.settings import read_server_settings


@click.command("worker")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Pictures made at a time [default: 1]")
@setting("database", metavar="URL")
@setting("metrics_port", type=click.IntRange(0, 65_535))
@setting("device", metavar="DEVICE")
def command(workers: int | None, **flags: Any) -> int:
    """Make the pictures of jobs that `cleancut serve` has accepted.

    Servers and workers share CLEANCUT_JOBS_FOLDER, and on several machines CLEANCUT_DATABASE. See docs/jobs.md.
    """
    from cleancut.server.worker import run_worker

    settings = read_server_settings(job_workers=workers, **flags)

    def working(place: str) -> None:
        click.echo(f"cleancut works on the jobs of {place}  (Ctrl-C ends it)", err=True)

    collect_from_now_on()
    run_worker(settings, working)
    return 0
