"""Command-line flags made from the fields of ``Options``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import click

from cleancut.options import Options, flag

F = TypeVar("F", bound=Callable[..., Any])

# What a field is called on the command line, where its name is taken or has a short form.
_TYPES: dict[str, click.ParamType[Any]] = {"float": click.FLOAT, "int": click.INT, "int | None": click.INT}


def picture_options(command: F) -> F:
    """Give a command one flag for each field of ``Options``; those that are not given arrive as None."""
    for each in reversed(fields(Options)):
        command = _flag_of(each)(command)
    return command


name_option = click.option(
    "--name", metavar="TEMPLATE", help="Names of the outputs, such as {stem}-{index:04}; {folder} is the photo's."
)


def given(flags: dict[str, Any]) -> dict[str, Any]:
    """The keywords of ``Options`` among a command's parameters that the user has given."""
    names = {each.name for each in fields(Options)}
    return {name: value for name, value in flags.items() if name in names and value is not None}


def _flag_of(field: Any) -> Callable[[F], F]:
    meta, default = field.metadata, field.default
    text = meta["help"]
    if default not in (None, False, True) and default != "" and field.name != "format":
        text += f" [default: {default:g}]" if isinstance(default, float) else f" [default: {default}]"
    name = flag(field.name)
    if isinstance(default, bool):
        return click.option(f"{name}/--no-{name[2:]}", field.name, default=None, help=text)
    kind: Any = click.Choice(meta["choices"]) if meta["choices"] else _TYPES.get(field.type, click.STRING)
    return click.option(name, field.name, type=kind, default=None, metavar=meta["metavar"] or None, help=text)
