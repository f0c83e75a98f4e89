from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from cleancut.errors import Unwritable
from cleancut.storage.local import LocalStorage
from cleancut.storage.protocol import Storage, Stored
from tests.storage.folders import NOON, Clock, Make, files, half_written

BAD_NAMES = (
    "", ".", "..", ".x", "-x", "../x", "a..b", "/etc/passwd", "a/b", "a\\b", "C:x", "a\0b", "a\n", "a b", "é",
    "a" * 129,
)  # fmt: skip


def test_an_object_comes_back(make: Make, tmp_path: Path) -> None:
    storage: Storage = make()
    stored = storage.put("ann", "cut.png", b"picture", 60)
    assert stored == Stored("cut.png", 7, NOON + 60)
    assert storage.get("ann", "cut.png") == b"picture"
    assert storage.find("ann", "cut.png") == stored
    assert storage.of("ann") == [stored]
    assert files(tmp_path) == ["ann/cut.png"]
    assert not half_written(tmp_path)


def test_an_object_may_be_empty(make: Make) -> None:
    storage = make(max_bytes=10)
    storage.put("ann", "x", b"", 60)
    assert storage.get("ann", "x") == b""
    assert make().get("ann", "x") == b""


def test_what_is_not_there_is_no_error(make: Make) -> None:
    storage = make()
    assert storage.get("ann", "x") is None
    assert storage.find("ann", "x") is None
    assert not storage.delete("ann", "x")
    assert storage.of("ann") == []
    assert storage.erase("ann") == 0
    assert storage.sweep() == 0


def test_a_new_object_replaces_the_old_one(make: Make, clock: Clock) -> None:
    storage = make(max_bytes=10)
    storage.put("ann", "x", b"12345678", 10)
    assert storage.put("ann", "x", b"123456789", 60).size == 9
    clock.now += 30
    storage.put("ann", "y", b"1", 60)
    assert storage.get("ann", "x") == b"123456789"
    assert storage.of("ann") == [Stored("x", 9, NOON + 60), Stored("y", 1, NOON + 90)]


def test_it_replaces_one_that_has_expired(make: Make, clock: Clock) -> None:
    storage = make(max_bytes=10)
    storage.put("ann", "x", b"old", 10)
    clock.now += 10
    storage.put("ann", "x", b"new", 10)
    assert storage.get("ann", "x") == b"new"


def test_an_object_is_prolonged_for_all(make: Make, clock: Clock) -> None:
    storage = make()
    storage.put("ann", "x", b"1", 60)
    clock.now += 50
    assert storage.prolong("ann", "x", 60) == Stored("x", 1, NOON + 110)
    clock.now += 50
    assert storage.get("ann", "x") == make().get("ann", "x") == b"1"
    clock.now += 10
    assert storage.prolong("ann", "x", 60) is None


def test_an_object_expires_at_its_time(make: Make, clock: Clock, tmp_path: Path) -> None:
    storage = make()
    storage.put("ann", "x", b"1", 60)
    storage.put("ann", "y", b"2", 120)
    clock.now += 59
    assert storage.get("ann", "x") == b"1"
    clock.now += 1
    assert [each.name for each in storage.of("ann")] == ["y"]
    assert storage.get("ann", "x") is None
    assert storage.find("ann", "x") is None
    assert files(tmp_path) == ["ann/y"]
    assert storage.get("ann", "y") == b"2"
    clock.now += 60
    assert not storage.delete("ann", "y")
    assert files(tmp_path) == []


@pytest.mark.parametrize("seconds", [0, -5])
def test_a_time_that_is_over_keeps_nothing(make: Make, tmp_path: Path, seconds: float) -> None:
    storage = make(max_bytes=10)
    storage.put("ann", "x", b"live", 60)
    storage.put("ann", "x", b"dead", seconds)
    assert storage.get("ann", "x") is None
    assert storage.of("ann") == []
    assert storage.sweep() == 1
    assert files(tmp_path) == []


def test_room_is_made_by_what_was_used_least_recently(make: Make, tmp_path: Path) -> None:
    storage = make(max_bytes=30)
    for name in "abc":
        storage.put("ann", name, b"0123456789", 60)
    assert storage.get("ann", "a")
    assert storage.find("ann", "b")
    storage.put("bob", "d", b"0123456789", 60)
    assert files(tmp_path) == ["ann/a", "ann/b", "bob/d"]
    assert storage.get("ann", "c") is None
    storage.put("bob", "e", b"01234567890123456789", 60)
    assert files(tmp_path) == ["bob/d", "bob/e"]


