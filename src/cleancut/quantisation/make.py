"""Models in integers on this disk: made once from the weights, and used where they are faster.

A folder for each holds ``model.onnx``, ``made.json`` (its checksum and what it was made from), and for each kind of
processor that a home is used on ``speed-….json``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cleancut.errors import HomeUnwritable, ModelError
from cleancut.models.spec import ModelSpec
from cleancut.models.weights import Installed
from cleancut.quantisation.ranges import has_ranges, ranges_of
from cleancut.runtime.prepared import here

RECIPE = 1
"""Goes up with each change of what is made from the same weights; older files are then made anew."""

_MODEL, _MADE = "model.onnx", "made.json"

# Less is not worth answers that differ in the last digits.
_WORTH = 0.9


@dataclass(frozen=True, slots=True)
class Speed:
    """What one run takes on this processor, in seconds."""

    fp32: float
    int8: float

    @property
    def pays(self) -> bool:
        return self.int8 < _WORTH * self.fp32


def place(cache: Path, spec: ModelSpec, weights: Installed) -> Path:
    """The folder of a model in integers. It is another one for other weights, and for another recipe."""
    told = json.dumps([RECIPE, weights.sha256, spec.output_index, sorted(ranges_of(spec).items())])
    return cache / f"{spec.name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def model_in(folder: Path) -> Path | None:
    """The file, if it was made and is whole: nothing half-written ever gets its name."""
    return folder / _MODEL if (folder / _MADE).is_file() else None


def make(weights: Installed, spec: ModelSpec, folder: Path) -> Path:
    """Make the file, in a few seconds. Raises ModelError where it cannot be made, HomeUnwritable."""
    import onnx

    from cleancut.quantisation.as_fp32 import as_fp32
    from cleancut.quantisation.qdq import Unquantisable, quantise
    from cleancut.runtime.graph import NotAModel, with_one_output

    if not has_ranges(spec):
        raise ModelError(
            f"{spec.name} cannot run in int8: there is no table of its activations' ranges",
            hint="use --precision auto or fp32, or another model",
        )
    try:
        model = onnx.load_model_from_string(with_one_output(memoryview(weights.path.read_bytes()), spec.output_index))
        as_fp32(model)
        quantise(model, ranges_of(spec))
    except (NotAModel, Unquantisable) as error:
        raise ModelError(f"{spec.name} cannot run in int8: {error}", hint="use --precision fp32") from error
    try:
        _write(model.SerializeToString(), weights, folder)
    except OSError as error:
        raise HomeUnwritable(
            f"{folder} cannot be written: {error.strerror}", hint="set CLEANCUT_HOME to another folder, or free space"
        ) from error
    forget(folder.parent, spec, but=folder)
    return folder / _MODEL


def _write(data: bytes, weights: Installed, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        (work / _MODEL).write_bytes(data)
        made = {"recipe": RECIPE, "weights": weights.sha256, "sha256": hashlib.sha256(data).hexdigest()}
        (work / _MADE).write_text(json.dumps(made) + "\n", "utf-8")
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        with suppress(FileExistsError):  # another process was as fast
            work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def checksum(folder: Path) -> str:
    """The SHA-256 that ``model.onnx`` had when it was made."""
    return str(json.loads((folder / _MADE).read_text("utf-8"))["sha256"])


def damaged(folder: Path) -> bool:
    """Whether ``model.onnx`` is not what was made."""
    return hashlib.sha256((folder / _MODEL).read_bytes()).hexdigest() != checksum(folder)


def speed_in(folder: Path) -> Speed | None:
    """What was measured on this kind of processor, if anything was."""
    try:
        return Speed(**json.loads(_speed_file(folder).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def keep_speed(folder: Path, speed: Speed) -> None:
    """Note what was measured. Raises OSError."""
    _speed_file(folder).write_text(json.dumps({"fp32": speed.fp32, "int8": speed.int8}) + "\n", "utf-8")


def forget(cache: Path, spec: ModelSpec, but: Path | None = None) -> None:
    """Delete what has been made of a model, except for one folder."""
    for folder in cache.glob(f"{spec.name}-{'[0-9a-f]' * 16}"):
        if folder != but:
            shutil.rmtree(folder, ignore_errors=True)


def _speed_file(folder: Path) -> Path:
    return folder / f"speed-{hashlib.sha256(here().encode()).hexdigest()[:16]}.json"
