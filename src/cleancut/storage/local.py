"""Objects as files of a local folder, which several processes may share.

::

    objects/OWNER/NAME      an object; its mtime is the moment at which it expires
    incoming/TOKEN/…        what one process is writing
    incoming/TOKEN.lock     locked for as long as that process lives

There is no data base: the files say all, and a restart finds everything again.

An object is written elsewhere, completely, and then renamed: a process killed at any point leaves no half object.
Nothing is synchronised to the disk, unless it is asked for. That makes each object wait for the disk, and protects only
those of the last seconds before the *machine* loses power. Others may come back short, and live for an hour or so; a
decoder notices.
"""

from __future__ import annotations

import errno
import math
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cachetools import TLRUCache

from cleancut.errors import Unwritable
from cleancut.storage.folders import (
    Key,
    discard,
    found_at,
    listed,
    make_private,
    path_of,
    remove,
    remove_if_empty,
)
from cleancut.storage.incoming import Incoming
from cleancut.storage.protocol import Stored, is_name, require_name

# An owner's folder can vanish between making it and moving a file there, when another process removes its last object.
# That this happens so often in a row means that something else is wrong.
TRIES = 10


class Index(TLRUCache[Key, Stored]):
    """What is known of the files, least recently used first. Whatever it drops by itself is removed from the disk.

    Removing a key only forgets it.
    """

    def __init__(self, objects: Path, max_bytes: int | None, clock: Callable[[], float]) -> None:
        self._objects = objects
        super().__init__(
            math.inf if max_bytes is None else max_bytes,
            lambda key, stored, now: stored.expires,
            clock,
            lambda stored: stored.size,
        )

    def popitem(self) -> tuple[Key, Stored]:
        """Evict the object least recently used."""
        key, stored = super().popitem()
        discard(path_of(self._objects, key))
        return key, stored

    def expire(self, time: float | None = None) -> list[tuple[Key, Stored]]:
        """Drop what has expired. The library calls this wherever it matters."""
        dropped = super().expire(time)
        for key, stored in dropped:
            path = path_of(self._objects, key)
            # Only what was known: another process, or the call in hand, may have put the object anew.
            if found_at(path) == stored:
                discard(path)
        return dropped


class LocalStorage:
    """A ``Storage`` in ``folder``.

    ``max_bytes`` bounds what this process knows to be there, which is what it has put, been asked for or last swept;
    what is about to appear comes on top. The objects least recently used make room, before their time if need be.
    """

    def __init__(
        self,
        folder: Path,
        max_bytes: int | None,
        clock: Callable[[], float] = time.time,
        durable: bool = False,
    ) -> None:
        """Make the folder, or take over what is in it. Raises Unwritable.

        ``durable``: what has been put is there also after a loss of power.
        """
        self._objects = folder / "objects"
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.RLock()
        self._index = Index(self._objects, max_bytes, clock)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private(self._objects, folder / "incoming")
            self._incoming = Incoming(folder / "incoming", durable)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise Unwritable(
                f"cannot keep results in {folder}: {reason}", hint="choose another folder, or change its permissions"
            ) from error
        self._settle()

    def put(self, owner: str, name: str, data: bytes, seconds: float) -> Stored:
        """See ``Storage``."""
        require_name(owner)
        require_name(name)
        if self._max_bytes is not None and len(data) > self._max_bytes:
            raise Unwritable(
                f"the result has {len(data):,} bytes, and the server keeps at most {self._max_bytes:,}",
                hint="ask for a smaller picture, or for a format that takes less space",
            )
        if self._incoming.closed:
            raise Unwritable("the server cannot store the result: it is about to stop", hint="try again later")
        try:
            with self._incoming.file(data, self._clock() + seconds) as complete:
                return self._place(complete, (owner, name))
        except OSError as error:
            raise unwritable(error) from error

    def get(self, owner: str, name: str) -> bytes | None:
        """See ``Storage``."""
        if self.find(owner, name) is None:
            return None
        try:
            # Without the lock: a file that is replaced or removed meanwhile is still read whole.
            return path_of(self._objects, (owner, name)).read_bytes()
        except FileNotFoundError:
            return None

    def find(self, owner: str, name: str) -> Stored | None:
        """See ``Storage``."""
        require_name(owner)
        if not is_name(name):
            return None
        key = owner, name
        with self._lock:
            self._index.expire()
            # The disk is asked each time, since another process may have put, replaced or removed the file.
            stored = self._living(key)
            if stored is None:
                self._index.pop(key, None)
            elif self._index.get(key) != stored:
                self._enter(key, stored)
            return stored if key in self._index else None

    def prolong(self, owner: str, name: str, seconds: float) -> Stored | None:
        """See ``Storage``."""
        with self._lock:
            if self.find(owner, name) is None:
                return None
            expires = self._clock() + seconds
            # Another process may have removed it since.
            with suppress(FileNotFoundError):
                os.utime(path_of(self._objects, (owner, name)), (expires, expires))
            return self.find(owner, name)

    def delete(self, owner: str, name: str) -> bool:
        """See ``Storage``."""
        require_name(owner)
        return is_name(name) and self._remove((owner, name))

    def of(self, owner: str) -> list[Stored]:
        """See ``Storage``."""
        require_name(owner)
        found = (self._living((owner, name)) for name in self._names(owner))
        return sorted((each for each in found if each), key=lambda each: each.name)

    def erase(self, owner: str) -> int:
        """See ``Storage``."""
        require_name(owner)
        return sum(self._remove((owner, name)) for name in self._names(owner))

    def sweep(self) -> int:
        """See ``Storage``. Also learns what other processes have put and removed."""
        return self._settle() + self._incoming.sweep()

    @property
    def is_there(self) -> bool:
        """Whether its folder is: one on a file system that is not mounted now looks like one without objects."""
        return self._objects.is_dir()

    def close(self) -> None:
        """End writing: the objects stay. Without this call, the next ``sweep`` of any process cleans up instead."""
        self._incoming.close()

    def _names(self, owner: str) -> list[str]:
        return [name for name in listed(self._objects / owner) if is_name(name)]

    def _living(self, key: Key) -> Stored | None:
        stored = found_at(path_of(self._objects, key))
        return stored if stored and self._clock() < stored.expires else None

    def _place(self, complete: Path, key: Key) -> Stored:
        """Give a complete file its name. Raises OSError."""
        # Read back, so that this call says what later ones will: not every file system keeps all digits of a time.
        status = complete.stat()
        stored = Stored(key[1], status.st_size, status.st_mtime)
        with self._lock:
            self._move(complete, key)
            self._enter(key, stored)
        return stored

    def _move(self, complete: Path, key: Key) -> None:
        target = path_of(self._objects, key)
        for left in reversed(range(TRIES)):
            make_private(self._objects, target.parent)
            try:
                complete.replace(target)
                self._incoming.settle(target.parent, self._objects)
                return
            except FileNotFoundError:
                if not left:
                    raise

    def _enter(self, key: Key, stored: Stored) -> None:
        """Put an object of the disk into the index, which may drop others. The lock must be held."""
        # What had the name is forgotten first: dropped to make room, it would take the new file with it.
        self._index.pop(key, None)
        if stored.size > self._index.maxsize:
            # From a time, or a process, with a higher limit.
            discard(path_of(self._objects, key))
        else:
            self._index[key] = stored

    def _remove(self, key: Key) -> bool:
        """Remove an object; whether there was one that had not expired. Raises Unwritable."""
        path = path_of(self._objects, key)
        with self._lock:
            lived = self._living(key) is not None
            try:
                gone = remove(path)
            except OSError as error:
                raise unwritable(error, "remove") from error
            self._index.pop(key, None)
            return lived and gone

    def _settle(self) -> int:
        """Remove expired files, however they came there, and make the index agree with the disk; how many expired."""
        found: list[tuple[float, Key]] = []
        for owner in filter(is_name, listed(self._objects)):
            keys = [(owner, name) for name in self._names(owner)]
            found += [(each.expires, key) for key in keys if (each := found_at(path_of(self._objects, key)))]
            # Left by a process that was killed between making it and moving a file there.
            remove_if_empty(self._objects / owner)
        # For want of knowing what was used when, what expires first was used first.
        expired = sum(self._settle_one(key) for _, key in sorted(found))
        with self._lock:
            for key in set(self._index) - {key for _, key in found}:
                if self._living(key) is None:
                    self._index.pop(key, None)
        return expired

    def _settle_one(self, key: Key) -> bool:
        """The same for one object; whether it had expired. What the index knows already does not count as used."""
        path = path_of(self._objects, key)
        with self._lock:
            stored = found_at(path)
            if stored is None:
                return False
            if stored.expires <= self._clock():
                return discard(path)
            if key not in self._index:
                self._enter(key, stored)
            return False


def unwritable(error: OSError, what: str = "store") -> Unwritable:
    """The error to show for a result that could not be stored or removed. Clients see it, so it names no path."""
    reason = os.strerror(error.errno) if error.errno else "its disk failed"
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "try again later, when older results have expired" if full else "tell whoever runs the server"
    return Unwritable(f"the server cannot {what} the result: {reason}", hint=hint)
