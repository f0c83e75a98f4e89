"""Which weights may be used: the user's wish for commercial ones only, and terms accepted on record."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cleancut import files
from cleancut.errors import LicenceNotAccepted
from cleancut.models.spec import ModelSpec
from cleancut.models.store import Store, writing


def must_be_accepted(spec: ModelSpec) -> bool:
    """Whether the terms of ``spec`` want an acceptance on record before its weights may be used."""
    return spec.licence.gated or not spec.licence.commercial


def check(spec: ModelSpec, store: Store, *, command: str = "") -> None:
    """Refuse weights that the user may not or does not want to use. Raises LicenceNotAccepted.

    ``command``: the one that takes ``--accept-licence`` here, if it is not ``cleancut models pull``.
    """
    licence = spec.licence
    _rule_out(spec, store)
    if not must_be_accepted(spec):
        return
    record = _read(_path(store), spec).get(spec.name)
    # Terms that changed since are terms nobody accepted.
    if not isinstance(record, dict) or (record.get("licence"), record.get("url")) != (licence.name, licence.url):
        terms = licence.name if licence.commercial else f"{licence.name}, which allows no commercial use"
        raise LicenceNotAccepted(
            f"the licence of {spec.name} has not been accepted: {terms} ({licence.url})",
            hint=f"read it, then run `{command or f'cleancut models pull {spec.name}'} --accept-licence`",
        )


def _rule_out(spec: ModelSpec, store: Store) -> None:
    if store.commercial_only and not spec.licence.commercial:
        raise LicenceNotAccepted(
            f"{spec.name} is ruled out: its licence, {spec.licence.name}, allows no commercial use",
            hint="choose a model with a commercial licence (`cleancut models list`), or unset CLEANCUT_COMMERCIAL_ONLY",
        )


def accept(spec: ModelSpec, store: Store) -> None:
    """Record that the licence of ``spec`` is accepted, now. Raises LicenceNotAccepted and HomeUnwritable."""
    from filelock import FileLock

    _rule_out(spec, store)
    path = _path(store)
    with writing(store):
        files.make_folder(path.parent)
        # Two that accept at once must not lose one another's record.
        with FileLock(path.with_suffix(".lock")):
            records = _read(path, spec)
            records[spec.name] = {
                "model": spec.name,
                "licence": spec.licence.name,
                "url": spec.licence.url,
                "accepted_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            files.write(path, json.dumps(records, indent=2, ensure_ascii=False).encode() + b"\n")


def _path(store: Store) -> Path:
    return store.home / "licences.json"


def _read(path: Path, spec: ModelSpec) -> dict[str, Any]:
    try:
        records = json.loads(path.read_bytes())
        if not isinstance(records, dict):
            raise ValueError("it is no JSON object")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        # Not taken for an empty record: the next acceptance would wipe out the others.
        raise LicenceNotAccepted(
            f"the record of accepted licences, {path}, cannot be read: {error}",
            hint=f"repair or delete it, then run `cleancut models pull {spec.name} --accept-licence`",
        ) from error
    return records
