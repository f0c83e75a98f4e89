from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cleancut.storage.local import LocalStorage
from tests.storage.folders import Clock, Make


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(tmp_path: Path, clock: Clock) -> Iterator[Make]:
    """Storages on one folder, as if each were another process's."""
    made: list[LocalStorage] = []

    def one(max_bytes: int | None = None) -> LocalStorage:
        made.append(LocalStorage(tmp_path / "kept", max_bytes, clock))
        return made[-1]

    yield one
    for each in made:
        each.close()
