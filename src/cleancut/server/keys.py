"""The keys of the HTTP service: a file of hashes, made and revoked by ``cleancut keys`` while the service runs."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cleancut import files
from cleancut.errors import OptionError, Unwritable

# What fits a line of a log or a table.
_LONGEST_NAME = 64
# Ten times a secret's length: whatever is longer is not worth hashing.
_LONGEST_SECRET = 512
_FIELDS = {"id", "name", "sha256", "made"}
_MAY_HAVE = {"credits"}
# Two changes within one tick of a file system's clock can look like one; FAT's tick is the longest.
_TICK = 2_000_000_000

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Key:
    """What may be known of a key; its secret is known to its owner only."""

    id: str
    """Eight of a–z and 0–9: names the key in logs, metrics and folders."""
    name: str
    """What people call it."""
    made: str
    """When, in ISO 8601, UTC."""
    credits: int | None = None
    """That it has in a month at ``/v1.0/…``; None: what the server's settings say."""


class Keys:
    """The keys in a file, which is read again when it has changed: a revoked key stops working at once.

    A missing file holds no keys. Once there were some, a file that vanished or lost its last key lets nobody in, rather
    than everybody. One that cannot be read or understood raises OptionError, here and wherever keys are looked up.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = _read(path)
        self._ever = bool(self._last[1])

    def __len__(self) -> int:
        """How many keys work now."""
        return len(self._now())

    def __bool__(self) -> bool:
        """Whether a key is asked for: there are some, or were since this object was made."""
        return self._ever or bool(self._now())

    def find(self, secret: str) -> Key | None:
        """The key whose secret this is. Raises OptionError."""
        # No secret is outside ASCII, and not all of Unicode can be encoded.
        if len(secret) > _LONGEST_SECRET or not secret.isascii():
            return None
        # The time that this takes tells at most something of hashes, and no secret can be made from one.
        return self._now().get(_hash(secret))

    def of(self, id: str) -> Key | None:
        """The key of that id, while it is not revoked. Raises OptionError."""
        return next((key for key in self._now().values() if key.id == id), None)

    def _now(self) -> dict[str, Key]:
        # Both at once, since another thread may put newer ones in their place.
        stamp, keys = self._last
        if stamp is None or stamp != _stamp(self._path):
            stamp, keys = self._last = _read(self._path)
            if keys:
                self._ever = True
        return keys


def keys_file(home: Path) -> Path:
    """Where the keys lie."""
    return home / "server" / "keys.json"


def make(path: Path, name: str, credits: int | None = None) -> tuple[Key, str]:
    """A new key and its secret, which is stored nowhere. Raises OptionError and Unwritable."""
    if not _is_name(name):
        raise OptionError(
            f"{name!r} cannot be the name of a key",
            hint=f"choose 1 to {_LONGEST_NAME} printable characters, without a space at either end",
        )
    with _changing(path):
        keys = _read(path)[1]
        # No id is another key's name either: revoke() takes both.
        taken = {word for key in keys.values() for word in (key.id, key.name)}
        if name in taken:
            raise OptionError(
                f"there is a key called {name!r} already", hint="choose another name, or revoke that key first"
            )
        key = Key(_new_id({*taken, name}), name, datetime.now(UTC).isoformat(timespec="seconds"), credits)
        secret = f"cc_{secrets.token_urlsafe(32)}"
        _write(path, {**keys, _hash(secret): key})
    return key, secret


def revoke(path: Path, which: str) -> Key:
    """Take out the key of that id or name. Raises OptionError and Unwritable."""
    with _changing(path):
        keys = _read(path)[1]
        found = [key for key in keys.values() if which in (key.id, key.name)]
        if not found:
            raise OptionError(f"there is no key {which!r}", hint="see `cleancut keys list` for those there are")
        if len(found) > 1:
            # Not of make()'s making: somebody edited the file.
            raise OptionError(
                f"{which!r} means several keys: {', '.join(key.id for key in found)}", hint="say which by its id"
            )
        _write(path, {sha256: key for sha256, key in keys.items() if key != found[0]})
    return found[0]


def listed(path: Path) -> tuple[Key, ...]:
    """The keys in the file, oldest first. Raises OptionError."""
    return tuple(_read(path)[1].values())


def _hash(secret: str) -> str:
    # Slow hashes and salt protect what people think up. This is 256 random bits, which nobody finds by trying.
    return hashlib.sha256(secret.encode()).hexdigest()


def _is_name(name: str) -> bool:
    return 1 <= len(name) <= _LONGEST_NAME and name.isprintable() and name == name.strip()


def _new_id(taken: set[str]) -> str:
    while True:
        made = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
        if made not in taken:
            return made


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    """Keep others from changing the keys meanwhile: neither's change is lost. Raises Unwritable."""
    from filelock import FileLock

    try:
        files.make_folder(path.parent)
        with FileLock(path.with_suffix(".lock")):
            yield
    except (Unwritable, OSError) as error:
        failed = files.unwritable(path, error) if isinstance(error, OSError) else error
        hint = f"free some space, change the permissions of {path.parent}, or point CLEANCUT_HOME at another folder"
        raise Unwritable(str(failed), hint=hint) from error


