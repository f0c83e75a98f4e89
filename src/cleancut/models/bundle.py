"""Weights carried to a machine without a network, in one file.

A bundle is an uncompressed tar (weights hardly shrink) of ``NAME.onnx`` files and a ``manifest.json`` that states
each one's name, size, sha256, licence and source.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from cleancut import files
from cleancut.errors import UnknownModel, WeightsUnavailable, WrongChecksum
from cleancut.models import licences
from cleancut.models.spec import ModelSpec, Weights
from cleancut.models.store import (
    BLOCK,
    Digest,
    Store,
    digest,
    locked,
    own_file,
    place,
    unreported,
    working_folder,
    writing,
)
from cleancut.models.weights import verify

_MANIFEST = "manifest.json"
# A few hundred bytes a model: more is no manifest.
_MANIFEST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    size: int
    sha256: str
    licence: str
    source: str


@dataclass(frozen=True, slots=True)
class _Staged:
    """A model's file, taken out of the bundle and verified."""

    path: Path
    spec: ModelSpec
    weights: Weights
    found: Digest
    entry: _Entry


def export_bundle(specs: Iterable[ModelSpec], store: Store, target: Path) -> None:
    """Write the weights of ``specs``, verified again, to ``target``. Raises as ``verify`` does, and Unwritable."""
    entries, paths = [], []
    for spec in {each.name: each for each in specs}.values():
        if own_file(spec):
            raise WeightsUnavailable(
                f"{spec.name} is a file of your own and goes into no bundle",
                hint="copy the file together with models.toml",
            )
        found = verify(spec, store)
        licence = (found.weights and found.weights.licence) or spec.licence.name
        entries.append(_Entry(spec.name, found.size, found.sha256, licence, found.source))
        paths.append(found.path)
    manifest = json.dumps({"models": [asdict(each) for each in entries]}, indent=2).encode() + b"\n"
    files.make_folder(target.parent)
    with files.replacing(target) as temporary, tarfile.open(temporary, "w") as tar:
        _add(tar, _MANIFEST, len(manifest), io.BytesIO(manifest))
        for entry, path in zip(entries, paths, strict=True):
            with path.open("rb") as file:
                _add(tar, f"{entry.name}.onnx", entry.size, file)


def import_bundle(
    path: Path, store: Store, specs: Mapping[str, ModelSpec], *, accept_licence: bool = False
) -> list[str]:
    """Install all models of a bundle, or none; their names. ``specs``: the models known here, by name.

    ``accept_licence`` records that the licences of the bundle's models are accepted, where they ask for it.

    Each file is verified against the bundle's manifest and against the catalogue's checksums, where it has some.
    Raises UnknownModel, LicenceNotAccepted, WrongChecksum, WeightsUnavailable and Unwritable.
    """
    with _reading(path) as tar, ExitStack() as stack:
        members = _members(tar, path)
        entries = _entries(tar, members.pop(_MANIFEST, None), path)
        if set(members) != {f"{each.name}.onnx" for each in entries}:
            raise _refused(path, "its files are not those of its manifest")
        known = {each.name: _known(each, specs) for each in entries}
        for spec in known.values():
            if accept_licence and licences.must_be_accepted(spec):
                licences.accept(spec, store)
            licences.check(spec, store, command=f"cleancut models import {path}")
        stack.enter_context(writing(store))
        files.make_folder(store.folder)
        # In one order for all, so that two imports cannot wait for each other.
        for name in sorted(known):
            stack.enter_context(locked(known[name], store, unreported))
        staged = []
        for entry in entries:
            work = stack.enter_context(working_folder(known[entry.name], store))
            staged.append(_take(tar, members[f"{entry.name}.onnx"], entry, known[entry.name], work))
        for each in staged:
            checksum = each.weights.checksum or f"sha256:{each.found.sha256}"
            place(each.path, each.spec, store, each.weights, each.found, source=each.entry.source, checksum=checksum)
    return [each.name for each in entries]


