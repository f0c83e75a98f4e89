"""What one process is writing, in a folder of its own until it is complete."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from cleancut.storage.folders import listed, make_private


class Incoming:
    """The folder of what this process is writing.

    A process that is killed leaves its folder but not its lock: so others see that nobody will complete what is in it.
    """

    def __init__(self, folder: Path, durable: bool) -> None:
        self._all = folder
        self._durable = durable
        self._lock = claim(folder)
        self._own = Path(self._lock.lock_file).with_suffix("")

    @contextmanager
    def file(self, data: bytes, expires: float) -> Iterator[Path]:
        """A complete file of ``data``, to be moved away within the block. Raises OSError."""
        # Here, not once: what cleans up temporary folders takes those that lie unused.
        make_private(self._all, self._own)
        path = self._own / secrets.token_hex(8)
        try:
            path.touch(0o600, exist_ok=False)
            path.write_bytes(data)
            if self._durable:
                with path.open("r+b") as file:
                    os.fsync(file.fileno())
            os.utime(path, (expires, expires))
            yield path
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def settle(self, *folders: Path) -> None:
        """Have the names in these folders outlive a loss of power. Raises OSError."""
        # Windows opens no folders.
        if self._durable and hasattr(os, "O_DIRECTORY"):
            for each in folders:
                opened = os.open(each, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(opened)
                finally:
                    os.close(opened)

    @property
    def closed(self) -> bool:
        return not self._lock.is_locked

    def sweep(self) -> int:
        """Remove what processes that are no more have left; how many files."""
        # Only what looks like ours: the folder may hold what a file manager or a network file system puts there.
        found = (re.fullmatch(r"([0-9a-f]{16})(\.lock)?", each) for each in listed(self._all))
        return sum(self._sweep_one(token) for token in {each[1] for each in found if each})

    def _sweep_one(self, token: str) -> int:
        lock = FileLock(self._all / f"{token}.lock", mode=0o600)
        try:
            lock.acquire(blocking=False)
        except OSError:
            return 0  # Held, or not ours to touch.
        try:
            left = len(listed(self._all / token))
            self._remove(lock)
            return left
        finally:
            lock.release()

    def close(self) -> None:
        """Remove the folder and let go of the lock."""
        self._remove(self._lock)
        self._lock.release()

    def _remove(self, lock: FileLock) -> None:
        """Remove a folder and then its lock file, while the lock is held. A kill in between leaves the lock's name."""
        file = Path(lock.lock_file)
        shutil.rmtree(file.with_suffix(""), ignore_errors=True)
        # Windows removes no open file; there, releasing the lock removes it.
        with suppress(OSError):
            file.unlink(missing_ok=True)


def claim(folder: Path) -> FileLock:
    """The lock on a new name in ``folder``, held. Raises OSError."""
    while True:
        # Whichever thread stops the server releases it.
        lock = FileLock(folder / f"{secrets.token_hex(8)}.lock", mode=0o600, thread_local=False)
        lock.acquire()
        # A sweep in the instant between making the file and locking it has removed the name.
        if Path(lock.lock_file).exists():
            return lock
        lock.release()