def _write(path: Path, keys: dict[str, Key]) -> None:
    entries = [
        {name: value for name, value in asdict(key).items() if value is not None} | {"sha256": sha256}
        for sha256, key in keys.items()
    ]
    with files.replacing(path) as temporary:
        # Before there is anything to read in it.
        temporary.touch(0o600, exist_ok=False)
        temporary.write_bytes(json.dumps({"keys": entries}, indent=2, ensure_ascii=False).encode() + b"\n")


def _read(path: Path) -> tuple[_Stamp | None, dict[str, Key]]:
    """What tells whether the file changed since, and its keys by the hash of their secret. Raises OptionError.

    There is no stamp where the file must be read again in any case.
    """
    try:
        with path.open("rb") as file:
            # Taken before the content: what is written meanwhile shows at the next look.
            status = os.fstat(file.fileno())
            keys = _parsed(file.read())
    except FileNotFoundError:
        return None, {}
    except (OSError, ValueError, RecursionError) as error:
        # Not taken for an empty file: that would open the service, and the next key made would wipe out the others.
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise OptionError(
            f"the file of keys, {path}, cannot be read: {reason}",
            hint="let the user who runs this read it, or repair it, or delete it and make all keys anew",
        ) from error
    settled = time.time_ns() - status.st_mtime_ns > _TICK
    return _stamp_of(status) if settled else None, keys


def _stamp(path: Path) -> _Stamp | None:
    try:
        return _stamp_of(path.stat())
    except OSError:
        return None


def _stamp_of(status: os.stat_result) -> _Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _parsed(data: bytes) -> dict[str, Key]:
    """The keys by the hash of their secret. Raises ValueError and RecursionError."""
    content = json.loads(data)
    entries = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ValueError("it is no JSON object with a list of keys")
    keys: dict[str, Key] = {}
    ids = set()
    for number, entry in enumerate(entries, 1):
        if not _is_entry(entry):
            raise ValueError(f"its key number {number} is none")
        if entry["sha256"] in keys or entry["id"] in ids:
            raise ValueError(f"its key number {number} is there twice")
        ids.add(entry["id"])
        keys[entry["sha256"]] = Key(entry["id"], entry["name"], entry["made"], entry.get("credits"))
    return keys


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_entry(entry: Any) -> bool:
    # A field that is not known may limit the key: whoever does not heed it would let too much through.
    return (
        isinstance(entry, dict)
        and _FIELDS <= set(entry) <= _FIELDS | _MAY_HAVE
        and all(isinstance(entry[name], str) for name in _FIELDS)
        and _is_number(entry.get("credits", 0))
        and re.fullmatch(r"[a-z0-9]{8}", entry["id"]) is not None
        and re.fullmatch(r"[0-9a-f]{64}", entry["sha256"]) is not None
        and _is_name(entry["name"])
    )