def _add(tar: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    # A header of our own: no owner and no date of this machine, so that equal weights make equal bundles.
    header = tarfile.TarInfo(name)
    header.size = size
    tar.addfile(header, content)


@contextmanager
def _reading(path: Path) -> Iterator[tarfile.TarFile]:
    try:
        # "r:" reads no compressed file, which could unfold without end.
        tar = tarfile.open(path, "r:")  # noqa: SIM115 - closed below
    except tarfile.TarError as error:
        raise _refused(path, "it is no tar file") from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise WeightsUnavailable(f"cannot read the bundle {path}: {reason}", hint="check the path") from error
    with tar:
        try:
            yield tar
        except tarfile.TarError as error:
            raise _refused(path, f"it is damaged: {error}") from error


def _refused(path: Path, reason: str) -> WeightsUnavailable:
    return WeightsUnavailable(
        f"{path} is no bundle of weights: {reason}", hint="make one with `cleancut models export` and copy it again"
    )


def _members(tar: tarfile.TarFile, path: Path) -> dict[str, tarfile.TarInfo]:
    """The files of the bundle. Raises WeightsUnavailable for all that a bundle never holds."""
    members: dict[str, tarfile.TarInfo] = {}
    for each in tar:
        if not each.isreg() or each.issparse():
            raise _refused(path, f"{each.name!r} in it is no regular file")
        if "/" in each.name or "\\" in each.name or each.name in members:
            raise _refused(path, f"it holds {each.name!r}, which would land elsewhere or is there twice")
        members[each.name] = each
    return members


def _entries(tar: tarfile.TarFile, member: tarfile.TarInfo | None, path: Path) -> list[_Entry]:
    if member is None or member.size > _MANIFEST_BYTES:
        raise _refused(path, f"it has no {_MANIFEST}")
    content = tar.extractfile(member)
    assert content is not None, "members are regular files"
    try:
        entries = [_entry(each) for each in json.loads(content.read())["models"]]
    except (ValueError, KeyError, TypeError) as error:
        raise _refused(path, f"its {_MANIFEST} cannot be understood") from error
    if len({each.name for each in entries}) < len(entries):
        raise _refused(path, f"its {_MANIFEST} names a model twice")
    return entries


def _entry(model: Mapping[str, Any]) -> _Entry:
    texts = [model[name] for name in ("name", "sha256", "licence", "source")]
    size = model["size"]
    if not isinstance(size, int) or not all(isinstance(each, str) for each in texts):
        raise TypeError("a value of another type than it should be")
    name, sha256, licence, source = texts
    return _Entry(name, size, sha256, licence, source)


def _known(entry: _Entry, specs: Mapping[str, ModelSpec]) -> ModelSpec:
    spec = specs.get(entry.name)
    if spec is None or own_file(spec):
        raise UnknownModel(
            f"the bundle holds {entry.name!r}, which is no model of the catalogue here",
            hint="use the version of cleancut that made the bundle, or leave that model out of it",
        )
    return spec


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, entry: _Entry, spec: ModelSpec, work: Path) -> _Staged:
    target = work / "member"
    content = tar.extractfile(member)
    assert content is not None, "members are regular files"
    with content, target.open("wb") as out:
        while block := content.read(BLOCK):
            out.write(block)
    found = digest(target, spec)
    weights = next((each for each in spec.weights if found.matches(each.checksum)), None)
    if weights is None:
        # No checksum in the catalogue: the machine that made the bundle verified the file when it came.
        weights = next((each for each in spec.weights if each.checksum is None), None)
    if weights is None or (found.sha256, found.size) != (entry.sha256, entry.size):
        raise WrongChecksum(
            f"{member.name} in the bundle is not what is published as {spec.name}: its SHA-256 is {found.sha256}",
            hint="make the bundle again with `cleancut models export`, and copy it again",
        )
    return _Staged(target, spec, weights, found, entry)
