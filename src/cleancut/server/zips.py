"""ZIPs on their way out, made while they are sent: one object in memory at a time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator

from cleancut.server.replies import PART


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A ZIP of files by their names, in parts. They are stored as they are: pictures do not get smaller."""
    target = _Parts()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files:
            archive.writestr(name, data)
            yield from target.taken()
    yield from target.taken()


class _Parts(io.RawIOBase):
    """A file that cannot be read back: what is written is taken from it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts += part
        return len(part)

    def taken(self) -> Iterator[bytes]:
        """What has been written since the last time, in parts that slow clients can take."""
        whole = bytes(self._parts)
        self._parts.clear()
        return (whole[begin : begin + PART] for begin in range(0, len(whole), PART))
