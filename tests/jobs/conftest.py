"""Data bases of jobs: each test of them runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cleancut.jobs.database import Database, open_database
from cleancut.jobs.desk import _queue
from cleancut.jobs.migrate import migrate
from cleancut.jobs.queues import postgres, sqlite
from cleancut.jobs.queues.protocol import Queue


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str | None:
    """Of a data base without tables; None: a file."""
    return None if request.param == "sqlite" else str(request.getfixturevalue("database_url"))


@pytest.fixture
def base(url: str | None, tmp_path: Path) -> Iterator[Database]:
    """With its tables."""
    opened = open_database(url, tmp_path / "jobs.sqlite")
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def queue(base: Database) -> Iterator[Queue]:
    made = _queue(base, time.time)
    yield made
    made.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silent workers are missed soon."""
    for each in (postgres, sqlite):
        monkeypatch.setattr(each, "BEAT_S", 0.2)
        monkeypatch.setattr(each, "SILENT_S", 1.0)
