"""Permits to keep something, which end when it is deleted: what was under way by then is not kept after all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary


class Permit:
    """To keep what has one name. Not the same as the next one of that name, so that work may be told apart by it."""

    ended = False


class Permits:
    """The permits of work under way; one that nobody holds any more is forgotten. For any thread."""

    def __init__(self) -> None:
        # Two, since nobody who asks for a permit is to wait for a disk.
        self._naming, self._keeping = threading.Lock(), threading.Lock()
        self._held: WeakValueDictionary[tuple[str, str], Permit] = WeakValueDictionary()

    def of(self, owner: str, name: str = "") -> Permit:
        """A permit to keep an owner's thing of that name; without one it ends only when all of the owner's do."""
        with self._naming:
            permit = self._held.get((owner, name)) or Permit()
            self._held[owner, name] = permit
            return permit

    def end(self, owner: str, start: str = "") -> None:
        """End all permits of an owner's for names that start so. Blocks while something is being kept."""
        with self._keeping, self._naming:
            for key, permit in list(self._held.items()):
                if key[0] == owner and key[1].startswith(start):
                    permit.ended = True
                    del self._held[key]

    @contextmanager
    def using(self, permits: tuple[Permit, ...]) -> Iterator[bool]:
        """Whether all of them hold; they do not end before this does. Blocks."""
        with self._keeping:
            yield not any(each.ended for each in permits)
