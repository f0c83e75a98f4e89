"""The tests' own PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.postgres import Postgres, find, postgres_or_skip

ABANDONS = """
import os, signal
from tests.postgres import Postgres
postgres = Postgres()
postgres.start()
print(postgres.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def own() -> Iterator[Postgres]:
    """One that the test may close."""
    made = postgres_or_skip(durable=True)
    yield made
    made.close()


def ask(url: str, words: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(words.encode())
        return cursor.fetchall() if cursor.description else []


def at_work(folder: Path) -> list[Path]:
    """The processes whose working folder is in there, as every one's of a cluster is."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cwd"):
        # It may be another's, or have ended.
        with suppress(OSError):
            if str(each.readlink()).startswith(str(folder)):
                found.append(each)
    return found


def test_two_databases_are_separate(postgres: Postgres, database_url: str) -> None:
    other = postgres.database()
    ask(database_url, "CREATE TABLE things (name text)")
    with pytest.raises(psycopg.errors.UndefinedTable):
        ask(other, "SELECT * FROM things")
    postgres.drop(other)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        ask(other, "SELECT 1")


def test_after_an_outage_url_and_data_are_the_same(postgres: Postgres, database_url: str) -> None:
    ask(database_url, "CREATE TABLE things AS SELECT 'here' AS name")
    with psycopg.connect(database_url) as cut_off:
        postgres.stop()
        postgres.stop()
        with pytest.raises(psycopg.OperationalError):
            cut_off.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        ask(database_url, "SELECT 1")
    postgres.start()
    postgres.start()
    assert ask(database_url, "SELECT name FROM things") == [("here",)]


def test_a_wrong_password_is_refused(postgres: Postgres, database_url: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(database_url.replace(postgres.password, "wrong"), "SELECT 1")


def test_what_is_not_to_last_is_not_waited_for(database_url: str, own: Postgres) -> None:
    assert ask(database_url, "SHOW fsync") == [("off",)]
    assert ask(own.database(), "SHOW fsync") == [("on",)]


def test_closing_leaves_no_process_and_no_folder(own: Postgres) -> None:
    if sys.platform == "linux":
        assert len(at_work(own.folder)) > 2
    own.close()
    own.close()
    assert not at_work(own.folder)
    assert not own.folder.exists()


def test_a_killed_process_leaves_none_either(postgres: Postgres) -> None:
    words = [sys.executable, "-c", ABANDONS]
    done = subprocess.run(words, check=False, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    folder = Path(done.stdout.strip())
    until = time.monotonic() + 30
    while at_work(folder) or folder.exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_server_that_cannot_start_says_why(own: Postgres) -> None:
    own.stop()
    (own.folder / "data" / "PG_VERSION").write_text("1\n")
    with pytest.raises(RuntimeError, match="incompatible with server"):
        own.start()


@pytest.mark.parametrize("ci", ["", "true"])
def test_where_it_is_missing_ci_fails_and_others_skip(ci: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("tests.postgres.find", lambda name: None)
    with pytest.raises(pytest.fail.Exception if ci else pytest.skip.Exception, match="scripts/components"):
        postgres_or_skip()


def test_its_commands_are_found_off_path(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    if not Path("/usr/lib/postgresql").exists():
        pytest.skip("only Debian keeps them off PATH")
    assert os.access(find("postgres") or "", os.X_OK)