def test_a_replaced_object_is_not_what_makes_room_for_itself(make: Make, tmp_path: Path) -> None:
    storage = make(max_bytes=10)
    storage.put("ann", "x", b"01234", 60)
    storage.put("ann", "y", b"01234", 60)
    storage.put("ann", "x", b"012345", 60)
    assert storage.get("ann", "x") == b"012345"
    assert files(tmp_path) == ["ann/x"]


def test_neither_a_listing_nor_a_sweep_is_a_use(make: Make, tmp_path: Path) -> None:
    storage = make(max_bytes=20)
    storage.put("ann", "a", b"0123456789", 90)
    storage.put("bob", "b", b"0123456789", 60)
    storage.of("ann")
    storage.sweep()
    storage.put("bob", "c", b"0123456789", 60)
    assert files(tmp_path) == ["bob/b", "bob/c"]


def test_what_has_expired_makes_room_first(make: Make, clock: Clock, tmp_path: Path) -> None:
    storage = make(max_bytes=20)
    storage.put("ann", "long", b"0123456789", 100)
    storage.put("ann", "short", b"0123456789", 10)
    clock.now += 10
    storage.put("ann", "new", b"0123456789", 60)
    assert files(tmp_path) == ["ann/long", "ann/new"]


def test_what_was_deleted_takes_no_room(make: Make, tmp_path: Path) -> None:
    storage = make(max_bytes=20)
    storage.put("ann", "a", b"0123456789", 60)
    storage.put("ann", "b", b"0123456789", 60)
    assert storage.delete("ann", "b")
    storage.put("ann", "c", b"0123456789", 60)
    assert files(tmp_path) == ["ann/a", "ann/c"]


def test_what_can_never_fit_is_refused(make: Make, tmp_path: Path) -> None:
    storage = make(max_bytes=10)
    storage.put("ann", "x", b"0123456789", 60)
    with pytest.raises(Unwritable, match="11 bytes") as caught:
        storage.put("ann", "y", b"0123456789_", 60)
    assert caught.value.hint
    assert files(tmp_path) == ["ann/x"]


def test_owners_do_not_see_each_other(make: Make) -> None:
    storage = make()
    storage.put("ann", "x", b"ann's", 60)
    storage.put("bob", "x", b"bob's", 60)
    storage.put("bob", "y", b"bob's", 60)
    assert storage.get("ann", "x") == b"ann's"
    assert storage.get("bob", "x") == b"bob's"
    assert storage.get("ann", "y") is None
    assert not storage.delete("ann", "y")
    assert [each.name for each in storage.of("ann")] == ["x"]
    assert storage.erase("ann") == 1
    assert storage.get("bob", "x") == b"bob's"


def test_objects_are_listed_by_name(make: Make) -> None:
    storage = make()
    names = "GaT0xB7mQz"
    for name in names:
        storage.put("ann", name, b"1", 60)
    assert [each.name for each in storage.of("ann")] == sorted(names)


def test_a_deleted_object_is_gone(make: Make, tmp_path: Path) -> None:
    storage = make()
    storage.put("ann", "x", b"1", 60)
    assert storage.delete("ann", "x")
    assert not storage.delete("ann", "x")
    assert storage.get("ann", "x") is None
    assert files(tmp_path) == []


def test_erasing_counts_the_objects_that_had_not_expired(make: Make, clock: Clock, tmp_path: Path) -> None:
    storage = make()
    for name, seconds in [("a", 10), ("c", 60), ("b", 60)]:
        storage.put("ann", name, b"1", seconds)
    storage.put("bob", "a", b"1", 60)
    clock.now += 10
    assert [each.name for each in storage.of("ann")] == ["b", "c"]
    assert storage.erase("ann") == 2
    assert storage.erase("ann") == 0
    assert files(tmp_path) == ["bob/a"]


def test_a_sweep_removes_and_counts_what_has_expired(make: Make, clock: Clock, tmp_path: Path) -> None:
    storage, other = make(), make()
    storage.put("ann", "a", b"1", 10)
    storage.put("bob", "a", b"1", 10)
    other.put("bob", "b", b"1", 10)
    storage.put("cleo", "a", b"1", 60)
    (tmp_path / "kept" / "objects" / "dora").mkdir()
    clock.now += 10
    assert storage.sweep() == 3
    assert storage.sweep() == 0
    assert files(tmp_path) == ["cleo/a"]


def test_a_restart_finds_everything_with_its_time(make: Make, clock: Clock, tmp_path: Path) -> None:
    first = make()
    stored = first.put("ann", "x", b"1", 59.75)
    first.put("ann", "y", b"2", 10)
    first.close()
    clock.now += 30
    second = make()
    assert files(tmp_path) == ["ann/x"]
    assert second.of("ann") == [stored]
    assert second.find("ann", "x") == stored
    assert second.get("ann", "x") == b"1"
    clock.now = stored.expires
    assert second.get("ann", "x") is None


