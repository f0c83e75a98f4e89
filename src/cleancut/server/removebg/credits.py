"""Credits: what each key has used this month, in one SQLite file that several processes may share."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

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


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was taken, of whom, in which month."""

    owner: str
    month: str
    credits: float


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

    def charge(self, owner: str, wishes: Sequence[float], plan: float | None) -> Receipt:
        """Take the first of ``wishes``, in credits, that the plan suffices for.

        Raises Refused (credits_used_up), Unwritable.
        """
        with self._opened() as base:
            # One statement at a time gets past here, whatever other processes do.
            base.execute("BEGIN IMMEDIATE")
            month, used = _month(), _used(base, owner)
            for credits in wishes:
                cents = round(credits * _CENTS)
                if plan is None or used + cents <= round(plan * _CENTS):
                    _add(base, owner, month, cents)
                    base.execute("COMMIT")
                    return Receipt(owner, month, credits)
            base.execute("ROLLBACK")
        left = max(0.0, (plan or 0) - used / _CENTS)
        raise Refused(
            "credits_used_up", f"{min(wishes):g} credits are needed, and {left:g} are left this month",
            hint="ask the operator for more, or wait for the next month",
        )  # fmt: skip

    def refund(self, receipt: Receipt) -> None:
        """Give credits back for what could not be made. Raises Unwritable."""
        with self._opened() as base:
            _add(base, receipt.owner, receipt.month, -round(receipt.credits * _CENTS))

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


def _add(base: sqlite3.Connection, owner: str, month: str, cents: int) -> None:
    base.execute(
        "INSERT INTO used VALUES (?, ?, max(0, ?)) ON CONFLICT DO UPDATE SET cents = max(0, cents + ?)",
        (owner, month, cents, cents),
    )


def _month() -> str:
    return datetime.now(UTC).strftime("%Y-%m")


@asynccontextmanager
async def charged(ledger: Ledger, owner: str, wishes: Sequence[float], plan: float | None) -> AsyncIterator[Receipt]:
    """Credits taken for what is done within the block, and given back where it ends by an error, whatever that is.

    Raises what ``Ledger.charge`` raises.
    """
    charging = asyncio.ensure_future(asyncio.to_thread(ledger.charge, owner, wishes, plan))
    try:
        yield await asyncio.shield(charging)
    except BaseException:
        # Also where the client went away while it was being charged. In a task of its own, which nothing cancels.
        giving_back = asyncio.ensure_future(_give_back(ledger, charging))
        _UNDER_WAY.add(giving_back)
        giving_back.add_done_callback(_UNDER_WAY.discard)
        with suppress(asyncio.CancelledError):
            await asyncio.shield(giving_back)
        raise


# A task that nobody holds may be collected before it is done.
_UNDER_WAY: set[asyncio.Future[None]] = set()


async def _give_back(ledger: Ledger, charging: asyncio.Future[Receipt]) -> None:
    try:
        receipt = await charging
    except (Refused, Unwritable):
        return  # Nothing was taken.
    try:
        await asyncio.to_thread(ledger.refund, receipt)
    except Unwritable as error:
        structlog.get_logger().error("credits were not given back", owner=receipt.owner, problem=str(error))
