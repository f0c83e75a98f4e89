"""Answers on their way out to clients that take them in their own time."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import tempfile
import tracemalloc
from typing import Any

import pytest

from cleancut.server import replies
from cleancut.server.replies import Bytes

BODY = random.Random(1).randbytes(8_000_000)


async def _receive() -> dict[str, Any]:
    raise AssertionError("an answer reads nothing")


def taken(body: bytes, pause_after: int = 0) -> tuple[bytes, int]:
    """What a client got, and the bytes of Python's memory in use once it has taken ``pause_after`` parts."""
    parts: list[bytes] = []
    held = 0

    async def send(message: dict[str, Any]) -> None:
        nonlocal held
        if message["type"] != "http.response.body":
            return
        parts.append(message["body"])
        if len(parts) == pause_after:
            held = tracemalloc.get_traced_memory()[0]

    async def run() -> None:
        # Nothing else has the body.
        await Bytes(bytes(bytearray(body)))({"type": "http"}, _receive, send)  # type: ignore[arg-type]

    tracemalloc.start()
    try:
        asyncio.run(run())
    finally:
        tracemalloc.stop()
    return b"".join(parts), held


def test_who_is_quick_takes_it_from_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: pytest.fail("no file is needed"))
    got, held = taken(BODY, pause_after=10)
    assert got == BODY
    assert held > len(BODY)


def test_who_is_slow_holds_no_memory_and_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "QUICK_S", 0)
    got, held = taken(BODY, pause_after=10)
    assert got == BODY
    assert held < 2_000_000 + 10 * replies.PART


def test_with_a_full_disk_it_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(replies, "QUICK_S", 0)
    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    assert taken(BODY)[0] == BODY


@pytest.mark.parametrize("size", [0, 1, replies.PART, replies.PART + 1])
def test_any_size_is_sent_whole(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    for seconds in (0, 60):
        monkeypatch.setattr(replies, "QUICK_S", seconds)
        assert taken(BODY[:size])[0] == BODY[:size]
