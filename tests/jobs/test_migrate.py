"""The tables: made, brought up to date, and what they are compared with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Text, inspect, text

from cleancut.errors import DatabaseUnavailable, OptionError
from cleancut.jobs.database import Database, open_database
from cleancut.jobs.migrate import config, migrate
from cleancut.jobs.schema import METADATA, VERSION_TABLE


def test_migrations_make_the_tables_that_the_code_speaks_of(base: Database) -> None:
    with base.reading() as connection:
        ours = {"version_table": VERSION_TABLE, "include_name": lambda name, kind, _: kind != "table" or _ours(name)}
        context = MigrationContext.configure(connection, opts=ours)
        assert compare_metadata(context, METADATA) == []


def _ours(name: str | None) -> bool:
    return name is not None and name.startswith("cleancut_")


def test_to_migrate_again_changes_nothing(base: Database) -> None:
    migrate(base)
    migrate(base)


def test_several_that_begin_together_make_the_tables_once(url: str | None, tmp_path: Path) -> None:
    bases = [open_database(url, tmp_path / "jobs.sqlite") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, bases))
    with bases[0].reading() as connection:
        assert inspect(connection).has_table("cleancut_jobs")
    for each in bases:
        each.close()


def test_changes_can_be_taken_back(base: Database) -> None:
    with base.writing() as connection:
        command.downgrade(config(connection), "base")
    with base.reading() as connection:
        assert not inspect(connection).has_table("cleancut_jobs")
    migrate(base)


def test_a_table_that_is_altered_keeps_what_belongs_to_its_rows(base: Database) -> None:
    with base.writing() as connection:
        columns = "id, owner, state, priority, options, version, pictures, done, failed, cancelled, bytes, held,"
        values = "'j', 'ann', 'open', 1, '{}', 1, 1, 0, 0, 0, 0, 0, FALSE, 0, 0, 0"
        connection.execute(
            text(f"INSERT INTO cleancut_jobs ({columns} handed_out, made, touched, expires) VALUES ({values})")
        )
        its = "job, number, name, state, version, attempt, crashes, vanished, size"
        connection.execute(text(f"INSERT INTO cleancut_items ({its}) VALUES ('j', 1, 'a', 'waiting', 0, 0, 0, 0, 0)"))
    with base.migrating() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table(
            "cleancut_jobs", recreate="always" if not base.is_postgres else "auto"
        ) as job:
            job.add_column(Column("note", Text))
    with base.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM cleancut_items")).scalar() == 1


def test_the_tables_of_a_newer_cleancut_are_left_alone(base: Database) -> None:
    with base.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(OptionError, match=r"newer cleancut.*9999"):
        migrate(base)


def test_what_procrastinate_has_changed_since_is_applied(database_url: str, tmp_path: Path) -> None:
    base = open_database(database_url, tmp_path / "none")
    migrate(base)
    last = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
    with base.writing() as connection:
        # As it was before its last change.
        connection.execute(text("DROP FUNCTION IF EXISTS procrastinate_retry_job_v1"))
        connection.execute(text("DELETE FROM cleancut_queue_changes WHERE name = :name"), {"name": last})
    migrate(base)
    with base.reading() as connection:
        names = connection.execute(text("SELECT name FROM cleancut_queue_changes")).scalars().all()
    assert last in names
    base.close()


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "postgresql://u:secret@h", "nonsense secret", "sqlite:///x"])
def test_other_data_bases_are_refused_without_a_word_of_the_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError) as refused:
        open_database(url, tmp_path / "none")
    assert "secret" not in f"{refused.value} {refused.value.hint}"


def test_a_data_base_that_is_away_is_told_without_its_words(tmp_path: Path) -> None:
    base = open_database("postgresql://app:secret@127.0.0.1:9/none", tmp_path / "none")
    with pytest.raises(DatabaseUnavailable) as refused:
        migrate(base)
    assert "secret" not in f"{refused.value} {refused.value.hint}"
    assert "127.0.0.1" not in str(refused.value)


def test_a_file_that_is_no_data_base_is_told(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").write_bytes(b"no data base" * 100)
    base = open_database(None, tmp_path / "jobs.sqlite")
    with pytest.raises(DatabaseUnavailable):
        migrate(base)
    base.close()
