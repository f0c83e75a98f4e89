from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cleancut.errors import CleancutError, OptionError, Unwritable
from cleancut.server import keys as module
from cleancut.server.keys import Key, Keys, keys_file, listed, make, revoke
from tests.fakes.disk import fill_disk

ENTRY = {"id": "abcd1234", "name": "shop", "sha256": "0" * 64, "made": "2025-01-01T00:00:00+00:00"}
OTHER = {"id": "efgh5678", "name": "till", "sha256": "1" * 64, "made": "2025-01-01T00:00:00+00:00"}
posix = pytest.mark.skipif(os.name == "nt", reason="Windows keeps other permissions")


def file_of(*entries: Any) -> bytes:
    return json.dumps({"keys": entries}).encode()


DAMAGED = {
    "empty": b"",
    "cut off": file_of(ENTRY)[:-9],
    "not UTF-8": b'{"keys": ["\xff"]}',
    "nested without end": b"[" * 200_000,
    "a list": b"[]",
    "another object": b"{}",
    "no list": b'{"keys": {}}',
    "a key that is a word": file_of("shop"),
    "a field too few": file_of({name: value for name, value in ENTRY.items() if name != "name"}),
    "a field too many": file_of(ENTRY | {"until": "2026-01-01"}),
    "an id that names a folder above": file_of(ENTRY | {"id": "../../.."}),
    "an id with a line after it": file_of(ENTRY | {"id": "abcd1234\n"}),
    "a hash too short": file_of(ENTRY | {"sha256": "00"}),
    "a name of two lines": file_of(ENTRY | {"name": "a\nb"}),
    "a date that is a number": file_of(ENTRY | {"made": 1735689600}),
    "one hash twice": file_of(ENTRY, OTHER | {"sha256": ENTRY["sha256"]}),
    "one id twice": file_of(ENTRY, OTHER | {"id": ENTRY["id"]}),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return keys_file(tmp_path)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every reading of the file."""
    done: list[Path] = []
    read = module._read

    def counted(path: Path) -> Any:
        done.append(path)
        return read(path)

    monkeypatch.setattr(module, "_read", counted)
    return done


def age(path: Path, seconds: float = 60) -> None:
    """Make a file one that was written a while ago."""
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


class TestMaking:
    def test_the_secret_finds_the_key(self, path: Path) -> None:
        key, secret = make(path, "shop")
        assert re.fullmatch(r"cc_[A-Za-z0-9_-]{43}", secret)
        assert re.fullmatch(r"[a-z0-9]{8}", key.id)
        assert key.name == "shop"
        made = datetime.fromisoformat(key.made)
        assert made.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - made) < timedelta(minutes=1)
        keys = Keys(path)
        assert (keys.find(secret), keys.of(key.id)) == (key, key)
        assert (len(keys), bool(keys)) == (1, True)

    def test_each_key_is_its_own(self, path: Path) -> None:
        made = [make(path, name) for name in ("shop", "till", "app")]
        assert len({key.id for key, _ in made}) == len({secret for _, secret in made}) == 3
        keys = Keys(path)
        assert [keys.find(secret) for _, secret in made] == [key for key, _ in made] == list(listed(path))

    def test_only_the_hash_is_on_the_disk(self, path: Path) -> None:
        key, secret = make(path, "shop")
        content = path.read_text("utf-8")
        assert secret[3:] not in content
        digest = hashlib.sha256(secret.encode()).hexdigest()
        assert json.loads(content) == {"keys": [{"id": key.id, "name": "shop", "made": key.made, "sha256": digest}]}
        assert {each.name for each in path.parent.iterdir()} == {"keys.json", "keys.lock"}

    @posix
    def test_others_can_read_it_at_no_moment(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        modes = []
        write = Path.write_bytes

        def watched(file: Path, data: bytes) -> int:
            modes.append(file.stat().st_mode & 0o777)
            return write(file, data)

        monkeypatch.setattr(Path, "write_bytes", watched)
        before = os.umask(0)
        try:
            make(path, "shop")
            make(path, "till")
            revoke(path, "shop")
        finally:
            os.umask(before)
        assert modes == [0o600] * 3
        assert path.stat().st_mode & 0o777 == 0o600

    @posix
    def test_a_file_that_was_open_to_others_is_closed(self, path: Path) -> None:
        make(path, "shop")
        path.chmod(0o644)
        make(path, "till")
        assert path.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("name", ["x", "x" * 64, "Kühlhaus 3 – Ⓜ 猫", "-v", "--help", "a,b;c='\"\\", "../.."])
    def test_names_may_be_odd(self, path: Path, name: str) -> None:
        key, secret = make(path, name)
        assert Keys(path).find(secret) == key == listed(path)[0]
        assert key.name == name
        assert revoke(path, name) == key

    @pytest.mark.parametrize(
        "name", ["", "x" * 65, "a\nb", "a\n", "\ta", "\x1b[31mred", "a\u202eb", "\udcff", " ", " a", "a "]
    )
    def test_others_are_refused(self, path: Path, name: str) -> None:
        with pytest.raises(OptionError) as refused:
            make(path, name)
        assert "\n" not in str(refused.value)
        assert not path.exists()

    def test_no_two_have_one_name(self, path: Path) -> None:
        key, secret = make(path, "shop")
        for taken in ("shop", key.id):
            with pytest.raises(OptionError, match="already"):
                make(path, taken)
        assert listed(path) == (key,)
        revoke(path, "shop")
        assert make(path, "shop")[1] != secret

    def test_no_id_is_given_twice(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # The first id drawn is that of a key, the second the name of one, the third is free.
        make(path, "bbbbbbbb")
        first = listed(path)[0].id
        drawn = iter(first + "bbbbbbbb" + "cccccccc")
        monkeypatch.setattr("secrets.choice", lambda letters: next(drawn))
        assert make(path, "shop")[0].id == "cccccccc"

    def test_threads_lose_none(self, path: Path) -> None:
        names = [f"k{number}" for number in range(24)]
        with ThreadPoolExecutor(6) as pool:
            made = list(pool.map(lambda name: make(path, name), names))
        keys = Keys(path)
        assert [keys.find(secret) for _, secret in made] == [key for key, _ in made]
        assert len(keys) == 24

    def test_processes_lose_none(self, path: Path) -> None:
        code = (
            "import sys; from pathlib import Path; from cleancut.server.keys import make; sys.stdin.read()\n"
            "for number in range(8): make(Path(sys.argv[1]), sys.argv[2] + str(number))"
        )
        running = [
            subprocess.Popen([sys.executable, "-c", code, str(path), name], stdin=subprocess.PIPE)
            for name in ("a", "b", "c")
        ]
        for each in running:
            each.communicate(timeout=60)
        assert [each.returncode for each in running] == [0, 0, 0]
        assert {key.name for key in listed(path)} == {f"{name}{number}" for name in "abc" for number in range(8)}

    def test_a_full_disk_keeps_the_old_keys(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        make(path, "shop")
        before = path.read_bytes()
        fill_disk(monkeypatch, ".part")
        for change in (lambda: make(path, "till"), lambda: revoke(path, "shop")):
            with pytest.raises(Unwritable) as failed:
                change()
            assert "CLEANCUT_HOME" in failed.value.hint
        assert path.read_bytes() == before
        assert {each.name for each in path.parent.iterdir()} == {"keys.json", "keys.lock"}

    def test_a_lock_that_cannot_be_taken(self, path: Path) -> None:
        path.with_suffix(".lock").mkdir(parents=True)
        with pytest.raises(Unwritable) as failed:
            make(path, "shop")
        assert "CLEANCUT_HOME" in failed.value.hint

    def test_a_folder_that_cannot_be_made(self, path: Path) -> None:
        path.parent.write_text("in the way")
        with pytest.raises(Unwritable) as failed:
            make(path, "shop")
        assert "CLEANCUT_HOME" in failed.value.hint


class TestRevoking:
    @pytest.mark.parametrize("by", ["id", "name"])
    def test_by_id_or_name(self, path: Path, by: str) -> None:
        gone, secret = make(path, "shop")
        stays, other = make(path, "till")
        assert revoke(path, getattr(gone, by)) == gone
        keys = Keys(path)
        assert (keys.find(secret), keys.of(gone.id)) == (None, None)
        assert keys.find(other) == stays
        assert listed(path) == (stays,)

    @pytest.mark.parametrize("which", ["sho", "SHOP", "", "shop\n"])
    def test_an_unknown_one(self, path: Path, which: str) -> None:
        key, secret = make(path, "shop")
        for unknown in (which, secret, secret[3:]):
            with pytest.raises(OptionError, match="no key"):
                revoke(path, unknown)
        assert listed(path) == (key,)

    def test_without_a_file(self, path: Path) -> None:
        with pytest.raises(OptionError, match="no key"):
            revoke(path, "shop")
        assert not path.exists()

    def test_a_name_that_means_two_is_asked_about(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(file_of(ENTRY, OTHER | {"name": "shop"}))
        with pytest.raises(OptionError, match="abcd1234, efgh5678"):
            revoke(path, "shop")
        revoke(path, "efgh5678")
        assert [key.id for key in listed(path)] == ["abcd1234"]


class TestTheFileOfARunningService:
    def test_without_a_file_there_are_no_keys(self, path: Path) -> None:
        keys = Keys(path)
        assert (len(keys), bool(keys), listed(path)) == (0, False, ())
        assert keys.find("cc_" + "x" * 43) is None
        assert keys.of("abcd1234") is None
        assert not path.parent.exists()

    def test_a_key_works_at_once_and_stops_at_once(self, path: Path) -> None:
        keys = Keys(path)
        key, secret = make(path, "shop")
        assert keys
        assert (keys.find(secret), keys.of(key.id), len(keys)) == (key, key, 1)
        other, its_secret = make(path, "till")
        assert keys.find(its_secret) == other
        revoke(path, "shop")
        assert (keys.find(secret), keys.of(key.id), len(keys)) == (None, None, 1)
        assert keys.find(its_secret) == other

    def test_the_last_key_revoked_leaves_the_door_shut(self, path: Path) -> None:
        _, secret = make(path, "shop")
        keys = Keys(path)
        revoke(path, "shop")
        assert (keys.find(secret), len(keys), bool(keys)) == (None, 0, True)

    def test_an_unchanged_file_is_read_once(self, path: Path, reads: list[Path]) -> None:
        key, secret = make(path, "shop")
        age(path)
        reads.clear()
        keys = Keys(path)
        for _ in range(5):
            assert (keys.find(secret), keys.of(key.id), len(keys)) == (key, key, 1)
        assert len(reads) == 1
        age(path)
        assert keys.find(secret) == key
        assert len(reads) == 2

    def test_a_change_that_the_clock_hides_is_seen(self, path: Path) -> None:
        """Written into the same file, of the same size, within a tick of the file system's clock."""
        path.parent.mkdir()
        path.write_bytes(file_of(ENTRY))
        status = path.stat()
        keys = Keys(path)
        assert keys.of("abcd1234")
        with path.open("r+b") as file:
            file.write(file_of(ENTRY | {"id": "efgh5678"}))
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert keys.of("abcd1234") is None
        assert keys.of("efgh5678")

    def test_another_file_of_the_same_time_and_size_is_seen(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(file_of(ENTRY))
        age(path)
        keys = Keys(path)
        status = path.stat()
        other = path.with_name("other")
        other.write_bytes(file_of(ENTRY | {"id": "efgh5678"}))
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
        other.replace(path)
        assert keys.of("abcd1234") is None

    @pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
    def test_a_damaged_file_is_never_taken_for_an_empty_one(self, path: Path, content: bytes) -> None:
        key, secret = make(path, "shop")
        keys = Keys(path)
        good = path.read_bytes()
        path.write_bytes(content)
        uses: list[Callable[[], object]] = [
            lambda: Keys(path),
            lambda: keys.find(secret),
            lambda: keys.of(key.id),
            lambda: len(keys),
            lambda: listed(path),
            lambda: make(path, "till"),
            lambda: revoke(path, "shop"),
        ]
        for use in (*uses, *uses):
            with pytest.raises(OptionError, match=re.escape(str(path))) as refused:
                use()
            assert ENTRY["sha256"] not in str(refused.value)
        assert bool(keys)
        assert path.read_bytes() == content
        path.write_bytes(good)
        assert keys.find(secret) == key

    def test_one_damaged_before_there_were_keys(self, path: Path) -> None:
        keys = Keys(path)
        path.parent.mkdir()
        path.write_bytes(b"{")
        with pytest.raises(OptionError):
            bool(keys)

    def test_a_file_that_cannot_be_read(self, path: Path) -> None:
        path.mkdir(parents=True)
        with pytest.raises(OptionError, match=re.escape(str(path))):
            Keys(path)

    def test_a_vanished_file_lets_nobody_in(self, path: Path) -> None:
        key, secret = make(path, "shop")
        age(path)
        keys = Keys(path)
        kept = path.rename(path.with_name("kept"))
        for _ in range(2):
            assert (keys.find(secret), keys.of(key.id), len(keys)) == (None, None, 0)
            assert bool(keys)
        kept.rename(path)
        assert keys.find(secret) == key

    def test_keys_made_later_count_as_keys_that_were_there(self, path: Path) -> None:
        keys = Keys(path)
        _, secret = make(path, "shop")
        assert keys.find(secret)
        path.unlink()
        assert (keys.find(secret), bool(keys)) == (None, True)

    @pytest.mark.parametrize("secret", ["", "x", "cc_" + "x" * 43, "x" * 10_000_000, "cc_ü猫", "\udcff", "\0"])
    def test_what_is_no_secret_is_unknown(self, path: Path, secret: str) -> None:
        key, real = make(path, "shop")
        keys = Keys(path)
        hashed = hashlib.sha256(real.encode()).hexdigest()
        for wrong in (secret, real + secret[:1] + " ", real[:-1], real.swapcase(), hashed, key.id, key.name):
            assert keys.find(wrong) is None

    def test_what_is_absurdly_long_is_not_even_hashed(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        keys = Keys(path)
        hashed: list[str] = []
        monkeypatch.setattr(module, "_hash", hashed.append)
        for length in (512, 513, 100_000):
            assert keys.find("x" * length) is None
        assert hashed == ["x" * 512]

    def test_many_threads_see_only_whole_files(self, path: Path) -> None:
        key, secret = make(path, "stays")
        keys = Keys(path)

        def look(number: int) -> Key | None:
            if number % 10:
                return keys.find(secret)
            make(path, f"k{number}")
            revoke(path, f"k{number}")
            return keys.find(secret)

        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(look, range(200))) == {key}


def test_no_web_library_is_loaded() -> None:
    code = "import sys, cleancut.server.keys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"fastapi", "uvicorn", "numpy", "click"} & set(ran.stdout.split())


def test_errors_of_keys_are_errors_of_cleancut(path: Path) -> None:
    with pytest.raises(CleancutError) as refused:
        revoke(path, "shop")
    assert refused.value.kind == "usage"
