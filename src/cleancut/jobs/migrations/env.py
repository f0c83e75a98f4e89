"""What Alembic runs to apply changes: always on the connection that it is given."""

from __future__ import annotations

from alembic import context

from cleancut.jobs.schema import METADATA, VERSION_TABLE

connection = context.config.attributes["connection"]
# SQLite cannot alter most of a table: it is copied instead (batch).
context.configure(connection=connection, target_metadata=METADATA, version_table=VERSION_TABLE, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
