"""What the tests of weights share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cleancut.models.weights import Store
from tests.fakes.bad_server import BadServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with BadServer() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder
