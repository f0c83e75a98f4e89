"""A table of what became of each picture, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from cleancut.batch.run import Outcome
from cleancut.files import make_folder, replacing, unwritable

COLUMNS = (
    "input", "output", "status", "subject", "confidence", "model", "device", "precision", "width", "height",
    "subject_left", "subject_top", "subject_width", "subject_height", "bytes", "ms", "error", "message",
)  # fmt: skip


class Report:
    """A report that is being written: a row for each picture as soon as it is finished."""

    def __init__(self, file: TextIO, path: Path, earlier: dict[str, dict[str, str]]) -> None:
        self._file = file
        self._path = path
        self._earlier = earlier
        self._rows = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        self._rows.writeheader()

    def add(self, outcome: Outcome) -> None:
        """Write a row. What was skipped has been reported by an earlier run, if that run wrote here too.

        Raises Unwritable.
        """
        told = row(outcome)
        if outcome.status == "skipped" and (before := self._earlier.get(told["output"])):
            told = before
        try:
            self._rows.writerow(told)
            # A run that is killed leaves all that it has finished.
            self._file.flush()
        except OSError as error:
            raise unwritable(self._path, error) from error


@contextmanager
def report(path: Path) -> Iterator[Report]:
    """The report at ``path``, which takes over what earlier runs have written there of pictures that are skipped.

    It appears when the block ends, however it ends; until then its rows are in ``path.part``. Raises Unwritable.
    """
    part = path.with_name(path.name + ".part")
    make_folder(path.parent)
    try:
        earlier = _rows(path)
        if left := _rows(part):
            # Of a run that was killed: kept at once, since this one may be killed as well.
            earlier |= left
            _write(path, earlier)
        file = _opened(part)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        with file:
            yield Report(file, path, earlier)
    finally:
        with suppress(OSError):
            part.replace(path)


def _opened(path: Path) -> TextIO:
    # A file's name need not be text.
    return path.open("w", encoding="utf-8", newline="", errors="surrogateescape")


def _write(path: Path, rows: dict[str, dict[str, str]]) -> None:
    with replacing(path) as temporary, _opened(temporary) as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows.values())


def row(outcome: Outcome) -> dict[str, str]:
    """What is told of one picture; empty where there is nothing to tell."""
    box, error = outcome.box, outcome.error
    values: dict[str, object] = {
        "input": outcome.job.input, "output": outcome.job.output, "status": outcome.status,
        "subject": None if outcome.subject is None else str(outcome.subject).lower(),
        "confidence": None if outcome.confidence is None else f"{outcome.confidence:.4f}",
        "model": outcome.model, "device": outcome.device, "precision": outcome.precision,
        "width": outcome.width, "height": outcome.height, "bytes": outcome.size, "ms": round(outcome.ms),
        "error": error and error.code, "message": error and str(error),
    }  # fmt: skip
    if box is not None:
        values |= {
            "subject_left": box.left,
            "subject_top": box.top,
            "subject_width": box.width,
            "subject_height": box.height,
        }
    return {name: "" if (value := values.get(name)) is None else str(value) for name in COLUMNS}


def _rows(path: Path) -> dict[str, dict[str, str]]:
    """The rows of an earlier report of ours by their outputs; none where it is another's, or none is there."""
    try:
        text = path.read_text("utf-8", errors="surrogateescape")
        rows = csv.DictReader(io.StringIO(text))
        if tuple(rows.fieldnames or ()) != COLUMNS:
            return {}
        # The last one may have been cut off.
        return {each["output"]: each for each in rows if None not in each.values() and each["status"] == "done"}
    except (OSError, ValueError, csv.Error):
        return {}
