"""``cleancut keys``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click


@click.group("keys")
def command() -> None:
    """Manage the keys of the HTTP API. A service that runs heeds each change at once."""


@command.command("make")
@click.argument("name")
@click.option("--credits", type=click.IntRange(0), metavar="N", help="Its credits a month at /v1.0/…")
def make_key(name: str, credits: int | None) -> None:
    """Make a key, and print its secret."""
    from cleancut.server.keys import make

    key, secret = make(_file(), name, credits)
    click.echo(f"{key.name}: made, with the id {key.id}; its secret is shown this once and stored nowhere", err=True)
    click.echo("send it as a header: `X-Api-Key: …` or `Authorization: Bearer …`", err=True)
    click.echo(secret)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_keys(as_json: bool) -> None:
    """Show all keys: id, when it was made, and name."""
    from cleancut.server.keys import listed

    keys = listed(_file())
    if as_json:
        click.echo(json.dumps([asdict(key) for key in keys], indent=2, ensure_ascii=False))
        return
    for key in keys:
        plan = "" if key.credits is None else f"  ({key.credits} credits a month)"
        click.echo(f"{key.id}  {key.made}  {key.name}{plan}")
    if not keys:
        click.echo("there are no keys yet; `cleancut keys make NAME` makes one", err=True)


@command.command("revoke")
@click.argument("which", metavar="ID-OR-NAME")
def revoke_key(which: str) -> None:
    """Take a key back: its secret stops working."""
    from cleancut.server.keys import listed, revoke

    path = _file()
    key = revoke(path, which)
    click.echo(f"{key.name}: revoked, with the id {key.id}", err=True)
    if not listed(path):
        click.echo("note: no key is left, and a service that starts now asks for none", err=True)


def _file() -> Path:
    from cleancut.server.keys import keys_file
    from cleancut.settings import read_settings

    return keys_file(read_settings().home)
