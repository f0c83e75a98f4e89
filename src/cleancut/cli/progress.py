"""What a user sees while something takes long: on standard error, and bars only on a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

import click


class Download:
    """A bar for each file that is fetched; on anything but a terminal one line at its start.

    Called as ``report(what, done, total)``.
    """

    def __init__(self) -> None:
        self._what: str | None = None
        self._bar: Any = None
        self._done = 0

    def __call__(self, what: str, done: int, total: int | None) -> None:
        if what != self._what:
            self._begin(what, total)
        if self._bar is not None:
            self._bar.update(max(0, done - self._done))
        self._done = max(done, self._done)

    def __enter__(self) -> Download:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _begin(self, what: str, total: int | None) -> None:
        self._end()
        self._what, self._done = what, 0
        if total and sys.stderr.isatty():
            self._bar = click.progressbar(length=total, label=what, file=sys.stderr, show_pos=False)
            self._bar.__enter__()
        else:
            click.echo(f"{what}{f' ({total / 1e6:.0f} MB)' if total else ''} …", err=True)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
        self._bar = None
