"""Loaded models, shared by threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

from cleancut.runtime.session import Engine


class EnginePool:
    """Loads each engine once; threads that want the same one wait for it, others do not.

    ``limit``: the most that are kept; the one used longest ago goes first.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._loading: dict[Hashable, threading.Lock] = {}
        self._engines: dict[Hashable, Engine] = {}

    def get(self, key: Hashable, load: Callable[[], Engine]) -> Engine:
        """The engine of that key, loaded now if it is not yet. What ``load`` raises goes to its caller alone."""
        with self._lock:
            loading = self._loading.setdefault(key, threading.Lock())
        with loading:
            engine = self._engines.get(key) or load()
            with self._lock:
                # The last in order is the one used last.
                self._engines.pop(key, None)
                self._engines[key] = engine
                while self.limit is not None and len(self._engines) > self.limit:
                    del self._engines[next(iter(self._engines))]
            return engine

    def drop(self, key: Hashable) -> None:
        """Keep an engine no longer. Those who hold it go on with it; its memory is freed when the last lets go."""
        with self._lock:
            self._engines.pop(key, None)

    def unload(self, key: Hashable | None = None) -> None:
        """Free one engine, or all. Work that has begun on it ends normally."""
        with self._lock:
            keys = list(self._engines) if key is None else [key]
            engines = [self._engines.pop(each) for each in keys if each in self._engines]
        for engine in engines:
            engine.session.close()

    @property
    def loaded(self) -> tuple[Engine, ...]:
        return tuple(self._engines.values())
