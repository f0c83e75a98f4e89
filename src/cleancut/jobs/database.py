"""The data base of jobs: a SQLite file, or PostgreSQL for several machines. All calls block."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from cleancut.errors import DatabaseUnavailable, OptionError
from cleancut.files import make_folder

# Whoever writes to a SQLite file waits its turn; each holds it for milliseconds.
_SQLITE_WAITS_S = 10

# A server that does not answer must not hold a request for longer than its client waits.
_CONNECT_S = 3
_STATEMENT_MS = 15_000
POSTGRES: dict[str, Any] = {
    "connect_timeout": _CONNECT_S,
    "options": f"-c statement_timeout={_STATEMENT_MS} -c lock_timeout={_STATEMENT_MS}",
    "application_name": "cleancut",
    # A machine that vanished without a word is noticed within so many milliseconds.
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}


class Database:
    """Connections to one data base, for any thread. Whatever goes wrong there raises DatabaseUnavailable."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self.engine = engine
        self.url = url

    @property
    def is_postgres(self) -> bool:
        return self.url.get_backend_name() == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that waits for nobody who writes."""
        with answering(), self.engine.connect().execution_options(reads=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all that is done within the block is kept, or, where it ends by an error, nothing."""
        with answering(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A transaction for changes of the tables, which may take long, and of which no row may be a victim."""
        if self.is_postgres:
            with self.writing() as connection:
                for each in ("statement_timeout", "lock_timeout"):
                    connection.exec_driver_sql(f"SET LOCAL {each} = 0")
                yield connection
            return
        # SQLite alters a table by copying it and dropping the old one, which would take the rows that belong to its
        # rows with it.
        engine = _sqlite(self.url, cascades=False)
        try:
            with answering(), engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    @property
    def place(self) -> str:
        """Where it is, as it may be shown."""
        return f"{self.url.host}/{self.url.database}" if self.is_postgres else str(self.url.database)

    def close(self) -> None:
        """Close all connections that are not in use."""
        self.engine.dispose()


def open_database(url: str | None, file: Path) -> Database:
    """The data base at ``url``, or the SQLite ``file`` where there is none. Nothing is asked of it yet.

    Raises OptionError, Unwritable.
    """
    parsed = _parsed(url) if url else URL.create("sqlite", database=str(file))
    if parsed.get_backend_name() == "postgresql":
        return Database(_postgres(parsed), parsed)
    make_folder(file.parent)
    return Database(_sqlite(parsed), parsed)


@contextmanager
def answering() -> Iterator[None]:
    """Tell of a data base's trouble without its words, which hold addresses, queries and values."""
    try:
        yield
    except SQLAlchemyError as error:
        raise unavailable(error) from error


def unavailable(error: Exception) -> DatabaseUnavailable:
    """The error to show for a data base that does not answer; its own words are the cause, for the log."""
    return DatabaseUnavailable(
        "the data base of jobs does not answer", hint="try again in half a minute; see the log for the reason"
    )


def reason_of(error: BaseException) -> str:
    """What was wrong in the end, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return next(iter(str(error).splitlines()), type(error).__name__)


def _parsed(url: str) -> URL:
    """Raises OptionError, which does not repeat the password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = URL.create("none")
    if parsed.drivername not in ("postgresql", "postgres", "postgresql+psycopg") or not parsed.database:
        raise OptionError(
            "the URL of the data base is none of PostgreSQL",
            hint="set CLEANCUT_DATABASE like postgresql://user:password@host/name, or unset it for a local file",
        )
    return parsed.set(drivername="postgresql+psycopg")


def _postgres(url: URL) -> Engine:
    if sys.platform == "win32":
        # psycopg does not work with the event loop that Windows has.
        raise OptionError("jobs on PostgreSQL do not run on Windows", hint="unset CLEANCUT_DATABASE there")
    try:
        import procrastinate  # noqa: F401
        import psycopg  # noqa: F401
    except ImportError as error:
        raise OptionError(
            f"PostgreSQL needs a package that is not installed: {error.name}",
            hint="pip install 'cleancut[postgres]'",
        ) from error
    # What lies idle may have been closed by the server since: it is asked before use.
    return create_engine(
        url, pool_size=5, max_overflow=15, pool_timeout=5, pool_pre_ping=True, connect_args=POSTGRES,
        hide_parameters=True,
    )  # fmt: skip


def _sqlite(url: URL, cascades: bool = True) -> Engine:
    engine = create_engine(url, connect_args={"timeout": _SQLITE_WAITS_S}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        # Transactions are begun below, not by Python's module.
        connection.isolation_level = None
        # Readers and a writer side by side. What is committed outlives a loss of power (synchronous is FULL).
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"foreign_keys={'ON' if cascades else 'OFF'}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Who reads first and writes then would find that somebody else has written in between.
        reads = connection.get_execution_options().get("reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine
