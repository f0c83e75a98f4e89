"""The command ``cleancut``: commands are loaded when they are called, errors become exit codes here."""

from __future__ import annotations

import gc
import os
import signal
import sys
from importlib import import_module
from types import FrameType
from typing import Any

import click

from cleancut._version import __version__
from cleancut.errors import CleancutError, Kind

EXIT_CODES: dict[Kind, int] = {"usage": 2, "input": 3, "model": 4, "subject": 5, "output": 1}
SOME_FAILED = 1
INTERRUPTED = 130

# Command → its module and what it does. A command without a module is planned and says so.
COMMANDS: dict[str, tuple[str | None, str]] = {
    "remove": ("remove", "Cut the subject out of photos."),
    "models": ("models", "List, fetch, check and move the models' weights."),
    "doctor": ("doctor", "Check this installation, and say what to do about what is wrong."),
    "serve": ("serve", "Serve the HTTP API."),
    "worker": ("worker", "Make the pictures of jobs apart from the service."),
    "watch": ("watch", "Cut out whatever appears in a folder."),
    "keys": ("keys", "Manage the keys of the HTTP API."),
    "evaluate": ("evaluate", "Measure the quality of cut-outs against ground truth."),
    "batch": (None, "Work through folders and buckets, on one machine or many."),
    "bench": ("bench", "Measure how fast this machine makes cut-outs."),
}

EPILOG = """
Exit codes: 0 done, 1 some inputs failed or an output could not be written, 2 wrong usage, 3 input refused,
4 model or weights unavailable, 5 no subject, 130 interrupted.
"""


class Commands(click.Group):
    """Lists all commands without loading them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, summary = COMMANDS[cmd_name]
        if module is None:
            return _planned(cmd_name, summary)
        command: click.Command = import_module(f"cleancut.cli.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, summary if module else f"{summary} (Not built yet.)")
                    for name, (module, summary) in COMMANDS.items()
                ]
            )


@click.command(
    cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="cleancut")
def cli() -> None:
    """Turn photos into cut-outs with a true alpha matte."""


def _planned(name: str, summary: str) -> click.Command:
    def refuse() -> None:
        from cleancut.errors import NotBuilt

        raise NotBuilt(f"cleancut {name} is not built yet", hint="see `cleancut --help` for what is")

    # Whatever follows the name is taken, so that the answer is about the command and not about its options.
    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, callback=refuse, help=summary, context_settings=settings)


def run() -> None:
    """The entry point: runs a command and leaves with its exit code."""
    # Imports make objects that stay: looking for garbage among them is a tenth of the start-up. See cli/remove.py.
    gc.disable()
    # So that a stopped process clears its half-written files away, as it does on Ctrl-C.
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run one command line; returns its exit code. Errors go to standard error, in two lines."""
    try:
        code: Any = cli.main(arguments, prog_name="cleancut", standalone_mode=False)
    except CleancutError as error:
        show(error)
        return EXIT_CODES[error.kind]
    except click.ClickException as error:
        error.show()
        return EXIT_CODES["usage"]
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        _abandon_stdout()
        return SOME_FAILED
    except OSError as error:
        if error.filename is not None:
            click.echo(f"error: {error.filename}: {error.strerror}\n  → check the name and the permissions", err=True)
            return EXIT_CODES["usage"]
        # Files that are read or written have errors of their own; what is left is standard output.
        _abandon_stdout()
        click.echo(f"error: cannot write standard output: {error.strerror}\n  → write to a file with -o", err=True)
        return EXIT_CODES["output"]
    return code if isinstance(code, int) else 0


def _abandon_stdout() -> None:
    """What Python would still flush when it ends has nowhere to go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def show(error: CleancutError) -> None:
    """Tell an error and its remedy."""
    click.echo(f"error: {error}\n  → {error.hint}", err=True)


def _terminate(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)
