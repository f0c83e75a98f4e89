"""The tables of jobs, one schema for SQLite and PostgreSQL. Times are Unix seconds, by the clock of who writes them.

Their names begin with ``cleancut_``, so that they can live in a data base with others'.

A change here needs a migration beside it (``migrations/versions``); a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

# Migrations name constraints by these, since SQLite gives them no names of its own.
_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

METADATA = MetaData(naming_convention=_NAMES)

# Where Alembic writes which changes have been made.
VERSION_TABLE = "cleancut_schema"

# In SQLite only an INTEGER key counts up by itself.
_COUNTER = BigInteger().with_variant(Integer, "sqlite")


JOBS = Table(
    "cleancut_jobs",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("options", Text, nullable=False),
    Column("webhook", Text),
    Column("idempotency", String(255)),
    Column("digest", String(64)),
    Column("version", Integer, nullable=False, default=0),
    Column("pictures", Integer, nullable=False, default=0),
    Column("done", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("cancelled", Integer, nullable=False, default=0),
    Column("bytes", BigInteger, nullable=False, default=0),
    Column("held", BigInteger, nullable=False, default=0),
    Column("handed_out", Boolean, nullable=False, default=False),
    Column("made", Float, nullable=False),
    Column("touched", Float, nullable=False),
    Column("ended", Float),
    Column("expires", Float, nullable=False),
    UniqueConstraint("owner", "idempotency"),
    Index("ix_cleancut_jobs_owner_made", "owner", "made"),
    Index("ix_cleancut_jobs_state", "state", "handed_out"),
    Index("ix_cleancut_jobs_expires", "expires"),
)

ITEMS = Table(
    "cleancut_items",
    METADATA,
    Column("job", String(32), ForeignKey("cleancut_jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("url", Text),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False, default=0),
    Column("attempt", Integer, nullable=False, default=0),
    Column("crashes", Integer, nullable=False, default=0),
    Column("vanished", Integer, nullable=False, default=0),
    Column("size", BigInteger, nullable=False, default=0),
    Column("result", String(128)),
    Column("result_size", BigInteger),
    Column("facts", Text),
    Column("code", String(64)),
    Column("error", Text),
    Column("hint", Text),
    Column("begun", Float),
    Column("ended", Float),
    Index("ix_cleancut_items_job_version", "job", "version"),
)

SECRETS = Table(
    "cleancut_webhook_secrets",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("secret", Text, nullable=False),
    Column("made", Float, nullable=False),
    Column("ends", Float),
    Index("ix_cleancut_webhook_secrets_owner", "owner"),
)

# What becomes of a job is told to its webhook; the log outlives the job itself.
DELIVERIES = Table(
    "cleancut_deliveries",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("job", String(32), nullable=False),
    Column("event", String(32), nullable=False),
    Column("url", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("handed_out", Boolean, nullable=False, default=False),
    Column("round", Integer, nullable=False, default=1),
    Column("made", Float, nullable=False),
    Column("ended", Float),
    Column("expires", Float, nullable=False),
    Index("ix_cleancut_deliveries_owner_made", "owner", "made"),
    Index("ix_cleancut_deliveries_state", "state", "handed_out"),
    Index("ix_cleancut_deliveries_expires", "expires"),
)

ATTEMPTS = Table(
    "cleancut_attempts",
    METADATA,
    Column("delivery", String(40), ForeignKey("cleancut_deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("round", Integer, nullable=False),
    Column("made", Float, nullable=False),
    Column("ms", Float, nullable=False),
    Column("status", Integer),
    Column("problem", Text),
)

# The queue of one machine; on PostgreSQL procrastinate has tables of its own, and this one stays empty.
TASKS = Table(
    "cleancut_tasks",
    METADATA,
    Column("id", _COUNTER, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("key", String(128), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("due", Float, nullable=False),
    Column("holder", String(32)),
    Column("held_until", Float),
    Index("ix_cleancut_tasks_next", "kind", "priority", "id"),
)

# Which of procrastinate's own changes to its tables have been made; only on PostgreSQL.
QUEUE_CHANGES = Table("cleancut_queue_changes", METADATA, Column("name", String(128), primary_key=True))
