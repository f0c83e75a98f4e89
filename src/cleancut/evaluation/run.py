"""Running candidates, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Protocol

from cleancut.errors import CleancutError, InferenceFailed
from cleancut.evaluation.process import Cost, Fetching, Order, Ran, work


class Watch(Protocol):
    """Who is told how far the work has come."""

    def begin(self, what: str, count: int) -> None:
        """A stage of so many photos begins."""

    def advance(self) -> None:
        """One photo more is done."""

    def fetch(self, what: str, done: int, total: int | None) -> None:
        """Bytes of a download."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a candidate did its work; its mattes lie in the order's folder."""

    ran: Ran
    costs: tuple[Cost, ...]
    """One a photo."""


def run(order: Order, watch: Watch) -> Run:
    """Make all of a candidate's mattes in a process of its own. Raises CleancutError, as met there."""
    watch.begin(order.candidate.name, len(order.photos))
    # Spawned, not forked: a copy of this process would have its memory and its locks.
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(order, sending), name=f"cleancut {order.candidate.name}", daemon=True)
    process.start()
    # Held by the other process alone, so that its end is the pipe's end.
    sending.close()
    try:
        return _listen(receiving, watch)
    except EOFError:
        process.join()
        raise InferenceFailed(
            f"{order.candidate.name}: its process ended with {process.exitcode}",
            hint="free some memory, or choose a smaller model" if process.exitcode == -9 else "see the lines above",
        ) from None
    finally:
        process.terminate()
        process.join()
        receiving.close()


def _listen(connection: Connection, watch: Watch) -> Run:
    costs: list[Cost] = []
    while True:
        message = connection.recv()
        if isinstance(message, CleancutError):
            raise message
        if isinstance(message, Fetching):
            watch.fetch(message.what, message.done, message.total)
        elif isinstance(message, Cost):
            costs.append(message)
            watch.advance()
        elif isinstance(message, Ran):
            return Run(message, tuple(costs))
