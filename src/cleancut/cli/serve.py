"""``cleancut serve``."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import click

from cleancut.server.settings import ServerSettings, read_server_settings

Command = TypeVar("Command", bound=Callable[..., Any])

_FIELDS = {each.name: each for each in fields(ServerSettings)}


def setting(name: str, **keywords: Any) -> Callable[[Command], Command]:
    """A flag for a setting of the server: its meaning and its default are told once, there."""
    meaning = _FIELDS[name].metadata["help"].replace("`", "")
    default = _FIELDS[name].default
    if isinstance(default, bool):
        keywords |= {"is_flag": True}
    else:
        meaning += f" [default: {default}]"
    flag = f"--{name.replace('_', '-')}"
    return click.option(flag, name, default=None, help=meaning[0].upper() + meaning[1:], **keywords)


def collect_from_now_on() -> None:
    """Have garbage looked for, which the entry point has switched off: a process that stays leaves more and more."""
    gc.freeze()
    gc.enable()


@click.command("serve")
@setting("host", metavar="ADDRESS")
@setting("port", type=click.IntRange(0, 65_535))
@setting("workers", type=click.IntRange(1), metavar="N")
@setting("allow_url")
@setting("without_keys")
@click.option("--no-store", is_flag=True, default=None, help="Keep nothing once the answer is sent")
@setting("model", metavar="NAME")
@setting("device", metavar="DEVICE")
@setting("job_workers", type=click.IntRange(0), metavar="N")
def command(no_store: bool | None, **flags: Any) -> int:
    """Serve the HTTP API.

    On loopback, without keys, it is open: any key sent is accepted. All settings: docs/settings.md.
    """
    from cleancut.server.run import serve

    settings = read_server_settings(store=False if no_store else None, **flags)

    def listening(address: str) -> None:
        click.echo(f"cleancut serves {address}  (Ctrl-C ends it; {address}/docs describes the API)", err=True)

    collect_from_now_on()
    serve(settings, listening)
    return 0
