"""Several processes and threads on one folder."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cleancut.storage.local import LocalStorage
from cleancut.storage.protocol import Stored
from tests.storage.folders import NOON, Clock, Make, files, half_written


def test_two_servers_share_a_folder(make: Make, clock: Clock) -> None:
    one, two = make(), make()
    stored = one.put("ann", "x", b"1", 60)
    assert two.find("ann", "x") == stored
    assert two.get("ann", "x") == b"1"
    assert two.of("ann") == [stored]
    two.put("ann", "x", b"longer", 120)
    assert one.find("ann", "x") == Stored("x", 6, NOON + 120)
    clock.now += 60
    assert one.get("ann", "x") == b"longer"
    assert one.delete("ann", "x")
    assert two.get("ann", "x") is None
    assert two.find("ann", "x") is None
    assert not two.delete("ann", "x")


def test_what_the_other_put_anew_survives_the_old_time(make: Make, clock: Clock) -> None:
    one, two = make(max_bytes=100), make()
    one.put("ann", "x", b"old", 10)
    two.put("ann", "x", b"new", 60)
    clock.now += 10
    one.put("ann", "y", b"lets the old one expire", 60)
    assert one.sweep() == 0
    assert one.get("ann", "x") == b"new"


@pytest.mark.parametrize("notice", ["sweep", "find"])
def test_what_the_other_removed_takes_no_room_once_noticed(make: Make, tmp_path: Path, notice: str) -> None:
    one, two = make(max_bytes=20), make()
    one.put("ann", "a", b"0123456789", 60)
    one.put("ann", "b", b"0123456789", 60)
    two.delete("ann", "b")
    if notice == "sweep":
        one.sweep()
    else:
        assert one.find("ann", "b") is None
    one.put("ann", "c", b"0123456789", 60)
    assert files(tmp_path) == ["ann/a", "ann/c"]


def test_what_the_other_put_counts_after_a_sweep(make: Make, tmp_path: Path) -> None:
    one, two = make(max_bytes=20), make()
    two.put("ann", "a", b"0123456789", 60)
    two.put("ann", "b", b"0123456789", 60)
    one.sweep()
    one.put("ann", "c", b"0123456789", 60)
    assert len(files(tmp_path)) == 2
    assert one.get("ann", "c")


def test_what_the_other_put_beyond_this_ones_limit_is_evicted(make: Make, tmp_path: Path) -> None:
    one, two = make(max_bytes=20), make()
    one.put("ann", "a", b"1", 60)
    two.put("ann", "b", b"0123456789" * 3, 60)
    assert one.find("ann", "b") is None
    assert one.get("ann", "b") is None
    assert files(tmp_path) == ["ann/a"]


def test_what_a_living_process_is_writing_is_not_swept(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, other = make(), make()
    write = Path.write_bytes
    swept: list[int] = []

    def with_a_sweep(path: Path, data: bytes) -> int:
        size = write(path, data)
        assert half_written(tmp_path) == [path]
        swept.extend([other.sweep(), storage.sweep()])
        return size

    monkeypatch.setattr(Path, "write_bytes", with_a_sweep)
    storage.put("ann", "x", b"1", 60)
    assert swept == [0, 0]
    assert storage.get("ann", "x") == b"1"


def test_threads_neither_fail_nor_see_half_an_object(make: Make, tmp_path: Path) -> None:
    # Two storages on little space: objects are replaced, evicted, erased and swept under each other's reads.
    storages = [make(max_bytes=400_000), make(max_bytes=400_000)]

    def hammer(seed: int) -> int:
        chance = random.Random(seed)
        storage = storages[seed % 2]
        read = 0
        for _ in range(150):
            owner, name = chance.choice("ab"), chance.choice("xyz")
            match chance.randrange(8):
                case 0 | 1 | 2:
                    size = chance.randrange(1, 100_000)
                    storage.put(owner, name, bytes([size % 251]) * size, 60)
                case 3:
                    storage.delete(owner, name)
                case 4:
                    chance.choice([storage.erase, storage.of])(owner)
                case 5 if chance.random() < 0.2:
                    storage.sweep()
                case _:
                    data = storage.get(owner, name)
                    if data is not None:
                        read += 1
                        assert data == bytes([len(data) % 251]) * len(data)
        return read

    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(hammer, range(8)))
    assert sum(read) > 0
    for each in storages:
        each.sweep()
    kept = [path.stat().st_size for path in (tmp_path / "kept" / "objects").glob("*/*")]
    assert sum(kept) <= 400_000
    assert not half_written(tmp_path)


# Writes objects without end, and after the tenth leaves one for ever in the middle of being written.
WRITER = """
import sys, threading
from pathlib import Path
from cleancut.storage.local import LocalStorage

storage = LocalStorage(Path(sys.argv[1]), None)
write = Path.write_bytes

def keep_writing():
    for number in range(10**9):
        storage.put("ann", f"object{number % 50}", bytes([number % 50]) * 300_000, 3600)
        if number == 10:
            threading.Thread(target=stick, daemon=True).start()

def stick():
    def half(path, data):
        if data[0] != 255:
            return write(path, data)
        with path.open("wb") as file:
            file.write(data[:5000])
            file.flush()
            print("half", flush=True)
            threading.Event().wait()
    Path.write_bytes = half
    storage.put("bob", "never", b"\\xff" * 10_000, 3600)

keep_writing()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_kill_in_the_middle_of_writing_leaves_nothing_behind(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(kept)], stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout
            assert writer.stdout.readline() == b"half\n"
        finally:
            writer.send_signal(signal.SIGKILL)
    left = half_written(tmp_path)
    assert left
    storage = LocalStorage(kept, None)
    try:
        assert storage.sweep() == len(left)
        assert storage.sweep() == 0
        assert not half_written(tmp_path)
        # Its own lock.
        assert len(list((kept / "incoming").iterdir())) == 1
        assert storage.of("bob") == []
        objects = storage.of("ann")
        assert len(objects) >= 10
        for each in objects:
            assert storage.get("ann", each.name) == bytes([int(each.name.removeprefix("object"))]) * 300_000
    finally:
        storage.close()
    assert files(tmp_path) == sorted(f"ann/{each.name}" for each in objects)
    assert list((kept / "incoming").iterdir()) == []
