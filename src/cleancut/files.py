"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cleancut.errors import FileTooLarge, InputMissing, Unwritable


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary path beside ``target`` that takes its name when the block ends well.

    Whatever ends the block otherwise (an error, Ctrl-C) leaves ``target`` as it was and no temporary file.
    Raises Unwritable.
    """
    # In the same folder, since a rename is atomic only within one file system.
    # 50 characters are at most 200 bytes, of the 255 that a name may have.
    temporary = target.with_name(f".{target.name[:50]}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
        temporary.replace(target)
    except OSError as error:
        raise unwritable(target, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write(target: Path, data: bytes) -> None:
    """Write ``data`` to ``target`` atomically, making its folder. Raises Unwritable."""
    make_folder(target.parent)
    with replacing(target) as temporary:
        temporary.write_bytes(data)


def read(path: Path, max_bytes: int | None) -> bytes:
    """A file's bytes, refused by its size before it is read. Raises InputMissing, FileTooLarge."""
    try:
        size = path.stat().st_size
        if max_bytes is not None and size > max_bytes:
            raise too_large(str(path), size, max_bytes)
        with path.open("rb") as file:
            # A pipe or a device tells no size.
            data = file.read(-1 if max_bytes is None else max_bytes + 1)
        if max_bytes is not None and len(data) > max_bytes:
            raise too_large(str(path), len(data), max_bytes)
        return data
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputMissing(f"cannot read {path}: {reason}", hint="check the name and the permissions") from error


def too_large(what: str, size: int, max_bytes: int) -> FileTooLarge:
    """The error to show for a file over the limit."""
    return FileTooLarge(
        f"{what} has {size:,} bytes, and the limit is {max_bytes:,}",
        hint="raise CLEANCUT_MAX_BYTES, or use a smaller file",
    )


def make_folder(folder: Path) -> None:
    """Make ``folder`` and those above it. Raises Unwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def unwritable(target: Path, error: OSError) -> Unwritable:
    """The error to show for a failed write."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    hint = {
        errno.ENOSPC: "free some space, or choose a folder on another disk",
        errno.EDQUOT: "free some space, or choose a folder on another disk",
        errno.ENAMETOOLONG: "choose a shorter name with -o",
        errno.EEXIST: "choose another name with -o: a file is in the way",
        errno.ENOTDIR: "choose another name with -o: a file is in the way",
        errno.EFBIG: "choose another format, or a disk that holds larger files",
        errno.EROFS: "choose a folder on a disk that can be written",
    }.get(error.errno or 0, "choose another place with -o, or change the permissions of that folder")
    return Unwritable(f"cannot write {target}: {reason}", hint=hint)
