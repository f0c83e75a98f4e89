"""Files and folders that other processes may make and remove at any moment."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cleancut.storage.protocol import Stored

Key = tuple[str, str]
"""Owner and name."""


def found_at(path: Path) -> Stored | None:
    """What the disk says of an object, expired or not."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Stored(path.name, status.st_size, status.st_mtime)


def listed(folder: Path) -> list[str]:
    """The names in a folder; none where there is no such folder."""
    try:
        return [each.name for each in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def make_private(*folders: Path) -> None:
    """Make folders, outer ones first, that only this user can look into. Raises OSError."""
    for each in folders:
        # Not exist_ok, which looks a second time and fails where the folder has gone since.
        with suppress(FileExistsError):
            each.mkdir(mode=0o700)


def remove(path: Path) -> bool:
    """Remove an object's file, and its owner's folder with the last; whether it was there. Raises OSError."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    remove_if_empty(path.parent)
    return True


def discard(path: Path) -> bool:
    """The same, where a file that cannot be removed now is left to a later sweep."""
    try:
        return remove(path)
    except OSError:
        return False


def remove_if_empty(folder: Path) -> None:
    """Remove a folder that holds nothing."""
    with suppress(OSError):
        folder.rmdir()


def path_of(objects: Path, key: Key) -> Path:
    """Where an object lies."""
    return objects / key[0] / key[1]
