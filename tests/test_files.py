from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from cleancut.errors import FileTooLarge, InputMissing, Unwritable
from cleancut.files import make_folder, read, replacing, write


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_its_folders_made(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "picture.png"
    write(target, b"new")
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["picture.png"]


def test_a_file_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "picture.png"
    target.write_bytes(b"an old and longer picture")
    write(target, b"new")
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["picture.png"]


def test_until_it_is_whole_the_old_file_is_there(tmp_path: Path) -> None:
    target = tmp_path / "picture.png"
    target.write_bytes(b"old")
    with replacing(target) as temporary:
        assert temporary.parent == tmp_path
        temporary.write_bytes(b"new")
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("ending", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("existed", [True, False])
def test_whatever_ends_it_leaves_everything_as_it_was(
    tmp_path: Path, ending: type[BaseException], existed: bool
) -> None:
    target = tmp_path / "picture.png"
    if existed:
        target.write_bytes(b"old")

    def stopped_half_way() -> None:
        with replacing(target) as temporary:
            temporary.write_bytes(b"half")
            raise ending

    with pytest.raises(ending):
        stopped_half_way()
    assert names(tmp_path) == (["picture.png"] if existed else [])
    assert not existed or target.read_bytes() == b"old"


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Unwritable), replacing(tmp_path / "picture.png"):
        pass
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EROFS, "a disk that can be written"),
        (errno.EACCES, "change the permissions"),
        (errno.EIO, "choose another place"),
    ],
)
def test_a_disk_that_refuses_is_told_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    target = tmp_path / "picture.png"
    target.write_bytes(b"old")

    def refuse(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:1])
        raise OSError(number, os.strerror(number), str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", refuse)
        with pytest.raises(Unwritable, match=f"cannot write {target}: {os.strerror(number)}") as caught:
            write(target, b"new")
    assert remedy in caught.value.hint
    assert names(tmp_path) == ["picture.png"]
    assert target.read_bytes() == b"old"


def test_a_folder_in_the_way_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "picture.png"
    target.mkdir()
    (target / "inside").write_bytes(b"kept")
    with pytest.raises(Unwritable, match="cannot write") as caught:
        write(target, b"new")
    assert caught.value.hint
    assert names(tmp_path) == ["picture.png"]
    assert names(target) == ["inside"]


def test_a_file_where_a_folder_should_be_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"kept")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(Unwritable):
            write(folder / "picture.png", b"new")
        with pytest.raises(Unwritable):
            make_folder(folder)
    assert (tmp_path / "file").read_bytes() == b"kept"


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="permissions do not hold back root")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(Unwritable, match="Permission denied"):
            write(tmp_path / "picture.png", b"new")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["a" * 255, "画" * 85, "é" * 127, "🖼" * 63])
def test_the_longest_names_are_written(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    write(target, b"new")
    assert target.read_bytes() == b"new"


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unwritable) as caught:
        write(tmp_path / ("a" * 256), b"new")
    assert "shorter name" in caught.value.hint
    assert names(tmp_path) == []


def test_many_writers_leave_one_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "picture.png"
    contents = [bytes([number]) * 50_000 for number in range(8)]
    threads = [threading.Thread(target=write, args=(target, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_bytes() in contents
    assert names(tmp_path) == ["picture.png"]


# ─ Reading ─


@pytest.mark.parametrize("limit", [5, 6, None])
def test_a_file_within_the_limit_is_read(tmp_path: Path, limit: int | None) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read(path, limit) == b"12345"


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(2_000_000)

    def never(*_: Any) -> bytes:
        raise AssertionError("was read")

    monkeypatch.setattr(Path, "read_bytes", never)
    with pytest.raises(FileTooLarge, match="has 2,000,000 bytes, and the limit is 1,999,999") as caught:
        read(path, 1_999_999)
    assert "CLEANCUT_MAX_BYTES" in caught.value.hint


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=f"cannot read {tmp_path / 'missing'}: No such file") as caught:
        read(tmp_path / "missing", None)
    assert caught.value.hint


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="Is a directory"):
        read(tmp_path, None)
