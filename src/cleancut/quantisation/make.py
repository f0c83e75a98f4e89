"""Models in integers on this disk: made once from the weights, and used where they are faster.

A folder for each holds ``model.onnx``, ``made.json`` (its checksum and what it was made from), and for each kind of
processor that a home is used on ``speed-….json``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from cleancut import files
from cleancut.errors import HomeUnwritable, ModelError, Unwritable
from cleancut.models.spec import ModelSpec
from cleancut.models.weights import Installed
from cleancut.quantisation.ranges import has_ranges, ranges_of
from cleancut.runtime.prepared import here

RECIPE = 1
"""Goes up with each change of what is made from the same weights; older files are then made anew."""

_MODEL, _MADE = "model.onnx", "made.json"

# Of the photos of soft24 and highres, 12 in 40 are asked for again in fp32, which costs both.
_ASKED_AGAIN = 0.3
# Less is not worth answers that differ in the last digits.
_WORTH = 0.95


@dataclass(frozen=True, slots=True)
class Speed:
    """What one run takes on this processor, in seconds."""

    fp32: float
    int8: float

    @property
    def pays(self) -> bool:
        return self.int8 + _ASKED_AGAIN * self.fp32 < _WORTH * self.fp32


def place(cache: Path, spec: ModelSpec, weights: Installed) -> Path:
    """The folder of a model in integers. It is another one for other weights, and for another recipe."""
    ranges = [asdict(each) for each in ranges_of(spec)]
    told = json.dumps([RECIPE, weights.sha256, spec.output_index, ranges])
    return cache / f"{spec.name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def model_in(folder: Path) -> Path | None:
    """The file, if it was made: nothing half-written ever gets its name."""
    return folder / _MODEL if checksum(folder) and (folder / _MODEL).is_file() else None


def make(weights: Installed, spec: ModelSpec, folder: Path) -> Path:
    """Make the file, in a few seconds; of several processes one makes it. Raises ModelError, HomeUnwritable."""
    from filelock import FileLock

    if not has_ranges(spec):
        raise ModelError(
            f"{spec.name} cannot run in int8: there is no table of its activations' ranges",
            hint="use --precision auto or fp32, or another model",
        )
    try:
        files.make_folder(folder.parent)
        with FileLock(f"{folder}.making"):
            if model_in(folder) is None or damaged(folder):
                _write(_quantised(weights, spec), weights, folder)
                forget(folder.parent, spec, but=folder)
    except (OSError, Unwritable) as error:
        raise HomeUnwritable(
            f"{folder} cannot be written: {error}", hint="set CLEANCUT_HOME to another folder, or free some space"
        ) from error
    return folder / _MODEL


def checksum(folder: Path) -> str | None:
    """The SHA-256 that ``model.onnx`` had when it was made; None where it was not, or the note of it is damaged."""
    try:
        made = json.loads((folder / _MADE).read_text("utf-8"))
        return str(made["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def damaged(folder: Path) -> bool:
    """Whether ``model.onnx`` is not what was made."""
    try:
        return hashlib.sha256((folder / _MODEL).read_bytes()).hexdigest() != checksum(folder)
    except OSError:
        return True


def speed_in(folder: Path, threads: int) -> Speed | None:
    """What was measured on this kind of processor with so many threads, if anything was."""
    try:
        return Speed(**json.loads(_speed_file(folder, threads).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def keep_speed(folder: Path, threads: int, speed: Speed) -> None:
    """Note what was measured. Raises Unwritable."""
    files.write(_speed_file(folder, threads), (json.dumps(asdict(speed)) + "\n").encode())


def forget(cache: Path, spec: ModelSpec, but: Path | None = None) -> None:
    """Delete what has been made of a model, and the notes beside it, except for one folder and its own."""
    for each in cache.glob(f"*{spec.name}-{'[0-9a-f]' * 16}*"):
        # What a process left that was ended while it wrote begins with a dot.
        name = each.name.removeprefix(".").removeprefix(f"{spec.name}-")
        if len(name.partition(".")[0]) != 16 or (but is not None and but.name in each.name):
            continue
        if each.is_dir():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)


def _quantised(weights: Installed, spec: ModelSpec) -> bytes:
    import onnx
    from onnx import version_converter

    from cleancut.quantisation.as_fp32 import as_fp32
    from cleancut.quantisation.qdq import OPSET, Unquantisable, matched, quantise
    from cleancut.runtime.graph import NotAModel, with_one_output

    try:
        model = onnx.load_model_from_string(with_one_output(memoryview(weights.path.read_bytes()), spec.output_index))
        if max(each.version for each in model.opset_import if not each.domain) < OPSET:
            model = version_converter.convert_version(model, OPSET)
        as_fp32(model)
        quantise(model, matched(model.graph, ranges_of(spec)))
    except (NotAModel, Unquantisable, IndexError, RuntimeError) as error:
        # The converter's own errors are RuntimeErrors.
        raise ModelError(f"{spec.name} cannot run in int8: {error}", hint="use --precision fp32") from error
    data: bytes = model.SerializeToString()
    return data


def _write(data: bytes, weights: Installed, folder: Path) -> None:
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        (work / _MODEL).write_bytes(data)
        made = {"recipe": RECIPE, "weights": weights.sha256, "sha256": hashlib.sha256(data).hexdigest()}
        (work / _MADE).write_text(json.dumps(made) + "\n", "utf-8")
        if folder.exists():  # a damaged one
            shutil.rmtree(folder)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _speed_file(folder: Path, threads: int) -> Path:
    return folder / f"speed-{_digest(f'{here()} {threads}')}.json"


@cache
def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
