"""Having a model in integers made, and measuring whether it pays: once, and never while somebody waits for a photo."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from cleancut import files
from cleancut.engines import engine_of, model_of, on_cpu, quantised_models, quick_engine, store_of
from cleancut.errors import CleancutError, ModelError
from cleancut.models.spec import ModelSpec
from cleancut.models.store import writing
from cleancut.models.weights import Installed, installed
from cleancut.options import Options
from cleancut.quantisation import make as quantised
from cleancut.quantisation.make import Speed
from cleancut.quantisation.ranges import has_ranges
from cleancut.settings import Settings, read_settings

_ROUNDS = 2

# Kept, since Python warns of a process that is forgotten while it runs.
_begun: dict[tuple[str, Path], subprocess.Popen[bytes] | None] = {}


def prepare(spec: ModelSpec, settings: Settings) -> Speed | None:
    """Make a model in integers if it is not there, and measure it if that was not done on this kind of processor.

    None where another process is at it. Takes some 15 s on two cores. Raises ModelError.
    """
    from filelock import FileLock, Timeout

    folder = _folder(spec, settings)
    if folder is None:
        raise ModelError(f"the weights of {spec.name} are not here", hint=f"run `cleancut models pull {spec.name}`")
    with writing(store_of(settings)):
        files.make_folder(folder.parent)
        try:
            with FileLock(f"{folder}.lock", timeout=0):
                found = quantised.speed_in(folder) if quantised.model_in(folder) else None
                if found is None:
                    found = _measure(spec, settings)
                    quantised.keep_speed(folder, found)
                return found
        except Timeout:
            return None
        except ModelError as error:
            _failed(folder).write_text(f"{error}\n", "utf-8")
            raise


def prepare_later(options: Options, settings: Settings) -> None:
    """Begin it in a process of its own, at low priority, if ``precision="auto"`` could gain by it.

    At most once a model and process. What goes wrong is noted beside the file, and no photo is the worse for it.
    """
    key = (options.model, settings.home)
    if key in _begun or options.precision != "auto" or not settings.make_int8:
        return
    _begun[key] = None
    with suppress(CleancutError, OSError):
        spec = model_of(options.model, settings)
        folder = _folder(spec, settings) if has_ranges(spec) and on_cpu(options.device) else None
        if folder is None or _failed(folder).exists():
            return
        if quantised.model_in(folder) is None or quantised.speed_in(folder) is None:
            _begun[key] = _spawn(spec.name, settings)


def _spawn(name: str, settings: Settings) -> subprocess.Popen[bytes]:
    quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    # A session of its own: Ctrl-C at the next command, or a terminal that is closed, are not meant for it.
    return subprocess.Popen(
        [sys.executable, "-m", "cleancut.int8", name, str(settings.home)], start_new_session=True, **quiet
    )


def _folder(spec: ModelSpec, settings: Settings) -> Path | None:
    weights: Installed | None = installed(spec, store_of(settings))
    return None if weights is None else quantised.place(quantised_models(settings), spec, weights)


def _failed(folder: Path) -> Path:
    return folder.with_suffix(".failed")


def _measure(spec: ModelSpec, settings: Settings) -> Speed:
    """The shortest of a few runs of both, in turn, after one that finds its memory."""
    import numpy as np

    exact = engine_of(Options(model=spec.name, device="cpu", precision="fp32"), settings)
    quick = quick_engine(spec, "cpu", settings)
    tensor = np.random.default_rng(0).uniform(0, 1, (1, 3, spec.input_size, spec.input_size)).astype(np.float32)
    spent: dict[str, list[float]] = {"fp32": [], "int8": []}
    for _ in range(_ROUNDS + 1):
        for engine in (exact, quick):
            began = time.perf_counter()
            engine.session.run(tensor)
            spent[engine.precision].append(time.perf_counter() - began)
    quick.session.close()
    return Speed(**{name: min(times[1:]) for name, times in spent.items()})


def main(name: str, home: str) -> None:
    """Prepare one model, behind everything else that the machine has to do."""
    if hasattr(os, "nice"):
        os.nice(10)
    settings = replace(read_settings(), home=Path(home))
    with suppress(CleancutError, OSError):
        prepare(model_of(name, settings), settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
