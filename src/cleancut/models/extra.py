"""Models of the user's own: an ONNX file described in ``models.toml``, or an entry point of another package.

::

    [my-model]
    file = "weights/my-model.onnx"       # relative to models.toml; or url = "https://…" with a checksum
    checksum = "sha256:…"
    input_size = 1024
    mean = [0.5, 0.5, 0.5]               # by default 0, and std 1: plain 0..1
    std = [1.0, 1.0, 1.0]
    activation = "sigmoid"               # where the graph answers logits; by default "none"
    output_index = 0
    resize = "squeeze"                   # or "letterbox"
    resample = "lanczos"                 # or "bilinear"
    summary = "What it is for."
    licence = "proprietary"
    commercial = true

An entry point in the group ``cleancut.models`` names a ``ModelSpec`` or a list of them.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from cleancut.errors import ModelError
from cleancut.models.catalog import CATALOG
from cleancut.models.spec import (
    Activation,
    Licence,
    LocalFile,
    ModelSpec,
    Normalisation,
    Origin,
    Resample,
    Resize,
    Url,
    Weights,
)

_KEYS = {
    "file", "url", "checksum", "input_size", "mean", "std", "activation", "output_index", "resize", "resample",
    "summary", "licence", "commercial",
}  # fmt: skip
_TEXTS = ("file", "url", "checksum", "summary", "licence")


_CHOICES = {"activation": get_args(Activation), "resize": get_args(Resize), "resample": get_args(Resample)}


def all_models(home: Path) -> dict[str, ModelSpec]:
    """The catalogue, then entry points, then the user's own ``models.toml``. Raises ModelError.

    A name of the catalogue means the same everywhere: nobody else may take it.
    """
    extra = {**_from_entry_points(), **_from_toml(home / "models.toml")}
    known = {*CATALOG, *(alias for spec in CATALOG.values() for alias in spec.aliases)}
    if taken := sorted(known & set(extra)):
        raise ModelError(f"the model name {taken[0]!r} is taken by the catalogue", hint="give your model another name")
    return {**CATALOG, **extra}


def _from_entry_points() -> dict[str, ModelSpec]:
    # 30 ms, for the few calls that get here.
    from importlib.metadata import entry_points

    found: dict[str, ModelSpec] = {}
    for point in entry_points(group="cleancut.models"):
        try:
            loaded = point.load()
        except Exception as error:  # whatever another package raises
            raise ModelError(
                f"the entry point {point.name} ({point.value}) cannot be loaded: {error}",
                hint="repair or uninstall the package that declares it",
            ) from error
        specs: Iterable[object] = loaded if isinstance(loaded, (list, tuple)) else (loaded,)
        for spec in specs:
            if not isinstance(spec, ModelSpec):
                raise ModelError(
                    f"the entry point {point.name} ({point.value}) is no ModelSpec", hint="ask the package's author"
                )
            found[spec.name] = spec
    return found


def _from_toml(path: Path) -> dict[str, ModelSpec]:
    if not path.is_file():
        return {}
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path}: {error}", hint="correct the file; see docs/models.md") from error
    return {name: _spec(name, table, path) for name, table in tables.items()}


def _spec(name: str, table: object, path: Path) -> ModelSpec:
    def refuse(reason: str) -> ModelError:
        return ModelError(f"[{name}] in {path}: {reason}", hint="correct the entry; see docs/models.md")

    if not isinstance(table, dict):
        raise refuse("is no table")
    # It becomes the name of a file.
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise refuse("a name is made of letters, digits, '.', '_' and '-'")
    if unknown := sorted(set(table) - _KEYS):
        raise refuse(f"unknown key {unknown[0]!r}")
    if ("file" in table) == ("url" in table):
        raise refuse("give either file or url")
    if "url" in table and "checksum" not in table:
        raise refuse("a url needs a checksum, as sha256:…")
    for key, allowed in _CHOICES.items():
        if table.get(key, allowed[0]) not in allowed:
            raise refuse(f"{key} is one of {', '.join(allowed)}")
    size = table.get("input_size")
    # The smallest and largest that networks of this kind are made for.
    if not isinstance(size, int) or not 32 <= size <= 4096:
        raise refuse("input_size is a whole number from 32 to 4096")
    for key in _TEXTS:
        if not isinstance(table.get(key, ""), str):
            raise refuse(f"{key} is text in quotes")
    if not table.get("url", "https://").startswith(("https://", "http://")):
        raise refuse("a url begins with https://")
    if not re.fullmatch(r"sha256:[0-9a-fA-F]{64}|md5:[0-9a-fA-F]{32}", table.get("checksum", "md5:" + "0" * 32)):
        raise refuse("checksum is sha256: and 64 hex digits, or md5: and 32")
    if not isinstance(table.get("commercial", True), bool):
        raise refuse("commercial is true or false")
    index = table.get("output_index", 0)
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise refuse("output_index is a whole number from 0")
    try:
        return _build(name, table, path)
    except (TypeError, ValueError) as error:
        raise refuse(str(error)) from error


def _build(name: str, table: Mapping[str, Any], path: Path) -> ModelSpec:
    origin: Origin
    origin = Url(table["url"]) if "url" in table else LocalFile(str(path.parent / Path(table["file"]).expanduser()))
    return ModelSpec(
        name=name,
        summary=table.get("summary", "A model of your own."),
        input_size=table["input_size"],
        normalisation=Normalisation(_triple(table, "mean", 0.0), _triple(table, "std", 1.0)),
        activation=table.get("activation", "none"),
        licence=Licence(table.get("licence", "not stated"), commercial=table.get("commercial", True), url=""),
        training_data="not stated",
        citation="",
        weights=(Weights(origin, table.get("checksum")),),
        output_index=table.get("output_index", 0),
        resize=table.get("resize", "squeeze"),
        resample=table.get("resample", "lanczos"),
    )


def _triple(table: Mapping[str, Any], key: str, default: float) -> tuple[float, float, float]:
    values = table.get(key, [default] * 3)
    if not isinstance(values, list) or len(values) != 3:
        raise ValueError(f"{key} is a list of three numbers")
    first, second, third = (float(value) for value in values)
    if not all(map(math.isfinite, (first, second, third))):
        raise ValueError(f"{key} is a list of three numbers")
    if key == "std" and min(first, second, third) <= 0:
        raise ValueError("std is above 0")
    return first, second, third
