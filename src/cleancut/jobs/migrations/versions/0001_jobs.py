"""Jobs, their pictures, messages to webhooks, and the queue of one machine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    _make_jobs()
    _make_items()
    _make_messages()
    _make_queue()


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_cleancut_items_job_version", table_name="cleancut_items")
    op.drop_table("cleancut_items")
    op.drop_table("cleancut_attempts")
    op.drop_index("ix_cleancut_webhook_secrets_owner", table_name="cleancut_webhook_secrets")
    op.drop_table("cleancut_webhook_secrets")
    op.drop_index("ix_cleancut_tasks_next", table_name="cleancut_tasks")
    op.drop_table("cleancut_tasks")
    op.drop_table("cleancut_queue_changes")
    op.drop_index("ix_cleancut_jobs_state", table_name="cleancut_jobs")
    op.drop_index("ix_cleancut_jobs_owner_made", table_name="cleancut_jobs")
    op.drop_index("ix_cleancut_jobs_expires", table_name="cleancut_jobs")
    op.drop_table("cleancut_jobs")
    op.drop_index("ix_cleancut_deliveries_state", table_name="cleancut_deliveries")
    op.drop_index("ix_cleancut_deliveries_owner_made", table_name="cleancut_deliveries")
    op.drop_index("ix_cleancut_deliveries_expires", table_name="cleancut_deliveries")
    op.drop_table("cleancut_deliveries")


def _make_jobs() -> None:
    op.create_table(
        "cleancut_jobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=True),
        sa.Column("idempotency", sa.String(length=255), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pictures", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("handed_out", sa.Boolean(), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("touched", sa.Float(), nullable=False),
        sa.Column("ended", sa.Float(), nullable=True),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleancut_jobs")),
        sa.UniqueConstraint("owner", "idempotency", name=op.f("uq_cleancut_jobs_owner")),
    )
    op.create_index("ix_cleancut_jobs_expires", "cleancut_jobs", ["expires"], unique=False)
    op.create_index("ix_cleancut_jobs_owner_made", "cleancut_jobs", ["owner", "made"], unique=False)
    op.create_index("ix_cleancut_jobs_state", "cleancut_jobs", ["state", "handed_out"], unique=False)


def _make_items() -> None:
    op.create_table(
        "cleancut_items",
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("vanished", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.String(length=128), nullable=True),
        sa.Column("result_size", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("hint", sa.Text(), nullable=True),
        sa.Column("begun", sa.Float(), nullable=True),
        sa.Column("ended", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["job"], ["cleancut_jobs.id"], name=op.f("fk_cleancut_items_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job", "number", name=op.f("pk_cleancut_items")),
    )
    op.create_index("ix_cleancut_items_job_version", "cleancut_items", ["job", "version"], unique=False)


def _make_messages() -> None:
    op.create_table(
        "cleancut_deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("handed_out", sa.Boolean(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("ended", sa.Float(), nullable=True),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleancut_deliveries")),
    )
    op.create_index("ix_cleancut_deliveries_expires", "cleancut_deliveries", ["expires"], unique=False)
    op.create_index("ix_cleancut_deliveries_owner_made", "cleancut_deliveries", ["owner", "made"], unique=False)
    op.create_index("ix_cleancut_deliveries_state", "cleancut_deliveries", ["state", "handed_out"], unique=False)
    op.create_table(
        "cleancut_webhook_secrets",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("ends", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleancut_webhook_secrets")),
    )
    op.create_index("ix_cleancut_webhook_secrets_owner", "cleancut_webhook_secrets", ["owner"], unique=False)
    op.create_table(
        "cleancut_attempts",
        sa.Column("delivery", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("ms", sa.Float(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery"], ["cleancut_deliveries.id"], name=op.f("fk_cleancut_attempts_delivery"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery", "number", name=op.f("pk_cleancut_attempts")),
    )


def _make_queue() -> None:
    op.create_table(
        "cleancut_queue_changes",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cleancut_queue_changes")),
    )
    op.create_table(
        "cleancut_tasks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due", sa.Float(), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=True),
        sa.Column("held_until", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cleancut_tasks")),
    )
    op.create_index("ix_cleancut_tasks_next", "cleancut_tasks", ["kind", "priority", "id"], unique=False)
