"""What was done with people's data on their demand: a line for each, in a file that only grows."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from cleancut.files import make_folder, unwritable


def note(folder: Path, action: str, owner: str, **facts: int | str) -> None:
    """Append a line to ``audit.jsonl``. Raises Unwritable."""
    make_folder(folder)
    path = folder / "audit.jsonl"
    line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "action": action, "owner": owner, **facts}
    try:
        # One write of a file opened for appending: lines of several processes do not mix.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, json.dumps(line).encode() + b"\n")
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unwritable(path, error) from error


def lines(folder: Path, owner: str) -> list[dict[str, int | str]]:
    """The lines about one owner, oldest first."""
    path = folder / "audit.jsonl"
    if not path.is_file():
        return []
    told = [_parsed(line) for line in path.read_text("utf-8").splitlines() if line]
    return [line for line in told if line.get("owner") == owner]


def _parsed(line: str) -> dict[str, int | str]:
    """A line's facts; none where it was cut short, as on a disk that was full."""
    try:
        facts = json.loads(line)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}
