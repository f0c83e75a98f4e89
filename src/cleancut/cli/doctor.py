"""``cleancut doctor``."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from cleancut.cli.main import SOME_FAILED
from cleancut.cli.progress import Download

_SIGNS = {"ok": "ok  ", "note": "note", "bad": "BAD "}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a finding.")
def command(as_json: bool) -> int:
    """Check this installation, and say what to do about what is wrong.

    Python, packages, devices, disk, weights and their checksums, proxies, and a cut-out of a drawn picture.
    """
    from cleancut.doctor import examine
    from cleancut.settings import read_settings

    bad = 0
    with Download() as download:
        for finding in examine(read_settings(), download):
            bad += finding.state == "bad"
            if as_json:
                click.echo(json.dumps(asdict(finding), ensure_ascii=False))
                continue
            click.echo(f"{_SIGNS[finding.state]}  {finding.part}: {finding.text}")
            if finding.remedy:
                click.echo(f"        → {finding.remedy}")
    if bad and not as_json:
        click.echo(f"{bad} to mend", err=True)
    return SOME_FAILED if bad else 0
