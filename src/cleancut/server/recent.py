"""Photos in memory that points have grown on lately, so that the next point need not wait for a decoder."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cachetools import TTLCache

if TYPE_CHECKING:
    from cleancut.matting.grow import Ground

# As long as somebody may look at the picture between two clicks.
KEEP_S = 120.0


class Recent:
    """The last few photos, bounded in bytes and in time. For any thread."""

    def __init__(self, most_bytes: int, seconds: float = KEEP_S, clock: Callable[[], float] = time.monotonic) -> None:
        """``seconds``: after which a photo goes that nobody has asked for."""
        self._lock = threading.Lock()
        self._photos: TTLCache[tuple[str, str], Ground] = TTLCache(
            most_bytes, seconds, clock, getsizeof=lambda ground: ground.nbytes
        )

    def find(self, owner: str, matte: str) -> Ground | None:
        """The photo of a matte, which then stays for the whole time again."""
        with self._lock:
            found = self._photos.get((owner, matte))
            if found is not None:
                self._photos[owner, matte] = found
            return found

    def keep(self, owner: str, matte: str, ground: Ground) -> None:
        """Keep it, unless it is larger than all that may be kept; what was used longest ago makes room."""
        with self._lock:
            if ground.nbytes <= self._photos.maxsize:
                self._photos[owner, matte] = ground

    def forget(self, owner: str, matte: str | None = None) -> None:
        """Let go of a matte's photo, or of all of an owner's."""
        with self._lock:
            for key in [each for each in self._photos if each[0] == owner and matte in (None, each[1])]:
                self._photos.pop(key, None)

    def sweep(self) -> None:
        """Let go of what is kept too long."""
        with self._lock:
            self._photos.expire()
