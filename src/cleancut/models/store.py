"""The folder of weights: its files, the stamps beside them and the locks around them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cleancut import files
from cleancut.errors import HomeUnwritable, Unwritable, WeightsUnavailable
from cleancut.models.spec import LocalFile, ModelSpec, Weights

# Large enough that hashing, not the loop, takes the time; small enough not to matter beside a model.
BLOCK = 1 << 20

Report = Callable[[str, int, int | None], None]
"""Called with what is being fetched, the bytes so far and the bytes in all (None where unknown)."""


def unreported(what: str, done: int, total: int | None) -> None:
    """A ``Report`` for when nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where weights are kept, and the user's wishes about where they come from."""

    home: Path
    mirror: str | None = None
    """An http(s) URL, a ``file://`` URL or a folder that holds ``NAME.onnx`` files; tried first."""
    commercial_only: bool = False

    @property
    def folder(self) -> Path:
        return self.home / "models"

    def file(self, spec: ModelSpec) -> Path:
        """Where the weights of ``spec`` lie: a user's own file stays in its own place."""
        own = own_file(spec)
        return Path(own.path) if own else self.folder / f"{spec.name}.onnx"

    def stamp(self, spec: ModelSpec) -> Path:
        """The record of what was verified about that file."""
        return self.folder / f"{spec.name}.json"


@dataclass(frozen=True, slots=True)
class Installed:
    """Verified weights on the disk."""

    path: Path
    weights: Weights | None
    sha256: str
    size: int
    source: str


@dataclass(frozen=True, slots=True)
class Digest:
    """What a file's bytes hash to."""

    sha256: str
    size: int
    md5: str | None = None

    def matches(self, checksum: str | None) -> bool:
        """Whether ``checksum`` (``sha256:…`` or ``md5:…``) is that of the file; never where none is stated."""
        if checksum is None:
            return False
        kind, _, value = checksum.lower().partition(":")
        return bool(value) and value == {"sha256": self.sha256, "md5": self.md5}.get(kind)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What was verified about a file, so that it need not be hashed again while size and mtime stay."""

    source: str
    checksum: str
    """The published one that the file matched."""
    sha256: str
    size: int
    mtime_ns: int
    licence: str
    precision: str
    fetched_at: str

    def fits(self, status: os.stat_result) -> bool:
        return (self.size, self.mtime_ns) == (status.st_size, status.st_mtime_ns)


def own_file(spec: ModelSpec) -> LocalFile | None:
    """The user's own file that ``spec`` is about, where it is about one."""
    return next((each.origin for each in spec.weights if isinstance(each.origin, LocalFile)), None)


def digest(path: Path, spec: ModelSpec) -> Digest:
    """Hash ``path`` with what the checksums of ``spec`` need. Raises WeightsUnavailable."""
    hashes = [hashlib.sha256()]
    if any((each.checksum or "").lower().startswith("md5:") for each in spec.weights):
        # Some publishers state nothing better; it guards against damage, which is its use here.
        hashes.append(hashlib.md5(usedforsecurity=False))
    size = 0
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                size += len(block)
                for each in hashes:
                    each.update(block)
    except OSError as error:
        raise unreadable(path, error) from error
    return Digest(hashes[0].hexdigest(), size, hashes[1].hexdigest() if len(hashes) > 1 else None)


def unreadable(path: Path, error: OSError) -> WeightsUnavailable:
    """The error to show for weights that are there and cannot be read."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return WeightsUnavailable(
        f"cannot read the weights at {path}: {reason}", hint="change its permissions, or move it out of the way"
    )


def read_stamp(path: Path) -> Stamp | None:
    """The stamp at ``path``; None where there is none that can be understood."""
    try:
        return Stamp(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def write_stamp(
    path: Path, spec: ModelSpec, weights: Weights, found: Digest, *, source: str, checksum: str, mtime_ns: int
) -> None:
    """Record that the file of ``mtime_ns`` was verified just now. Raises HomeUnwritable."""
    stamp = Stamp(
        source=source,
        checksum=checksum,
        sha256=found.sha256,
        size=found.size,
        mtime_ns=mtime_ns,
        licence=weights.licence or spec.licence.name,
        precision=weights.precision,
        fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    files.write(path, json.dumps(asdict(stamp), indent=2).encode() + b"\n")


def place(
    verified: Path, spec: ModelSpec, store: Store, weights: Weights, found: Digest, *, source: str, checksum: str
) -> Installed:
    """Move a verified file of the same disk to its place, with its stamp. Raises HomeUnwritable."""
    target = store.file(spec)
    mtime_ns = verified.stat().st_mtime_ns
    # The stamp first: weights without one would have to be hashed again, and those whose checksum was stated only
    # with the download could not be told from foreign ones any more. A stamp without its file says nothing.
    write_stamp(
        store.stamp(spec), spec, weights, found, source=source, checksum=checksum, mtime_ns=mtime_ns
    )  # fmt: skip
    try:
        verified.replace(target)
    except OSError as error:
        raise files.unwritable(target, error) from error
    return Installed(target, weights, found.sha256, found.size, source)


@contextmanager
def writing(store: Store) -> Iterator[None]:
    """Give failures to write in the store's folder their remedy. Raises HomeUnwritable."""
    hint = f"free some space, change the permissions of {store.folder}, or point CLEANCUT_HOME at another folder"
    try:
        yield
    except Unwritable as error:
        raise HomeUnwritable(str(error), hint=hint) from error
    except OSError as error:
        raise HomeUnwritable(str(files.unwritable(store.folder, error)), hint=hint) from error


@contextmanager
def locked(spec: ModelSpec, store: Store, report: Report) -> Iterator[None]:
    """Keep other processes from fetching the same weights; while another does, say so every second."""
    from filelock import FileLock, Timeout

    lock = FileLock(store.folder / f"{spec.name}.lock")
    patience = 0.0
    while True:
        try:
            lock.acquire(timeout=patience)
        except Timeout:
            report(f"waiting for another process that has {spec.name} in hand", 0, None)
            patience = 1.0
        else:
            break
    try:
        yield
    finally:
        lock.release()


@contextmanager
def working_folder(spec: ModelSpec, store: Store) -> Iterator[Path]:
    """A folder on the same disk as the weights, gone afterwards. The lock must be held."""
    # Only a process that was killed leaves its own behind. The eight are tempfile's.
    for stale in store.folder.glob(f".{spec.name}.{'[a-z0-9_]' * 8}.work"):
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        dir=store.folder, prefix=f".{spec.name}.", suffix=".work", ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


def discard(*paths: Path) -> None:
    """Delete what is there of ``paths``."""
    for each in paths:
        with suppress(OSError):
            each.unlink(missing_ok=True)
