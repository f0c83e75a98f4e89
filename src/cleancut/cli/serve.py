"""``cleancut serve``."""

from __future__ import annotations

from typing import Any

import click


@click.command("serve")
@click.option(
    "--host", metavar="ADDRESS", help="Address to listen on; beyond loopback keys are needed. [default: 127.0.0.1]"
)
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; 0 for any that is free. [default: 8000]")
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Pictures worked on at a time. [default: 3]")
@click.option("--allow-url", is_flag=True, default=None, help="Let clients name the picture's URL.")
@click.option("--without-keys", is_flag=True, default=None, help="Serve beyond loopback although there are no keys.")
@click.option("--no-store", is_flag=True, default=None, help="Keep nothing once the answer is sent.")
@click.option("--model", metavar="NAME", help="Model where a client names none. [default: isnet-general]")
@click.option("--device", metavar="DEVICE", help="auto, cpu, cuda or cuda:N. [default: auto]")
def command(no_store: bool | None, **flags: Any) -> int:
    """Serve the HTTP API.

    On loopback, without keys, it is open: any key sent is accepted. All settings: docs/settings.md.
    """
    import gc

    from cleancut.server.run import serve
    from cleancut.server.settings import read_server_settings

    settings = read_server_settings(store=False if no_store else None, **flags)

    def listening(address: str) -> None:
        click.echo(f"cleancut serves {address}  (Ctrl-C ends it; {address}/docs describes the API)", err=True)

    # Switched off by the entry point: what requests leave behind has to be collected.
    gc.freeze()
    gc.enable()
    serve(settings, listening)
    return 0
