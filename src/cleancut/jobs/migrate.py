"""The tables brought up to date, by whichever server or worker comes first. Blocks."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, inspect, select, text

from cleancut.errors import OptionError
from cleancut.jobs.database import Database
from cleancut.jobs.schema import QUEUE_CHANGES, VERSION_TABLE

# Any number that others do not lock in this data base: "cut" in ASCII.
_LOCK = 0x637574


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, all of them."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    return made


def migrate(base: Database) -> None:
    """Make the tables, or bring them up to date. Raises DatabaseUnavailable, OptionError."""
    script = ScriptDirectory.from_config(config())
    with base.migrating() as connection:
        if base.is_postgres:
            # Others that start at the same moment wait until it is done.
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
        if found not in {None, *(each.revision for each in script.walk_revisions())}:
            raise OptionError(
                f"the data base of jobs was made by a newer cleancut (its schema is {found})",
                hint="update cleancut, or choose another data base",
            )
        if found != script.get_current_head():
            command.upgrade(config(connection), "head")
        if base.is_postgres:
            _migrate_queue(connection)


def _migrate_queue(connection: Connection) -> None:
    """The same for procrastinate's tables."""
    from procrastinate.schema import SchemaManager

    changes = {path.name: path for path in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))}
    made = set(connection.execute(select(QUEUE_CHANGES.c.name)).scalars())
    # psycopg takes several statements at a time where there are no parameters, and a % is then no placeholder.
    plain = connection.execution_options(no_parameters=True)
    if not inspect(connection).has_table("procrastinate_jobs"):
        plain.exec_driver_sql(SchemaManager.get_schema())
    elif made:
        for name in sorted(set(changes) - made):
            plain.exec_driver_sql(changes[name].read_text(encoding="utf-8"))
    # Where somebody else has made the tables, they are taken to be those of this version.
    if new := set(changes) - made:
        connection.execute(insert(QUEUE_CHANGES), [{"name": name} for name in sorted(new)])
