"""Disks that are full or fail, under what a server keeps."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cleancut.errors import Unwritable
from tests.storage.folders import Make, half_written


@pytest.mark.parametrize(("number", "hint"), [(errno.ENOSPC, "later"), (errno.EIO, "whoever runs")])
def test_a_full_disk_is_told_without_a_path(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, hint: str
) -> None:
    storage = make()
    storage.put("ann", "x", b"old", 60)
    write = Path.write_bytes

    def half(path: Path, data: bytes) -> int:
        write(path, data[: len(data) // 2])
        raise OSError(number, os.strerror(number), str(path))

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", half)
        with pytest.raises(Unwritable) as caught:
            storage.put("ann", "x", b"new and longer", 60)
    assert str(caught.value) == f"the server cannot store the result: {os.strerror(number)}"
    assert hint in caught.value.hint
    assert not half_written(tmp_path)
    assert storage.get("ann", "x") == b"old"
    assert storage.put("ann", "x", b"new", 60).size == 3


def test_a_failed_rename_leaves_the_old_object(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = make(max_bytes=10)
    storage.put("ann", "x", b"old", 60)

    def refused(path: Path, target: Path) -> Path:
        raise PermissionError(errno.EACCES, "Permission denied", str(path), str(target))

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", refused)
        with pytest.raises(Unwritable, match=r"Permission denied$"):
            storage.put("ann", "x", b"new", 60)
    assert storage.get("ann", "x") == b"old"
    assert not half_written(tmp_path)


def test_what_cannot_be_removed_is_told_without_a_path(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = make()
    storage.put("ann", "x", b"old", 60)

    def refused(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", refused)
        with pytest.raises(Unwritable, match=r"^the server cannot remove the result: Permission denied$"):
            storage.delete("ann", "x")
        with pytest.raises(Unwritable, match="Permission denied"):
            storage.erase("ann")
    assert storage.get("ann", "x") == b"old"
    assert storage.erase("ann") == 1