def test_after_a_restart_the_bound_holds(make: Make, tmp_path: Path) -> None:
    first = make()
    for name, seconds in [("a", 30), ("b", 10), ("c", 20), ("huge", 40)]:
        first.put("ann", name, b"0123456789" * (5 if name == "huge" else 1), seconds)
    make(max_bytes=20)
    # What would have expired first has gone first, and what no limit of now would have let in has gone too.
    assert files(tmp_path) == ["ann/a", "ann/c"]


def test_foreign_files_are_left_alone(make: Make, clock: Clock, tmp_path: Path) -> None:
    make()
    places = ("objects/README", "objects/.DS_Store", "objects/.trash/x", "incoming/notes.txt")
    strays = [tmp_path / "kept" / name for name in places]
    for each in strays:
        each.parent.mkdir(exist_ok=True)
        each.write_bytes(b"mine")
    storage = make()
    storage.put("ann", "x", b"1", 60)
    assert storage.get("README", "x") is None
    assert storage.of("README") == []
    assert storage.sweep() == 0
    assert all(each.read_bytes() == b"mine" for each in strays)


def test_a_file_that_vanishes_while_it_is_looked_for_is_a_miss(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = make()
    storage.put("ann", "x", b"1", 60)
    found = storage.find

    def then_removed(owner: str, name: str) -> Stored | None:
        stored = found(owner, name)
        storage.erase(owner)
        return stored

    monkeypatch.setattr(storage, "find", then_removed)
    assert storage.get("ann", "x") is None


@pytest.mark.parametrize("bad", BAD_NAMES)
def test_bad_names_are_refused(make: Make, tmp_path: Path, bad: str) -> None:
    storage = make()
    secret = tmp_path / "kept" / "objects" / "x"
    secret.write_bytes(b"secret")
    with pytest.raises(ValueError, match="name"):
        storage.put("ann", bad, b"1", 60)
    assert storage.get("ann", bad) is None
    assert storage.find("ann", bad) is None
    assert storage.delete("ann", bad) is False
    for call in (storage.get, storage.find, storage.delete):
        with pytest.raises(ValueError, match="name"):
            call(bad, "x")
    for of_owner in (storage.of, storage.erase):
        with pytest.raises(ValueError, match="name"):
            of_owner(bad)
    with pytest.raises(ValueError, match="name"):
        storage.put(bad, "x", b"1", 60)
    assert files(tmp_path) == ["x"]
    assert secret.read_bytes() == b"secret"


@pytest.mark.parametrize("good", ["a", "0", "a.b-c_D.png", "a" * 128, "a-", "a."])
def test_good_names_are_taken(make: Make, good: str) -> None:
    storage = make()
    storage.put(good, good, b"1", 60)
    assert storage.get(good, good) == b"1"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_others_can_look_at_nothing(make: Make, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        storage = make()
        storage.put("ann", "x", b"1", 60)
    finally:
        os.umask(before)
    kept = tmp_path / "kept"
    for each in [kept, *kept.rglob("*")]:
        assert each.stat().st_mode & 0o777 == (0o700 if each.is_dir() else 0o600), each


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unwritable, match="file"):
        LocalStorage(tmp_path / "file", None)


def test_an_owners_folder_removed_just_now_is_made_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = make()
    replace = Path.replace
    rivals = iter([True])

    def after_a_rival(path: Path, target: Path) -> Path:
        if next(rivals, False):
            target.parent.rmdir()
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", after_a_rival)
    storage.put("ann", "x", b"1", 60)
    assert storage.get("ann", "x") == b"1"


def test_a_folder_cleaned_by_others_is_made_again(make: Make, tmp_path: Path) -> None:
    storage = make()
    for each in (tmp_path / "kept" / "incoming").iterdir():
        if each.is_dir():
            each.rmdir()
    (tmp_path / "kept" / "objects").rmdir()
    assert storage.sweep() == 0
    storage.put("ann", "x", b"1", 60)
    assert storage.get("ann", "x") == b"1"


def test_closing_leaves_the_objects_alone(make: Make, tmp_path: Path) -> None:
    storage = make()
    storage.put("ann", "x", b"1", 60)
    thread = threading.Thread(target=storage.close)
    thread.start()
    thread.join()
    assert list((tmp_path / "kept" / "incoming").iterdir()) == []
    assert storage.get("ann", "x") == b"1"
    storage.close()
    with pytest.raises(Unwritable, match="stop"):
        storage.put("ann", "y", b"1", 60)
    assert list((tmp_path / "kept" / "incoming").iterdir()) == []
