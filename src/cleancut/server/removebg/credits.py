"""Credits: what each key has used this month, in one SQLite file that several processes may share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cleancut.errors import Unwritable
from cleancut.files import make_folder
from cleancut.server.problems import Refused

# Told to clients of a plan without a limit, who stop where they find none.
PLENTY = 1_000_000.0

# Cents: binary fractions of credits would not add up.
_CENTS = 100

_TABLE = """
CREATE TABLE IF NOT EXISTS used (
    owner TEXT NOT NULL,
    month TEXT NOT NULL,
    cents INTEGER NOT NULL,
    PRIMARY KEY (owner, month)
)
"""


class Ledger:
    """The credits that each owner has used, month by month (UTC). All calls block; any thread may make them."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path

    def left(self, owner: str, plan: float | None) -> float:
        """What an owner with ``plan`` credits a month, None for no limit, still has. Raises Unwritable."""
        if plan is None:
            return PLENTY
        with self._opened() as base:
            return max(0.0, plan - _used(base, owner) / _CENTS)

    def charge(self, owner: str, credits: float, plan: float | None) -> None:
        """Take credits, all or none. Raises Refused (credits_used_up), Unwritable."""
        cents = round(credits * _CENTS)
        with self._opened() as base:
            # One statement at a time gets past here, whatever other processes do.
            base.execute("BEGIN IMMEDIATE")
            used = _used(base, owner)
            if plan is not None and used + cents > round(plan * _CENTS):
                base.execute("ROLLBACK")
                left = max(0.0, plan - used / _CENTS)
                raise Refused(
                    "credits_used_up", f"{credits:g} credits are needed, and {left:g} are left this month",
                    hint="ask the operator for more, or wait for the next month",
                )  # fmt: skip
            _add(base, owner, cents)
            base.execute("COMMIT")

    def refund(self, owner: str, credits: float) -> None:
        """Give credits back for what could not be made. Raises Unwritable."""
        with self._opened() as base:
            _add(base, owner, -round(credits * _CENTS))

    def forget(self, owner: str) -> None:
        """Delete what is known of an owner. Raises Unwritable."""
        with self._opened() as base:
            base.execute("DELETE FROM used WHERE owner = ?", (owner,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        make_folder(self._path.parent)
        try:
            with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as base:
                base.execute(_TABLE)
                yield base
        except sqlite3.Error as error:
            raise Unwritable(f"the credits cannot be counted: {error}", hint=f"look at {self._path}") from error


def _used(base: sqlite3.Connection, owner: str) -> int:
    found = base.execute("SELECT cents FROM used WHERE owner = ? AND month = ?", (owner, _month())).fetchone()
    return int(found[0]) if found else 0


def _add(base: sqlite3.Connection, owner: str, cents: int) -> None:
    base.execute(
        "INSERT INTO used VALUES (?, ?, max(0, ?)) ON CONFLICT DO UPDATE SET cents = max(0, cents + ?)",
        (owner, _month(), cents, cents),
    )


def _month() -> str:
    return datetime.now(UTC).strftime("%Y-%m")
