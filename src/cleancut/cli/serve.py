"""``cleancut serve``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import click

from cleancut.server.settings import ServerSettings, read_server_settings

Command = TypeVar("Command", bound=Callable[..., Any])

_FIELDS = {each.name: each for each in fields(ServerSettings)}


def _setting(name: str, **keywords: Any) -> Callable[[Command], Command]:
    """A flag for a setting of the server: its meaning and its default are told once, there."""
    meaning = _FIELDS[name].metadata["help"].replace("`", "")
    default = _FIELDS[name].default
    if isinstance(default, bool):
        keywords |= {"is_flag": True}
    else:
        meaning += f" [default: {default}]"
    flag = f"--{name.replace('_', '-')}"
    return click.option(flag, name, default=None, help=meaning[0].upper() + meaning[1:], **keywords)


@click.command("serve")
@_setting("host", metavar="ADDRESS")
@_setting("port", type=click.IntRange(0, 65_535))
@_setting("workers", type=click.IntRange(1), metavar="N")
@_setting("allow_url")
@_setting("without_keys")
@click.option("--no-store", is_flag=True, default=None, help="Keep nothing once the answer is sent")
@_setting("model", metavar="NAME")
@_setting("device", metavar="DEVICE")
def command(no_store: bool | None, **flags: Any) -> int:
    """Serve the HTTP API.

    On loopback, without keys, it is open: any key sent is accepted. All settings: docs/settings.md.
    """
    import gc

    from cleancut.server.run import serve

    settings = read_server_settings(store=False if no_store else None, **flags)

    def listening(address: str) -> None:
        click.echo(f"cleancut serves {address}  (Ctrl-C ends it; {address}/docs describes the API)", err=True)

    # Switched off by the entry point: what requests leave behind has to be collected.
    gc.freeze()
    gc.enable()
    serve(settings, listening)
    return 0
